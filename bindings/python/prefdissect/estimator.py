"""The fit as an estimator of scikit-learn, so that cross-validation and pipelines work. Imported only
where it is asked for, as scikit-learn is slow to import."""
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._calls import Floats
from .fit import Fit

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn below 1.6
    def validate_data(estimator: Any, *arguments: Any, **options: Any) -> Any:
        """As later versions have it."""
        return estimator._validate_data(*arguments, **options)


class PreferenceDissection(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Bayesian logistic regression of preferences on properties.

    Parameters
    ----------
    prior : {"laplace", "gaussian", "eb"}
        Of the weights; "eb": Laplace, its scale by the evidence.
    prior_scale : float
        b of Laplace or sd of Gaussian.
    method : {"auto", "ep", "stis", "nuts"}
    certificate : {"auto", "always", "never"}
    fit_intercept : bool
        A column of ones with Gaussian prior. False: responses are in no order, so that swapping the
        two turns a probability p into 1 - p.
    seed, threads : int
        Results depend on the seed, not on the threads (0: all cores).

    Attributes
    ----------
    fit_ : Fit
        The posterior, with intervals and certificate.
    classes_ : numpy.ndarray, shape (2,)
        The second one is "A preferred".
    coef_, intercept_ : numpy.ndarray, shape (1, D) and (1,)
        Posterior means.
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray of str
        Where `X` was a DataFrame.

    Examples
    --------
    >>> model = PreferenceDissection(prior_scale=1.0)
    >>> model.fit([[1, 0], [1, 1], [-1, 1], [0, -1]], [1, 1, 0, 1]).predict([[1, -1], [-1, 1]])
    array([1, 0])
    """

    def __init__(self, prior: str = "laplace", prior_scale: float = 0.1, method: str = "auto",
                 certificate: str = "auto", fit_intercept: bool = False, seed: int = 1,
                 threads: int = 0) -> None:
        self.prior = prior
        self.prior_scale = prior_scale
        self.method = method
        self.certificate = certificate
        self.fit_intercept = fit_intercept
        self.seed = seed
        self.threads = threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> PreferenceDissection:
        """Fits the posterior.

        Parameters
        ----------
        X : array_like, shape (n, D)
            Comparisons or differences, A minus B.
        y : array_like, shape (n,)
            Two classes, the greater one where A is preferred.
        sample_weight : array_like, shape (n,), optional
        """
        X, y = validate_data(self, X, y, dtype=(np.float64, np.int8))
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError("Only binary classification is supported. The type of the target is "
                             f"{kind}.")
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        weight = (None if sample_weight is None else
                  _check_sample_weight(sample_weight, X, dtype=np.float64))
        names = getattr(self, "feature_names_in_", None)
        self.fit_ = Fit.from_rows(
            X, labels, weight=weight, names=None if names is None else [*map(str, names)],
            prior=self.prior, prior_scale=self.prior_scale, method=self.method,
            certificate=self.certificate, intercept=self.fit_intercept, predict=False,
            seed=self.seed, threads=self.threads)
        d = X.shape[1]
        self.coef_ = self.fit_.mean[np.newaxis, :d].copy()
        self.intercept_ = self.fit_.mean[d:].copy() if self.fit_intercept else np.zeros(1)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class, averaged over the posterior.

        Parameters
        ----------
        X : array_like, shape (n, D)

        Returns
        -------
        numpy.ndarray, shape (n, 2)
            Columns as in `classes_`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.int8), reset=False)
        preferred = self.fit_.predict_proba(X)
        return np.column_stack([1 - preferred, preferred])

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of the probability of the second class, shape (n,)."""
        probability = self.predict_proba(X)
        return np.asarray(np.log(probability[:, 1]) - np.log(probability[:, 0]))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row, shape (n,)."""
        preferred = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_[preferred.astype(int)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _more_tags(self) -> dict[str, Any]:  # scikit-learn below 1.6
        return {"binary_only": True}
