"""pdx-annotate import: the raw annotation files of Li et al. 2024 resolve as by its rules, which are
written out here once more (from annotation_codes/resolve_collected_data.py; arXiv 2402.11296)."""
import json
import random

import support
from support import check, equal, refused, run

FREE = ["harmlessness", "grammar, spelling, punctuation, and code-switching", "friendly", "polite",
        "interactive", "authoritative tone", "funny and humorous",
        "metaphors, personification, similes, hyperboles, irony, parallelism",
        "complex word usage and sentence structure", "use of direct and explicit supporting materials",
        "well formatted", "admit limitations or mistakes", "persuade user", "step by step solution",
        "use of informal expressions", "repetitive", "clear and understandable"]
ONCE = ["relevance without considering inaccuracy", "innovative and novel",
        "information richness without considering inaccuracy"]
LISTED = {"explicit constraints": "satisfying explicit constraints",
          "explicit subjective stances": "supporting explicit subjective stances",
          "explicit mistakes or biases": "correcting explicit mistakes or biases"}
STANCES = {"strongly supported": 2, "weakly supported": 1, "neutral": 0, "weakly opposed": -1,
           "strongly opposed": -2}
MISTAKES = {"pointed out and corrected": 3, "corrected without being pointed out": 2,
            "pointed out but not corrected": 1, "neither pointed out nor corrected": 0}
LONGER = [1, 3, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19]


def sign(x):
    return (x > 0) - (x < 0)


def score(value):
    if isinstance(value, str):
        return int(value) if value in ("0", "1", "2", "3") else 0
    return value if value in (0, 1, 2, 3) else 0


def lengths(a, b):
    low, high = min(a, b), max(a, b)
    gap = high - low
    apart = high >= LONGER[low] if low <= 11 else \
        any(low <= part * high and gap >= least for part, least in ((0.7, 10), (0.8, 20), (0.9, 40)))
    return sign(a - b) if apart else 0


def resolve(record, texts):
    """{property: comparison} with "accuracy" as the original's; None where a text is no JSON."""
    try:
        info, free, once, twice, errors = (json.loads(text) for text in texts)
    except ValueError:
        return None
    out = {}
    for name, both in {**free, **once}.items():
        a, b = score(both["response 1"]), score(both["response 2"])
        if name.startswith("relevance"):
            a, b = a > 0, b > 0
        out[name] = sign(a - b)
    for name in ("clarify user intent", "showing empathetic"):
        both = twice.get(name, {"Response 1": 0, "Response 2": 0})
        out[name] = sign(score(both["Response 1"]) - score(both["Response 2"]))
    for name in LISTED.values():
        total = [0.0, 0.0]
        entries = twice.get(name, {})
        for both in entries.values():
            for i in (0, 1):
                said = both[f"Response {i + 1}"]
                total[i] += score(said) if name.startswith("satisfying") else \
                    (STANCES if name.startswith("supp") else MISTAKES).get(said.lower().strip(), 0)
        out[name] = sign(total[0] / len(entries) - total[1] / len(entries)) if entries else 0
    sides = [errors["Response 1"], errors["Response 2"]]
    if any(side["accuracy check"] != "applicable" for side in sides):
        out["accuracy"] = 999
    else:
        count = [{s: sum(e["severity"].lower().strip() == s.lower() for e in side["inaccuracies"])
                  for s in ("Severe", "Moderate", "Minor")} for side in sides]
        out["accuracy"] = {s: sign(count[1][s] - count[0][s]) for s in count[0]}
    out["length"] = lengths(record["response_a word"], record["response_b word"])
    return info, out


def draw_record(draw, i):
    """A record and its five texts, as untidy as models write them."""
    record = {"model_a": "x", "model_b": "y", "winner": draw.choice(["model_a", "model_b"]), "scenario": "s",
              "group": "Code", "prompt": f"Query {i}", "response_a": "A text.", "response_b": "B text.",
              "response_a word": draw.randrange(60), "response_b word": draw.randrange(60),
              "gpt4_ref_output": "R", "id": i}

    def rate():
        return draw.choice(["0", "1", "2", "3", 0, 1, 2, 3, "4", "N/A", None, 2.5])
    info = {"clear intent": draw.choice(["Yes", "No"]),
            "explicitly express feelings": draw.choice(["Yes", "No"])}
    for name in LISTED:
        info[name] = [f"entry {k}" for k in range(draw.randrange(3))]
    free = {name: {"response 1": rate(), "response 2": rate()} for name in FREE if draw.random() < 0.98}
    once = {name: {"response 1": rate(), "response 2": rate()} for name in ONCE}
    twice = {}
    if info["clear intent"] == "No":
        twice["clarify user intent"] = {"Response 1": rate(), "Response 2": rate()}
    if info["explicitly express feelings"] == "Yes" and draw.random() < 0.9:
        twice["showing empathetic"] = {"Response 1": rate(), "Response 2": rate()}
    for fact, name in LISTED.items():
        words = [w.title() for w in (*STANCES, *MISTAKES)] + [" Neutral ", "no idea"]
        if info[fact]:
            twice[name] = {entry: {f"Response {k}": rate() if name.startswith("satisf") else
                                   draw.choice(words) for k in (1, 2)} for entry in info[fact]}
    errors = {f"Response {k}": {
        "accuracy check": "not applicable" if draw.random() < 0.05 else "applicable",
        "inaccuracies": [{"brief description": "d", "type": "t", "severity": draw.choice(
            ["minor", "Moderate", " severe ", "huge"])} for _ in range(draw.randrange(4))]} for k in (1, 2)}
    texts = [json.dumps(x) for x in (info, free, once, twice, errors)]
    if draw.random() < 0.05:
        texts[draw.choice([0, 1, 2, 4])] = draw.choice(["Failed!", '{"harmlessness": {"response 1'])
    return record, texts


NAMES = ["query_info.jsonl", "query-free-features-by-pair.jsonl", "query-aware-once-features-by-pair.jsonl",
         "query-aware-twice-features-by-pair.jsonl", "accuracy-features.jsonl"]
TAGS = ["query-info", "query-free-features-pair", "query-aware-once-features-pair",
        "query-aware-twice-features-pair", "accuracy-features-pair"]


def test_rows_resolve_as_the_original_does():
    draw = random.Random(11)
    records, files, resolved = [], [[] for _ in NAMES], []
    for i in range(400):
        record, texts = draw_record(draw, i)
        result = resolve(record, texts)
        for k, text in enumerate(texts):
            row = {"output": text, "cost": 0.01, "finish_reason": "stop", "tag": f"{i}_{TAGS[k]}"}
            if k == 3 and text == "{}":
                del row["output"]
            files[k].append(row)
        records.append(record)
        if result is None:  # the original leaves it out; a resolved file needs a line
            resolved.append({"query_info": {}, "comparison": {"accuracy": {"comparison": 999}}})
            continue
        info, values = result
        accuracy = values.pop("accuracy")
        comparison = {name: {"comparison": value} for name, value in values.items()}
        comparison["accuracy"] = {"comparison": accuracy}
        resolved.append({"query_info": info, "comparison": comparison})
    with support.Folder() as folder:
        def write(name, lines):
            folder.write(name, "".join(json.dumps(line) + "\n" for line in lines))
        write("records.jsonl", records)
        write("resolved.jsonl", resolved)
        for name, lines in zip(NAMES, files):
            write(name, lines)
        whole = run("pdx-import", "li2024", "records.jsonl", "resolved.jsonl", "-o", "theirs",
                    folder=folder.path)
        equal(whole.status, 0, whole.err)
        pairs = run("pdx-import", "li2024", "records.jsonl", "-o", "ours", folder=folder.path)
        equal(pairs.status, 0, pairs.err)
        draw.shuffle(NAMES)  # told apart by what they hold
        done = run("pdx-annotate", "import", *NAMES, "-o", "annotations.jsonl", folder=folder.path)
        equal(done.status, 0, done.err)
        done = run("pdx-annotate", "resolve", "--pairs", "ours/pairs.jsonl", "--annotations",
                   "annotations.jsonl", "-o", "features.jsonl", folder=folder.path)
        equal(done.status, 0, done.err)

        def features(name):
            with open(folder.at(name), encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
            return {line["id"]: line["cmp"] for line in lines if "id" in line}
        ours, theirs = features("features.jsonl"), features("theirs/features.jsonl")
        check(len(theirs) > 300, len(theirs))
        equal(sorted(ours), sorted(theirs))
        for name, row in theirs.items():
            equal(ours[name], row, name)


def test_bad_files_are_named():
    with support.Folder() as folder:
        for line, words in (('{"output": "{}"}', "raw.jsonl:1: field 'tag' is missing"),
                            ('{"tag": "0_query-info-x", "output": "{}"}', "none of the original's"),
                            ('{"tag": "0_query-free-features-pair", "output": "{\\"odd\\": {}}"}',
                             "raw.jsonl:1: 'odd' is no property"),
                            ('{"tag": "0_query-free-features-pair", "output": "{\\"polite\\": {\\"a\\": 1}}"}',
                             "raw.jsonl:1: 'polite' lacks 'response 1'"),
                            ('{"tag": "0_accuracy-features-pair", "output": "{}"}', "lacks 'Response 1'")):
            folder.write("raw.jsonl", line + "\n")
            refused(run("pdx-annotate", "import", "raw.jsonl", "-o", "a.jsonl", folder=folder.path), 2, words)
            equal(folder.names(), ["raw.jsonl"])
        refused(run("pdx-annotate", "import", "-o", "a.jsonl", folder=folder.path), 2, "needs the original's")
        refused(run("pdx-annotate", "import", "no.jsonl", "-o", "a.jsonl", folder=folder.path), 2, "no.jsonl")


if __name__ == "__main__":
    support.main(globals())
