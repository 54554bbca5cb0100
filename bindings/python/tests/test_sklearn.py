"""The estimator, by scikit-learn's own checks, in cross-validation and in a pipeline."""
import importlib.util
import unittest
import warnings

import numpy as np

import prefdissect as pdx

# What an honest fit of ours cannot do, and why.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data":
        "expectation propagation takes a row of weight 2 as one site and two rows as two: the "
        "answers agree to about 1e-3 sd, not to the last digit",
}


@unittest.skipIf(importlib.util.find_spec("sklearn") is None, "scikit-learn is absent")
class Estimator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        numbers = np.random.default_rng(2)
        cls.X = numbers.integers(-1, 2, (400, 5)).astype(float)
        odds = cls.X @ [1.0, -1.0, 0.5, 0.0, 0.0]
        cls.y = np.where(numbers.random(400) < 1 / (1 + np.exp(-odds)), "A wins", "B wins")

    def test_checks(self):
        import sklearn
        from sklearn.utils.estimator_checks import check_estimator
        estimator = pdx.PreferenceDissection(certificate="never", threads=1)
        if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 6):
            self.skipTest(f"scikit-learn {sklearn.__version__} cannot name expected failures")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(estimator, expected_failed_checks=EXPECTED, on_fail=None)
        failed = {result["check_name"]: result["exception"] for result in results
                  if result["status"] == "failed"}
        self.assertEqual(failed, {})
        self.assertGreater(sum(result["status"] == "passed" for result in results), 40)

    def test_weights_are_repetitions(self):
        weight = np.random.default_rng(3).integers(0, 3, 400)
        one = pdx.PreferenceDissection(prior_scale=1.0).fit(self.X, self.y, sample_weight=weight)
        other = pdx.PreferenceDissection(prior_scale=1.0).fit(np.repeat(self.X, weight, axis=0),
                                                              np.repeat(self.y, weight))
        np.testing.assert_allclose(one.coef_[0], other.coef_[0], atol=5e-3 * one.fit_.sd.min())

    def test_is_the_fit(self):
        model = pdx.PreferenceDissection(prior_scale=1.0).fit(self.X, self.y)
        fit = pdx.Fit.from_rows(self.X, (self.y == "B wins").astype(float), prior_scale=1.0)
        np.testing.assert_array_equal(model.coef_[0], fit.mean)
        self.assertEqual(model.classes_.tolist(), ["A wins", "B wins"])
        np.testing.assert_allclose(model.predict_proba(self.X)[:, 1], fit.predict_proba(self.X))
        self.assertEqual(model.intercept_.tolist(), [0.0])
        leaning = pdx.PreferenceDissection(fit_intercept=True).fit(
            np.tile([[1.0, 0.0], [0.0, 1.0]], (50, 1)), np.arange(100) % 4 > 0)
        self.assertGreater(leaning.intercept_[0], 0.5)

    def test_cross_validation_and_pipelines(self):
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        scores = cross_val_score(pdx.PreferenceDissection(), self.X, self.y, cv=4,
                                 scoring="neg_log_loss")
        self.assertTrue((scores > -0.69).all(), scores)
        line = make_pipeline(StandardScaler(with_mean=False), pdx.PreferenceDissection())
        search = GridSearchCV(line, {"preferencedissection__prior_scale": [0.001, 0.3]}, cv=3,
                              scoring="neg_log_loss")
        search.fit(self.X, self.y)
        self.assertEqual(search.best_params_, {"preferencedissection__prior_scale": 0.3})

    def test_parameters(self):
        from sklearn.base import clone
        model = pdx.PreferenceDissection().set_params(prior="gaussian", prior_scale=2.0)
        self.assertEqual(clone(model).get_params()["prior"], "gaussian")
        with self.assertRaises(ValueError):
            clone(model).set_params(prior="flat").fit(self.X, self.y)


class WithoutIt(unittest.TestCase):
    def test_name_is_there(self):
        self.assertNotIn("PreferenceDissection", pdx.__all__)  # import * must not need sklearn
        with self.assertRaises(AttributeError):
            pdx.Nothing
