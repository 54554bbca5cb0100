"""A local judge from Python: the tiny model of tests/golden/judge."""
import json
import tempfile
import unittest
from pathlib import Path

import prefdissect as pdx

MODEL = Path(__file__).resolve().parents[3] / "tests" / "golden" / "judge"


class Stopped(Exception):
    pass


class Local(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        pairs = self.folder / "pairs.jsonl"
        pairs.write_text("".join(json.dumps({
            "id": str(i), "query": "abc", "response_a": "ab" * (i + 1), "response_b": "ba"}) + "\n"
            for i in range(4)))
        self.data = pdx.Dataset.from_jsonl(pairs)

    def test_judges_both_orders(self):
        out = self.folder / "judgments.jsonl"
        with pdx.LocalJudge(MODEL, threads=1) as judge:
            self.assertEqual(judge.name, "judge")
            result = judge.run(self.data, out, name="tiny", limit=3)
        self.assertEqual((result.pairs, result.judgments, result.truncated), (3, 6, 0))
        judgments = pdx.Judgments.load(self.data, out)
        self.assertEqual((len(judgments), judgments.judges), (6, ("tiny",)))
        self.assertAlmostEqual(result.p_first, judgments.rates(self.data, "tiny").p_first)

    def test_stopped_run_goes_on(self):
        def stop(progress):
            if progress.done:
                raise Stopped

        out = self.folder / "judgments.jsonl"
        with pdx.LocalJudge(MODEL, batch_tokens=64) as judge:
            with self.assertRaises(Stopped):
                judge.run(self.data, out, progress=stop)
            self.assertFalse(out.exists())
            result = judge.run(self.data, out)
        self.assertGreater(result.resumed, 0)
        self.assertEqual(result.resumed + result.judgments, 8)

    def test_wrong_options(self):
        for wrong in ({"backend": "abacus"}, {"too_long": "fold"}, {"context": -1}):
            with self.assertRaises((pdx.Error, ValueError), msg=str(wrong)):
                pdx.LocalJudge(MODEL, **wrong)
