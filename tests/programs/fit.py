"""pdx-fit and first-fit on small data with known tastes."""
import csv
import io
import json
import math
import os

import support
from support import check, check_fits, equal, fitted, near, refused, run, weights


def test_table_gives_the_tastes_back():
    with support.Folder() as f:
        table = f.write("taste.csv", support.taste_table(3000))
        fits = fitted("--table", table).json()
        check_fits(fits)
        found = weights(fits, fits["fits"][0]["judge"])
        for name, planted in support.TASTE.items():
            near(found[name], planted, 0.2, name)
        equal(fits["fits"][0]["n"], 3000, "rows")
        equal(fits["fits"][0]["position"], None, "a table has no position effect")


def test_table_columns_w_offset_judge_group():
    with support.Folder() as f:
        rows = support.taste_table(200).splitlines()
        doubled = [rows[0] + ",w"] + [row + ",2" for row in rows[1:]]
        twice = rows + rows[1:]
        a = fitted("--table", f.write("w.csv", "\n".join(doubled) + "\n")).json()["fits"][0]
        b = fitted("--table", f.write("t.csv", "\n".join(twice) + "\n")).json()["fits"][0]
        for x, y in zip(a["mean"], b["mean"]):
            near(x, y, 1e-6, "weight 2 is a row given twice")
        named = [rows[0] + ",judge,group"] + [
            f"{row},{'x' if i % 2 else 'y'},{'g' if i % 4 < 2 else 'h'}"
            for i, row in enumerate(rows[1:])]
        fits = fitted("--table", f.write("n.csv", "\n".join(named) + "\n")).json()["fits"]
        equal(sorted((fit["judge"], fit["group"]) for fit in fits),
              [("x", "g"), ("x", "h"), ("y", "g"), ("y", "h")], "fits")
        pooled = fitted("--table", f.at("n.csv"), "--pool", "complete", "--judge", "x").json()
        equal([(fit["judge"], fit["group"], fit["n"]) for fit in pooled["fits"]],
              [("x", "all", 100)], "--pool complete")
        far = [rows[0] + ",offset"] + [row + ",3" for row in rows[1:]]
        c = fitted("--table", f.write("o.csv", "\n".join(far) + "\n")).json()["fits"][0]
        check(c["log_evidence"] < a["log_evidence"] or c["mean"] != a["mean"], "offset counts")


def test_position_effect_is_found():
    with support.Folder() as f:
        fits = check_fits(fitted(*support.arena(f, 600, position=0.8)).json())
        position = {fit["judge"]: fit["position"] for fit in fits}
        near(position["plain"]["mean"], 0, 0.25, "plain")
        near(position["hasty"]["mean"], 0.8, 0.25, "hasty")
        near(position["hasty"]["p_first"], 1 / (1 + math.exp(-0.8)), 0.06, "hasty P(first)")
        fits = check_fits(fitted(*support.arena(f, 100), "--position", "none").json())
        equal([fit["position"] for fit in fits], [None, None], "--position none")


def test_selection():
    with support.Folder() as f:
        data = support.arena(f, 120)
        fits = check_fits(fitted(*data, "--group-by", "scenario").json())
        equal(sorted((fit["judge"], fit["group"]) for fit in fits),
              [("hasty", "play"), ("hasty", "work"), ("plain", "play"), ("plain", "work")], "fits")
        fits = check_fits(fitted(*data, "--judge", "hasty").json())
        equal([fit["judge"] for fit in fits], ["hasty"], "--judge")
        calm = check_fits(fitted(*data, "--where", "mood=calm", "--judge", "plain").json())
        equal([fit["n"] for fit in calm], [120], "--where on judgments: 60 pairs in two orders")
        work = check_fits(fitted(*data, "--where", "scenario=work", "--judge", "plain").json())
        equal([fit["n"] for fit in work], [160], "--where on pairs: 80 pairs in two orders")
        both = check_fits(fitted(*data, "--judge-by", "judge,mood").json())
        equal(sorted(fit["judge"] for fit in both),
              ["hasty/calm", "hasty/cross", "plain/calm", "plain/cross"], "--judge-by")
        gold = check_fits(fitted(*data[:6], "--verdicts", "gold").json())
        equal([(fit["judge"], fit["n"]) for fit in gold], [("gold", 120)], "--verdicts")


def test_label_lists_and_group_index():
    with support.Folder() as f:
        data = support.arena(f, 60)[:6]
        labels = f.write("people.json", json.dumps(["A", "B", "A"] * 20))
        index = f.write("groups.json", json.dumps({"even": list(range(0, 60, 2)), "few": [1, 2, 3]}))
        fits = check_fits(fitted(*data, "--labels", labels, "--groups", index).json())
        equal([(fit["judge"], fit["group"], fit["n"]) for fit in fits],
              [("people", "even", 30), ("people", "few", 3)], "fits")


def test_judgments_on_standard_input():
    with support.Folder() as f:
        data = support.arena(f, 60)
        with open(f.at("judgments.jsonl")) as file:
            text = file.read()
        a = fitted(*data).json()
        b = fitted(*data[:-1], "-", stdin=text).json()
        equal(a["fits"], b["fits"], "the same fits")


def test_seed_threads_and_repetition():
    with support.Folder() as f:
        data = support.arena(f, 100) + ["--group-by", "scenario", "--folds", "5"]
        runs = [fitted(*data, "--threads", n).out for n in (1, 2, 3, 1)]
        check(len(set(runs)) == 1, "the same bytes for any number of threads")


def test_quantiles():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(100))
        fit = check_fits(fitted("--table", table, "--quantiles", "0.1,0.5").json())[0]
        equal(fit["quantile_probs"], [0.1, 0.5], "quantile_probs")


def test_csv_is_long_form():
    with support.Folder() as f:
        data = support.arena(f, 60)
        rows = list(csv.DictReader(io.StringIO(fitted(*data, "--format", "csv").out)))
        equal(len(rows), 2 * (4 + 1), "one row a property, and the position effect")
        fits = fitted(*data).json()
        for row in rows:
            if row["property"] == "(position)":
                continue
            near(float(row["mean"]), weights(fits, row["judge"])[row["property"]], 1e-12, "mean")
            check(float(row["q0.025"]) < float(row["mean"]) < float(row["q0.975"]), "interval")
        by_ending = fitted(*data, "-o", f.at("fits.csv"))
        equal(by_ending.out, "", "stdout")
        with open(f.at("fits.csv")) as file:
            check(file.read().startswith("judge,group,n,label,property,"), "csv by the ending")


def test_table_reads_well():
    with support.Folder() as f:
        data = support.arena(f, 600)
        out = fitted(*data, "--format", "table").out
        for line in out.splitlines():
            check(len(line) <= 100, f"{len(line)} columns: {line}")
        check("hasty" in out and "position: between equal responses" in out, out)
        section = out[out.index("plain"):]
        order = [name for line in section.splitlines()[2:6] for name in [line.split()[0]]]
        equal(order[0], "clear", "the strongest first")
        check("trust:" in out and "held-out labels" in out, out)
        short = fitted(*data, "--format", "table", "--top", 1).out
        check("and 3 weaker ones" in short, short)


def test_a_terminal_gets_a_table_and_a_bar():
    with support.Folder() as f:
        data = support.arena(f, 100)
        seen = support.on_terminal("pdx-fit", *data)
        check("preferred" in seen and "{" not in seen, "a table on a terminal: " + seen[:200])
        slow = support.on_terminal("pdx-fit", *data, "--method", "nuts", "--folds", 10)
        check("of 2 fits" in slow, "a progress bar: " + slow[:200])
        check(slow.rstrip().endswith("one fold out."), "the bar is gone in the end: " + slow[-200:])
        quiet = support.on_terminal("pdx-fit", *data, "--method", "nuts", "--folds", 10, "--quiet")
        check("of 2 fits" not in quiet, "no bar under --quiet")


def test_output_file_is_whole_and_alone():
    with support.Folder() as f:
        data = support.arena(f, 60)
        before = f.names()
        f.write("fits.json", "old")
        done = fitted(*data, "-o", f.at("fits.json"))
        equal(done.out, "", "stdout")
        check("2 fits written" in done.err, done.err)
        equal(f.names(), sorted(before + ["fits.json"]), "files")
        with open(f.at("fits.json")) as file:
            check_fits(json.load(file))
        equal(fitted(*data, "-o", f.at("fits.json"), "--quiet").err, "", "--quiet")


def test_surface_properties_from_texts():
    with support.Folder() as f:
        pairs, judgments = [], []
        for i in range(80):
            short, long = "Yes.", "Yes. " + "It is so because of this. " * (1 + i % 5)
            a, b = (short, long) if i % 2 else (long, short)
            pairs.append({"id": str(i), "query": "Is it?", "response_a": a, "response_b": b})
            judgments.append({"pair": str(i), "judge": "j", "order": None, "shown": None,
                              "winner": "B" if i % 2 else "A"})
        p = f.write("pairs.jsonl", "".join(json.dumps(x) + "\n" for x in pairs))
        j = f.write("judgments.jsonl", "".join(json.dumps(x) + "\n" for x in judgments))
        fits = fitted("--pairs", p, "--judgments", j).json()
        check_fits(fits)
        equal(len(fits["columns"]), 30, "surface properties")
        check(weights(fits, "j")["words"] > 0.1, "the longer one always wins")


def test_first_fit_prints_the_tastes():
    table = os.path.join(support.ROOT, "examples", "taste.csv")
    done = run("first-fit", table)
    equal(done.status, 0, done.err)
    found = {line.split()[0]: float(line.split()[2]) for line in done.out.splitlines()
             if "P(>0)" in line}
    check(found["correct"] > 0.5 and found["jokes"] < -0.1, done.out)
    refused(run("first-fit", "absent.csv"), 2, "absent.csv")


support.main(globals())
