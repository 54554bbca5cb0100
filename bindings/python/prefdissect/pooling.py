"""Partial pooling: what the groups of a judge share, and how they differ."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

import numpy as np

from . import _api
from ._calls import Floats, Handle, borrowed, made, run, text
from ._fit_options import FitOptions, fit_options
from ._library import lib
from ._options import name_of
from ._tables import flat, table
from .fit import Contrast, Fit

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments


class Tau(NamedTuple):
    """How far the groups' weights scatter about their average, in log-odds: mean, sd, 95 % interval,
    and the scale of its half-normal prior."""

    mean: float
    sd: float
    low: float
    high: float
    scale: float


class Pooled:
    """What the groups of one judge (or the judges in one group) share: w_g ~ N(mu, tau^2); a sequence
    of the `Fit` of each."""

    def __init__(self, pointer: Any, owner: Handle) -> None:
        self._pointer = pointer
        self._owner = owner

    @property
    def over(self) -> str:
        """ "groups" or "judges"."""
        return name_of("POOL_OVER", lib.pdx_pooled_over(self._pointer))

    @property
    def average(self) -> Fit:
        """mu: the weights on average."""
        return Fit(lib.pdx_pooled_mean(self._pointer), self._owner)

    @property
    def tau(self) -> Tau:
        """How far the weights scatter about the average."""
        out = _api.pdx_tau()
        run(lib.pdx_pooled_tau, self._pointer, byref(out))
        return Tau(out.mean, out.sd, out.low, out.high, out.scale)

    @property
    def tau_quantiles(self) -> Floats:
        """Quantiles of tau at the probabilities of `average.quantile_probs`."""
        probs = self.average.quantile_probs
        out = borrowed(self._owner, lib.pdx_pooled_tau_quantiles(self._pointer),
                       (0 if probs is None else probs.size,))
        return np.empty(0) if out is None else out

    def differences(self, rate: float = 0.05) -> Any:
        """How each group differs from the average, property by property.

        Parameters
        ----------
        rate : float
            Expected share of wrong signs among the discoveries, over all groups at once.

        Returns
        -------
        pandas.DataFrame (or structured array)
            judge, group, property, mean, sd, low, high, prob_greater, discovery.
        """
        fits = list(self)
        columns = fits[0].columns
        out = (_api.pdx_contrast * (len(fits) * len(columns)))()
        run(lib.pdx_pooled_differences, self._pointer, rate, out)
        contrasts = [Contrast.of(one) for one in out]
        named = [(fit.judge, fit.group, column) for fit in fits for column in columns]
        return table({
            **{name: [row[i] for row in named] for i, name in
               enumerate(("judge", "group", "property"))},
            **{name: [getattr(one, name) for one in contrasts] for name in Contrast._fields}})

    def __len__(self) -> int:
        return int(lib.pdx_pooled_count(self._pointer))

    def __getitem__(self, index: int) -> Fit:
        return Fit(lib.pdx_pooled_get(self._pointer, range(len(self))[index]), self._owner)

    def __iter__(self) -> Iterator[Fit]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<Pooled over {len(self)} {self.over}>"


def pooling(study: Any, judge: str | None) -> dict[str, Any]:
    """See `Study.pooling`."""
    out = _api.pdx_pooling()
    run(lib.pdx_study_pooling, study._pointer, text(judge), byref(out))
    return flat(out)


def drift(dataset: Dataset, judgments: Judgments, before: str, after: str,
          group: str | None = None, **given: Unpack[FitOptions]) -> Fit:
    """What changed between two judges (versions of one) that saw the same pairs.

    From the pairs on which they disagree (conditional logistic regression; Breslow & Day 1980), so
    that whatever else a pair has in store for both cancels.

    Parameters
    ----------
    dataset : Dataset
    judgments : Judgments
    before, after : str
    group : str, optional
        Default: all pairs.
    **given
        See `FitOptions`.

    Returns
    -------
    Fit
        Of the differences, after minus before.
    """
    struct, hooks = fit_options(given, len(dataset.schema))
    pointer = made(_api.pdx_posterior, lib.pdx_drift_fit, dataset._pointer, judgments._pointer,
                   text(before), text(after), text(group), byref(struct), hooks=hooks)
    return Fit(pointer, Handle(pointer, lib.pdx_posterior_free))
