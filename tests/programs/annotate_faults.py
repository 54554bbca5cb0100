"""pdx-annotate where the way to the annotator or the run itself breaks: each fault at each request, a server that
goes down, kills, an interrupt, two runs on one file."""
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import time

import support
from annotate_support import FAST, annotate, complete, key, read, rows, write_pairs
from fault_server import Server
from support import check, equal, refused, run

# Faults of the way there; judge_http_faults.py plays them all.
FAULTS = ["429", "429-wait", "500", "503", "reset", "reset-in-body", "cut-json", "html", "silence",
          "redirect", "huge", "not-utf8", "deep", "empty", "no-length-cut", "error-200", "null-choices"]


def fault_run(fault, at):
    with support.Folder() as folder, \
            Server(lambda n, body: fault if n == at else None) as server:
        write_pairs(folder, 1)
        fast = FAST if fault == "silence" else ["--quiet", "--retries", 3]
        done = annotate(folder, server, fast=fast)
        if done.status != 0:
            equal(done.status, 3, f"{fault} at {at}: {done.err}")
            server.plan = None
            again = annotate(folder, server)
            equal(again.status, 0, f"{fault} at {at}, again: {again.err}")
        complete(folder, 1)
        equal(len(server.answered), 8, f"{fault} at {at}: answers paid for")
        return done.status


def test_every_fault_at_every_place():
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for fault in FAULTS:
            for at in range(8):
                jobs.append((fault, at, pool.submit(fault_run, fault, at)))
        for fault, at, job in jobs:
            if not (fault == "redirect" and at <= 1):
                equal(job.result(), 0, f"{fault} at {at}")
            else:
                job.result()


def test_a_server_that_goes_down():
    with support.Folder() as folder, Server(lambda n, body: "500" if n > 9 else None) as server:
        write_pairs(folder, 4)
        done = annotate(folder, server, "--retries", 1)
        equal(done.status, 3, done.err)
        failed = [row for row in rows(folder) if "error" in row]
        check(failed and len(rows(folder)) > len(failed), rows(folder))
        equal(len({key(row) for row in rows(folder)}), len(rows(folder)))
        server.plan = None
        equal(annotate(folder, server).status, 0)
        complete(folder, 4)
        equal(len(server.answered), len(set(server.answered)))


def test_kill_at_any_moment():
    random.seed(5)
    with support.Folder() as folder, Server(delay=0.004) as server:
        write_pairs(folder, 16)
        command = [os.path.join(support.PROGRAMS, "pdx-annotate"), "run", "--url", server.url, "--model",
                   "m", "--pairs", "pairs.jsonl", "-o", "out.jsonl", "--concurrency", "4", "--quiet"]
        kills = 0
        while kills < 100 and not os.path.exists(folder.at("out.jsonl")):
            running = subprocess.Popen(command, cwd=folder.path, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.005, 0.06))
            running.send_signal(signal.SIGKILL)
            running.wait()
            kills += 1
        equal(annotate(folder, server).status, 0)
        complete(folder, 16)
        twice = len(server.answered) - len(set(server.answered))
        check(twice <= 5 * kills, f"{twice} paid twice in {kills} kills")
        keys = [json.loads(line)["key"] for line in read(folder, "out.jsonl.journal").splitlines()]
        equal(len(keys), 1 + 16 * 7)
        equal(len(set(keys)), len(keys))
        equal([name for name in folder.names() if "part" in name or "tmp" in name], [])


def test_an_interrupted_run_keeps_what_it_has():
    with support.Folder() as folder, Server(delay=0.02) as server:
        write_pairs(folder, 12)
        command = [os.path.join(support.PROGRAMS, "pdx-annotate"), "run", "--url", server.url, "--model",
                   "m", "--pairs", "pairs.jsonl", "-o", "out.jsonl", "--concurrency", "2", "--quiet"]
        running = subprocess.Popen(command, cwd=folder.path)
        end = time.time() + 20
        while len(server.answered) < 30 and time.time() < end:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        equal(running.wait(timeout=20), 130)
        kept = [row for row in rows(folder) if "error" not in row]
        check(len(kept) >= 15, len(kept))
        left = run("pdx-annotate", "resolve", "--pairs", "pairs.jsonl", "--annotations", "out.jsonl",
                   "-o", "features.jsonl", folder=folder.path)
        equal(left.status, 0, left.err)
        check("left out: annotation failed" in left.err and "left out: not annotated" in left.err, left.err)
        before = len(server.answered)
        equal(annotate(folder, server).status, 0)
        complete(folder, 12)
        check(len(server.answered) - before <= 1 + 12 * 7 - len(kept), server.answered)


def test_two_runs_on_one_file_are_refused():
    with support.Folder() as folder, Server(delay=0.1) as server:
        write_pairs(folder)
        command = [os.path.join(support.PROGRAMS, "pdx-annotate"), "run", "--url", server.url, "--model",
                   "m", "--pairs", "pairs.jsonl", "-o", "out.jsonl", "--quiet"]
        running = subprocess.Popen(command, cwd=folder.path)
        end = time.time() + 10
        while len(server.requests) < 2 and time.time() < end:
            time.sleep(0.01)
        refused(annotate(folder, server), 3, "another run")
        equal(running.wait(timeout=30), 0)
        complete(folder)


if __name__ == "__main__":
    support.main(globals())
