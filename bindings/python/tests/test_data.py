"""Schemas, datasets and judgments: in, out, and what is refused."""
import importlib.util
import json
import pickle
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

    def test_bytes_are_the_same(self):
        whole = np.array([[1, 0], [-1, 127]], dtype=np.int8)
        for order in "CF":
            data = pdx.Dataset.from_arrays(np.array(whole, order=order))
            self.assertEqual(data.sha256, pdx.Dataset.from_arrays(whole.astype(float)).sha256)

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

    @unittest.skipIf(pandas is None, "pandas is absent")
    def test_pandas_with_texts(self):
        frame = pandas.DataFrame({
            "query": ["Why?", "How?"], "response_a": ["Because.", "So, then."],
            "response_b": ["No.", "Ünsure"], "cases": [["x", "y"], ["y"]], "votes": [3, np.nan],
            "tone": [1.0, -1.0]}, index=["p", "q"])
        data = pdx.Dataset.from_pandas(frame, group="cases")
        self.assertEqual((data.ids, len(data.properties)), (("p", "q"), 30))
        self.assertEqual({name: pairs.tolist() for name, pairs in data.groups.items()},
                         {"x": [0], "y": [0, 1]})
        self.assertEqual((data.text(1, "response_b"), data.text(1, "votes")), ("Ünsure", None))
        data = pdx.Dataset.from_pandas(frame, properties=["tone"], where={"votes": "3.0"})
        self.assertEqual((data.properties, data.values.tolist()), (("tone",), [[1.0]]))
        folder = data._held.files.name
        self.assertTrue(Path(folder).exists())
        del data
        self.assertFalse(Path(folder).exists())
        with self.assertRaises(TypeError):
            pdx.Dataset.from_pandas(frame[["tone"]], where={"votes": "3"})

    def test_real_valued_records_are_differences(self):
        rows = [{"response_a": "x", "response_b": "y", "gap": gap} for gap in (1.5, -0.5, 0.0)]
        data = pdx.Dataset.from_records(rows, properties=["gap"])
        np.testing.assert_allclose(data["gap"], np.array([1.5, -0.5, 0]) / np.std([1.5, -0.5, 0]))

    def test_noise(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "features.jsonl"
            path.write_text('{"properties": [{"id": "x"}]}\n{"id": "p", "cmp": [1], "noise": [0.5]}\n'
                            '{"id": "q", "cmp": [0], "noise": [null]}\n')
            noise = pdx.Dataset.from_jsonl(features=path).noise("x")
        self.assertEqual(noise[0], 0.5)
        self.assertTrue(np.isnan(noise[1]))
        self.assertTrue(np.isnan(pdx.Dataset.from_arrays(self.values).noise("x1")).all())

    def test_views_are_not_copies(self):
        data = pdx.Dataset.from_arrays(self.values, properties=["x", "y", "z"])
        whole, real = data.view("x"), data.view("y")
        self.assertEqual((whole.dtype, real.dtype), (np.int8, np.float64))
        self.assertEqual(whole.ctypes.data, data.view("x").ctypes.data)
        with self.assertRaises(ValueError):
            whole[0] = 1
        data.close()
        self.assertEqual((whole.tolist(), real.tolist()), ([1, 0, -1], [0, 1, 0.25]))

    def test_overlapping_groups(self):
        data = pdx.Dataset.from_arrays(self.values, groups={"all": [0, 1, 2], "odd": [1], "no": []})
        self.assertEqual({name: pairs.tolist() for name, pairs in data.groups.items()},
                         {"all": [0, 1, 2], "odd": [1], "no": []})
        with self.assertRaises(pdx.InvalidError):
            pdx.Dataset.from_arrays(self.values, groups={"far": [3]})

    def test_pickle(self):
        data = pdx.Dataset.from_arrays(self.values, ids="abc", properties=["x", "y", "z"],
                                       groups={"all": [0, 1, 2], "odd": [1]})
        again = pickle.loads(pickle.dumps(data))
        self.assertEqual((again.sha256, again.ids, list(again.schema)),
                         (data.sha256, data.ids, list(data.schema)))
        self.assertEqual([list(pairs) for pairs in again.groups.values()], [[0, 1, 2], [1]])

    def test_surface(self):
        measured = pdx.measure_surface("Hello there! Hello.", "Hello?")
        self.assertEqual(set(measured), set(pdx.Schema.builtin("surface").ids))

    def test_import(self):
        self.assertIn("li2024", pdx.import_formats())
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(pdx.Error):
            pdx.import_files("li2024", Path(folder) / "absent", Path(folder) / "out")

    def test_other_tools_files_in_memory(self):
        rows = [{"instruction": f"Ask {i}", "output_1": "One.", "output_2": "Two, " * i,
                 "generator_1": "m", "generator_2": "n", "annotator": "ann", "preference": 1 + i % 2}
                for i in range(4)]
        data, judgments = pdx.load_files("alpacaeval", rows)
        self.assertEqual((len(data), judgments.judges), (4, ("ann",)))
        self.assertEqual(data.text(3, "query"), "Ask 3")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "annotations.json"
            path.write_text(json.dumps(rows))
            again, _ = pdx.load_files("alpacaeval", path)
        self.assertEqual(again.sha256, data.sha256)
        self.assertEqual(again.text(3, "query"), "Ask 3")  # nothing is read from the user's file


@unittest.skipIf(importlib.util.find_spec("pyarrow") is None, "pyarrow is absent")
class Parquet(unittest.TestCase):
    def test_columns_of_the_published_dataset(self):
        import pyarrow
        from pyarrow import parquet
        source = (Path(__file__).resolve().parents[3] / "tests/golden/import/li2024-rows/rows.jsonl")
        rows = [json.loads(line) for line in source.read_text().splitlines()]
        for row in rows:  # a column of parquet has one type
            for side in ("query-specific_response_1", "query-specific_response_2"):
                row[side] = {key: value if isinstance(value, (list, type(None))) else str(value)
                             for key, value in row[side].items()}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "train-00000-of-00001.parquet"
            parquet.write_table(pyarrow.Table.from_pylist(rows), path)
            data = pdx.Dataset.from_huggingface(path, group_by="group")
            again, judgments = pdx.load_files("li2024", [path])
        expected, verdicts = pdx.load_files("li2024", source, group_by="group")
        self.assertEqual((data.sha256, again.sha256), (expected.sha256, expected.sha256))
        self.assertEqual(list(data.groups), list(expected.groups))
        self.assertEqual((len(data.properties), data.text(0, "query")), (29, rows[0]["query"]))
        self.assertEqual(data.left_out, expected.left_out)
        self.assertEqual(judgments.to_arrays()["winner"].tolist(),
                         verdicts.to_arrays()["winner"].tolist())
        self.assertEqual(pdx.Dataset.from_huggingface(rows).sha256, expected.sha256)


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

    @unittest.skipIf(pandas is None, "pandas is absent")
    def test_pandas(self):
        data = pdx.Dataset.from_arrays(Datasets.values, ids="abc")
        frame = pandas.DataFrame({
            "pair": ["c", "a", "b", "a"], "judge": ["x", "y", "x", "x"], "other": [1, 2, 3, 4],
            "winner": ["A", "tie", None, "B"], "order": ["AB", np.nan, "BA", "AB"],
            "margin": [0.5, np.nan, -1, 2]})
        columns = pdx.Judgments.from_pandas(data, frame).to_pandas()
        self.assertEqual(columns["judge"].tolist(), ["x", "x", "x", "y"])
        self.assertEqual(columns["pair"].tolist(), [2, 1, 0, 0])
        self.assertEqual(columns["winner"].tolist(), ["A", "", "B", "tie"])
        self.assertEqual(columns["order"].tolist(), ["AB", "BA", "AB", ""])
        one = pdx.Judgments.from_pandas(data, frame.drop(columns=["judge"]), judge="z")
        self.assertEqual((one.judges, len(one)), (("z",), 4))
        with self.assertRaises(KeyError):
            pdx.Judgments.from_pandas(data, frame.replace({"pair": {"a": "d"}}))
        with self.assertRaises(KeyError):
            pdx.Judgments.from_pandas(data, frame.drop(columns=["judge"]))

    def test_pickle(self):
        judgments = pdx.Judgments()
        judgments.append("ann", [0, 1], winner=["A", "B"], weight=[1, 2])
        judgments.append("bob", 2, prob_a=0.25)
        judgments.append("ann", 2, winner="tie", repeat=1)
        again = pickle.loads(pickle.dumps(judgments))
        self.assertEqual(again.judges, judgments.judges)
        for name, column in judgments.to_arrays().items():
            np.testing.assert_array_equal(again.to_arrays()[name], column)
        self.assertEqual(judgments.only("ann").to_arrays()["pair"].tolist(), [0, 1, 2])
        self.assertEqual(len(pickle.loads(pickle.dumps(pdx.Judgments()))), 0)

    def test_table(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "taste.csv"
            path.write_text("length,tone,y\n1,0,1\n-1,1,0\n")
            data, judgments = pdx.load_table(path)
        self.assertEqual((data.properties, len(judgments)), (("length", "tone"), 2))
