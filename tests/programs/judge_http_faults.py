"""pdx-judge over HTTP where things go wrong: each fault at each request of a small run, kills at any moment,
two runs on one file, full disks. Each ends in complete and correct rows, or in a state that the next run
completes, and pays for nothing twice."""
import concurrent.futures
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import threading
import time

import support
from http_support import PAIRS, complete, free_port, judge, read, rows, write_pairs
from support import check, equal, refused

from fault_plays import GOOD, RAW, REFUSED
from fault_server import FAULTS, LASTING, ODD, Server

# What the first answer shows that the server cannot do ends the run at once.
ENDS_AT_FIRST = {"redirect": 3, "no-logprobs": 2, "nan-logprobs": 2, "text-logprobs": 2,
                 "401": 3, "402": 3, "403": 3, "404": 3}


def fault_run(fault, at):
    with support.Folder() as folder, Server(lambda n, body: fault if n == at else None) as server:
        write_pairs(folder)
        # Long enough for a busy machine: what is answered too late is paid for twice.
        slow = ["--quiet", "--retries", 3, "--timeout", 8, "--idle-timeout", 2]
        done = judge(folder, server, fast=slow)
        expected = LASTING.get(fault, 0)
        if at == 0:
            expected = ENDS_AT_FIRST.get(fault, expected)
        equal(done.status, expected, f"{fault} at {at}: {done.err}")
        finished = os.path.exists(folder.at("out.jsonl"))
        equal(finished, done.status == 0, f"{fault} at {at}")
        unanswered = [row for row in rows(folder) if "error" in row] if finished else []
        equal(len(unanswered), 1 if finished and fault in LASTING else 0, f"{fault} at {at}")
        if unanswered or not finished:
            again = judge(folder, server, fast=slow)
            equal(again.status, 0, f"{fault} at {at}, again: {again.err}")
        complete(folder, server)
        equal(len(server.answered), 2 * PAIRS, f"{fault} at {at}: answers paid for")


def test_every_fault_at_every_place():
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(fault_run, fault, at) for fault in [*FAULTS, *LASTING] if fault != "twice"
                for at in range(2 * PAIRS)]
        for job in jobs:
            job.result()


def raw_run(play, at):
    """Kept, asked again, or refused with the reason; a second run completes it, and nothing is paid twice."""
    with support.Folder() as folder, Server(lambda n, body: play if n == at else None) as server:
        write_pairs(folder)
        slow = ["--quiet", "--retries", 3, "--timeout", 8, "--idle-timeout", 2]
        done = judge(folder, server, fast=slow)
        equal(done.status, 0, f"{play} at {at}: {done.err}")
        refused_rows = [row for row in rows(folder) if "error" in row]
        equal(len(refused_rows), 1 if play in REFUSED else 0, f"{play} at {at}")
        if refused_rows:
            equal(judge(folder, server, fast=slow).status, 0, f"{play} at {at}, again")
        complete(folder, server)
        equal(len(server.requests), 2 * PAIRS + (play not in GOOD), f"{play} at {at}")
        equal(len(server.answered), 2 * PAIRS, f"{play} at {at}: answers paid for")


def test_answers_byte_by_byte():
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(raw_run, play, at) for play in RAW for at in (0, 4)]
        for job in jobs:
            job.result()


def test_good_answers_in_odd_clothes():
    for odd in ODD:
        with support.Folder() as folder, Server(lambda n, body: odd) as server:
            write_pairs(folder)
            done = judge(folder, server)
            equal(done.status, 0, odd + done.err)
            complete(folder, server)
            equal(len(server.requests), 2 * PAIRS, odd)


def test_answers_that_come_twice():
    for fault in ("twice", "twice-late"):
        for start in (0, 1, 3, 9, 15):
            with support.Folder() as folder, \
                    Server(lambda n, body: fault if n >= start else None) as server:
                write_pairs(folder, 10)
                equal(judge(folder, server, "--concurrency", 2).status, 0)
                complete(folder, server, 10)


def test_a_server_that_stays_down():
    for fault in ("500", "429", "cut-json", "reset", "huge"):
        with support.Folder() as folder, Server(lambda n, body: fault if n > 2 else None) as server:
            write_pairs(folder)
            first = judge(folder, server, "--retries", 1)
            equal(first.status, 3, first.err)
            check(len(first.err.splitlines()) == 1, first.err)
            server.plan = None
            equal(judge(folder, server).status, 0)
            complete(folder, server)
            equal(len(server.answered), 2 * PAIRS)


def program(folder, url, *more):
    """A run in the background, with nothing on its stderr."""
    return subprocess.Popen([os.path.join(support.PROGRAMS, "pdx-judge"), "http", "--url", url, "--model",
                             "m", "--pairs", "pairs.jsonl", "-o", "out.jsonl", "--quiet", *more],
                            cwd=folder.path, stderr=subprocess.DEVNULL)


def test_a_hundred_kills():
    random.seed(5)
    kills, runs = 0, 0
    while kills < 100:
        with support.Folder() as folder, Server(delay=0.01) as server:
            write_pairs(folder, 60)
            before = kills
            while kills < 100 and not os.path.exists(folder.at("out.jsonl")):
                running = program(folder, server.url, "--concurrency", "4")
                time.sleep(random.expovariate(25))
                running.send_signal(signal.SIGKILL)
                kills += running.wait() == -signal.SIGKILL
            if not os.path.exists(folder.at("out.jsonl")):
                equal(judge(folder, server).status, 0)
            complete(folder, server, 60)
            twice = len(server.answered) - len(set(server.answered))
            check(twice <= 4 * (kills - before), f"{twice} paid twice in {kills - before} kills")
            keys = [json.loads(line)["key"] for line in read(folder, "out.jsonl.journal").splitlines()]
            equal(len(keys), 120)
            equal(len(set(keys)), 120)
            runs += 1
    check(runs <= 60, f"{runs} runs for {kills} kills: too few hit the middle of one")


def test_interrupted_by_a_person():
    """Ctrl-C: what is on its way is written down, nothing is paid for twice."""
    with support.Folder() as folder, Server(delay=0.3) as server:
        write_pairs(folder)
        running = program(folder, server.url, "--concurrency", "4")
        end = time.time() + 10
        while len(server.requests) < 3 and time.time() < end:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        equal(running.wait(timeout=20), 130)
        check(0 < len(server.answered) < 2 * PAIRS, len(server.answered))
        equal(judge(folder, server).status, 0)
        complete(folder, server)
        equal(len(server.answered), 2 * PAIRS)


def test_torn_files():
    """Journal and part file cut anywhere, as by a crash of the machine: what is whole is kept."""
    with support.Folder() as folder, Server() as server:
        write_pairs(folder)
        equal(judge(folder, server).status, 0)
        whole = {name: read(folder, name).encode() for name in ("out.jsonl", "out.jsonl.journal")}
        random.seed(2)
        for _ in range(12):
            os.unlink(folder.at("out.jsonl"))
            for name, text in (("out.jsonl.part", whole["out.jsonl"]),
                               ("out.jsonl.journal", whole["out.jsonl.journal"])):
                with open(folder.at(name), "wb") as file:
                    file.write(text[:random.randrange(len(text) + 1)])
            equal(judge(folder, server).status, 0)
            equal(len(rows(folder)), 2 * PAIRS)
            equal(len({(row["pair"], row["order"]) for row in rows(folder)}), 2 * PAIRS)


def test_a_full_disk():
    """Files may not grow beyond a limit, as on a full disk: a clear error, and a state to go on from."""
    def small(limit):
        def set_limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return set_limit
    for limit in (1, 700, 1500, 2222, 3000):
        with support.Folder() as folder, Server() as server:
            write_pairs(folder, 10)
            full = subprocess.run([os.path.join(support.PROGRAMS, "pdx-judge"), "http", "--url", server.url,
                                   "--model", "m", "--pairs", "pairs.jsonl", "-o", "out.jsonl", "--quiet",
                                   "--concurrency", "4"],
                                  cwd=folder.path, stderr=subprocess.PIPE, preexec_fn=small(limit))
            equal(full.returncode, 3, full.stderr)
            check(b"cannot be written: File too large" in full.stderr, full.stderr)
            equal(judge(folder, server).status, 0)
            complete(folder, server, 10)
            twice = len(server.answered) - len(set(server.answered))
            check(twice <= 5, f"{twice} paid twice")


def peak_mib(running):
    """The most memory that a process has had, seen until it ends."""
    peak = 0
    while running.poll() is None:
        with contextlib.suppress(OSError), open(f"/proc/{running.pid}/status") as file:
            found = [int(line.split()[1]) for line in file if line.startswith("VmHWM")]
            peak = max([peak, *found])
        time.sleep(0.01)
    return peak >> 10


def test_memory_is_bounded():
    """Sixty-four answers at once that do not end, packed or not, deep or wide."""
    with open(os.path.join(support.PROGRAMS, "pdx-judge"), "rb") as file:
        most = 2000 if b"__asan" in file.read() else 200
    for fault in ("huge-chunked", "gzip-bomb", "deep", "wide", "endless-head"):
        with support.Folder() as folder, Server(lambda n, body: fault if 2 < n < 80 else None) as server:
            write_pairs(folder, 64)
            running = program(folder, server.url)
            peak = peak_mib(running)
            equal(running.returncode, 0, fault)
            check(0 < peak < most, f"{fault}: {peak} MiB")


def test_two_runs_on_one_file_are_refused():
    with support.Folder() as folder, Server(delay=0.3) as server:
        write_pairs(folder)
        running = program(folder, server.url)
        end = time.time() + 10
        while not server.requests and time.time() < end:
            time.sleep(0.01)
        refused(judge(folder, server), 3, "another run")
        equal(running.wait(timeout=20), 0)
        complete(folder, server)


def test_one_server_of_several_is_dead():
    """Refusing connections, resetting, or answering 500 at once, which looks idle: the others do the work."""
    for fault in (None, "500", "reset", "403", "html"):
        with support.Folder() as folder, Server() as good, Server(lambda n, body: fault) as bad:
            write_pairs(folder, 40)

            class Pool:
                url = f"{good.url},{bad.url if fault else f'http://127.0.0.1:{free_port()}'}"
            done = judge(folder, Pool)
            if fault == "403":  # a wrong server in the pool: the run says so
                check(done.status in (0, 3), done.err)
                continue
            equal(done.status, 0, f"{fault}: {done.err}")
            equal(len(rows(folder)), 80)
            check(len(bad.requests) < 40, f"{fault}: {len(bad.requests)} to the bad one")


def test_a_server_that_comes_back():
    with support.Folder() as folder:
        write_pairs(folder)
        port = free_port()
        servers = []

        def come():
            time.sleep(1.2)
            servers.append(Server(port=port))
        threading.Thread(target=come, daemon=True).start()

        class Late:
            url = f"http://127.0.0.1:{port}"
        done = judge(folder, Late, fast=["--quiet", "--retries", 6])
        equal(done.status, 0, done.err)
        complete(folder, servers[0])
        servers[0].__exit__()


if __name__ == "__main__":
    support.main(globals())
