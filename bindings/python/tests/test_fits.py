"""Fits and studies: the numbers are the library's, and they come out in every shape."""
import importlib.util
import multiprocessing
import pickle
import tempfile
import unittest
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np

import prefdissect as pdx

try:
    import pandas
except ImportError:
    pandas = None


class Rows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        numbers = np.random.default_rng(5)
        cls.x = numbers.integers(-1, 2, (400, 6)).astype(np.int8)
        cls.w = np.array([1, -1, 0.5, 0, 0, 0])
        cls.y = (numbers.random(400) < 1 / (1 + np.exp(-cls.x @ cls.w))).astype(float)

    def test_finds_planted_weights(self):
        fit = pdx.Fit.from_rows(self.x, self.y, prior_scale=1)
        self.assertTrue((np.abs(fit.mean - self.w) < 4 * fit.sd).all(), (fit.mean, fit.sd))
        np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), fit.sd, rtol=1e-6)
        self.assertEqual(fit.quantiles.shape, (6, 9))
        self.assertTrue((np.diff(fit.quantiles, axis=1) > 0).all())
        self.assertTrue(fit.certificate.ok)
        self.assertTrue(fit.verdict)

    def test_int8_and_float_rows_give_the_same(self):
        whole = pdx.Fit.from_rows(self.x, self.y)
        for x in (self.x.astype(float), np.asfortranarray(self.x, dtype=float), self.x.tolist()):
            np.testing.assert_array_equal(pdx.Fit.from_rows(x, self.y).mean, whole.mean)

    def test_predict_proba(self):
        fit = pdx.Fit.from_rows(self.x, self.y)
        p = fit.predict_proba([[0] * 6, self.x[0]])
        self.assertAlmostEqual(p[0], 0.5)
        self.assertAlmostEqual(p[1] + fit.predict_proba(-self.x[:1])[0], 1)
        self.assertEqual(fit.predict_proba(np.empty((0, 6))).shape, (0,))
        with self.assertRaises(ValueError):
            fit.predict_proba([[0] * 5])

    def test_options_reach_the_library(self):
        pinned = pdx.Fit.from_rows(self.x, self.y, prior_scales=[1, 0, 1, 1, 1, 1], draws=50,
                                   quantile_probs=[0.1, 0.9], covariance=False, method="stis")
        self.assertEqual(pinned.mean[1], 0)
        self.assertEqual(pinned.draws.shape, (50, 6))
        self.assertEqual(pinned.quantile_probs.tolist(), [0.1, 0.9])
        self.assertIsNone(pinned.covariance)
        for wrong, kind in (({"prior": "flat"}, ValueError), ({"colour": 1}, TypeError),
                            ({"prior_scales": [1]}, ValueError), ({"draws": -1}, ValueError),
                            ({"threads": 2**40}, OverflowError), ({"draws": 1.5}, TypeError),
                            ({"preset": "none"}, ValueError), ({"size": 3}, TypeError)):
            with self.assertRaises(kind, msg=str(wrong)):
                pdx.Fit.from_rows(self.x, self.y, **wrong)

    def test_shapes_are_checked(self):
        for wrong in ({"y": self.y[1:]}, {"y": self.y, "weight": [1]}, {"y": self.y, "names": ["a"]},
                      {}):
            with self.assertRaises(ValueError):
                pdx.Fit.from_rows(self.x, **wrong)

    def test_contrast(self):
        fit = pdx.Fit.from_rows(self.x, self.y, prior_scale=1)
        contrast = fit.contrast("x1", fit, "x2")
        self.assertAlmostEqual(contrast.mean, fit.mean[0] - fit.mean[1])
        self.assertGreater(contrast.prob_greater, 0.99)
        self.assertFalse(any(c.discovery for c in fit.contrast_all(
            pdx.Fit.from_rows(self.x, self.y, prior_scale=0.9)).values()))
        with self.assertRaises(KeyError):
            fit.contrast("x9", fit)


class Studies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, cls.truth = pdx.simulate(pairs=300, scenarios=2)
        cls.study = pdx.Study.fit(cls.data, cls.judgments, draws=100)

    def test_is_a_sequence(self):
        study = self.study
        self.assertEqual(len(study), 6)
        self.assertEqual(len(study.judges) * len(study.groups), 6)
        fit = study["human", study.groups[1]]
        self.assertEqual((fit.judge, fit.group), ("human", study.groups[1]))
        self.assertEqual([f.judge for f in study][-1], study[-1].judge)
        with self.assertRaises(KeyError):
            study["nobody", "all"]
        with self.assertRaises(IndexError):
            study[6]

    def test_save_and_load(self):
        with tempfile.TemporaryDirectory() as folder:
            self.study.save(Path(folder) / "fits.json")
            again = pdx.Study.load(Path(folder) / "fits.json")
            self.truth.save_weights(Path(folder) / "weights")
            self.study.save_dissection(Path(folder) / "plot.svg", truth=self.truth)
            self.assertIn("<svg", (Path(folder) / "plot.svg").read_text())
        for one, other in zip(self.study, again):
            np.testing.assert_array_equal(one.mean, other.mean)
            np.testing.assert_array_equal(one.sd, other.sd)

    def test_means_only(self):
        fit = self.truth[0]
        self.assertEqual(fit.mean.shape, (29,))
        self.assertIsNone(fit.sd)
        self.assertTrue(np.isnan(self.truth.summary()["sd"]).all())

    def test_summary(self):
        table = self.study.summary()
        self.assertEqual(len(table), 6 * 29)
        self.assertIs(type(table), np.ndarray if pandas is None else pandas.DataFrame)
        np.testing.assert_array_equal(np.asarray(table["mean"][:29]), self.study[0].mean)
        self.assertTrue((np.asarray(table["low"]) < np.asarray(table["high"])).all())

    def test_threads_do_not_matter(self):
        one = pdx.Study.fit(self.data, self.judgments, threads=1, judges=["human"])
        np.testing.assert_array_equal(one[0].mean, self.study[0].mean)
        self.assertEqual(one.judges, ("human",))

    def test_ties_as_an_outcome(self):
        self.assertEqual(self.study[0].cut.known, 0)
        self.assertTrue((self.study[0].predict_outcomes(self.data.values[:4])[:, 1] == 0).all())
        study = pdx.Study.fit(self.data, self.judgments, ties="davidson", judges=["human"])
        cut, outcomes = study[0].cut, study[0].predict_outcomes(self.data.values[:4])
        self.assertEqual(cut.known, 1)
        self.assertTrue(0 < cut.p_tie_low < cut.p_tie < cut.p_tie_high < 1)
        np.testing.assert_allclose(outcomes.sum(axis=1), 1)
        self.assertTrue((outcomes > 0).all())

    def test_interval(self):
        fit = self.study[0]
        low, high = fit.interval(0.9).T
        self.assertTrue((low < fit.mean).all() and (fit.mean < high).all())
        self.assertTrue(np.isnan(self.truth[0].interval()).all())
        with self.assertRaisesRegex(ValueError, "quantile_probs"):
            fit.interval(0.99)

    def test_intercept(self):
        numbers = np.random.default_rng(8)
        x = numbers.integers(-1, 2, (200, 2))
        fit = pdx.Fit.from_rows(x, (numbers.random(200) < 0.8).astype(float), intercept=True)
        self.assertEqual(fit.columns[-1], "(intercept)")
        np.testing.assert_array_equal(fit.predict_proba(x),
                                      fit.predict_proba(np.column_stack([x, np.ones(200)])))
        self.assertGreater(fit.predict_proba([[0, 0]])[0], 0.7)

    def test_pickle(self):
        for one, again in zip(self.study, pickle.loads(pickle.dumps(self.study)), strict=True):
            self.same(one, again)
        rows = pdx.Fit.from_rows([[1, 0], [1, 1], [-1, 1]], [1, 1, 0], draws=20)
        again = pickle.loads(pickle.dumps(rows))
        self.same(rows, again)
        np.testing.assert_array_equal(rows.predict_proba([[1, 1]]), again.predict_proba([[1, 1]]))

    def same(self, one, other):
        self.assertEqual((one.judge, one.group, one.columns, one.verdict),
                         (other.judge, other.group, other.columns, other.verdict))
        for name in ("mean", "sd", "covariance", "quantiles", "draws"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


class Pooling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, _ = pdx.simulate(pairs=400, scenarios=3)
        cls.study = pdx.Study.fit(cls.data, cls.judgments, judges=["human", "model-strong"])

    def test_partial(self):
        one, other = self.study.pooled
        self.assertEqual((one.over, len(one), len(other)), ("groups", 3, 3))
        self.assertEqual([fit.group for fit in one], list(self.study.groups))
        tau = one.tau
        self.assertTrue(0 < tau.low < tau.mean < tau.high)
        self.assertEqual(one.tau_quantiles.shape, one.average.quantile_probs.shape)
        self.assertEqual(len(one.average.mean), 29)
        table = one.differences()
        self.assertEqual(len(table), 3 * 29)
        np.testing.assert_allclose(np.asarray(table["mean"])[:29],
                                   one[0].mean - one.average.mean, atol=1e-9)
        self.assertIsNotNone(self.study[0].pooled)
        del one, other
        apart = pdx.Study.fit(self.data, self.judgments, judges=["human"], pool="none")
        self.assertEqual((apart.pooled, apart[0].pooled), ((), None))

    def test_comparison(self):
        told = self.study.pooling("human")
        self.assertGreater(told["folds"], 1)
        self.assertTrue(all(0 < told["log_loss_" + way] < 1
                            for way in ("none", "complete", "partial")))
        with self.assertRaises(pdx.NotFoundError):
            self.study.pooling("nobody")

    def test_drift(self):
        fit = pdx.drift(self.data, self.judgments, "model-strong", "model-weak")
        self.assertEqual(fit.columns, self.data.properties)
        with self.assertRaises(pdx.NotFoundError):
            pdx.drift(self.data, self.judgments, "model-strong", "nobody")

    def test_discoveries(self):
        found = self.study[0].discoveries()
        self.assertEqual(list(found), list(self.study[0].columns))
        with self.assertRaisesRegex(ValueError, "together"):
            with ThreadPoolExecutor(1) as executor:
                pdx.Study.fit(self.data, self.judgments, pool_over="judges", executor=executor)


class Elsewhere(unittest.TestCase):
    """Fits by an executor's workers are the same, number by number."""

    @classmethod
    def setUpClass(cls):
        cls.data, cls.judgments, _ = pdx.simulate(pairs=200, scenarios=2)
        groups = {**cls.data.groups, "both": np.arange(0, 200, 3)}  # pairs lie in several
        cls.data = pdx.Dataset.from_arrays(cls.data.values, properties=cls.data.schema,
                                           ids=cls.data.ids, groups=groups)
        cls.given = {"draws": 50, "folds": 3}
        cls.here = pdx.Study.fit(cls.data, cls.judgments, **cls.given)

    def compare(self, executor):
        told = []
        there = pdx.Study.fit(self.data, self.judgments, executor=executor, progress=told.append,
                              **self.given)
        self.assertEqual((told[-1].done, told[-1].total), (3, 3))
        self.assertEqual([(fit.judge, fit.group) for fit in there],
                         [(fit.judge, fit.group) for fit in self.here])
        for one, other in zip(self.here, there):
            for name in ("mean", "sd", "covariance", "quantiles", "draws", "fold_mean"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
            self.assertEqual(one.prediction.log_loss, other.prediction.log_loss)

    def test_threads(self):
        with ThreadPoolExecutor(2) as executor:
            self.compare(executor)
            with self.assertRaises(ValueError):
                pdx.Study.fit(self.data, self.judgments, executor=executor, prior="flat")
            with self.assertRaises(KeyError):
                pdx.Study.fit(self.data, self.judgments, executor=executor, judges=["nobody"])

    def test_processes(self):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
            self.compare(executor)

    @unittest.skipIf(importlib.util.find_spec("distributed") is None, "dask.distributed is absent")
    def test_dask(self):
        import distributed
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                      host="127.0.0.1", silence_logs=50) as cluster:
            with distributed.Client(cluster) as client, client.get_executor() as executor:
                self.compare(executor)
