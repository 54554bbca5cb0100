"""What a notebook shows: HTML, pictures, and the objects of other tools."""
import importlib.util
import io
import os
import tempfile
import unittest
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

import prefdissect as pdx


def absent(module):
    return unittest.skipIf(importlib.util.find_spec(module) is None, f"{module} is absent")


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen = set()
        self.text = []
        self.feed(text)

    def handle_starttag(self, tag, _attributes):
        self.seen.add(tag)

    def handle_data(self, data):
        self.text.append(data)


HOSTILE = '<script>alert(1)</script>&amp;"\''


class Shown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, cls.truth = pdx.simulate(pairs=300, scenarios=2)
        cls.study = pdx.Study.fit(cls.data, cls.judgments, draws=200)

    def test_html_is_escaped(self):
        data = pdx.Dataset.from_arrays([[1, 0], [-1, 1], [1, 1]], properties=[HOSTILE, "tone"],
                                       groups=[HOSTILE] * 3)
        judgments = pdx.Judgments()
        judgments.append(HOSTILE, [0, 1, 2], winner=["A", "B", "A"])
        study = pdx.Study.fit(data, judgments)
        for shown in (data, study, study[0], study.explain(data, 0)):
            tags = Tags(shown._repr_html_())
            self.assertLessEqual(tags.seen, {"p", "b", "table", "thead", "tbody", "tr", "th", "td",
                                             "span"})
            self.assertIn(HOSTILE, "".join(tags.text))
        self.assertNotIn("<script", str(pdx.svg.dissection(study)))

    def test_html_says_it(self):
        self.assertIn("human", self.study._repr_html_())
        self.assertIn(self.study[0].verdict[:20], self.study[0]._repr_html_())
        self.assertIn("300 pairs", self.data._repr_html_())
        self.truth[0]._repr_html_()
        for closed in pdx.simulate(pairs=20)[0], pdx.simulate(pairs=20)[2]:
            closed.close()
            self.assertIn("closed", closed._repr_html_())

    def test_svg_is_shown_inline(self):
        picture = pdx.svg.dissection(self.study, judges=["human"])
        self.assertTrue(picture._repr_svg_().startswith("<svg") or "<svg" in picture[:200])

    @absent("matplotlib")
    def test_plots(self):
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        plots = [self.study.plot_dissection(count=5), self.study.plot_similarity(),
                 self.study.plot_position(), self.study.plot_waterfall(self.data, 3)]
        for ax in plots:
            ax.figure.savefig(io.BytesIO(), format="png")
        rows = [label.get_text() for label in plots[0].get_yticklabels()]
        largest = np.max([fit.mean.__abs__() for fit in self.study if fit.group ==
                          self.study[0].group], axis=0)
        self.assertEqual(rows[-1], self.study[0].columns[int(largest.argmax())])
        (fig, own) = pyplot.subplots()
        self.assertIs(self.study.plot_position(ax=own), own)
        why = self.study.explain(self.data, 3)
        bars = why.plot_waterfall(count=2).patches
        self.assertEqual(len(bars), 3)
        self.assertAlmostEqual(bars[-1].get_x() + bars[-1].get_width(), 100 * why.probability)
        pyplot.close("all")
        with self.assertRaises(KeyError):
            self.study.plot_dissection(judges=["nobody"])
        with self.assertRaises(ValueError):
            pdx.Study.fit(self.data, self.judgments, label="majority").plot_position()

    @absent("arviz")
    def test_arviz(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import arviz
            fit = self.study[0]
            data = fit.to_arviz()
            posterior = data["posterior"]
            self.assertEqual(posterior["weight"].shape, (1, 200, 29))
            self.assertEqual(posterior["property"].values.tolist(), list(fit.columns))
            self.assertEqual(posterior.attrs["certificate_ok"], 1)
            self.assertEqual(posterior.attrs["judge"], "human")
            y = (np.random.default_rng(1).random(300) < 0.5).astype(float)
            rows = pdx.Fit.from_rows(self.data.values, y, draws=400, certificate="always")
            data = rows.to_arviz(self.data.values, y)
            self.assertAlmostEqual(float(arviz.loo(data).elpd_loo), rows.elpd_loo, delta=1.0)
        with self.assertRaises(ValueError):
            self.truth[0].to_arviz()

    @absent("shap")
    def test_shap(self):
        import shap
        fit = self.study[0]
        many = fit.to_shap(self.data.values[:5])
        self.assertIsInstance(many, shap.Explanation)
        self.assertEqual(many.values.shape, (5, 29))
        np.testing.assert_allclose(many.base_values + many.values.sum(axis=1),
                                   1 / (1 + np.exp(-self.data.values[:5] @ fit.mean)), atol=1e-12)
        odds = fit.explain(self.data.row(0)).to_shap("log-odds")
        np.testing.assert_allclose(odds.values, fit.mean * self.data.row(0), atol=1e-12)
        with self.assertRaises(ValueError):
            fit.to_shap(self.data.values[:5], "odds")

    @absent("tqdm")
    def test_progress_bar(self):
        from contextlib import redirect_stderr
        told = io.StringIO()
        with redirect_stderr(told):
            pdx.Study.fit(self.data, self.judgments, progress=True)
        self.assertIn("100%", told.getvalue())
