"""Everything public of the C library can be reached from Python: its functions, and the options of
each of its calls."""
import inspect
import re
import typing
import unittest
from pathlib import Path

import prefdissect as pdx
from prefdissect import _api

PACKAGE = Path(pdx.__file__).parent
SOURCE = {path.name: path.read_text() for path in PACKAGE.glob("*.py") if path.name != "_api.py"}

# Functions that no wrapper calls, and why that takes nothing from a user.
UNREACHED = {
    "pdx_judgment_init": "rows are made by numpy, with the same defaults",
    "pdx_judgments_append": "pdx_judgments_append_all takes many at once",
    "pdx_judgments_get": "pdx_judgments_read gives many at once",
    "pdx_status_name": "exceptions have names of their own",
    "pdx_version_number": "__version__ says the same",
}

# Option structs, who takes their fields, and the fields that have another name or none.
OPTIONS = {
    "pdx_annotate_options": (pdx.Annotator.run, {}),
    "pdx_annotator_options": (pdx.Annotator.__init__, {"max_tokens": "answer_tokens"}),
    "pdx_arms_options": (pdx.Arms.choose, {}),
    "pdx_columns_options": (pdx.Columns.fit, {"sums_user": None}),
    "pdx_dataset_options": (pdx.DatasetOptions, {}),
    "pdx_explain_options": (pdx.Fit.explain, {}),
    "pdx_fit_options": (pdx.FitOptions, {}),
    "pdx_generate_options": (pdx.Arms.generate, {"max_tokens": "answer_tokens"}),
    "pdx_http_judge_options": (pdx.HttpJudge.__init__, {"max_tokens": "verdict_tokens"}),
    "pdx_http_options": (pdx.HttpOptions, {
        "url": None, "model": None,  # arguments of what asks the server
        "seed": None}),  # of the waits between retries: nothing that a result depends on
    "pdx_import_options": (pdx.import_files, {}),
    "pdx_judge_options": (pdx.Judge.run, {}),
    "pdx_judgments_options": (pdx.JudgmentsOptions, {}),
    "pdx_local_options": (pdx.LocalJudge.__init__, {}),
    "pdx_power_options": (pdx.Power.__init__, {"hooks": None}),  # simulated() has progress
    "pdx_probe_options": (pdx.Probe.measure, {}),
    "pdx_probe_write_options": (pdx.Edits.write, {}),
    "pdx_report_options": (pdx.ReportOptions, {}),
    "pdx_rating_options": (pdx.RatingOptions, {}),
    "pdx_shift_options": (pdx.Shift.measure, {}),
    "pdx_similarity_options": (pdx.SimilarityOptions, {}),
    "pdx_simulate_options": (pdx.simulate, {}),
}


def called():
    """Names of C functions that the package calls."""
    for text in SOURCE.values():
        yield from re.findall(r"\blib\.(pdx_\w+)", text)
        yield from re.findall(r'_free_name = "(pdx_\w+)"', text)


def names(taker):
    if typing.is_typeddict(taker):
        return set(taker.__annotations__)
    return set(inspect.signature(taker).parameters)


class Reach(unittest.TestCase):
    def test_functions(self):
        missing = set(_api.FUNCTIONS) - set(called())
        self.assertEqual(missing, set(UNREACHED), "functions that no wrapper calls")
        self.assertEqual(set(called()) - set(_api.FUNCTIONS), set(), "there are no such functions")

    def test_options(self):
        there = {name for name in vars(_api) if name.endswith("_options")}
        self.assertEqual(there, set(OPTIONS))
        for struct, (taker, renamed) in OPTIONS.items():
            fields = [name for name, *_ in getattr(_api, struct)._fields_]
            counted = {name for name in fields if name.endswith("_count")}
            wanted = {renamed.get(name, "progress" if name == "hooks" else name)
                      for name in set(fields) - counted - {"size"}}
            self.assertLessEqual(wanted - {None}, names(taker), struct)

    def test_files_are_of_one_concept(self):
        for name, text in SOURCE.items():
            self.assertLessEqual(text.count("\n"), 450, name)
