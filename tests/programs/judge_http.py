"""pdx-judge over HTTP against a loopback server: each route, batch files, budgets, keys,
verdicts in words. Faults and kills: judge_http_faults.py; TLS and proxies: judge_http_network.py."""
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
from support import check, equal, near, refused, run

import fault_server
from fault_server import Server

def expected_of(kind, body):
    """Log-probabilities of the labels, as the route tells them."""
    text = body["query"] + body["items"][0] if "items" in body else \
        body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    x = fault_server.logps(text)
    a, b = math.exp(x[" A"]) + math.exp(x["A"]), math.exp(x[" B"])
    if kind == "generative-scoring":  # one spelling of each, and their sum is 1
        a, b = (p / (math.exp(x[" A"]) + b) for p in (math.exp(x[" A"]), b))
    if kind == "score":
        b += 0.001  # "B", which the others do not list
    return math.log(a), math.log(b)


def test_every_route():
    for kind in ("completions", "chat", "verdict", "token-ids", "generative-scoring", "score", "llama"):
        with support.Folder() as folder, Server() as server:
            write_pairs(folder)
            done = judge(folder, server, "--kind", kind, "--concurrency", 1)
            equal(done.status, 0, kind + done.err)
            asks = [r for r in server.requests if r[0] != "/tokenize"]
            equal(len(asks), 2 * PAIRS, kind)
            equal(len(rows(folder)), 2 * PAIRS, kind)
            for row, (_, body, _) in zip(rows(folder), asks):
                check(row["winner"] in ("A", "B"), row)
                if kind == "verdict":
                    check("Verdict" in row["raw"], row)
                    continue
                for name, value in zip(("first", "second"), expected_of(kind, body)):
                    near(row[f"logp_{name}"], value, 1e-9, f"{kind} {name}")
                check(("normalised" if kind == "generative-scoring" else "coverage") in row, row)
            if kind == "completions":
                complete(folder, server)


def test_token_ids():
    """Named, or asked of the server; a label of several tokens, a server without /tokenize."""
    with support.Folder() as folder, Server() as server:
        write_pairs(folder)
        equal(judge(folder, server, "--kind", "token-ids", "--label-ids", "362+32,425").status, 0)
        equal({r[0] for r in server.requests}, {"/v1/completions"})
        equal(server.requests[0][1]["logprob_token_ids"], [362, 32, 425])
        refused(judge(folder, server, "--kind", "token-ids", "--label-ids", "362"), 2, "label_ids")
        folder.write("t.txt", "{first} {second} better:")
        refused(judge(folder, server, "--kind", "score", "--labels", "one two,B", "--template", "t.txt"), 2,
                "one two", "not one token")
    with support.Folder() as folder, Server(lambda n, b: (404, {"detail": "Not Found"})) as server:
        write_pairs(folder)
        refused(judge(folder, server, "--kind", "score"), 3, "/tokenize", "404", "token ids")


def test_a_prompt_that_the_server_cuts():
    """vLLM's scoring cuts the end off long prompts and says nothing but how many tokens it read."""
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 2)
        folder.write("pairs.jsonl", read(folder, "pairs.jsonl").replace("Why 1?", "Why [[long]]?"))
        done = judge(folder, server, "--kind", "generative-scoring")
        equal(done.status, 0, done.err)
        equal([("error" in row, row["pair"]) for row in rows(folder)],
              [(False, "p0"), (False, "p0"), (True, "p1"), (True, "p1")])
        check("cut its end off" in rows(folder)[3]["error"], rows(folder)[3])
        for _, body, _ in server.requests:
            check(body.get("query", "") == "", "what stands before the item is made into tokens apart")


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
        equal(folder.names(), ["pairs.jsonl", "prices.json"])
        stopped = judge(folder, server, "--max-usd", 0.25, *price)
        refused(stopped, 3, "budget of 0.25 USD")
        spent = sum(len(b["prompt"]) // 4 + 1 for _, b, _ in server.requests) * 1000 / 1e6
        check(0.05 < spent <= 0.25, spent)
        equal(judge(folder, server, "--max-usd", 10, *price).status, 0)
        complete(folder, server)
        equal(len(server.answered), 2 * PAIRS)


def test_the_key_is_sent_and_never_kept():
    key = "sk-secret-123"
    said = f"Bearer {key} is no good"

    def plan(n, body):  # a server that repeats the key wherever it can
        good = fault_server.completion(body)
        good.update(id=said, model=said, system_fingerprint=f"\"{key}\"")
        return [(200, good), (400, {"error": {"message": said}}), (500, {"error": said}), (429, {"detail": said}),
                (302, {"see": said}), (200, {"error": {"message": said}}), (200, [said])][n if n < 7 else 0]
    os.environ["PDX_TEST_KEY"] = key
    try:
        for header, sent in (("Authorization", f"Bearer {key}"), ("api-key", key)):
            with support.Folder() as folder, Server(plan) as server:
                write_pairs(folder)
                done = judge(folder, server, "--key-env", "PDX_TEST_KEY", "--key-header", header, fast=[])
                equal(done.status, 0, done.err)
                equal({headers[header] for _, _, headers in server.requests}, {sent})
                failed = [row for row in rows(folder) if "error" in row]
                equal(len(failed), 1)
                equal(failed[0]["winner"], None)
                dry = judge(folder, server, "--key-env", "PDX_TEST_KEY", "--dry-run", fast=[])
                for text in [read(folder, name) for name in folder.names()] + [done.err, done.out, dry.out]:
                    check(key not in text, text)
                server.plan = None
                equal(judge(folder, server, "--strict").status, 0)  # asked again, and answered
                equal(len(rows(folder)), 2 * PAIRS)
        os.environ["PDX_TEST_KEY"] = "two\nlines"
        with support.Folder() as folder, Server() as server:
            write_pairs(folder)
            refused(judge(folder, server, "--key-env", "PDX_TEST_KEY"), 2, "PDX_TEST_KEY")
            equal(len(server.requests), 0)
    finally:
        del os.environ["PDX_TEST_KEY"]


def test_missing_answers():
    """One prompt is never answered: the run says so, or finishes without it where that is allowed."""
    def poisoned(n, body):
        return "500" if "Why 2?" in body["prompt"] else None
    with support.Folder() as folder, Server(poisoned) as server:
        write_pairs(folder)
        refused(judge(folder, server, "--retries", 1), 3, "2 answers are missing", "status 500")
        check(not os.path.exists(folder.at("out.jsonl")), "unfinished")
        done = judge(folder, server, "--retries", 1, "--allow-missing")
        equal(done.status, 0, done.err)
        lost = [row for row in rows(folder) if "error" in row]
        equal([(row["pair"], row["shown"], row["winner"]) for row in lost], [("p2", None, None)] * 2)
        equal(judge(folder, server, "--retries", 1, "--allow-missing", "--strict").status, 1)
        server.plan = None
        equal(judge(folder, server).status, 0)
        complete(folder, server)
        equal(len(server.answered), 2 * PAIRS)


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
             "verdict: A\nNo: Verdict: B", "<think>Verdict: A", "[THINK]Verdict: A[/THINK]Verdict: B",
             "<|channel|>analysis<|message|>Verdict: B<|end|><|channel|>final<|message|>Verdict: A",
             "Verdict: C", "Verdict: Apple", "The verdict is out", "VERDICT = \"a\""]
    shown = ["second", None, "tie", None, "second", None, "second", "first", None, None, None, "first"]

    def plan(n, body):
        return (200, {"choices": [{"message": {"content": texts[n % 12]}, "finish_reason": "stop"}]})
    with support.Folder() as folder, Server(plan) as server:
        write_pairs(folder, 2)
        done = judge(folder, server, "--kind", "verdict", "--samples", 3, "--concurrency", 1,
                     "--temperature", 0.7, fast=[])
        equal(done.status, 0, done.err)
        found = {row["raw"]: row["shown"] for row in rows(folder)}
        equal([found[text] for text in texts], shown)
        equal(sorted({row["repeat"] for row in rows(folder)}), [0, 1, 2])
        equal(sorted({body["seed"] for _, body, _ in server.requests}), [1, 2, 3])
        equal({body["temperature"] for _, body, _ in server.requests}, {0.7})
        for word in ("6 answers say nothing", "shown first was chosen", "same winner in both",
                     "first shown in both"):
            check(word in done.err, done.err)


def test_verdicts_of_other_forms():
    """Refusals, cut texts, content in parts, thoughts told apart; the text is kept where there is no verdict."""
    replies = [({"content": None, "refusal": "I will not."}, "stop", None, "I will not."),
               ({"content": "So far\nVerdict: A"}, "length", None, "So far\nVerdict: A"),
               ({"content": "", "reasoning_content": "Verdict: B?"}, "stop", None, "Verdict: B?"),
               ({"content": "Verdict: B", "reasoning_content": "Verdict: A?"}, "stop", "second", "Verdict: B"),
               ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Verdict: A"}]},
                "stop", "first", "Verdict: A"),
               ({"content": None}, "content_filter", None, ""),
               ({"content": "<script>\"}]}\u0001 Verdict: tie"}, "stop", "tie", None),
               ({"content": "Verdict: B"}, None, "second", "Verdict: B")]

    def plan(n, body):
        message, finish, _, _ = replies[n % 8]
        return (200, {"choices": [{"message": message, "finish_reason": finish}]})
    with support.Folder() as folder, Server(plan) as server:
        write_pairs(folder, 4)
        done = judge(folder, server, "--kind", "verdict", "--concurrency", 1, "--reasoning")
        equal(done.status, 0, done.err)
        for row, (_, _, shown, raw) in zip(rows(folder), replies):
            equal(row["shown"], shown, raw)
            if raw is not None:
                equal(row["raw"], raw)
        check(all("max_completion_tokens" in body and "temperature" not in body and "max_tokens" not in body
                  for _, body, _ in server.requests), server.requests[0][1])


def test_own_pattern_and_labels():
    def plan(n, body):
        check("first: So 0" in body["messages"][0]["content"] or "first: Thus" in body["messages"][0]["content"],
              body)
        return (200, {"choices": [{"message": {"content": "[[one]] no, [[two]]"}}]})
    with support.Folder() as folder, Server(plan) as server:
        write_pairs(folder, 1)
        folder.write("t.txt", "{query} first: {first} second: {second} Say [[one]] or [[two]].")
        own = ["--kind", "verdict", "--labels", "one,two", "--pattern", r"\[\[(\w+)\]\]"]
        refused(judge(folder, server, *own), 2, "template")
        done = judge(folder, server, *own, "--template", "t.txt")
        equal(done.status, 0, done.err)
        equal([row["shown"] for row in rows(folder)], ["second", "second"])
        refused(judge(folder, server, "--kind", "verdict", "--pattern", "("), 2, "pattern")


def test_labels():
    """People's labels as a judge: from a field, from a list."""
    with support.Folder() as folder:
        folder.write("pairs.jsonl", "".join(json.dumps(
            {"id": f"p{i}", "query": "q", "response_a": "a", "response_b": "b", "gold": gold}) + "\n"
            for i, gold in enumerate(["A", "tie", "B", None])))
        done = run("pdx-judge", "labels", "--field", "gold", "--pairs", "pairs.jsonl", "-o", "out.jsonl",
                   folder=folder.path)
        equal(done.status, 0, done.err)
        equal([(row["pair"], row["judge"], row["order"], row["winner"]) for row in rows(folder)],
              [("p0", "gold", None, "A"), ("p1", "gold", None, "tie"), ("p2", "gold", None, "B"),
               ("p3", "gold", None, None)])
        check("3 of 4 pairs" in done.err, done.err)

        def listed(text, *more):
            folder.write("people.json", text)
            return run("pdx-judge", "labels", "--labels-file", "people.json", "--pairs", "pairs.jsonl", "-o",
                       "out.jsonl", "--quiet", *more, folder=folder.path)
        for text in ('["A", "b", "TIE", null]', "A\nB\ntie\nnull\n"):
            equal(listed(text, "--name", "people").status, 0)
            equal([(row["judge"], row["winner"]) for row in rows(folder)],
                  [("people", "A"), ("people", "B"), ("people", "tie"), ("people", None)])
        refused(listed('["A", "B"]'), 2, "2 labels for 4 pairs")
        refused(listed('["A", "B", "A", "B", "A"]'), 2, "more labels than 4")
        refused(listed('["A", "C", "A", "B"]'), 2, "p1", "'C'")
        refused(run("pdx-judge", "labels", "--pairs", "pairs.jsonl", "-o", "out.jsonl",
                    folder=folder.path), 2, "--field or --labels-file")
        refused(run("pdx-judge", "labels", "--field", "nothing", "--pairs", "pairs.jsonl", "-o", "out.jsonl",
                    folder=folder.path), 2, "nothing")


if __name__ == "__main__":
    support.main(globals())
