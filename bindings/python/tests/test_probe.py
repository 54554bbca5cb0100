"""Arms, outputs, shifts and exports: from a judge's fit to how far its benchmark is moved."""
import json
import math
import os
import signal
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np

import prefdissect as pdx
from test_judging import Server, Stopped


def said(body):
    """Longer where the system message asks for anything; grades by length."""
    asked = body["messages"][-1]["content"]
    if "[The answer]" in asked:
        return f"Grade: {min(10, len(asked.split('[The answer]')[1].split()))}"
    return "Well then. " * len(body["messages"]) + asked[:9]


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def lines(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


class Messages(Files):
    def test_chosen(self):
        numbers = np.random.default_rng(2)
        schema = self.folder / "schema.json"
        schema.write_text(json.dumps({
            "format": "prefdissect.schema", "version": 1, "name": "s", "properties": [
                {"id": name, "name": name, "description": f"Is {name}.", "promptable": name != "odd"}
                for name in ("kind", "dull", "odd", "bold")]}))
        data = pdx.Dataset.from_arrays(numbers.integers(-1, 2, (400, 4)),
                                       properties=["kind", "dull", "odd", "bold"])
        odds = data.values @ [2, -2, 3, 0]
        judgments = pdx.Judgments()
        judgments.append("ann", range(400), winner=["A" if won else "B" for won in
                                                    numbers.random(400) < 1 / (1 + np.exp(-odds))])
        study = pdx.Study.fit(data, judgments)
        arms = pdx.Arms.choose(study, pdx.Schema.load(schema), judge="ann", top=1)
        self.assertEqual(arms.names, ("align", "plain", "diverge", "random"))
        self.assertIn("1. kind: Is kind.", arms.message("align"))
        self.assertIn("1. dull: Is dull.", arms.message("diverge", "all"))
        self.assertEqual(arms.message("plain"), "")
        for wrong, error in (({"judge": "bob"}, pdx.NotFoundError), ({"top": 2}, pdx.InvalidError),
                             ({"top": 0}, pdx.InvalidError)):
            with self.assertRaises(error, msg=str(wrong)):
                pdx.Arms.choose(study, pdx.Schema.load(schema), **wrong)
        with self.assertRaises(pdx.InvalidError):
            pdx.Arms.choose(study)  # no built-in schema has these columns

    def test_given_saved_and_loaded(self):
        arms = pdx.Arms({"plain": "", "é": {"all": "Be brief.", "code": "Code only."}})
        arms.save(self.folder / "arms.json")
        with pdx.Arms.load(self.folder / "arms.json") as again:
            self.assertEqual((len(again), again.names), (2, ("plain", "é")))
            self.assertEqual(again.message("é", "code"), "Code only.")
            self.assertEqual(again.message("é", "elsewhere"), "Be brief.")
            with self.assertRaises(KeyError):
                again.message("none")
        self.assertIn("closed", repr(again))
        for wrong in ({}, {"../x": "hi"}, {"x": {}}):
            with self.assertRaises(pdx.ParseError, msg=str(wrong)):
                pdx.Arms(wrong)


class Benchmark(Files):
    """12 queries, answered by two arms over HTTP."""

    def setUp(self):
        super().setUp()
        self.data = pdx.Dataset.from_records(
            {"query": f"Query {i:02}?", "response_a": "a", "response_b": "b",
             "scenario": "odd" if i % 2 else "even"} for i in range(12))
        self.arms = pdx.Arms({"plain": "", "align": {"even": "Be long.", "odd": "Be longer."}})

    def serve(self, delay=0):
        server = Server(delay, said)
        self.addCleanup(server.close)
        return server.url

    def generate(self, url, **given):
        return self.arms.generate(self.data, self.folder / "out", url, "tiny", retries=0, **given)

    def test_answers_pairs_grades_and_shift(self):
        seen, url, out = [], self.serve(), self.folder / "out"
        result = self.generate(url, answer_tokens=50, progress=seen.append)
        self.assertEqual((result.queries, result.answers, result.failed), (12, 24, 0))
        self.assertEqual((seen[-1].done, seen[-1].total), (24, 24))
        self.assertEqual(self.generate(url, answer_tokens=50, offline=True).resumed, 24)
        answers = json.loads((out / "align.json").read_text())
        self.assertEqual(answers[0]["output"], "Well then. Well then. Query 00?")

        (out / "base.json").write_text(json.dumps([
            {"instruction": f"Query {i:02}?", "output": "Yes.", "generator": "base",
             "dataset": "d"} for i in range(11)]))
        outputs = [out / "plain.json", out / "align.json"]
        with self.assertLogs("prefdissect"):
            counts = pdx.pair_outputs(outputs, out / "base.json", self.folder / "pairs.jsonl")
        self.assertEqual(counts, pdx.OutputsCounts(pairs=22, missing=0, foreign=2, empty=0))
        with self.assertRaisesRegex(pdx.InvalidError, "both of model 'plain'"):
            pdx.pair_outputs([outputs[0]] * 2, out / "base.json", self.folder / "twice.jsonl")

        grades = self.folder / "grades.jsonl"
        graded = pdx.grade_outputs(outputs, grades, url, "tiny", retries=0)
        self.assertEqual((graded.answers, graded.ungraded), (24, 0))

        data = pdx.Dataset.from_jsonl(self.folder / "pairs.jsonl")
        judgments = pdx.Judgments()
        judgments.append("ann", range(22), winner=[
            "B" if row["model_b"] == "align" or i % 2 else "A"
            for i, row in enumerate(self.lines("pairs.jsonl"))])
        fit = pdx.Study.fit(data, judgments)[0]
        shift = pdx.Shift.measure(data, judgments, fit, grades=grades, draws=200)
        self.assertEqual((shift.judge, shift.baseline, len(shift)), ("ann", "base", 3))
        rows = shift.rows()
        self.assertEqual(list(zip(rows["arm"], rows["against"])),
                         [("plain", ""), ("align", ""), ("align", "plain")])
        plain, align, moved = rows["wins"]
        self.assertEqual((align, moved), (1.0, 1.0 - plain))
        self.assertTrue(rows["wins_low"][2] < moved < rows["wins_high"][2])
        self.assertGreater(rows["grade"][1], rows["grade"][0])
        self.assertEqual(list(rows["length"][:2]), [len("Well then. Query 00?") - 4,
                                                    len("Well then. Well then. Query 00?") - 4])
        self.assertFalse(np.isnan(np.asarray(rows["predicted"])).any())
        bare = pdx.Shift.measure(data, judgments, judge="ann", plain="align", draws=200).rows()
        self.assertEqual(list(bare["against"])[-1], "align")
        self.assertTrue(np.isnan(np.asarray(bare["predicted"])).all())
        shift.save(self.folder / "shift.json")
        saved = json.loads((self.folder / "shift.json").read_text())["rows"]
        self.assertEqual([row["wins"]["value"] for row in saved], list(rows["wins"]))
        with self.assertRaises(pdx.NotFoundError):
            pdx.Shift.measure(data, judgments, judge="bob")

    def test_stopped_by_interrupt_and_exception(self):
        def stop(_):
            raise Stopped

        url = self.serve(60)
        with self.assertRaises(Stopped):
            self.generate(url, progress=stop)
        start = time.monotonic()
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with self.assertRaises(KeyboardInterrupt):
            self.generate(url)
        self.assertLess(time.monotonic() - start, 20)
        self.assertFalse((self.folder / "out" / "plain.json").exists())

    def test_no_server_and_wrong_options(self):
        with self.assertRaises(pdx.NetworkError):
            self.generate("http://127.0.0.1:9", limit=1)
        for wrong in ({"answer_tokens": -1}, {"concurrency": -1}, {"colour": 1}):
            with self.assertRaises((pdx.Error, TypeError), msg=str(wrong)):
                self.generate("http://127.0.0.1:9", **wrong)


class Exports(Files):
    def setUp(self):
        super().setUp()
        self.data = pdx.Dataset.from_records(
            {"query": f"q{i}", "response_a": "Good words. " * (1 + i % 5),
             "response_b": "Good words. " * (1 + 3 * i % 5), "model_a": "m", "model_b": "n"}
            for i in range(60))
        self.judgments = pdx.Judgments()
        self.longer = np.asarray(self.data["words"])[:50] > 0
        for order in ("AB", "BA"):
            self.judgments.append("ann", range(50), order=order,
                                  winner=["A" if won else "B" for won in self.longer])

    def test_back_again(self):
        for export, form in ((pdx.export_alpacaeval, "alpacaeval"), (pdx.export_mtbench, "mtbench")):
            counts = export(self.data, self.judgments, self.folder / form, judge="ann")
            self.assertEqual((counts.rows, counts.no_verdict), (60, 10))
            with self.assertLogs("prefdissect"):  # pairs without a verdict
                back = pdx.import_files(form, self.folder / form, self.folder / f"{form}-back")
            times = 1 if form == "alpacaeval" else 2
            self.assertEqual((back.pairs, back.judgments), (60, 60 * times))
            winners = [row["winner"] for row in self.lines(f"{form}-back/judgments.jsonl")]
            self.assertEqual(winners[:50 * times], ["A" if won else "B" for won in self.longer
                                                    for _ in range(times)])
            self.assertEqual(set(winners[50 * times:]), {None})
            with self.assertRaises(pdx.NotFoundError):
                export(self.data, self.judgments, self.folder / form, judge="bob")
        preferences = json.loads((self.folder / "alpacaeval").read_text())
        self.assertEqual(preferences[0]["preference"], 2.0)  # equal texts: "B"
        self.assertIsNone(preferences[-1]["preference"])

    def test_preferences(self):
        fit = pdx.Study.fit(self.data, self.judgments)[0]
        aligned = pdx.export_preferences(self.data, fit, self.folder / "aligned")
        pdx.export_preferences(self.data, fit, self.folder / "inverted", inverted=True)
        sure = pdx.export_preferences(self.data, fit, self.folder / "sure", threshold=0.95)
        self.assertEqual(aligned.rows + aligned.left_out, 60)
        self.assertLess(sure.rows, aligned.rows)
        self.assertEqual([(row["chosen"], row["rejected"]) for row in self.lines("aligned")],
                         [(row["rejected"], row["chosen"]) for row in self.lines("inverted")])
        self.assertTrue(all(len(row["chosen"]) > len(row["rejected"])
                            for row in self.lines("sure")))
        with self.assertRaises(pdx.InvalidError):
            pdx.export_preferences(self.data, fit, self.folder / "x", threshold=0.4)


class EqualLength(unittest.TestCase):
    def test_length_explains_it(self):
        numbers = np.random.default_rng(4)
        lengths = numbers.normal(150, 200, 400)
        won = numbers.random(400) < 1 / (1 + np.exp(-2 * np.tanh(lengths / lengths.std())))
        rate = pdx.length_controlled_win_rate(won, lengths, draws=200)
        self.assertEqual(rate.n, 400)
        self.assertAlmostEqual(rate.raw, won.mean(), 9)
        self.assertTrue(rate.raw_low > 0.5 and rate.controlled_low < 0.5 < rate.controlled_high, rate)
        hard = numbers.normal(size=400)
        easy = numbers.random(400) < 1 / (1 + np.exp(-2 * hard))
        with_difficulty = pdx.length_controlled_win_rate(easy, lengths, hard, draws=0)
        self.assertTrue(1 < with_difficulty.weight_difficulty < 3, with_difficulty)
        gaps = np.where(np.arange(400) < 100, math.nan, won)
        less = pdx.length_controlled_win_rate(gaps, lengths, draws=0)
        self.assertEqual((less.n, math.isnan(less.raw_low)), (300, True))

    def test_wrong_rows(self):
        for wrong, error in ((([1.0] * 9, [1.0] * 9), pdx.InvalidError),
                             (([2.0] * 20, [1.0] * 20), pdx.InvalidError),
                             (([1.0] * 20, [1.0] * 19), ValueError)):
            with self.assertRaises(error):
                pdx.length_controlled_win_rate(*wrong)
