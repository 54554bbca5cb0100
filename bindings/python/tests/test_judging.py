"""A local judge from Python: the tiny model of tests/golden/judge."""
import http.server
import json
import os
import signal
import tempfile
import threading
import time
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


class Server:
    """Answers every chat request with log-probabilities, after a while; or with the text that `say`
    makes of the request."""

    def __init__(self, delay, say=None):
        answer = json.dumps({
            "model": "tiny", "usage": {"prompt_tokens": 10, "completion_tokens": 1},
            "choices": [{"message": {"role": "assistant", "content": "A"}, "logprobs": {"content": [{
                "token": "A", "logprob": -0.1, "top_logprobs": [
                    {"token": "A", "logprob": -0.1}, {"token": "B", "logprob": -2.5}]}]}}]}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                stop.wait(delay)
                said = answer if say is None else json.dumps({
                    "model": "tiny", "usage": {"prompt_tokens": 5, "completion_tokens": 7},
                    "choices": [{"finish_reason": "stop", "message": {
                        "role": "assistant", "content": say(json.loads(asked))}}]}).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, *_):
                pass

        self.stop = stop = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()


class Http(Pairs):
    def ask(self, delay, **given):
        server = Server(delay)
        self.addCleanup(server.close)
        with pdx.HttpJudge(server.url, "tiny", kind="chat", retries=0) as judge:
            return judge.run(self.data, self.folder / "judgments.jsonl", **given)

    def test_answers_and_progress(self):
        seen = []
        result = self.ask(0, progress=seen.append)
        self.assertEqual((result.judgments, result.failed, result.p_first), (8, 0, 1.0))
        self.assertEqual(seen[-1].done, seen[-1].total)
        judgments = pdx.Judgments.load(self.data, self.folder / "judgments.jsonl").to_arrays()
        self.assertTrue((abs(judgments["logp_first"] + 0.1) < 1e-9).all())

    def test_interrupt_stops_asking(self):
        start = time.monotonic()
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with self.assertRaises(KeyboardInterrupt):
            self.ask(60)
        self.assertLess(time.monotonic() - start, 20)

    def test_annotator(self):
        path = self.folder / "batch.jsonl"
        with pdx.Annotator("http://127.0.0.1:9", "tiny", structured="none", retries=0) as annotator:
            batch = annotator.write_batch(self.data, path)
            requests = [json.loads(line) for line in path.read_text().splitlines()]
            self.assertEqual((batch.requests, len(requests) > 4), (len(requests), True))
            with self.assertRaises(pdx.NetworkError):
                annotator.run(self.data, self.folder / "annotations.jsonl", limit=1)
        rows = self.folder / "annotations.jsonl"
        rows.write_text(rows.read_text() + json.dumps(
            {"id": "0", "stage": "scenario", "values": {"scenario": "advice"}}) + "\n")
        pdx.label_pairs(self.folder / "pairs.jsonl", rows, self.folder / "labelled.jsonl")
        first = json.loads((self.folder / "labelled.jsonl").read_text().splitlines()[0])
        self.assertEqual(first["scenario"], "advice")
        held = pdx.annotation_report(self.folder / "annotations.jsonl")
        self.assertIn("query-free", list(held["name"]))
        for wrong in ({"show": "all"}, {"stages": ["none"]}, {"repeats": -1}):
            with self.assertRaises((pdx.Error, ValueError), msg=str(wrong)):
                pdx.Annotator("http://127.0.0.1:9", "tiny", **wrong)

    def test_original_annotations(self):
        raw = self.folder / "raw.jsonl"
        raw.write_text("")
        try:
            result = pdx.import_annotations(raw, self.folder / "annotations.jsonl")
            self.assertEqual(result.rows, 0)
        except pdx.ParseError as error:
            self.assertIn("raw.jsonl", str(error))

    def test_exception_of_progress_stops_asking(self):
        def stop(_):
            raise Stopped

        with self.assertRaises(Stopped):
            self.ask(60, progress=stop)

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
