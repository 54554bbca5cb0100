"""pdx-probe: edits judged by a judge of known taste; arms answered, judged and graded over HTTP against
a loopback server; other tools' files; what is missing or wrong."""
import json
import os
import random
import sys

import support
from support import check, equal, near, refused, run

sys.path.insert(0, os.path.join(support.ROOT, "tests", "support"))
from fault_server import Server  # noqa: E402

WORDS = "river stone cloud paper garden winter letter window market engine".split()


def sentence(rng, words):
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def write_pairs(folder, count=80, seed=3):
    rng = random.Random(seed)
    folder.write("pairs.jsonl", "".join(json.dumps(
        {"id": f"p{i}", "query": f"What of {rng.choice(WORDS)} {i}?",
         "response_a": sentence(rng, rng.randint(6, 30)),
         "response_b": sentence(rng, rng.randint(6, 30)), "scenario": "xy"[i % 2]}) + "\n"
        for i in range(count)))


def read(folder, name):
    with open(folder.at(name), encoding="utf-8") as file:
        return file.read()


def lines(folder, name):
    return [json.loads(line) for line in read(folder, name).splitlines()]


def judge_lengths(folder, pairs, out, seed=1):
    """A judge of log-probabilities that likes words, and what is shown first; noise by pair."""
    rng = random.Random(seed)
    noise = {}
    rows = []
    for pair in lines(folder, pairs):
        base = pair.get("probe_pair", pair["id"])
        noise.setdefault(base, rng.gauss(0, 0.5))
        a, b = (len(pair[key].split()) for key in ("response_a", "response_b"))
        margin = (a > b * 1.05) - (b > a * 1.05) + noise[base] * ("#same#" not in pair["id"])
        for order, sign in (("AB", 1), ("BA", -1)):
            first = 0.3 * (sign * margin + 0.4)
            rows.append(json.dumps({"pair": pair["id"], "judge": "words", "order": order,
                                    "logp_first": first - 1, "logp_second": -1}) + "\n")
    folder.write(out, "".join(rows))


def test_edits_of_a_judge_that_likes_words():
    with support.Folder() as folder:
        write_pairs(folder)
        made = run("pdx-probe", "edit", "--pairs", "pairs.jsonl", "-o", "probe.jsonl",
                   folder=folder.path)
        equal(made.status, 0, made.err)
        check("80 originals" in made.err and "headers-stripped' changes nothing in 80" in made.err,
              made.err)
        judge_lengths(folder, "probe.jsonl", "judgments.jsonl")
        data = ["--pairs", "probe.jsonl", "--judgments", "judgments.jsonl"]
        found = run("pdx-probe", "report", *data, folder=folder.path)
        equal(found.status, 0, found.err)
        report = found.json()
        effects = {e["name"]: e for e in report["effects"]}
        check("headers-stripped" not in effects, "an edit without copies")
        closing, blank = effects["closing-paragraph"], effects["blank-line"]
        check(closing["measured"]["low"] > 0 and closing["wins"]["low"] > 0.1, closing)
        equal(closing["pairs"], 80)
        near(blank["measured"]["value"], 0, 1e-9)
        near(blank["turned"]["value"], 0, 0)
        near(report["summary"]["same_first"]["value"], 1, 0)
        check(report["calibration"]["slope"]["low"] > 0, report["calibration"])
        check(0.1 < report["summary"]["turned"]["value"] < 0.8, report["summary"])
        table = run("pdx-probe", "report", *data, "--format", "table", "--svg", "edits.svg",
                    "--html", "page.html", folder=folder.path)
        equal(table.status, 0, table.err)
        page = read(folder, "page.html")
        check("Interventions" in page and "closing-paragraph" in page, "the page")
        check("<svg" in read(folder, "edits.svg") and "closing-paragraph" in read(folder, "edits.svg"),
              "the picture")
        check("closing-paragraph" in table.out and "P(win), points" in table.out, table.out)
        check(all(len(line) <= 140 for line in table.out.splitlines()), table.out)
        csv = run("pdx-probe", "report", *data, "--format", "csv", folder=folder.path).out
        equal(csv.splitlines()[0].split(",")[:3], ["edit", "content", "pairs"])
        equal(len(csv.splitlines()), 1 + len(effects))
        # a fit made elsewhere, and copies that were not judged
        equal(run("pdx-fit", *data, "--where", "probe_edit=none", "-o", "fits.json",
                  folder=folder.path).status, 0)
        rows = read(folder, "judgments.jsonl").splitlines(keepends=True)
        folder.write("part.jsonl", "".join(r for r in rows if "p7#closing-paragraph" not in r))
        part = run("pdx-probe", "report", "--pairs", "probe.jsonl", "--judgments", "part.jsonl",
                   "--fits", "fits.json", "-o", "out.json", folder=folder.path)
        equal(part.status, 0, part.err)
        effects = {e["name"]: e for e in json.loads(read(folder, "out.json"))["effects"]}
        equal((effects["closing-paragraph"]["pairs"], effects["closing-paragraph"]["unjudged"]),
              (79, 1))


def test_wrong_edits():
    with support.Folder() as folder:
        write_pairs(folder, 3)
        edit = ["edit", "--pairs", "pairs.jsonl", "-o", "probe.jsonl"]
        refused(run("pdx-probe", *edit, "--edit", "nope", folder=folder.path), 2, "'nope'")
        folder.write("edits.json", '{"edits":[{"name":"x","pattern":"[","replacement":""}]}')
        refused(run("pdx-probe", *edit, "--edits", "edits.json", folder=folder.path), 2,
                "edits.json", "'x'", "pattern")
        refused(run("pdx-probe", folder=folder.path), 2, "edit, arms, judge")
        refused(run("pdx-probe", "edit", "--pairs", "pairs.jsonl", folder=folder.path), 2, "-o")
        equal(folder.names(), ["edits.json", "pairs.jsonl"])
        shown = run("pdx-probe", "edit", "--list")
        check("closing-paragraph" in shown.out and "constant" in shown.out, shown.out)


# ---- arms ----

def answer(_, body):
    """Longer where the system message asks for anything; grades by length."""
    system = [m["content"] for m in body["messages"] if m["role"] == "system"]
    user = body["messages"][-1]["content"]
    if "[The answer]" in user:
        text = user.split("[The answer]\n")[1].split("\n[End")[0]
        said = f"Fine.\nGrade: {min(10, 1 + len(text.split()))}" if "no grade" not in text else "Hm."
    else:
        # the longer the message, the longer the answer; one answer is empty
        said = "Well then. " * (1 + len(system[0]) // 120 if system else 1) + f"On {user[8:]}"
        if "p3 " in user or "river 3?" in user:
            said = ""
    return 200, {"model": "m", "choices": [{"index": 0, "finish_reason": "stop",
                                            "message": {"role": "assistant", "content": said}}],
                 "usage": {"prompt_tokens": 5, "completion_tokens": 7}}


def fit_lengths(folder):
    write_pairs(folder)
    judge_lengths(folder, "pairs.jsonl", "judgments.jsonl")
    equal(run("pdx-fit", "--pairs", "pairs.jsonl", "--judgments", "judgments.jsonl", "-o",
              "fits.json", folder=folder.path).status, 0)


ASK = ["--url", None, "--model", "m", "--quiet"]


def arms(folder, server, *more, command="arms"):
    ask = [server.url if a is None else a for a in ASK]
    return run("pdx-probe", command, *ask, *more, folder=folder.path)


def test_arms_from_fit_to_report():
    with support.Folder() as folder, Server(answer) as server:
        fit_lengths(folder)
        more = ["--fits", "fits.json", "--pairs", "pairs.jsonl", "--limit", 30, "--baseline", "plain",
                "-o", "arms"]
        done = arms(folder, server, *more)
        equal(done.status, 0, done.err)
        equal(sorted(os.listdir(folder.at("arms"))),
              ["align.json", "arms.journal", "arms.json", "diverge.json", "pairs.jsonl", "plain.json",
               "random.json"])
        chosen = {a["name"]: a["messages"][0] for a in json.loads(read(folder, "arms/arms.json"))["arms"]}
        check("words" in chosen["align"]["properties"], chosen)
        check("more words" in chosen["align"]["system"], chosen)
        equal(chosen["plain"]["system"], "")
        check(not set(chosen["align"]["properties"]) & set(chosen["diverge"]["properties"]), chosen)
        outputs = json.loads(read(folder, "arms/align.json"))
        equal(len(outputs), 30)
        equal(sorted(outputs[0]), ["dataset", "generator", "instruction", "output"])
        asked = len(server.requests)
        check(asked >= 4 * 30, asked)
        equal(arms(folder, server, *more).status, 0)
        equal(len(server.requests), asked, "asked again")
        pairs = lines(folder, "arms/pairs.jsonl")
        equal(len(pairs), 3 * 30)
        equal({p["model_a"] for p in pairs}, {"plain"})
        judge_lengths(folder, "arms/pairs.jsonl", "verdicts.jsonl")
        graded = arms(folder, server, "--outputs", "arms/align.json", "--outputs", "arms/random.json",
                      "-o", "grades.jsonl", command="grade")
        equal(graded.status, 0, graded.err)
        grades = lines(folder, "grades.jsonl")
        equal(len(grades), 60)
        check(all(1 <= g["score"] <= 10 for g in grades), grades)
        data = ["--pairs", "arms/pairs.jsonl", "--judgments", "verdicts.jsonl", "--fits", "fits.json",
                "--grades", "grades.jsonl", "--plain", "random", "--draws", 200]
        found = run("pdx-probe", "report", *data, folder=folder.path)
        equal(found.status, 0, found.err)
        rows = {(r["arm"], r["against"]): r for r in found.json()["rows"]}
        align = rows["align", None]
        equal(align["pairs"], 30)
        check(align["length"] > 0 and align["predicted"]["value"] > 0.5, align)
        check(align["wins"]["low"] <= align["wins"]["value"] <= align["wins"]["high"], align)
        near(align["grade"]["value"],
             sum(g["score"] for g in grades if g["model"] == "align") / 30, 1e-9)
        shift = rows["align", "random"]
        near(shift["wins"]["value"], align["wins"]["value"] - rows["random", None]["wins"]["value"],
             1e-12)
        table = run("pdx-probe", "report", *data, "--format", "table", "--html", "page.html",
                    folder=folder.path).out
        check("Benchmark" in read(folder, "page.html"), "the page")
        check("less random" in table and "at equal length" in table, table)
        grouped = run("pdx-probe", "report", *data, "--group-by", "scenario", folder=folder.path)
        equal({r["group"] for r in grouped.json()["rows"]}, {"all", "x", "y"})
        # for other tools, and back
        for form, reader, name in (("alpacaeval", "alpacaeval", "annotations.json"),
                                   ("mtbench", "mtbench", "pair.jsonl")):
            sent = run("pdx-probe", "export", "--to", form, *data[:4], "-o", name, folder=folder.path)
            equal(sent.status, 0, sent.err)
            back = run("pdx-import", reader, name, "-o", form, folder=folder.path)
            equal(back.status, 0, back.err)
            ours = lines(folder, form + "/judgments.jsonl")
            equal(len(ours), 90 if form == "alpacaeval" else 180)
        preferences = json.loads(read(folder, "annotations.json"))
        equal(sum(p["preference"] > 1.5 for p in preferences),
              sum(r["winner"] == "B" for r in lines(folder, "alpacaeval/judgments.jsonl")))


def test_preferences_to_train_on():
    with support.Folder() as folder:
        fit_lengths(folder)
        more = ["--to", "preferences", "--pairs", "pairs.jsonl", "--fits", "fits.json"]
        for name, extra in (("aligned", []), ("inverted", ["--inverted"]),
                            ("sure", ["--threshold", 0.75])):
            equal(run("pdx-probe", "export", *more, *extra, "-o", name, folder=folder.path).status, 0)
        aligned, inverted, sure = (lines(folder, n) for n in ("aligned", "inverted", "sure"))
        equal(sorted(aligned[0]), ["chosen", "prompt", "rejected"])
        equal([(r["chosen"], r["rejected"]) for r in aligned],
              [(r["rejected"], r["chosen"]) for r in inverted])
        check(len(sure) < len(aligned) <= 80, (len(sure), len(aligned)))
        longer = sum(len(r["chosen"].split()) > len(r["rejected"].split()) for r in aligned)
        check(longer > 0.8 * len(aligned), longer)


def test_wrong_outputs():
    def outputs(model, *queries):
        return json.dumps([{"instruction": q, "output": q and "It is.", "generator": model}
                           for q in queries])

    with support.Folder() as folder:
        folder.write("base.json", outputs("base", "a", "b", "c"))
        folder.write("arm.json", outputs("arm", "a", "", "x"))
        folder.write("other.json", outputs("other", "x", "y"))
        folder.write("twin.json", outputs("arm", "a"))
        pair = ["arms", "--baseline", "base.json", "-o", "out"]
        done = run("pdx-probe", *pair, "--outputs", "arm.json", folder=folder.path)
        equal(done.status, 0, done.err)
        check("2 answers are missing, 2 are to other queries" in done.err, done.err)
        check("'arm' has no answer to query 2, \"b\"" in done.err, done.err)
        refused(run("pdx-probe", *pair, "--outputs", "other.json", folder=folder.path), 2,
                "other.json", "another benchmark")
        refused(run("pdx-probe", *pair, "--outputs", "arm.json", "--outputs", "twin.json",
                    folder=folder.path), 2, "both of model 'arm'")
        folder.write("broken.json", '[{"instruction": "a"}]')
        refused(run("pdx-probe", *pair, "--outputs", "broken.json", folder=folder.path), 2,
                "broken.json", "generator", "record 1")
        # MT-bench's form
        folder.write("answers.jsonl", "".join(json.dumps(
            {"question_id": q, "model_id": m, "choices": [{"index": 0, "turns": [f"{m} says."]}]}) + "\n"
            for m in ("one",) for q in (81, 82)))
        folder.write("base.jsonl", read(folder, "answers.jsonl").replace('"one', '"two'))
        folder.write("question.jsonl", "".join(json.dumps(
            {"question_id": q, "category": "writing", "turns": [f"Question {q}?", "And?"]}) + "\n"
            for q in (81, 82)))
        mtbench = ["arms", "--baseline", "base.jsonl", "--outputs", "answers.jsonl", "-o", "out"]
        refused(run("pdx-probe", *mtbench, folder=folder.path), 2, "question")
        equal(run("pdx-probe", *mtbench, "--questions", "question.jsonl", folder=folder.path).status, 0)
        made = lines(folder, "out/pairs.jsonl")
        equal([p["query"] for p in made], ["Question 81?", "Question 82?"])
        # pairs of two baselines
        folder.write("two.jsonl", "".join(json.dumps(
            {"id": str(i), "query": "q", "response_a": "a", "response_b": "b", "model_a": f"m{i}",
             "model_b": "x"}) + "\n" for i in range(2)))
        folder.write("v.jsonl", '{"pair":"0","judge":"j","order":"AB","winner":"A"}\n')
        refused(run("pdx-probe", "report", "--pairs", "two.jsonl", "--judgments", "v.jsonl",
                    folder=folder.path), 2, "baseline", "'m1'")


def test_servers_that_fail():
    with support.Folder() as folder:
        fit_lengths(folder)
        more = ["--fits", "fits.json", "--pairs", "pairs.jsonl", "--limit", 3, "-o", "arms",
                "--timeout", 3]
        with Server(lambda n, body: "500" if n % 4 == 0 and n < 200 else answer(n, body)) as server:
            done = arms(folder, server, *more)
            equal(done.status, 0, done.err)
        with Server(lambda n, body: (400, {"error": {"message": "no such thing"}})) as server:
            failed = arms(folder, server, *more, "--max-output", 7)
            equal(failed.status, 3, failed.err)
            check("no such thing" in failed.err, failed.err)


def test_judge_is_pdx_judge():
    done = run("pdx-probe", "judge", "http")
    equal(done.status, 2)
    check(done.err.startswith("pdx-judge: "), done.err)


support.main(globals())
