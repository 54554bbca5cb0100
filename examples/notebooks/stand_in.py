"""Stand-ins for the files that you would bring: made of the small arena of examples/data, whose answers
were written for this repository, and of judges whose taste is planted, so that a notebook's findings can
be held against the truth. In a notebook of your own, leave this out and name your files."""
import itertools
import json
import math
import random
import re
import tempfile
from pathlib import Path

import prefdissect as pdx

ARENA = Path(__file__).resolve().parent.parent / "data" / "arena.jsonl"


def folder():
    """A new folder for the stand-ins."""
    return Path(tempfile.mkdtemp(prefix="prefdissect-notebook-"))


def pairs():
    """Every two of the three answers to each of the 60 questions: 180 pairs."""
    answers, scenario = {}, {}
    for line in ARENA.read_text().splitlines():
        row = json.loads(line)
        plain, edited = (("response_a", "response_b") if row["edited"] == "b"
                         else ("response_b", "response_a"))
        at = answers.setdefault(row["query"], {"plain": row[plain]})
        at[row["differs_in"]] = row[edited]
        scenario[row["query"]] = row["scenario"]
    out, draw = [], random.Random(7)
    for query, texts in answers.items():
        for one, other in itertools.combinations(texts, 2):
            a, b = (one, other) if draw.random() < 0.5 else (other, one)
            out.append({"id": f"{scenario[query]}/{len(out):03d}", "scenario": scenario[query],
                        "query": query, "response_a": texts[a], "response_b": texts[b],
                        "model_a": a, "model_b": b})
    return out


def verdicts(rows, taste, first=0.0, seed=1):
    """What a judge of that taste says of each pair, in both orders.

    taste: weights of surface properties (log-odds a comparison); first: pull of the response that is
    shown first. Yields (row, order, P(first wins), verdict as shown).
    """
    dataset = pdx.Dataset.from_records(rows)
    odds = sum(weight * dataset[name] for name, weight in taste.items())
    draw = random.Random(seed)
    for row, content in zip(rows, odds):
        for order, sign in (("AB", 1), ("BA", -1)):
            p = 1 / (1 + math.exp(-(sign * content + first)))
            yield row, order, p, "first" if draw.random() < p else "second"


def write_pairs(path, rows):
    """pairs.jsonl."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_judgments(path, rows, judges):
    """judgments.jsonl, as pdx-judge writes it; judges: {name: {"taste", "first", "seed"}}."""
    with path.open("w") as file:
        for name, how in judges.items():
            for row, order, _, shown in verdicts(rows, **how):
                winner = "A" if (shown == "first") == (order == "AB") else "B"
                file.write(json.dumps({"pair": row["id"], "judge": name, "order": order,
                                       "shown": shown, "winner": winner}) + "\n")


def write_alpacaeval(path, rows, annotator, taste):
    """annotations.json, as AlpacaEval writes it, with probabilities as preferences (1: output_1)."""
    path.write_text(json.dumps([
        {"instruction": row["query"], "output_1": row["response_a"], "output_2": row["response_b"],
         "generator_1": row["model_a"], "generator_2": row["model_b"], "dataset": row["scenario"],
         "annotator": annotator, "preference": 2 - p}
        for row, order, p, _ in verdicts(rows, taste) if order == "AB"], indent=1))


# The names that the original's resolved records have for their 29 properties.
ORIGINAL = [
    "harmlessness", "grammar, spelling, punctuation, and code-switching", "friendly", "polite",
    "interactive", "authoritative tone", "funny and humorous",
    "metaphors, personification, similes, hyperboles, irony, parallelism",
    "complex word usage and sentence structure", "use of direct and explicit supporting materials",
    "well formatted", "admit limitations or mistakes", "persuade user", "step by step solution",
    "use of informal expressions", "repetitive", "clear and understandable",
    "relevance without considering inaccuracy", "innovative and novel",
    "information richness without considering inaccuracy", "Severe", "Moderate", "Minor",
    "clarify user intent", "showing empathetic", "satisfying explicit constraints",
    "supporting explicit subjective stances", "correcting explicit mistakes or biases", "length"]


def write_original_study(path, judges=8, pairs=4800, seed=4):
    """A study in the original's files: weights of judges, resolved records, groups, and the label list
    of one more judge, who is not among the weights. Returns that judge's name."""
    dataset, judgments, truth = pdx.simulate(pairs=pairs, scenarios=4, judges=judges, seed=seed)
    newcomer = "model-strong"  # planted near to "human"
    published = [judge for judge in judgments.judges if judge != newcomer]
    fits = [fit for fit in truth if fit.judge in published]
    for judge in published:
        out = path / "weights" / f"7b_{judge}.json"
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps({f"[Scenario] {fit.group.title()}": fit.mean.tolist()
                                   for fit in fits if fit.judge == judge}))
    severities, values = ORIGINAL[20:23], dataset.values
    with (path / "resolved.jsonl").open("w") as file:
        for row in values.tolist():
            named = dict(zip(ORIGINAL, row))
            named["repetitive"] = -named["repetitive"]  # stored as it is, weighed as its opposite
            wrong = {name: {"comparison": int(named.pop(name))} for name in severities}
            file.write(json.dumps({
                "query_info": {"clear intent": "Yes", "explicitly express feelings": "No",
                               "explicit constraints": [], "explicit subjective stances": [],
                               "explicit mistakes or biases": []},
                "comparison": {name: {"comparison": int(value)} for name, value in named.items()}
                | {"accuracy": {"comparison": {name: one["comparison"]
                                               for name, one in wrong.items()}}}}) + "\n")
    groups = {re.sub(r"\W+", " ", name).title(): numbers.tolist()
              for name, numbers in dataset.groups.items()}
    (path / "query_aware_idxs.json").write_text(json.dumps(groups))
    rows = judgments.only(newcomer).to_arrays()
    for_a = (rows["logp_first"] - rows["logp_second"]) * (1 - 2 * (rows["order"] == "BA"))
    total = [0.0] * len(dataset)  # over both orders: what the position adds cancels
    for pair, odds in zip(rows["pair"].tolist(), for_a.tolist()):
        total[pair] += odds
    (path / f"{newcomer}.json").write_text(json.dumps(["A" if odds > 0 else "B" for odds in total]))
    return newcomer
