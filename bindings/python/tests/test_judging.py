"""A local judge from Python: the tiny model of tests/golden/judge."""
import json
import tempfile
import unittest
from pathlib import Path

import prefdissect as pdx

MODEL = Path(__file__).resolve().parents[3] / "tests" / "golden" / "judge"


class Stopped(Exception):
    pass


class Pairs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        pairs = self.folder / "pairs.jsonl"
        pairs.write_text("".join(json.dumps({
            "id": str(i), "query": "abc", "response_a": "ab" * (i + 1), "response_b": "ba"}) + "\n"
            for i in range(4)))
        self.data = pdx.Dataset.from_jsonl(pairs)


class Local(Pairs):
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


class Http(Pairs):
    def test_batch_file(self):
        path = self.folder / "batch.jsonl"
        with pdx.HttpJudge("http://127.0.0.1:9", "tiny", kind="chat") as judge:
            result = judge.write_batch(self.data, path)
        requests = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual((result.requests, len(requests)), (8, 8))
        self.assertEqual({request["body"]["model"] for request in requests}, {"tiny"})

    def test_no_server(self):
        with pdx.HttpJudge("http://127.0.0.1:9", "tiny", kind="chat", retries=0) as judge:
            try:
                failed = judge.run(self.data, self.folder / "judgments.jsonl").failed
            except pdx.NetworkError:
                failed = 8
        self.assertEqual(failed, 8)

    def test_wrong_options(self):
        for wrong in ({"kind": "telex"}, {"concurrency": -1}, {"colour": 1}):
            with self.assertRaises((pdx.Error, ValueError, TypeError), msg=str(wrong)):
                pdx.HttpJudge("http://127.0.0.1:9", "tiny", **wrong)
