"""What the tests of pdx-judge over HTTP share: small pairs, a run, and whether its rows are those that the
loopback server answered."""
import json
import math
import os
import socket
import sys

import support
from support import check, equal, run

sys.path.insert(0, os.path.join(support.ROOT, "tests", "support"))
from fault_server import logps  # noqa: E402

PAIRS = 4
FAST = ["--quiet", "--retries", 3, "--timeout", 3, "--idle-timeout", 1]


def write_pairs(folder, count=PAIRS):
    folder.write("pairs.jsonl", "".join(json.dumps(
        {"id": f"p{i}", "query": f"Why {i}? {{first}} \"\\", "response_a": f"So {i}. </s> {{second}}",
         "response_b": f"Thus é {i * i}."}) + "\n" for i in range(count)))


def judge(folder, server, *more, fast=FAST, **keywords):
    return run("pdx-judge", "http", "--url", server.url, "--model", "m", "--pairs", "pairs.jsonl",
               "-o", "out.jsonl", *fast, *more, folder=folder.path, **keywords)


def read(folder, name):
    with open(folder.at(name), encoding="utf-8") as file:
        return file.read()


def rows(folder, name="out.jsonl"):
    return [json.loads(line) for line in read(folder, name).splitlines()]


def expected_logp(prompt):
    x = logps(prompt)
    return math.log(math.exp(x[" A"]) + math.exp(x["A"])), x[" B"]


def complete(folder, server, count=PAIRS):
    """Every pair and order has one row, with the log-probabilities of its own prompt."""
    made = rows(folder)
    equal(sorted((row["pair"], row["order"]) for row in made),
          sorted((f"p{i}", order) for i in range(count) for order in ("AB", "BA")))
    by_prompt = {}
    for path, body, _ in server.requests:
        by_prompt[body["prompt"]] = expected_logp(body["prompt"])
    for row in made:
        i = int(row["pair"][1:])
        first = f"So {i}. </s> {{second}}" if row["order"] == "AB" else f"Thus é {i * i}."
        prompt = [p for p in by_prompt if f"Why {i}? " in p and "Response A:\n" + first in p]
        equal(len(prompt), 1, row)
        a, b = by_prompt[prompt[0]]
        check(abs(row["logp_first"] - a) < 1e-9 and abs(row["logp_second"] - b) < 1e-9, row)
        check(abs(row["coverage"] - math.exp(a) - math.exp(b)) < 1e-9, row)
        equal(row["provenance"]["model"], "m-0613")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
