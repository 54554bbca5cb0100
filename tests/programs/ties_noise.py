"""pdx-fit with ties as an outcome, and with properties that were annotated more than once."""
import json
import math
import random

import support
from support import check, check_fits, equal, fitted, near, refused, run

TASTE = {"long": 0.8, "kind": -0.5}


def outcomes(rows, cut, seed=3):
    """A table whose y is 1, 0.5 (a tie) or 0, by a cut on either side of equal."""
    rng = random.Random(seed)
    lines = [",".join(TASTE) + ",y"]
    for _ in range(rows):
        x = [rng.choice((-1, 0, 1)) for _ in TASTE]
        eta = sum(a * b for a, b in zip(x, TASTE.values()))
        at = eta + math.log(1 / rng.random() - 1)
        lines.append(",".join(map(str, [*x, 1 if at > cut else 0 if at < -cut else 0.5])))
    return "\n".join(lines) + "\n"


def test_ties_are_an_outcome():
    with support.Folder() as f:
        table = f.write("t.csv", outcomes(3000, 0.5))
        ties = sum(line.endswith(",0.5\n") for line in open(f.at("t.csv")))
        for model in ("ordinal", "davidson"):
            document = fitted("--table", table, "--ties", model).json()
            fit, = check_fits(document)
            equal(document["options"]["ties"], model, "options")
            equal((fit["n"], fit["ties"]), (3000, ties), "rows and ties")
            cut = fit["cut"]
            near(cut["p_tie"], math.tanh(0.25), 0.03, f"{model}: P(tie | equal)")
            check(cut["p_tie_low"] < cut["p_tie"] < cut["p_tie_high"], "its interval")
            check(cut["log_loss"] < cut["share_log_loss"] - 0.02, "better than the shares alone")
            if model == "ordinal":
                near(cut["mean"], 0.5, 0.06, "cut")
                for name, mean in zip(document["columns"], fit["mean"]):
                    near(mean, TASTE[name], 0.15, name)
            check("are called a tie" in run("pdx-fit", "--table", table, "--ties", model, "--format",
                                            "table").out, "table")
            check("(tie)" in run("pdx-fit", "--table", table, "--ties", model, "--format",
                                 "csv").out, "csv")
        nuts = fitted("--table", table, "--ties", "ordinal", "--method", "nuts").json()["fits"][0]
        ep = fitted("--table", table, "--ties", "ordinal").json()["fits"][0]
        for a, b, sd in zip(ep["mean"], nuts["mean"], ep["sd"]):
            near(a, b, 0.1 * sd, "NUTS")


def test_nothing_but_ties_and_none():
    with support.Folder() as f:
        head = ",".join(TASTE) + ",y\n"
        ties = fitted("--table", f.write("a.csv", head + "1,0,0.5\n0,1,0.5\n-1,1,0.5\n"), "--ties",
                      "ordinal").json()["fits"][0]
        check(0.6 < ties["cut"]["p_tie"] < 0.95 and ties["cut"]["p_tie_low"] < 0.5, "three ties")
        none = fitted("--table", f.write("n.csv", head + "1,0,1\n0,1,0\n-1,1,0\n"), "--ties",
                      "davidson").json()["fits"][0]
        check(0.05 < none["cut"]["p_tie"] < 0.4 and none["cut"]["p_tie_high"] > 0.4, "no tie")


def test_planted_cuts_are_found():
    with support.Folder() as f:
        for model in ("ordinal", "davidson"):
            where = f.at(model)
            equal(run("pdx-simulate", "-o", where, "--pairs", 3000, "--ties", 0.2, "--tie-model",
                      model, "--scenarios", 1).status, 0, "pdx-simulate")
            planted = [fit for fit in json.load(open(where + "/truth.json"))["fits"]
                       if fit["judge"] == "human"][0]
            data = [part for name in ("pairs", "features", "judgments")
                    for part in (f"--{name}", f"{where}/{name}.jsonl")]
            fit, = check_fits(fitted(*data, "--judge", "human", "--ties", model).json())
            cut = fit["cut"]
            near(cut["logit_mean"], planted["cut"]["logit_mean"], 4 * cut["logit_sd"],
                 f"{model}: planted cut")
            near(cut["mean"], planted["cut"]["mean"], 4 * cut["sd"], f"{model}: planted cut")
            inside = sum(q[0] < w < q[-1] for q, w in zip(fit["quantiles"], planted["mean"]))
            check(inside >= 24, f"{model}: {inside} of 29 planted weights are covered")


def test_position_and_ties_of_an_arena():
    with support.Folder() as f:
        data = support.arena(f, 400)
        fit = check_fits(fitted(*data, "--judge", "hasty", "--ties", "ordinal").json())[0]
        check(fit["position"]["p_first"] > 0.55, "the position column stands beside the cut")
        check(fit["cut"]["p_tie"] < 0.1, "a judge that never ties")


def test_labels_without_ties_are_refused():
    with support.Folder() as f:
        table = f.write("t.csv", outcomes(50, 0.5))
        refused(run("pdx-fit", "--table", table, "--ties", "ordinal", "--label", "soft"), 2,
                "model of ties", "order or majority")
        refused(run("pdx-fit", "--table", table, "--ties", "maybe"), 2, "--ties", "davidson")


def noisy(f, pairs=400, seed=5):
    """Features with three looks a pair, and verdicts by what the looks are about."""
    rng = random.Random(seed)
    rows, verdicts = [{"properties": [{"id": "warm"}, {"id": "sure"}]}], []
    for i in range(pairs):
        exact = [rng.gauss(0, 1), rng.gauss(0, 1)]
        looks = [[e + rng.gauss(0, 1) for _ in range(3)] for e in exact]
        mean = [sum(l) / 3 for l in looks]
        sd = [math.sqrt(sum((v - m) ** 2 for v in l) / 2) for l, m in zip(looks, mean)]
        rows.append({"id": f"p{i}", "diff": mean, "noise": sd, "looks": [3, 3],
                     "look_mean": mean, "look_sd": sd})
        odds = exact[0] - 0.5 * exact[1]
        verdicts.append({"pair": f"p{i}", "judge": "j", "order": None,
                         "winner": "A" if rng.random() < 1 / (1 + math.exp(-odds)) else "B"})
    lines = lambda items: "".join(json.dumps(item) + "\n" for item in items)
    return f.write("features.jsonl", lines(rows)), f.write("judgments.jsonl", lines(verdicts))


def test_noise_is_allowed_for():
    with support.Folder() as f:
        features, judgments = noisy(f)
        data = ["--features", features, "--judgments", judgments, "--prior", "gaussian:2",
                "--values", "difference"]
        plain = fitted(*data).json()["fits"][0]
        document = fitted(*data, "--imputations", 20).json()
        fit, = check_fits(document)
        noise = fit["noise"]
        equal(noise["imputations"], 20, "imputations")
        for k in range(2):
            near(noise["plain_mean"][k], plain["mean"][k], 1e-9, "the fit that takes x as exact")
            near(noise["alpha"][k], 0.5, 0.1, "alpha")
            check(noise["alpha_low"][k] < noise["alpha"][k] < noise["alpha_high"][k], "interval")
            near(noise["wider"][k], fit["sd"][k] / plain["sd"][k], 1e-9, "wider")
            check(noise["wider"][k] > 1.1, "intervals are wider")
        check(fit["mean"][0] > 1.1 * plain["mean"][0], "the weight is no more pulled towards 0")
        check(noise["simex"][0] > 1.05 * plain["mean"][0], "and by extrapolation")
        again = fitted(*data, "--imputations", 20, "--threads", 1).json()["fits"][0]
        equal(again["mean"], fit["mean"], "the same on any number of threads")
        table = run("pdx-fit", *data, "--imputations", 5, "--format", "table").out
        check("allowed for by 5 imputations" in table and "SIMEX" in table, table)


def test_noise_must_be_known():
    with support.Folder() as f:
        table = f.write("t.csv", support.taste_table(50))
        refused(run("pdx-fit", "--table", table, "--imputations", 20), 2,
                "no pair was annotated more than once")
        refused(run("pdx-fit", "--table", table, "--imputations", 20, "--ties", "davidson"), 2,
                "no model of ties")
        features, judgments = noisy(f, 3)
        text = open(features).read().replace('"looks": [3, 3]', '"looks": [-3, 3]', 1)
        refused(run("pdx-fit", "--features", f.write("bad.jsonl", text), "--judgments", judgments), 2,
                "bad.jsonl:2", "looks")


support.main(globals())
