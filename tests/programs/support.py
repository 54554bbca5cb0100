"""What the tests of the programs share: running one as a user would, small data sets with known
tastes, and a runner whose every failure says what was expected.

A test file defines functions named test_*, and ends with support.main(globals()). A test whose data
is absent raises support.Skip; a file in which all tests skipped exits with 77."""
import json
import math
import os
import pty
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAMS = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/examples")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "..", "shared", "data")


class Skip(Exception):
    pass


class Run:
    """One program's run: status, out, err (text), and the files that it left in `folder`."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return json.loads(self.out)


def run(program, *arguments, folder=None, stdin="", stdout=None, timeout=120):
    """Runs a program in `folder` (a fresh one where None) with plain environment."""
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    done = subprocess.run(
        [os.path.join(PROGRAMS, program), *map(str, arguments)],
        cwd=folder, input=stdin.encode() if stdout is None else None,
        stdin=None if stdout is None else subprocess.DEVNULL,
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE, env=environment, timeout=timeout)
    out = done.stdout.decode() if done.stdout is not None else ""
    return Run(done.returncode, out, done.stderr.decode())


def on_terminal(program, *arguments, seconds=60):
    """What a person at a terminal sees: stdout and stderr together, as one text."""
    try:
        ours, theirs = pty.openpty()
    except OSError as why:
        raise Skip(f"no terminal: {why}") from None
    running = subprocess.Popen([os.path.join(PROGRAMS, program), *map(str, arguments)],
                               stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    end = time.time() + seconds
    while time.time() < end:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other side has gone
            break
        if not block:
            break
        seen += block
    os.close(ours)
    equal(running.wait(timeout=seconds), 0, seen.decode())
    return seen.decode().replace("\r\n", "\n")


def fitted(*arguments, **more):
    """A run of pdx-fit that must succeed."""
    done = run("pdx-fit", *arguments, **more)
    equal(done.status, 0, done.err)
    return done


class Folder:
    """A temporary folder: `with Folder() as f: f.write("a.jsonl", text)`."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="pdx-test-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def at(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.at(name)

    def names(self):
        return sorted(os.listdir(self.path))


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(a, b, what=""):
    check(a == b, f"{what}: {a!r} is not {b!r}")


def near(a, b, tolerance, what=""):
    check(abs(a - b) <= tolerance, f"{what}: {a} is not {b} within {tolerance}")


def refused(result, status, *words):
    """The run failed as it should: this status, nothing on stdout, each word in the message."""
    equal(result.status, status, f"exit status ({result.err.strip()})")
    equal(result.out, "", "stdout of a failed run")
    for word in words:
        check(word in result.err, f"the message lacks {word!r}: {result.err.strip()!r}")
    check("\n" not in result.err.strip(), f"the message has several lines: {result.err!r}")


TASTE = {"clear": 0.9, "polite": 0.0, "long": 0.4, "jokes": -0.6}


def taste_table(rows=400, seed=1):
    """A CSV whose y follows TASTE."""
    draw = random.Random(seed)
    lines = [",".join([*TASTE, "y"])]
    for _ in range(rows):
        x = [draw.choice([-1, 0, 0, 1]) for _ in TASTE]
        eta = sum(a * b for a, b in zip(x, TASTE.values()))
        lines.append(",".join(map(str, [*x, int(draw.random() < 1 / (1 + math.exp(-eta)))])))
    return "\n".join(lines) + "\n"


def arena(folder, pairs=300, seed=2, position=0.8):
    """pairs.jsonl, features.jsonl, schema.json and judgments.jsonl of two judges: "plain", without
    a position effect, and "hasty", who prefers what is shown first. Returns the data options."""
    draw = random.Random(seed)
    names = list(TASTE)
    text = {"pairs.jsonl": [], "features.jsonl": [], "judgments.jsonl": []}
    for i in range(pairs):
        x = [draw.choice([-1, 0, 0, 1]) for _ in names]
        scenario = "work" if i % 3 else "play"
        text["pairs.jsonl"].append({"id": f"p{i}", "scenario": scenario, "query": "q",
                                    "response_a": "a", "response_b": "b",
                                    "gold": "A" if sum(x) >= 0 else "B"})
        text["features.jsonl"].append({"id": f"p{i}", "diff": x, "cmp": x})
        eta = sum(a * b for a, b in zip(x, TASTE.values()))
        for judge, effect in (("plain", 0), ("hasty", position)):
            for order, sign in (("AB", 1), ("BA", -1)):
                a_wins = draw.random() < 1 / (1 + math.exp(-(eta + sign * effect)))
                text["judgments.jsonl"].append({
                    "pair": f"p{i}", "judge": judge, "order": order,
                    "shown": "first" if a_wins == (order == "AB") else "second",
                    "winner": "A" if a_wins else "B", "mood": "calm" if i % 2 else "cross"})
    for name, rows in text.items():
        folder.write(name, "".join(json.dumps(row) + "\n" for row in rows))
    folder.write("schema.json", json.dumps({
        "format": "prefdissect.schema", "version": 1, "name": "taste",
        "properties": [{"id": name} for name in names]}))
    return ["--pairs", folder.at("pairs.jsonl"), "--features", folder.at("features.jsonl"),
            "--names", folder.at("schema.json"), "--judgments", folder.at("judgments.jsonl")]


def check_fits(document):
    """The contract of fits.json; returns its fits."""
    equal(document["format"], "prefdissect.fits", "format")
    equal(document["version"], 1, "version")
    d = len(document["columns"])
    check(isinstance(document["options"], dict), "options are an object")
    check(len(document["data_sha256"]) == 64, "data_sha256 is a hash")
    for fit in document["fits"]:
        q = fit["quantile_probs"]
        equal(q, sorted(q), "quantile_probs ascend")
        for name in ("mean", "sd", "prob_positive", "quantiles"):
            equal(len(fit[name]), d, f"length of {name}")
        check(fit["n"] >= 0 and fit["method"] in ("ep", "stis", "nuts"), "n and method")
        for i in range(d):
            check(fit["sd"][i] > 0, "sd is positive")
            check(0 <= fit["prob_positive"][i] <= 1, "prob_positive is a probability")
            equal(len(fit["quantiles"][i]), len(q), "quantiles per property")
            equal(fit["quantiles"][i], sorted(fit["quantiles"][i]), "quantiles ascend")
        if "cov" in fit:
            for i in range(d):
                near(fit["cov"][i][i], fit["sd"][i] ** 2, 1e-3 * fit["sd"][i] ** 2, "cov diagonal")
                for j in range(d):
                    near(fit["cov"][i][j], fit["cov"][j][i], 1e-12, "cov is symmetric")
        for name in ("judge", "group"):
            check(isinstance(fit[name], str), f"{name} is text")
        for name in ("log_evidence", "elpd_loo"):
            check(isinstance(fit[name], (int, float)), f"{name} is a number")
        position = fit["position"]
        if position is not None:
            check(0 < position["p_first"] < 1 and position["sd"] > 0, "position")
        if "certificate" in fit:
            for name in ("ok", "ess_fraction", "sd_log_weight", "khat", "delta", "delta_se", "why"):
                check(name in fit["certificate"], f"certificate lacks {name}")
    return document["fits"]


def weights(document, judge, group="all"):
    """{property: mean weight} of one fit."""
    for fit in document["fits"]:
        if fit["judge"] == judge and fit["group"] == group:
            return dict(zip(document["columns"], fit["mean"]))
    raise AssertionError(f"no fit of {judge} in {group}: "
                         f"{[(f['judge'], f['group']) for f in document['fits']]}")


def data_set(name, *files):
    """Paths of a real data set's files, or Skip."""
    paths = [os.path.join(DATA, name, file) for file in files]
    for path in paths:
        if not os.path.exists(path):
            raise Skip(f"no {os.path.relpath(path, ROOT)}")
    return paths


def main(names):
    failed = skipped = total = 0
    for name, test in list(names.items()):
        if not name.startswith("test_"):
            continue
        total += 1
        try:
            test()
            print(f"ok {name}")
        except Skip as why:
            skipped += 1
            print(f"SKIP {name}: {why}")
        except Exception:
            failed += 1
            print(f"FAIL {name}")
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 77 if skipped == total else 0)
