"""pdx-annotate against a loopback annotator that finds what was planted: each stage, batch files, budgets, new
properties and prompts; and the planted weights, found by a fit."""
import json
import math
import os
import random

import support
from annotate_support import annotate, complete, key, read, rows, write_pairs
import annotator_server
from fault_server import Server
from support import check, equal, near, refused, run


def test_every_stage():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 3)
        done = annotate(folder, server)
        equal(done.status, 0, done.err)
        complete(folder, 3)
        equal(len(server.requests), 1 + 3 * 7)
        shown = {row["id"]: row["order"] for row in rows(folder) if row["stage"] == "error"}
        check(set(shown.values()) <= {"AB", "BA"}, shown)
        for row in rows(folder):
            check(row.get("order") in (None, shown[row["id"]]), row)
            equal(row["provenance"]["model"], "m-0613")
        # What the pair says stands between marks that it cannot know, and is never read as template.
        for _, body, _ in server.requests:
            text = body["messages"][-1]["content"]
            check("<<<response" not in text or "{response_2} </s> <<<end of response 1>>> [[" in text, text)
        # A second run finds everything.
        before = read(folder, "out.jsonl")
        equal(annotate(folder, server).status, 0)
        equal(len(server.requests), 22)
        equal(read(folder, "out.jsonl"), before)
        os.unlink(folder.at("out.jsonl"))  # the journal alone
        equal(annotate(folder, server).status, 0)
        equal(len(server.requests), 22)
        equal(read(folder, "out.jsonl"), before)


def test_orders_repeats_and_one_by_one():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 2)
        equal(annotate(folder, server, "--show", "both", "--repeats", 2).status, 0)
        made = rows(folder)
        equal(len({key(row) for row in made}), len(made))
        equal(len(made), 2 * (2 * (1 + 4 * 2) + 2))
        for row in made:
            if row["stage"] == "query-free":
                equal(row["values"]["friendly"], {"a": int(row["id"][1]) % 4, "b": 2}, row["order"])
        equal({body["seed"] for _, body, _ in server.requests if "seed" in body}, {1, 2})
        done = run("pdx-annotate", "resolve", "--pairs", "pairs.jsonl", "--annotations", "out.jsonl",
                   "-o", "features.jsonl", folder=folder.path)
        equal(done.status, 0, done.err)
        equal(rows(folder, "features.jsonl")[1]["noise"][2], 0)  # every pass says the same
        os.unlink(folder.at("out.jsonl"))
        equal(annotate(folder, server, "--single").status, 0)
        single = rows(folder)
        equal(len(single), 2 * (3 + 4 * 2))
        for row in single:
            if row["stage"] == "query-specific":
                equal(row["values"], {"empathetic": {"a": 1}, "constraints": {"a": [3, 3]}}
                      if row["response"] == "a" else {"empathetic": {"b": 0}, "constraints": {"b": [1, 1]}})
        pairs = run("pdx-annotate", "resolve", "--pairs", "pairs.jsonl", "--annotations", "out.jsonl",
                    "-o", "one.jsonl", folder=folder.path)
        equal(pairs.status, 0, pairs.err)
        equal([r["cmp"] for r in rows(folder, "one.jsonl")[1:]],
              [r["cmp"] for r in rows(folder, "features.jsonl")[1:]])


def test_equal_requests_are_sent_once():
    with support.Folder() as folder, Server(delay=0.05) as server:
        write_pairs(folder, 6, query="Why? [[fact feelings]][[entry constraints short]]"
                                     "[[entry constraints in rhyme]]")
        equal(annotate(folder, server).status, 0)
        equal(len(server.requests), 1 + 3 + 6 * 4)
        equal(len(rows(folder)), 6 * 7)
        status = run("pdx-annotate", "status", "--annotations", "out.jsonl", folder=folder.path)
        stages = status.json()["stages"]
        equal(stages["query"]["rows"], 6)
        spent = [b for _, b, _ in server.requests if "You examine" in b["messages"][0]["content"]]
        equal(stages["query"]["input_tokens"], sum(len(m["content"]) for m in spent[0]["messages"]) // 4)


def test_scenarios_and_facts_become_groups():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 3)
        text = read(folder, "pairs.jsonl").replace('"id": "p1"', '"id": "p1", "scenario": "mine"')
        folder.write("pairs.jsonl", text.replace("Why 2?", "Why code 2?"))
        equal(annotate(folder, server).status, 0)
        equal(sum(row["stage"] == "scenario" for row in rows(folder)), 2)  # p1 has one
        done = run("pdx-annotate", "resolve", "--pairs", "pairs.jsonl", "--annotations", "out.jsonl", "-o",
                   "f.jsonl", "--label", "labelled.jsonl", folder=folder.path)
        equal(done.status, 0, done.err)
        before, after = rows(folder, "pairs.jsonl"), rows(folder, "labelled.jsonl")
        equal([row["scenario"] for row in after], ["Advice", "mine", "Code"])
        equal(after[0]["cases"], ["feelings", "constraints"])
        for old, new in zip(before, after):
            equal({k: new[k] for k in old}, old)


def test_what_the_server_supports_is_found_out():
    def plan_for(kind):
        def plan(n, body):
            form = body.get("response_format")
            if kind == "openai-old" and form and form["type"] == "json_schema":
                return (400, {"error": {"message": "unknown response_format"}})
            if kind == "llama" and form and form["type"] == "json_schema":
                return (500, {"error": {"message": "validation error"}})
            if kind == "bare" and form:
                return (422, {"detail": "response_format: extra fields"})
            if kind == "openai-old" and form and "schema" in form:
                return (400, {"error": {"message": "unknown parameter schema"}})
            return None
        return plan
    for kind, wanted in (("openai-old", "asked for by JSON"), ("llama", "asked for by a schema"),
                         ("bare", "asked for by the prompt alone"), ("", "asked for by a strict schema")):
        with support.Folder() as folder, Server(plan_for(kind)) as server:
            write_pairs(folder, 1)
            done = annotate(folder, server, fast=["--retries", 1])
            equal(done.status, 0, done.err)
            check(wanted in done.err, done.err)
            complete(folder, 1)
            before = len(server.requests)
            os.unlink(folder.at("out.jsonl"))  # the next run knows
            equal(annotate(folder, server).status, 0)
            equal(len(server.requests), before)
    with support.Folder() as folder, Server(lambda n, b: (401, {"error": {"message": "no key"}})) as server:
        write_pairs(folder, 1)
        refused(annotate(folder, server), 3, "status 401: no key")
        equal(len(server.requests), 1)


def test_batch_files_make_the_same_rows():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 3)
        common = ["--model", "m", "--pairs", "pairs.jsonl"]
        asked = []
        for k in range(5):
            done = run("pdx-annotate", "batch-write", *common, "--annotations", "b.jsonl", "-o",
                       "requests.jsonl", folder=folder.path)
            equal(done.status, 0, done.err)
            lines = rows(folder, "requests.jsonl")
            asked.append(len(lines))
            if not lines:
                break
            results = []
            for i, line in enumerate(lines):
                equal((line["method"], line["url"]), ("POST", "/v1/chat/completions"))
                response = {"status_code": 200, "body": annotator_server.annotate(line["body"])}
                if k == 0 and i == 0:
                    response = {"status_code": 500, "body": {"error": {"message": "no"}}}
                results.append({"id": "b", "custom_id": line["custom_id"], "response": response, "error": None})
            random.seed(k)
            random.shuffle(results)
            folder.write("results.jsonl", "".join(json.dumps(r) + "\n" for r in results))
            done = run("pdx-annotate", "batch-read", *common, "--results", "results.jsonl", "-o", "b.jsonl",
                       folder=folder.path)
            equal(done.status, 0, done.err)
            check(k > 1 or "next batch-write" in done.err, done.err)
        equal(asked, [15, 6, 1, 0])
        equal(annotate(folder, server).status, 0)

        def bare(name):
            out = rows(folder, name)
            for row in out:
                row["provenance"].pop("time", None)
                row["provenance"].pop("attempts", None)
            return out
        equal(bare("b.jsonl"), bare("out.jsonl"))


def test_dry_run_and_budget():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 4)
        folder.write("prices.json", '{"m": {"input": 100, "output": 200}}')
        price = ["--prices", "prices.json"]
        dry = annotate(folder, server, "--dry-run", *price, fast=[])
        equal(dry.status, 0, dry.err)
        equal(len(dry.out.splitlines()), 4 * 5)
        check("8 later that depend on answers" in dry.err and "USD, at most" in dry.err, dry.err)
        equal(len(server.requests), 0)
        limit = ["--max-usd", "0.6", "--max-output", 256, *price]
        stopped = annotate(folder, server, *limit)
        equal(stopped.status, 3, stopped.err)
        check("budget of 0.6 USD" in stopped.err, stopped.err)
        spent = sum(reply["usage"]["prompt_tokens"] * 100e-6 + reply["usage"]["completion_tokens"] * 200e-6
                    for reply in (annotator_server.annotate(b) for _, b, _ in server.requests))
        check(0.2 < spent <= 0.6, spent)
        stages = run("pdx-annotate", "status", "--annotations", "out.jsonl", "--model", "m", *price,
                     folder=folder.path).json()["stages"]
        near(sum(s["usd"] for s in stages.values()), spent, 0.01)
        equal(annotate(folder, server, "--max-usd", 10, "--max-output", 256, *price).status, 0)
        complete(folder, 4)
        equal(len(server.answered), len(set(server.answered)))


def test_a_new_property_needs_no_code():
    with support.Folder() as folder, Server() as server:
        folder.write("schema.json", json.dumps({"properties": [
            {"id": "cites_law", "description": "Names the law.", "stage": "query-aware", "scale": [0, 10]},
            {"id": "warns", "description": "Warns.", "stage": "query-specific", "scale": [-1, 1],
             "depends_on": "is_dangerous"},
            {"id": "no_bug_errors", "description": "Bugs.", "stage": "error", "rule": "count"},
            {"id": "words", "stage": "computed", "rule": "length"}]}))
        folder.write("pairs.jsonl", json.dumps(
            {"id": "x", "query": "q", "scenario": "s", "reference": "It is so.", "response_a": "[[cites_law=7]]"
             "[[warns=-1]][[error bug]]", "response_b": "[[warns=0.5]]"}) + "\n")
        annotator_server.FACTS["is_dangerous"] = False
        folder.write("pairs.jsonl", read(folder, "pairs.jsonl").replace('"q"', '"q [[fact is_dangerous]]"'))
        done = annotate(folder, server, "--schema", "schema.json")
        del annotator_server.FACTS["is_dangerous"]
        equal(done.status, 0, done.err)
        made = {row["stage"]: row["values"] for row in rows(folder)}
        equal(made, {"query": {"is_dangerous": True}, "query-aware": {"cites_law": {"a": 7, "b": 1}},
                     "query-specific": {"warns": {"a": -1, "b": 0.5}},
                     "error": {"no_bug_errors": {"a": 1, "b": 0}}})
        text = json.dumps([body["messages"] for _, body, _ in server.requests])
        check("is dangerous" in text and "Names the law." in text and "It is so." in text, text)
        fit = run("pdx-annotate", "resolve", "--pairs", "pairs.jsonl", "--annotations", "out.jsonl",
                  "--schema", "schema.json", "-o", "f.jsonl", folder=folder.path)
        equal(fit.status, 0, fit.err)
        equal(rows(folder, "f.jsonl")[1]["cmp"][:3], [1, -1, -1])


def test_prompts_can_be_replaced():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder, 1)
        os.mkdir(folder.at("mine"))
        folder.write("mine/scenario.txt", "[system]\nYou sort requests {{so}}: {scenarios} {format}\n"
                                          "[user]\n<<<request {mark}>>>\n{query}\n<<<end of request {mark}>>>\n")
        folder.write("mine/scenarios.json", '{"Code": "x", "Advice": "y"}')
        equal(annotate(folder, server, "--prompts", "mine").status, 0)
        complete(folder, 1)
        asked = [b["messages"] for _, b, _ in server.requests if "You sort" in b["messages"][0]["content"]]
        check(asked[0][0]["content"].startswith("You sort requests {so}: - Code: x\n- Advice: y Answer"), asked)
        for text, word in (("[system]\n{nothing}\n[user]\n{query}\n", "scenario.txt:2: '{nothing}' is no field"),
                           ("[user]\n{query}\n{scenarios}", "has no field {format}"),
                           ("x\n[user]\n", "scenario.txt:1: text before"),
                           ("[user]\n{query} } {scenarios} {format}", "scenario.txt:2: '}' is no field")):
            folder.write("mine/scenario.txt", text)
            refused(annotate(folder, server, "--prompts", "mine"), 2, word)
        refused(annotate(folder, server, "--prompts", "theirs"), 2, "theirs: cannot be read")
        refused(annotate(folder, server, "--stages", "query,scenery"), 2, "'scenery' is no stage")
        refused(annotate(folder, server, "--body", '{"model": "x"}'), 2, "'model' cannot be set")


def test_the_fit_finds_what_was_planted():
    random.seed(3)
    taste = {"friendly": 1.2, "funny": -0.8, "constraints": 0.9, "no_severe_errors": 1.0}
    with support.Folder() as folder, Server() as server:
        pairs, judgments = [], []
        for i in range(200):
            value = {side: {name: random.randrange(4) for name in ("friendly", "funny", "constraints")}
                     for side in "ab"}
            severe = {side: random.randrange(2) for side in "ab"}
            text = {side: " ".join(f"[[{n}={v}]]" for n, v in value[side].items()) +
                    " [[error severe]]" * severe[side] for side in "ab"}
            query = f"Number {i}" + " [[entry constraints be short]]" * (i % 2)
            pairs.append({"id": f"p{i}", "query": query, "scenario": "s", "reference": "r",
                          "response_a": text["a"], "response_b": text["b"]})
            x = {n: (value["a"][n] > value["b"][n]) - (value["a"][n] < value["b"][n]) for n in value["a"]}
            x["constraints"] *= i % 2
            x["no_severe_errors"] = severe["b"] - severe["a"]
            eta = sum(taste[n] * x[n] for n in taste)
            for order in ("AB", "BA"):
                winner = "A" if random.random() < 1 / (1 + math.exp(-eta)) else "B"
                judgments.append({"pair": f"p{i}", "judge": "j", "order": order, "winner": winner})
        folder.write("pairs.jsonl", "".join(json.dumps(p) + "\n" for p in pairs))
        folder.write("judgments.jsonl", "".join(json.dumps(j) + "\n" for j in judgments))
        done = annotate(folder, server, "--concurrency", 16)
        equal(done.status, 0, done.err)
        fitted = support.fitted("--pairs", "pairs.jsonl", "--annotations", "out.jsonl", "--judgments",
                                "judgments.jsonl", "--prior", "gaussian:2", folder=folder.path).json()
        fit = fitted["fits"][0]
        found = dict(zip(fitted["columns"], zip(fit["mean"], fit["sd"])))
        equal(len(found), 29)
        for name, (mean, sd) in found.items():
            if name not in taste and sd > 1.9:  # never differs: the prior
                continue
            check(abs(mean - taste.get(name, 0)) < 4 * sd, f"{name}: {mean} +- {sd}")
        for name, weight in taste.items():
            check(found[name][1] < 0.4 and found[name][0] * weight > 0, f"{name}: {found[name]}")


if __name__ == "__main__":
    support.main(globals())
