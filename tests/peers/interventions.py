"""Do the weights of a small judge cause anything? SmolLM2-135M judges 143 pairs of LLMBar, its tastes are
fitted; then 100 other pairs and 20 edits of each, on this machine's CPU. Writes what pdx-probe report
says, and the picture of examples/edits.svg. Short pairs only (700 characters), so that it takes a quarter
of an hour on two cores.

usage: interventions.py PROGRAMS MODEL.gguf LLMBAR-PAIRS.jsonl FOLDER
"""
import json
import os
import pathlib
import random
import subprocess
import sys

programs, model, source, folder = sys.argv[1:5]
folder = pathlib.Path(folder)
folder.mkdir(parents=True, exist_ok=True)
lines = open(source, encoding="utf-8").readlines()
random.Random(1).shuffle(lines)
rows = [(line, json.loads(line)) for line in lines]
rows = [(line, row) for line, row in rows
        if len(row["query"]) + len(row["response_a"]) + len(row["response_b"]) <= 700]
probed, queries = [], set()
for line, row in rows:
    if len(probed) < 100 and row["query"] not in queries:
        probed.append(line)
        queries.add(row["query"])
fitted = [line for line, row in rows if row["query"] not in queries][:200]
(folder / "originals.jsonl").write_text("".join(probed), encoding="utf-8")
(folder / "fit.jsonl").write_text("".join(fitted), encoding="utf-8")


def run(program, *arguments):
    subprocess.run([os.path.join(programs, program), *map(str, arguments)], check=True, cwd=folder)


judge = ["--model", os.path.abspath(model), "--truncate", "--name", "smollm2-135m"]
run("pdx-judge", "local", *judge, "--pairs", "fit.jsonl", "-o", "fit-judgments.jsonl")
run("pdx-fit", "--pairs", "fit.jsonl", "--judgments", "fit-judgments.jsonl", "-o", "fits.json")
run("pdx-probe", "edit", "--pairs", "originals.jsonl", "-o", "probe.jsonl")
run("pdx-probe", "judge", "local", *judge, "--pairs", "probe.jsonl", "-o", "judgments.jsonl")
run("pdx-probe", "report", "--pairs", "probe.jsonl", "--judgments", "judgments.jsonl", "--fits",
    "fits.json", "--format", "table", "--svg", "edits.svg")
