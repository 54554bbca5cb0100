"""pdx-simulate, pdx-quickstart and pdx-import end to end."""
import json
import os
import xml.dom.minidom

import support
from support import check, check_fits, equal, near, run

FILES = ["features.jsonl", "judgments.jsonl", "pairs.jsonl", "schema.json", "truth.json"]


def done(program, *arguments, **more):
    result = run(program, *arguments, **more)
    equal(result.status, 0, result.err)
    return result


def test_simulated_study_is_read_back():
    with support.Folder() as f:
        result = done("pdx-simulate", "-o", f.at("study"), "--pairs", 400, "--scenarios", 2)
        equal(result.out, "", "stdout")
        with open(f.at("study/truth.json")) as file:
            truth = json.load(file)
        at = {name: f.at("study/" + name) for name in FILES}
        fits = done("pdx-fit", "--pairs", at["pairs.jsonl"], "--features", at["features.jsonl"],
                    "--names", at["schema.json"], "--judgments", at["judgments.jsonl"], "--prior",
                    "laplace:0.3",
                    "--group-by", "scenario").json()
        equal(len(check_fits(fits)), 3 * 2, "three judges in two scenarios")
        equal(fits["columns"], truth["columns"], "columns")
        planted = {(t["judge"], t["group"]): t["mean"] for t in truth["fits"]}
        inside = total = 0
        for fit in fits["fits"]:
            for w, q in zip(planted[fit["judge"], fit["group"]], fit["quantiles"]):
                inside += q[0] <= w <= q[-1]
                total += 1
        check(inside > 0.85 * total, f"{inside} of {total} planted weights are in their interval")


def test_simulation_follows_its_seed():
    with support.Folder() as f:
        text = []
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            done("pdx-simulate", "-o", f.at(name), "--pairs", 50, "--seed", seed)
            with open(f.at(name + "/judgments.jsonl")) as file:
                text.append(file.read())
        check(text[0] == text[1] != text[2], "the same study for the same seed only")


def test_quickstart_alone():
    with support.Folder() as f:
        before = os.times().children_user
        result = done("pdx-quickstart", folder=f.path)
        seconds = os.times().children_user - before
        check(seconds < 15, f"{seconds:.1f} s")  # of processor time; sanitizers take most of it
        equal(sorted(f.names()), ["quickstart-out"], "files")
        with open(f.at("quickstart-out/fits.json")) as file:
            fits = check_fits(json.load(file))
        equal(len(fits), 3 * 4, "judges x scenarios")
        xml.dom.minidom.parse(f.at("quickstart-out/dissection.svg"))
        with open(f.at("quickstart-out/report.html"), encoding="utf-8") as file:
            page = file.read()
        plain = result.out.split("In plain words, over all fits:\n- ")[1].split("\n- ")
        equal(len(plain), 3, result.out)
        for sentence in plain:
            check("<li>" + " ".join(sentence.split()) + "</li>" in page, sentence)
        check(result.err.rstrip().endswith("open the report: quickstart-out/report.html"), result.err)
        for words in ("planted", "lie in their 95% interval", "In plain words"):
            check(words in result.out, f"stdout lacks {words!r}")
        sentences = result.out.split("In plain words")[1]
        equal(sentences.count("\n- "), 3, "findings: " + sentences)
        for line in result.out.splitlines():
            check(len(line) <= 100, f"{len(line)} columns: {line}")


def test_quickstart_on_files():
    with support.Folder() as f:
        data = support.arena(f, 200)
        result = done("pdx-quickstart", *data, "-o", f.at("out"), folder=f.path)
        with open(f.at("out/fits.json")) as file:
            equal(len(check_fits(json.load(file))), 2, "fits")
        check("planted" not in result.out and "hasty" in result.out, result.out)
        as_json = done("pdx-quickstart", *data, "-o", f.at("out"), "--format", "json")
        check_fits(as_json.json())


def test_import_into_a_fit():
    with support.Folder() as f:
        rows = [{"dataset": "d", "instruction": f"Say {i}.", "output_1": "No.",
                 "generator_1": "m", "output_2": "Yes, it is so.", "generator_2": "n",
                 "annotator": "judge", "preference": [2, 1, 1.5, None, 1.9][i % 5]}
                for i in range(40)]
        path = f.write("annotations.json", json.dumps(rows))
        result = done("pdx-import", "alpacaeval", path, "-o", f.at("ours"))
        equal(result.out, "", "stdout")
        check("40 pairs" in result.err or "32 pairs" in result.err, result.err)
        fits = done("pdx-fit", "--pairs", f.at("ours/pairs.jsonl"), "--judgments",
                    f.at("ours/judgments.jsonl")).json()
        equal([fit["judge"] for fit in check_fits(fits)], ["judge"], "judges")
        again = run("pdx-import", "alpacaeval", path, "-o", f.at("ours"))
        equal(again.status, 2, "files that are there are kept: " + again.err)
        done("pdx-import", "alpacaeval", path, "-o", f.at("ours"), "--overwrite")


support.main(globals())
