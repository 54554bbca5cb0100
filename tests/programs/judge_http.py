"""pdx-judge over HTTP against a loopback server: each route, batch files, budgets, keys, certificates,
verdicts in words. Faults and kills: judge_http_faults.py."""
import json
import math
import os
import random
import signal
import subprocess
import sys
import time

import support
from http_support import PAIRS, complete, judge, read, rows, write_pairs
from support import check, equal, refused, run

import fault_server
from fault_server import Server

def test_every_route():
    for kind in ("completions", "chat", "verdict", "token-ids", "generative-scoring", "score", "llama"):
        with support.Folder() as folder, Server() as server:
            write_pairs(folder)
            done = judge(folder, server, "--kind", kind)
            equal(done.status, 0, kind + done.err)
            made = rows(folder)
            equal(len(made), 2 * PAIRS, kind)
            for row in made:
                check(row["winner"] in ("A", "B"), row)
                if kind == "verdict":
                    check("Verdict" in row["raw"], row)
                else:
                    check(row["logp_first"] < 0 and row["logp_second"] < 0, row)
            asks = [r for r in server.requests if r[0] != "/tokenize"]
            equal(len(asks), 2 * PAIRS, kind)
            if kind == "completions":
                complete(folder, server)


def test_batch_files():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder)
        common = ["--model", "m", "--pairs", "pairs.jsonl", "--quiet"]
        done = run("pdx-judge", "batch-write", *common, "-o", "requests.jsonl", folder=folder.path)
        equal(done.status, 0, done.err)
        asked = rows(folder, "requests.jsonl")
        equal(len(asked), 2 * PAIRS)
        results = []
        for i, line in enumerate(asked):
            equal((line["method"], line["url"]), ("POST", "/v1/completions"))
            body = fault_server.completion(line["body"])
            response = {"status_code": 200, "body": body}
            if i == 2:
                response = {"status_code": 500, "body": {"error": {"message": "no"}}}
            results.append({"id": "b", "custom_id": line["custom_id"], "response": response,
                            "error": None})
        results[5].update(response=None, error={"code": "batch_expired", "message": "late"})
        random.seed(1)
        random.shuffle(results)
        folder.write("results.jsonl", "".join(json.dumps(r) + "\n" for r in results))
        read = run("pdx-judge", "batch-read", *common, "--results", "results.jsonl", "-o", "out.jsonl",
                   folder=folder.path)
        refused(read, 3, "2 answers are missing")
        left = run("pdx-judge", "batch-write", *common, "--judgments", "out.jsonl", "-o",
                   "more.jsonl", folder=folder.path)
        equal(left.status, 0, left.err)
        equal(len(rows(folder, "more.jsonl")), 2)
        equal(judge(folder, server).status, 0)  # finished over HTTP
        equal(len(server.requests), 2)
        equal(len(rows(folder)), 2 * PAIRS)


def test_dry_run_and_budget():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder)
        folder.write("prices.json", '{"m": {"input": 1000, "output": 1000}}')
        price = ["--prices", "prices.json"]
        dry = judge(folder, server, "--dry-run", *price, fast=[])
        equal(dry.status, 0, dry.err)
        equal(len(dry.out.splitlines()), 2 * PAIRS)
        check("USD" in dry.err and "tokens" in dry.err, dry.err)
        equal(len(server.requests), 0)
        stopped = judge(folder, server, "--max-usd", 0.25, *price)
        refused(stopped, 3, "budget of 0.25 USD")
        spent = sum(len(b["prompt"]) // 4 + 1 for _, b, _ in server.requests) * 1000 / 1e6
        check(0.05 < spent <= 0.25, spent)
        equal(judge(folder, server, "--max-usd", 10, *price).status, 0)
        complete(folder, server)
        equal(len(server.answered), 2 * PAIRS)


def test_the_key_is_sent_and_never_kept():
    os.environ["PDX_TEST_KEY"] = "sk-secret-123"
    plan = lambda n, body: (400, {"error": {"message": "bad key sk-secret-123"}}) if n == 1 else None
    try:
        with support.Folder() as folder, Server(plan) as server:
            write_pairs(folder)
            done = judge(folder, server, "--key-env", "PDX_TEST_KEY", fast=[])
            equal(done.status, 0, done.err)
            equal(server.requests[0][2]["Authorization"], "Bearer sk-secret-123")
            for name in os.listdir(folder.path):
                check("sk-secret" not in read(folder, name), name)
            check("sk-secret" not in done.err, done.err)
            failed = [row for row in rows(folder) if "error" in row]
            equal(len(failed), 1)
            equal(failed[0]["winner"], None)
            equal(judge(folder, server, "--strict").status, 0)  # asked again, and answered
            equal(len(rows(folder)), 2 * PAIRS)
    finally:
        del os.environ["PDX_TEST_KEY"]


def test_a_wrong_certificate():
    with support.Folder() as folder:
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                               "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder.path,
                              capture_output=True)
        if made.returncode:
            raise support.Skip("openssl is not here")
        folder.write("both.pem", read(folder, "key.pem") + read(folder, "cert.pem"))
        write_pairs(folder)
        with Server(certificate=folder.at("both.pem")) as server:
            refused(judge(folder, server), 3, "certificate")
            equal(len(server.requests), 0)
            equal(judge(folder, server, "--ca-file", "cert.pem").status, 0)
            complete(folder, server)
            os.unlink(folder.at("out.jsonl"))
            os.unlink(folder.at("out.jsonl.journal"))
            equal(judge(folder, server, "--insecure").status, 0)


def test_what_a_server_cannot_do():
    def silent(n, body):
        return (200, {"choices": [{"text": " A", "finish_reason": "stop", "logprobs": None}]})
    with support.Folder() as folder, Server(silent) as server:
        write_pairs(folder)
        refused(judge(folder, server), 2, "no log-probabilities")
        equal(len(server.requests), 1)
    with support.Folder() as folder, Server(lambda n, b: (404, {"detail": "Not Found"})) as server:
        write_pairs(folder)
        refused(judge(folder, server), 3, "status 404: Not Found")
        equal(len(server.requests), 1)


def test_absent_labels_are_bounds():
    def plan(n, body):
        top = [{" A": -0.1, "x": -4.0}, {"x": -0.5, "y": -1.5}][n % 2]
        return (200, {"choices": [{"text": " z", "logprobs": {"top_logprobs": [top]}}]})
    with support.Folder() as folder, Server(plan) as server:
        write_pairs(folder, 2)
        equal(judge(folder, server, "--concurrency", 1).status, 0)
        bounded = [row for row in rows(folder) if row.get("bound") == "second"]
        nothing = [row for row in rows(folder) if row["winner"] is None]
        equal((len(bounded), len(nothing)), (2, 2))
        check(abs(bounded[0]["logp_second"] + 4.0) < 1e-9, bounded[0])
        check(abs(bounded[0]["coverage"] - math.exp(-0.1)) < 1e-9, bounded[0])
        equal(nothing[0]["raw"], " z")


def test_verdicts():
    texts = ["Verdict: B", "I cannot do that.", "**Verdict:** tie", "<think>Verdict: A</think> hm",
             "verdict: A\nNo: Verdict: B", "<think>Verdict: A"]

    def plan(n, body):
        return (200, {"choices": [{"message": {"content": texts[n % 6]}, "finish_reason": "stop"}]})
    with support.Folder() as folder, Server(plan) as server:
        write_pairs(folder, 1)
        done = judge(folder, server, "--kind", "verdict", "--samples", 3, "--concurrency", 1)
        equal(done.status, 0, done.err)
        shown = {row["raw"]: row["shown"] for row in rows(folder)}
        equal([shown[t] for t in texts], ["second", None, "tie", None, "second", None])
        equal(sorted({row["repeat"] for row in rows(folder)}), [0, 1, 2])
        equal(sorted({body["seed"] for _, body, _ in server.requests}), [1, 2, 3])


def test_a_pool_is_used_evenly():
    with support.Folder() as folder, Server(delay=0.02) as one, Server(delay=0.02) as two:
        write_pairs(folder, 30)
        class Both:
            url = one.url + "/v1," + two.url + "/"
        equal(judge(folder, Both).status, 0)
        check(min(len(one.requests), len(two.requests)) >= 20, (len(one.requests), len(two.requests)))


if __name__ == "__main__":
    support.main(globals())
