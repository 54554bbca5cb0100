"""pdx-fit on real sets: position effects against the raw rates of choosing the first."""
import json

import support
from support import check, check_fits, data_set, equal, near, run


def raw_rates(path, judge_of, keep):
    """{judge: share of its decided, ordered verdicts that went to the response shown first}."""
    first, decided = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if not keep(row) or row.get("order") is None or row["shown"] not in ("first", "second"):
                continue
            judge = judge_of(row)
            decided[judge] = decided.get(judge, 0) + 1
            first[judge] = first.get(judge, 0) + (row["shown"] == "first")
    return {judge: first[judge] / decided[judge] for judge in decided}


def fits_of(*arguments):
    done = run("pdx-fit", *arguments, timeout=300)
    equal(done.status, 0, done.err)
    return check_fits(done.json())


def agree(fits, rates):
    """Position effects have the sign and the order of the raw rates, where those are clear."""
    found = {fit["judge"]: fit["position"] for fit in fits}
    equal(sorted(found), sorted(rates), "judges")
    for judge, rate in rates.items():
        position = found[judge]
        check(position is not None, f"{judge} has a position effect")
        sure = abs(position["mean"]) > 2 * position["sd"]
        check(not sure or (position["mean"] > 0) == (rate > 0.5),
              f"{judge}: raw rate {rate:.3f}, effect {position['mean']:.3f}")
    for a in rates:
        for b in rates:
            if rates[a] > rates[b] + 0.08:
                check(found[a]["mean"] > found[b]["mean"],
                      f"{a} ({rates[a]:.3f}) above {b} ({rates[b]:.3f})")


def test_llmbar():
    pairs, judgments = data_set("llmbar", "pairs.jsonl", "judgments.jsonl")
    fits = fits_of("--pairs", pairs, "--judgments", judgments, "--where",
                   "strategy=Vanilla_NoRules")
    agree(fits, raw_rates(judgments, lambda row: row["judge"],
                          lambda row: row["strategy"] == "Vanilla_NoRules"))


def test_mtbench():
    pairs, features, judgments = data_set("mtbench", "pairs.jsonl", "features.jsonl",
                                          "judgments.jsonl")
    names, = data_set(".", "feature_names.json")
    fits = fits_of("--pairs", pairs, "--features", features, "--names", names, "--judgments",
                   judgments)
    agree(fits, raw_rates(judgments, lambda row: row["judge"], lambda row: True))


def test_autoj_with_its_people():
    pairs, judgments = data_set("autoj", "pairs.jsonl", "judgments.jsonl")
    fits = fits_of("--pairs", pairs, "--judgments", judgments, "--verdicts", "human")
    agree([fit for fit in fits if fit["judge"] == "autoj-13b"],
          raw_rates(judgments, lambda row: row["judge"], lambda row: True))
    human, = [fit for fit in fits if fit["judge"] == "human"]
    equal(human["position"], None, "nobody knows in which order people saw the responses")


def test_ties_of_people_and_judges():
    """Models of ties against NUTS, and what they change against dropping ties."""
    pairs, features, judgments = data_set("autoj", "pairs.jsonl", "features.jsonl",
                                          "judgments.jsonl")
    names, = data_set(".", "feature_names.json")
    data = ["--pairs", pairs, "--features", features, "--names", names, "--judgments", judgments,
            "--verdicts", "human", "--judge", "human"]
    dropped, = fits_of(*data)
    for model in ("ordinal", "davidson"):
        ep, = fits_of(*data, "--ties", model)
        nuts, = fits_of(*data, "--ties", model, "--method", "nuts", "--certificate", "never")
        equal(nuts["method"], "nuts", "method")
        error = 4 * nuts["certificate"]["mean_se"] + 0.01 if "certificate" in nuts else 0.1
        for a, b, sd in zip(ep["mean"], nuts["mean"], ep["sd"]):
            near(a, b, error * sd, f"{model}: mean")
        for a, b in zip(ep["sd"], nuts["sd"]):
            near(a / b, 1, 0.06, f"{model}: sd")
        near(ep["cut"]["logit_mean"], nuts["cut"]["logit_mean"], error * ep["cut"]["logit_sd"],
             f"{model}: logit of P(tie)")
        near(ep["cut"]["logit_sd"] / nuts["cut"]["logit_sd"], 1, 0.06, f"{model}: its sd")
        equal(ep["n"], dropped["n"] + dropped["ties"], "ties count")
        check(ep["cut"]["log_loss"] < ep["cut"]["share_log_loss"] - 0.05, "held-out log loss")
        sharper = sum(a < b for a, b in zip(ep["sd"], dropped["sd"]))
        check(sharper > len(ep["sd"]) / 2, "ties tell something: most intervals are narrower")


def test_alpacaeval():
    pairs, features, judgments = data_set("alpacaeval", "pairs.jsonl", "features.jsonl",
                                          "judgments.jsonl")
    names, = data_set(".", "feature_names.json")
    fits = fits_of("--pairs", pairs, "--features", features, "--names", names, "--judgments",
                   judgments, "--label", "order")
    agree(fits, raw_rates(judgments, lambda row: row["judge"], lambda row: True))


support.main(globals())
