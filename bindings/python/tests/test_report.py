"""The library's pictures, the report, and probes."""
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

import prefdissect as pdx


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, cls.truth = pdx.simulate(pairs=200, scenarios=2)
        cls.study = pdx.Study.fit(cls.data, cls.judgments)

    def test_svg(self):
        svg, study, fit = pdx.svg, self.study, self.study[0]
        other = study["model-weak", fit.group]
        pictures = [
            svg.dissection(study, truth=self.truth), svg.similarity(study.similarity(draws=20)),
            svg.similarity(study.similarity(draws=0), "l1", study.groups[1]),
            svg.agreement(self.judgments, self.data), svg.agreement(
                self.judgments, self.data, ["human", "model-weak"], study.groups[0], "kappa"),
            svg.waterfall(fit, self.data.row(0), order="AB", pair="<p>"), svg.contrast(fit, other),
            svg.position(study), svg.position(study, dataset=self.data, judgments=self.judgments),
            svg.prior({"tight": fit, "wide": fit}),
            svg.calibration([0.1, 0.5], [0.2, 0.4], measured_interval=[[0, 0.3], [0.3, 0.5]],
                            names=["longer", "bold & <b>"], title="Effects")]
        for picture in pictures:
            self.assertEqual(ElementTree.fromstring(picture).tag, "{http://www.w3.org/2000/svg}svg")
            self.assertEqual(picture._repr_svg_(), picture)
        self.assertEqual(len(set(pictures)), len(pictures))
        for wrong, kind in ((lambda: svg.agreement(self.judgments, self.data, measure="x"), ValueError),
                            (lambda: svg.similarity(study.similarity(draws=0), group="no"), KeyError),
                            (lambda: svg.calibration([1], [1], names=["a", "b"]), ValueError)):
            with self.assertRaises(kind):
                wrong()

    def test_report(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            report = self.study.report(path, dataset=self.data, judgments=self.judgments,
                                       title="Tastes & <judges>", draws=20)
            page = path.read_text()
        self.assertIn("Tastes &amp; &lt;judges&gt;", page)
        self.assertTrue(report.findings)
        self.assertEqual(report.html(), page)
        before = len(report.findings)
        report.add_finding("We looked twice.")
        report.add_text("Method", "One.\n\nTwo.")
        report.add_picture("Method", "All", pdx.svg.dissection(self.study), csv="a,b\n1,2\n")
        self.assertEqual(report.findings[before:], ("We looked twice.",))
        self.assertGreater(len(report.html()), len(page))
        shown = report._repr_html_()
        self.assertTrue(shown.startswith("<iframe") and 'sandbox="allow-scripts' in shown)
        self.assertNotIn("<script", shown)
        means = self.truth.report()
        self.assertTrue(means.findings)


class Probes(unittest.TestCase):
    def test_planted_taste_for_length(self):
        numbers = np.random.default_rng(4)
        rows = [{"id": f"q{i}", "query": f"Ask {i}?", "response_a": "Good words here. " * int(n),
                 "response_b": "Other words there. " * int(m)}
                for i, (n, m) in enumerate(numbers.integers(1, 9, (150, 2)))]
        edits = pdx.Edits()
        self.assertIn("closing-paragraph", [edit.name for edit in edits])
        self.assertEqual(edits[-1].name, list(edits)[-1].name)
        with self.assertRaises(KeyError):
            edits.apply("nothing", "x")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.jsonl"
            counts = edits.write(pdx.Dataset.from_records(rows), path, edits=["closing-paragraph", "text-repeated"],
                                 side="a")
            self.assertEqual((counts.originals, counts.edited), (150, 300))
            data = pdx.Dataset.from_jsonl(path)
            odds = 1.2 * data["words"]
            judgments = pdx.Judgments()
            for order, sign in (("AB", 1), ("BA", -1)):
                first = numbers.random(len(data)) < 1 / (1 + np.exp(-sign * odds))
                judgments.append("ann", np.arange(len(data)), order=order, winner=[
                    "A" if won == (sign > 0) else "B" for won in first])
            fit = pdx.Study.fit(data, judgments, prior_scale=1.0)[0]
            probe = pdx.Probe.measure(data, judgments, fit, draws=100)
            effects = probe.effects()
            self.assertEqual(set(effects["name"]), {"closing-paragraph", "text-repeated"})
            self.assertTrue((np.asarray(effects["measured"]) > 0).all())
            self.assertTrue(set(effects["verdict"]) <= {"as-predicted", "stronger", "weaker"})
            self.assertIn("words", list(probe.weights()["property" if "property" in
                                                        probe.weights() else "column"]))
            self.assertEqual(probe.summary()["originals"], 150)
            self.assertIn("slope", probe.calibration())
            self.assertTrue(probe.sentence)
            self.assertEqual(probe.judge, "ann")
            ElementTree.fromstring(probe.picture())
            probe.save(Path(folder) / "probe.json")
            self.assertIn("prefdissect.probe", (Path(folder) / "probe.json").read_text())
