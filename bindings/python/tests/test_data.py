"""Schemas, datasets and judgments: in, out, and what is refused."""
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

import prefdissect as pdx

try:
    import pandas
except ImportError:
    pandas = None


class Schemas(unittest.TestCase):
    def test_builtin(self):
        with pdx.Schema.builtin("li2024") as schema:
            self.assertEqual(len(schema), 29)
            self.assertEqual(schema["harmless"], schema[schema.find("harmlessness")])
            self.assertEqual(schema[-1], schema[28])
            self.assertEqual([entry.id for entry in schema], list(schema.ids))
            with self.assertRaises(KeyError):
                schema.find("beauty")
            with self.assertRaises(IndexError):
                schema[29]
        with self.assertRaises(pdx.NotFoundError):
            pdx.Schema.builtin("nothing")

    def test_save_and_load(self):
        schema = pdx.Schema.from_names(["length", "tone"])
        with tempfile.TemporaryDirectory() as folder:
            schema.save(Path(folder) / "schema.json")
            again = pdx.Schema.load(Path(folder) / "schema.json")
        self.assertEqual(list(again), list(schema))
        self.assertEqual([schema.compare("tone", a, 0.5) for a in (1, 0.5, 0)], [1, 0, -1])


class Datasets(unittest.TestCase):
    values = np.array([[1, 0, -1], [0, 1, 1], [-1, 0.25, 0]], dtype=float)

    def test_arrays_round_trip(self):
        for order in "CF":
            data = pdx.Dataset.from_arrays(np.array(self.values, order=order), ids="abc",
                                           properties=["x", "y", "z"], groups=["g", "h", "g"])
            np.testing.assert_array_equal(data.values, self.values)
            np.testing.assert_array_equal(data.row(2), self.values[2])
            np.testing.assert_array_equal(data["y"], self.values[:, 1])
            self.assertEqual((data.ids, data.find("c")), (("a", "b", "c"), 2))
            self.assertEqual({k: v.tolist() for k, v in data.groups.items()},
                             {"g": [0, 2], "h": [1]})

    def test_what_is_refused(self):
        for wrong in ({"ids": ["a"]}, {"properties": ["x"]}, {"ids": ["a", "a", "b"]},
                      {"groups": ["g"]}):
            with self.assertRaises(ValueError, msg=str(wrong)):
                pdx.Dataset.from_arrays(self.values, **wrong)
        for values in (self.values[0], self.values * np.nan):
            with self.assertRaises(ValueError):
                pdx.Dataset.from_arrays(values)

    def test_jsonl(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pairs.jsonl"
            path.write_text("".join(json.dumps({
                "id": f"p{i}", "query": "Why?", "response_a": "Because." * (i + 1),
                "response_b": "Ünsure", "app": "xy"[i % 2]}) + "\n" for i in range(6)))
            data = pdx.Dataset.from_jsonl(path, group_by=["app"], where={"app": "x"})
            self.assertEqual((len(data), data.ids[1], list(data.groups)), (3, "p2", ["x"]))
            self.assertEqual(data.left_out, {"where": 3})
            self.assertEqual(data.text(0, "response_b"), "Ünsure")
            self.assertIsNone(data.text(0, "reference"))
            data.save_features(Path(folder) / "features.jsonl")
            again = pdx.Dataset.from_jsonl(features=Path(folder) / "features.jsonl")
            np.testing.assert_array_equal(again.values, data.values)
            self.assertEqual(len(data.sha256), 64)
            path.write_text('{"id": 1, "query"\n')
            with self.assertRaisesRegex(pdx.ParseError, r"pairs\.jsonl:1"):
                pdx.Dataset.from_jsonl(path)
            with self.assertRaises(OSError):
                pdx.Dataset.from_jsonl(Path(folder) / "absent.jsonl")

    @unittest.skipIf(pandas is None, "pandas is absent")
    def test_pandas_round_trip(self):
        frame = pandas.DataFrame({"tone": [1, 0], "app": ["x", "y"], "length": [0.5, -1]},
                                 index=["p", "q"])
        data = pdx.Dataset.from_pandas(frame, group="app")
        self.assertEqual((data.properties, data.ids), (("tone", "length"), ("p", "q")))
        pandas.testing.assert_frame_equal(data.to_pandas(), frame[["tone", "length"]].astype(float),
                                          check_names=False)

    def test_surface(self):
        measured = pdx.measure_surface("Hello there! Hello.", "Hello?")
        self.assertEqual(set(measured), set(pdx.Schema.builtin("surface").ids))

    def test_import(self):
        self.assertIn("li2024", pdx.import_formats())
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(pdx.Error):
            pdx.import_files("li2024", Path(folder) / "absent", Path(folder) / "out")


class JudgmentsOfPairs(unittest.TestCase):
    def setUp(self):
        self.data = pdx.Dataset.from_arrays(Datasets.values)

    def test_append_broadcasts(self):
        judgments = pdx.Judgments()
        judgments.append("ann", [0, 1, 2], order="AB", winner=["A", "B", None])
        judgments.append("bob", 1, prob_a=0.75, weight=2)
        columns = judgments.to_arrays()
        self.assertEqual(columns["judge"].tolist(), ["ann"] * 3 + ["bob"])
        self.assertEqual(columns["order"].tolist(), ["AB"] * 3 + [""])
        self.assertEqual(columns["winner"].tolist(), ["A", "B", "", ""])
        self.assertEqual(columns["prob_a"][3], 0.75)
        self.assertTrue(np.isnan(columns["prob_a"][:3]).all())
        self.assertEqual(columns["weight"].tolist(), [1, 1, 1, 2])
        rates = judgments.rates(self.data, "ann")
        self.assertEqual((rates.judgments, rates.no_verdict, rates.p_first), (3, 1, 0.5))
        with self.assertRaises(KeyError):
            judgments.rates(self.data, "carl")
        with self.assertRaisesRegex(ValueError, "winner 'C'"):
            judgments.append("ann", 0, winner="C")
        with self.assertRaises(ValueError):
            judgments.append("ann", 0, prob_a=1.5)

    def test_save_and_load(self):
        judgments = pdx.Judgments()
        judgments.append("ann", [0, 1], order=["AB", "BA"], logp_first=[-0.25, -1.5],
                         logp_second=[-1.5, -0.25])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "judgments.jsonl"
            judgments.save(self.data, path)
            again = pdx.Judgments.load(self.data, [path]).to_arrays()
            path.write_text('{"pair": "9", "judge": "ann", "winner": "A"}\n')
            with self.assertRaises(pdx.ParseError):
                pdx.Judgments.load(self.data, path)
            self.assertEqual(len(pdx.Judgments.load(self.data, path, skip_unknown=True)), 0)
        np.testing.assert_array_equal(again["logp_first"], [-0.25, -1.5])
        self.assertEqual(again["winner"].tolist(), ["A", "A"])

    def test_table(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "taste.csv"
            path.write_text("length,tone,y\n1,0,1\n-1,1,0\n")
            data, judgments = pdx.load_table(path)
        self.assertEqual((data.properties, len(judgments)), (("length", "tone"), 2))
