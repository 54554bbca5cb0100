"""Objects may be closed and dropped in any order; what was taken from them stays valid."""
import gc
import itertools
import unittest

import numpy as np

import prefdissect as pdx


class Lifetime(unittest.TestCase):
    def test_any_order(self):
        expected = None
        for order in itertools.permutations(range(5)):
            data, judgments, truth = pdx.simulate(pairs=40, scenarios=1)
            study = pdx.Study.fit(data, judgments, predict=False, certificate="never")
            fit = study[0]
            mean, schema = fit.mean, data.schema
            held = [data, judgments, truth, study, fit]
            del data, judgments, truth, study, fit
            for i in order:
                if i < 4:
                    held[i].close()
                held[i] = None
            gc.collect()
            expected = mean.copy() if expected is None else expected
            np.testing.assert_array_equal(mean, expected)
            self.assertEqual(len(schema.ids), 29)

    def test_views_are_read_only_and_not_copies(self):
        fit = pdx.Fit.from_rows([[1.0, 0.0]], [1.0])
        self.assertEqual(fit.mean.ctypes.data, fit.mean.ctypes.data)
        with self.assertRaises(ValueError):
            fit.mean[0] = 1

    def test_closed_says_so(self):
        data, judgments, truth = pdx.simulate(pairs=40, scenarios=1)
        with data:
            schema = data.schema
        data.close()
        self.assertEqual(repr(data), "<Dataset, closed>")
        for use in (lambda: len(data), lambda: pdx.Study.fit(data, judgments)):
            with self.assertRaisesRegex(ValueError, "this Dataset is closed"):
                use()
        schema.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            len(schema)

    def test_failed_calls_leave_nothing(self):
        for _ in range(3):
            with self.assertRaises(pdx.FileError):
                pdx.Study.load("/nonexistent/fits.json")
            with self.assertRaises(pdx.FileError):
                pdx.LocalJudge("/nonexistent/model.gguf")
