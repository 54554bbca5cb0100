"""Damaged, missing and impossible input: one clear line, the right status, nothing left behind."""
import json
import os
import signal
import subprocess
import time

import support
from support import check, equal, refused, run


def table_refused(text, *words):
    with support.Folder() as f:
        path = f.write("t.csv", text)
        refused(run("pdx-fit", "--table", path, "-o", f.at("fits.json")), 2, "t.csv", *words)
        equal(f.names(), ["t.csv"], "files")


def test_missing_and_odd_files():
    with support.Folder() as f:
        data = support.arena(f, 30)
        for option in ("--pairs", "--features", "--names", "--judgments"):
            for odd in (f.at("absent"), f.path):
                changed = list(data)
                changed[changed.index(option) + 1] = odd
                refused(run("pdx-fit", *changed), 2, odd)
        refused(run("pdx-fit", "--table", f.at("absent")), 2, "absent")
        refused(run("pdx-fit", "--table", f.path), 2, f.path)
    refused(run("pdx-fit"), 2, "--pairs")
    refused(run("pdx-fit", "--pairs", "x"), 2, "--judgments")
    refused(run("pdx-import", "alpacaeval", "absent.json", "-o", "x"), 2, "absent.json")
    refused(run("pdx-import", "nonsense", "absent.json", "-o", "x"), 2, "nonsense", "--list")


def test_damaged_tables():
    table_refused("")
    table_refused("a,y\n")
    table_refused("a,b\n1,2\n", "y")
    table_refused("a,y\n1,2\n", ":2")
    table_refused("a,y\n1,0\nx,1\n", ":3", "a")
    table_refused("a,y\nnan,1\n", ":2", "a")
    table_refused("a,y\ninf,1\n", ":2", "a")
    table_refused("a,y\n1,0,3\n", ":2")
    table_refused("a,a,y\n1,1,0\n", "a")
    table_refused("a,w,y\n1,-1,0\n", ":2", "w")


def test_damaged_judgments():
    good = '{"pair": "p0", "judge": "j", "order": "AB", "winner": "A"}\n'
    for bad, *words in [
            ('{"pair": "p0", "jud\n', ":2"),
            ('{"pair": "nowhere", "judge": "j", "winner": "A"}\n', ":2", "nowhere"),
            ('{"pair": "p0", "judge": "j", "winner": "C"}\n', ":2", "winner"),
            ('{"pair": "p0", "judge": [7], "winner": "A"}\n', ":2", "judge"),
            ('{"pair": "p0", "judge": "j", "order": "up", "winner": "A"}\n', ":2", "order"),
            ('{"pair": "p0", "judge": "j", "order": "AB", "shown": "second", "winner": "A"}\n',
             ":2", "shown"),
            ('[1, 2]\n', ":2"),
            ('{"pair": "p0", "judge": "j", "order": "AB", "logp_first": 1e999}\n', ":2")]:
        with support.Folder() as f:
            data = support.arena(f, 30)[:-1]
            before = f.names()
            path = f.write("bad.jsonl", good + bad)
            refused(run("pdx-fit", *data, path, "-o", f.at("fits.json")), 2, "bad.jsonl", *words)
            refused(run("pdx-fit", *data, "-", stdin=good + bad), 2, *words)
            equal(f.names(), sorted(before + ["bad.jsonl"]), "files")


def test_damaged_pairs_and_features():
    for name, text, *words in [
            ("pairs.jsonl", '{"id": "p0"}\n{"id": "p0"}\n', ":2", "p0"),
            ("pairs.jsonl", '{"id": "p0"}\n{"query": "x"}\n', ":2", "id"),
            ("pairs.jsonl", '{"id": "p0"', ":1"),
            ("pairs.jsonl", ""),
            ("features.jsonl", '{"id": "p0", "diff": [1], "cmp": [1]}\n', ":1"),
            ("features.jsonl", '{"id": "p0", "diff": [1, 0, 0, 0], "cmp": [1, 0, 0, 2]}\n', ":1"),
            ("schema.json", '{"properties": [{"name": "x"}]}', "id"),
            ("schema.json", '{"properties": [', "schema.json")]:
        with support.Folder() as f:
            data = support.arena(f, 30)
            f.write(name, text)
            before = f.names()
            refused(run("pdx-fit", *data, "-o", f.at("fits.json")), 2, name, *words)
            equal(f.names(), before, "files")


def test_invalid_utf8_is_refused():
    with support.Folder() as f:
        data = support.arena(f, 30)
        with open(f.at("judgments.jsonl"), "ab") as file:
            file.write(b'{"pair": "p0", "judge": "\xff\xfe", "winner": "A"}\n')
        refused(run("pdx-fit", *data), 2, "judgments.jsonl:121")


def test_unknown_names_are_told():
    with support.Folder() as f:
        data = support.arena(f, 30)
        refused(run("pdx-fit", *data, "--judge", "nobody"), 2, "nobody")
        refused(run("pdx-fit", *data, "--where", "nothing=1"), 2, "nothing")
        refused(run("pdx-fit", *data, "--group-by", "nothing"), 2, "nothing")
        refused(run("pdx-fit", *data, "--verdicts", "nothing"), 2, "nothing")


def test_labels_that_do_not_match():
    with support.Folder() as f:
        data = support.arena(f, 30)[:6]
        for text, *words in [(json.dumps(["A"] * 29), "29", "30"), (json.dumps(["A"] * 29 + ["C"]),),
                             (json.dumps({"A": 1}),), ("[", "broken JSON"), ("",)]:
            labels = f.write("labels.json", text)
            refused(run("pdx-fit", *data, "--labels", labels), 2, "labels.json", *words)


def test_a_line_of_100_megabytes():
    with support.Folder() as f:
        data = support.arena(f, 30)
        with open(f.at("judgments.jsonl"), "a") as file:
            file.write("x" * 100_000_000)
        refused(run("pdx-fit", *data), 2, "judgments.jsonl:121")


def test_full_disk():
    if not os.path.exists("/dev/full"):
        raise support.Skip("no /dev/full")
    with support.Folder() as f:
        data = support.arena(f, 30)
        before = f.names()
        for form in ("json", "csv", "table"):
            with open("/dev/full", "w") as full:
                done = run("pdx-fit", *data, "--format", form, stdout=full)
            equal(done.status, 3, f"{form} on a full disk: {done.err}")
            refused(run("pdx-fit", *data, "--format", form, "-o", "/dev/full"), 3, "/dev/full")
        check(not os.path.isfile("/dev/full"), "/dev/full is still a device")
        equal(f.names(), before, "files")


def test_interrupt_leaves_nothing():
    with support.Folder() as f:
        data = support.arena(f, 30)[:-1]
        before = f.names()
        program = subprocess.Popen(
            [os.path.join(support.PROGRAMS, "pdx-fit"), *data, "-", "-o", f.at("fits.json")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.3)  # it waits for judgments now
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
        equal(program.returncode, 130, err.decode())
        equal(out, b"", "stdout")
        equal(f.names(), before, "files")


support.main(globals())
