"""The numbers of a posterior: what a fit says, without what it can be asked."""
from __future__ import annotations

from ctypes import byref
from functools import cached_property
from typing import Any

import numpy as np

from . import _api
from ._calls import Floats, Handle, borrowed, run, string
from ._library import lib
from ._tables import table_of


class Posterior:
    """One posterior, in log-odds per unit of a property; D properties.

    Arrays are read-only views of the library's memory, which they keep alive.
    """

    def __init__(self, pointer: Any, owner: Handle) -> None:
        self._pointer = pointer
        self._owner = owner

    # ---- whose, of what ----

    @cached_property
    def judge(self) -> str:
        """Whose weights."""
        return string(lib.pdx_posterior_judge(self._pointer))

    @cached_property
    def group(self) -> str:
        """On which pairs."""
        return string(lib.pdx_posterior_group(self._pointer))

    @cached_property
    def label(self) -> str:
        """From which kind of label."""
        return string(lib.pdx_posterior_label(self._pointer))

    @cached_property
    def rows(self) -> int:
        """Rows that were fitted."""
        return int(lib.pdx_posterior_rows(self._pointer))

    @cached_property
    def _dim(self) -> int:
        return int(lib.pdx_posterior_dim(self._pointer))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the properties, length D."""
        return tuple(string(lib.pdx_posterior_column(self._pointer, i)) for i in range(self._dim))

    def column_index(self, name: str) -> int:
        """Index of a column; KeyError where there is none."""
        try:
            return self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None

    # ---- the posterior ----

    @cached_property
    def mean(self) -> Floats:
        """Posterior means, shape (D,)."""
        mean = self._array(lib.pdx_posterior_mean, self._dim)
        return np.empty(0) if mean is None else mean

    @cached_property
    def sd(self) -> Floats | None:
        """Posterior standard deviations, shape (D,); None where only means are known."""
        return self._array(lib.pdx_posterior_sd, self._dim)

    @cached_property
    def prob_positive(self) -> Floats | None:
        """P(weight > 0), shape (D,); None where only means are known."""
        return self._array(lib.pdx_posterior_prob_positive, self._dim)

    @cached_property
    def fold_mean(self) -> Floats | None:
        """Mean over the leave-one-fold-out fits, shape (D,); None without folds."""
        return self._array(lib.pdx_posterior_fold_mean, self._dim)

    @cached_property
    def covariance(self) -> Floats | None:
        """Shape (D, D); None where it was not kept."""
        return self._array(lib.pdx_posterior_covariance, self._dim, self._dim)

    @cached_property
    def quantile_probs(self) -> Floats | None:
        """The probabilities of `quantiles`, shape (Q,)."""
        return self._array(lib.pdx_posterior_quantile_probs, self._quantile_count)

    @cached_property
    def quantiles(self) -> Floats | None:
        """Shape (D, Q); None where only means are known."""
        return self._array(lib.pdx_posterior_quantiles, self._dim, self._quantile_count)

    @cached_property
    def draws(self) -> Floats | None:
        """Posterior draws of equal weight, shape (draws, D); None where none were kept."""
        count = int(lib.pdx_posterior_draw_count(self._pointer))
        return self._array(lib.pdx_posterior_draws, count, self._dim)

    def interval(self, level: float = 0.95) -> Floats:
        """Central interval of each weight, shape (D, 2); NaN where only means are known.

        Parameters
        ----------
        level : float
            Its ends must be among `quantile_probs`, so 0.95, 0.9, 0.8 or 0.5 by default.
        """
        probs, quantiles = self.quantile_probs, self.quantiles
        if probs is None or quantiles is None:
            return np.full((self._dim, 2), np.nan)
        ends = [np.flatnonzero(np.isclose(probs, p, atol=1e-12))
                for p in ((1 - level) / 2, (1 + level) / 2)]
        if not all(end.size for end in ends):
            raise ValueError(f"no quantiles of a {level:g} interval; ask for them by quantile_probs=")
        return np.asarray(quantiles[:, [int(end[0]) for end in ends]])

    def _limits(self) -> Floats:
        """The 95 % interval; NaN, too, where other quantiles were asked for."""
        try:
            return self.interval()
        except ValueError:
            return np.full((self._dim, 2), np.nan)

    # ---- what else was learned ----

    @property
    def ties(self) -> int:
        """Ties that were met, and dropped or halved."""
        return int(lib.pdx_posterior_ties(self._pointer))

    @property
    def no_verdict(self) -> int:
        """Judgments without a verdict."""
        return int(lib.pdx_posterior_no_verdict(self._pointer))

    @property
    def log_evidence(self) -> float:
        """Log marginal likelihood; NaN: not computed."""
        return float(lib.pdx_posterior_log_evidence(self._pointer))

    @property
    def elpd_loo(self) -> float:
        """Expected log predictive density, leave one out; NaN: not computed."""
        return float(lib.pdx_posterior_elpd_loo(self._pointer))

    @property
    def prior_scale(self) -> float:
        """The scale of the prior that was used."""
        return float(lib.pdx_posterior_prior_scale(self._pointer))

    @property
    def certificate(self) -> _api.pdx_certificate:
        """How far the numbers can be trusted; fields as in posterior.h."""
        out = _api.pdx_certificate()
        run(lib.pdx_posterior_certificate, self._pointer, byref(out))
        return out

    @property
    def position(self) -> _api.pdx_position:
        """Pull of whatever was shown first, in log-odds; `known` is 0 where the model has none."""
        out = _api.pdx_position()
        run(lib.pdx_posterior_position, self._pointer, byref(out))
        return out

    @property
    def prediction(self) -> _api.pdx_prediction:
        """Held-out accuracy, log loss and AUC, with baselines; `folds` is 0: not computed."""
        out = _api.pdx_prediction()
        run(lib.pdx_posterior_prediction, self._pointer, byref(out))
        return out

    @property
    def margin(self) -> _api.pdx_margin:
        """Of the margin model: its scale, and margins beside signs; else `known` is 0."""
        out = _api.pdx_margin()
        run(lib.pdx_posterior_margin, self._pointer, byref(out))
        return out

    @property
    def cut(self) -> _api.pdx_cut:
        """Of the models of ties: how near equal a tie is, and held-out prediction of all three
        outcomes; else `known` is 0."""
        out = _api.pdx_cut()
        run(lib.pdx_posterior_cut, self._pointer, byref(out))
        return out

    @property
    def imputations(self) -> int:
        """How many imputations of noisy properties were made; 0: they count as exact."""
        return int(lib.pdx_posterior_imputations(self._pointer))

    @property
    def noise(self) -> Any:
        """What noise in the properties does to each weight, where imputations were made.

        Returns
        -------
        pandas.DataFrame (or structured array)
            A row per property, fields as pdx_noise in posterior.h.
        """
        names, rows = [name for name, *_ in _api.pdx_noise._fields_], []
        for i, column in enumerate(self.columns):
            out = _api.pdx_noise()
            run(lib.pdx_posterior_noise, self._pointer, i, byref(out))
            rows.append((column, *(getattr(out, name) for name in names)))
        return table_of(["property", *names], rows)

    @property
    def verdict(self) -> str:
        """One plain sentence on whether the numbers can be trusted, and why."""
        return string(lib.pdx_posterior_verdict(self._pointer))

    def _array(self, function: Any, *shape: int) -> Floats | None:
        return borrowed(self._owner, function(self._pointer), shape)

    @property
    def _quantile_count(self) -> int:
        return int(lib.pdx_posterior_quantile_count(self._pointer))
