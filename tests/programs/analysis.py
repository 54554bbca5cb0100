"""pdx-compare, pdx-explain, pdx-rank and pdx-power, on small data with known tastes and on the
published weights."""
import json
import math
import os

import support
from support import check, equal, refused, run


def numbers_in(value):
    """Every number of a JSON value; a NaN or infinity would not have parsed as strict JSON."""
    if isinstance(value, dict):
        for item in value.values():
            yield from numbers_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, (int, float)):
        yield value


def strict(shown):
    equal(shown.status, 0, shown.err)

    def refuse(word):
        raise ValueError(f"{word} in JSON")
    return json.loads(shown.out, parse_constant=refuse)


def pearson(a, b):
    n = len(a)
    ma, mb = math.fsum(a) / n, math.fsum(b) / n
    ab = math.fsum((x - ma) * (y - mb) for x, y in zip(a, b))
    aa = math.fsum((x - ma) ** 2 for x in a)
    bb = math.fsum((y - mb) ** 2 for y in b)
    return ab / math.sqrt(aa * bb)


def test_published_weights():
    folder = os.path.join(support.DATA, "gair", "fitted_paras_comparison")
    if not os.path.isdir(folder):
        raise support.Skip("no " + folder)
    shown = strict(run("pdx-compare", "--weights", folder))
    judges = shown["judges"]
    equal(len(judges), 33)
    equal(len(shown["scenarios"]), 11)
    check("means only" in shown["note"], shown["note"])
    total = [[0.0] * 33 for _ in judges]
    for group, of_group in shown["groups"].items():
        if group == "overall":
            continue
        with open(os.path.join(folder, f"model_{group}_fitted_paras.jsonl")) as lines:
            rows = [json.loads(line) for line in lines]
        weights = {row["model_name"]: row["parameters"] for row in rows}
        for i, a in enumerate(judges):
            for k, b in enumerate(judges):
                own = pearson(weights[a], weights[b])
                check(abs(own - of_group["pearson"][i][k]) < 1e-12, f"{group} {a} {b}")
                if group in shown["scenarios"]:
                    total[i][k] += own / 11
    for i in range(33):
        for k in range(33):
            check(abs(total[i][k] - shown["groups"]["overall"]["pearson"][i][k]) < 1e-12, "overall")
    clusters = shown["clusters"]["overall"]["pearson"]
    equal(sorted(clusters["order"]), list(range(33)))
    equal(len(clusters["merges"]), 32)
    table = run("pdx-compare", "--weights", folder, "--format", "table", "--group", "Advice")
    check("Advice" in table.out and "qwen-72b" in table.out, table.out)
    refused(run("pdx-compare", "--weights", folder, "--group", "Nowhere"), 2, "Nowhere")
    refused(run("pdx-compare", "--weights", folder, "--judge", "nobody"), 2, "nobody")
    refused(run("pdx-compare", "--weights", folder, "--weights", folder), 2, "both studies")
    refused(run("pdx-compare", "--weights", folder, "--nearer", "human,qwen-7b,qwen-14b"), 2,
            "means only")
    csv = run("pdx-compare", "--weights", folder, "--format", "csv", "--metric", "l2").out
    equal(len(csv.splitlines()), 1 + 17 * 33 * 32 // 2)


def simulated(f, pairs=300):
    equal(run("pdx-simulate", "-o", f.path, "--pairs", pairs).status, 0)
    return ["--features", f.at("features.jsonl"), "--judgments", f.at("judgments.jsonl")]


def test_compare_from_data_and_from_fits():
    with support.Folder() as f:
        data = simulated(f)
        now = strict(run("pdx-compare", *data, "--metric", "pearson"))
        equal(sorted(now["judges"]), ["human", "model-strong", "model-weak"])
        group = now["groups"]["overall"]
        for i in range(3):
            for k in range(3):
                check(group["pearson_low"][i][k] <= group["pearson_mean"][i][k]
                      <= group["pearson_high"][i][k] + 1e-12, "limits")
        run("pdx-fit", *data, "-o", f.at("fits.json"))
        later = strict(run("pdx-compare", "--fits", f.at("fits.json"), "--metric", "pearson",
                           "--nearer", "human,model-strong,model-weak"))
        check(0 <= later["nearer"]["probability"] <= 1, str(later["nearer"]))
        for i in range(3):
            for k in range(3):
                check(abs(later["groups"]["overall"]["pearson"][i][k] - group["pearson"][i][k])
                      < 1e-9, "fits and data")
        alone = strict(run("pdx-compare", "--fits", f.at("fits.json"), "--judge", "human"))
        equal(alone["groups"]["overall"]["pearson"], [[1]])
        check(run("pdx-compare", "--fits", f.at("fits.json"), "--format", "table").status == 0,
              "table")
        # a fit file of another schema, damaged files
        with open(f.at("other.csv"), "w") as other:
            other.write("x,y,judge\n1,1,z\n-1,0,z\n0,1,z\n")
        run("pdx-fit", "--table", f.at("other.csv"), "-o", f.at("other.json"))
        refused(run("pdx-compare", "--fits", f.at("fits.json"), "--fits", f.at("other.json")), 2,
                "columns")
        refused(run("pdx-explain", "--fits", f.at("other.json"), "--features",
                    f.at("features.jsonl"), "--pair", "sim/000000"), 2, "columns")
        refused(run("pdx-compare", "--fits", f.at("features.jsonl")), 2, "features.jsonl")
        # pooled groups: the judges and groups alone, not what they share
        data = support.arena(f, 150)
        support.fitted(*data, "--group-by", "scenario", "-o", f.at("pooled.json"))
        pooled = strict(run("pdx-compare", "--fits", f.at("pooled.json"), "--metric", "pearson"))
        equal((pooled["judges"], pooled["scenarios"]), (["plain", "hasty"], ["play", "work"]))
        with open(f.at("pooled.json"), encoding="utf-8") as file:
            fits = json.load(file)
        equal(len(fits["pooled"]), 2, "both judges are pooled")
        means = {(fit["judge"], fit["group"]): fit["mean"] for fit in fits["fits"]}
        overall = 0
        for name in ("play", "work"):
            expected = pearson(means["plain", name], means["hasty", name])
            support.near(pooled["groups"][name]["pearson"][0][1], expected, 1e-9, name)
            overall += expected / 2
        support.near(pooled["groups"]["overall"]["pearson"][0][1], overall, 1e-9, "overall")
    refused(run("pdx-compare"), 2, "--fits")
    refused(run("pdx-compare", "--gold", "x"), 2, "--agreement")
    refused(run("pdx-compare", "--agreement", "--fits", "x"), 2, "--agreement")


def test_agreement():
    with support.Folder() as f:
        data = simulated(f)
        shown = strict(run("pdx-compare", "--agreement", *data, "--gold", "human"))
        pairs = shown["groups"]["overall"]["pairs"]
        equal([(p["a"], p["b"]) for p in pairs],
              [("model-strong", "human"), ("model-weak", "human")])
        for pair in pairs:
            for name in ("raw", "kappa", "alpha"):
                rate = pair[name]
                check(rate["low"] <= rate["value"] <= rate["high"], str(rate))
        weak = shown["groups"]["overall"]["judges"]["model-weak"]
        check(weak["first"]["low"] > 0.6, "the planted position effect")
        csv = run("pdx-compare", "--agreement", *data, "--format", "csv").out
        check(csv.startswith("group,what,a,b,value,low,high,n\n"), csv[:80])
        refused(run("pdx-compare", "--agreement", *data, "--gold", "nobody"), 2, "nobody")
        one = run("pdx-compare", "--agreement", *data, "--judge", "human", "--format", "table")
        equal(one.status, 0)
        check("one judge only" in one.err and "nan" not in one.out, one.err)


def test_explain():
    with support.Folder() as f:
        data = simulated(f)
        shown = strict(run("pdx-explain", *data, "--judge", "human", "--pair", "sim/000007",
                           "--effects", "--surprising", 4))
        pair = shown["pair"]
        total = pair["start"] + sum(p["share"] for p in pair["properties"])
        check(abs(total - pair["probability"]) < 1e-12, "efficiency")
        check(pair["probability_low"] < pair["probability"] < pair["probability_high"], str(pair))
        for p in pair["properties"]:
            check(p["x"] != 0 and p["share_low"] <= p["share_high"], str(p))
        equal(len(shown["effects"]), 29)
        equal(len(shown["surprising"]), 4)
        scores = [s["log_score"] for s in shown["surprising"]]
        equal(scores, sorted(scores))
        for kind in (["--pair", "sim/000007"], ["--effects"], ["--surprising", "3"]):
            for form in ("table", "csv"):
                out = run("pdx-explain", *data, "--judge", "human", *kind, "--format", form)
                equal(out.status, 0, out.err)
                check("nan" not in out.out.replace("explan", ""), out.out)
        first = strict(run("pdx-explain", *data, "--judge", "model-weak", "--pair", "sim/000007",
                           "--order", "AB"))
        check(first["pair"]["start"] > 0.6, "the position effect is where it starts")
        refused(run("pdx-explain", *data, "--judge", "human"), 2, "--pair")
        refused(run("pdx-explain", *data, "--pair", "sim/000007"), 2, "which fit", "model-weak")
        refused(run("pdx-explain", *data, "--judge", "human", "--pair", "none"), 2, "none")
        refused(run("pdx-explain", *data, "--judge", "nobody", "--effects"), 2, "nobody")


def test_rank():
    with support.Folder() as f:
        rows, verdicts = [], []
        for i in range(60):
            a, b = ("good", "bad") if i % 2 else ("bad", "fair") if i % 3 else ("fair", "good")
            better = {"good": 2, "fair": 1, "bad": 0}
            rows.append({"id": str(i), "query": "q", "response_a": "word " * (i % 5 + 1),
                         "response_b": "word " * (i % 4 + 1), "model_a": a, "model_b": b})
            verdicts.append({"pair": str(i), "judge": "j",
                             "winner": "A" if (better[a] > better[b]) != (i % 7 == 0) else "B"})
        rows.append({"id": "lone", "query": "q", "response_a": "a", "response_b": "b"})
        verdicts.append({"pair": "lone", "judge": "j", "winner": "A"})
        pairs = f.write("pairs.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        judged = f.write("judgments.jsonl", "".join(json.dumps(r) + "\n" for r in verdicts))
        data = ["--pairs", pairs, "--judgments", judged]
        shown = strict(run("pdx-rank", *data))
        equal([m["model"] for m in shown["models"]], ["good", "fair", "bad"])
        equal(shown["left_out"], 1)
        check(abs(sum(m["strength"] for m in shown["models"])) < 1e-9, "against the average")
        check(abs(sum(m["prob_best"] for m in shown["models"]) - 1) < 1e-9, "one is the best")
        equal(len(shown["properties"]), 30)
        for form in ("table", "csv"):
            out = run("pdx-rank", *data, "--format", form)
            check(out.status == 0 and "good" in out.out and "nan" not in out.out, out.out)
        refused(run("pdx-rank", *data, "--model-a", "nothing"), 2, "nothing")
        refused(run("pdx-rank", *data, "--judge", "nobody"), 2, "nobody")


def test_power():
    shown = strict(run("pdx-power", "--percent", 55, "--differs", 0.3, "--count", 500))
    check(1000 < shown["pairs"] < 20000 and 0 < shown["power_of_count"] < 0.8, str(shown))
    rarer = strict(run("pdx-power", "--percent", 55, "--differs", 0.03))
    check(rarer["pairs"] > 5 * shown["pairs"], "rare properties need more pairs")
    checked = strict(run("pdx-power", "--effect", 0.8, "--prior", "flat", "--check", 100))
    check(checked["simulated_low"] - 0.05 < 0.8 < checked["simulated_high"] + 0.05, str(checked))
    with support.Folder() as f:
        data = simulated(f)
        own = strict(run("pdx-power", "--property", "lengthy", *data[:2]))
        check(0 < own["differs"] < 1 and 0 < own["shared"] < 1, str(own))
        check(run("pdx-power", "--property", "lengthy", *data, "--judge", "human", "--format",
                  "table").status == 0, "with a judge")
        refused(run("pdx-power", "--property", "nothing", *data[:2]), 2, "nothing")
        refused(run("pdx-power", *data[:2]), 2, "--property")
    refused(run("pdx-power", "--effect", 0), 2, "effect")
    refused(run("pdx-power", "--prior", "laplace:0"), 2, "--prior")


support.main(globals())
