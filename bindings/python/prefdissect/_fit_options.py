"""The options of fits, as both rows and studies take them."""
from __future__ import annotations

from typing import Any, Mapping, Sequence, TypedDict

import numpy.typing as npt

from . import _api
from ._calls import floats
from ._hooks import Hooks, ProgressFunction
from ._library import lib
from ._options import options

FAMILIES = {"label": "LABEL", "ties": "TIES", "prior": "PRIOR", "position": "POSITION",
            "method": "METHOD", "certificate": "CERTIFICATE", "pool": "POOL", "pool_over": "POOL_OVER", "overlap": "OVERLAP"}

# A fit of so many numbers takes milliseconds, by these methods: too few to be watched or stopped.
BRIEF_NUMBERS = 1 << 15
BRIEF_METHODS = (None, "auto", "ep")


class FitOptions(TypedDict, total=False):
    """How weights are fitted; whatever is absent or None has the library's default.

    Attributes
    ----------
    preset : {"default", "paper"}
        Where the others start from; "paper": the procedure of Li et al. 2024.
    label : {"auto", "order", "sum-logp", "soft", "majority", "margin"}
        How preference labels are made of judgments.
    ties : {"drop", "half", "refuse", "ordinal", "davidson"}
        The last two: an outcome of its own, by a cut (Rao & Kupper 1967) or Davidson's model 1970.
    prior : {"laplace", "gaussian", "eb"}
        "eb": Laplace, its scale by the evidence.
    prior_scale : float
        b of Laplace or sd of Gaussian; default 0.1.
    prior_scales : array_like, shape (D,)
        One per property; 0 pins a weight to zero, infinity is flat.
    intercept : bool
    intercept_scale : float
        sd of its Gaussian prior; default 2.5.
    position : {"none", "gaussian", "laplace"}
        Prior of the position effect; default Gaussian.
    position_scale : float
        Default 2.5.
    order_weight : float
        Weight of each order's row of a pair judged in both; default 0.5.
    folds : int
        K >= 2: also the mean over K leave-one-K-th-out fits.
    paper_folds, predict, covariance : bool
        The original's fold rule; held-out prediction (default); keep the covariance (default).
    method : {"auto", "ep", "stis", "nuts"}
    certificate : {"auto", "always", "never"}
    draws : int
        Posterior draws to keep; default 0.
    nuts_chains, nuts_warmup, nuts_draws : int
    seed, threads : int
        Results depend on the seed, not on the threads.
    quantile_probs : array_like
        Ascending, in (0, 1).
    judges : sequence of str
        These judges only.
    pool : {"none", "complete", "partial", "auto"}
        What groups share: nothing, everything, strength; auto: partial where there are groups.
    tau_scale : float
        Partial pooling: of the half-normal prior of the groups' scatter; default 0.2.
    pool_over : {"groups", "judges"}
        What is pooled: the groups of a judge, or the judges (versions of one) in a group.
    overlap : {"share", "whole"}
        What a pair in k groups counts in each: 1/k (default) or 1.
    group_weights : array_like
        One per group of the dataset, in place of `overlap`.
    pool_compare : bool
        How well the three ways to pool foretell held-out labels (default); see `Study.pooling`.
    imputations : int
        Above 0: allow for noise in the properties, known from repeated annotations, by so many
        imputations; 20 are usual. Studies only.
    progress : callable or True
        Called with a `Progress`, an exception stops the call; True: a bar.
    """

    preset: str | None
    label: str | None
    ties: str | None
    prior: str | None
    prior_scale: float | None
    prior_scales: npt.ArrayLike | None
    intercept: bool | None
    intercept_scale: float | None
    position: str | None
    position_scale: float | None
    order_weight: float | None
    folds: int | None
    paper_folds: bool | None
    predict: bool | None
    method: str | None
    certificate: str | None
    draws: int | None
    nuts_chains: int | None
    nuts_warmup: int | None
    nuts_draws: int | None
    seed: int | None
    threads: int | None
    quantile_probs: npt.ArrayLike | None
    covariance: bool | None
    judges: Sequence[str] | None
    pool: str | None
    tau_scale: float | None
    pool_over: str | None
    overlap: str | None
    group_weights: npt.ArrayLike | None
    pool_compare: bool | None
    imputations: int | None
    progress: ProgressFunction | None


def fit_options(given: Mapping[str, Any], d: int, n: int | None = None
                ) -> tuple[Any, Hooks | None]:
    """The struct of a fit with d properties (and n rows), and the hooks of its call."""
    rest = dict(given)
    preset = rest.pop("preset", None)
    scales = rest.get("prior_scales")
    if scales is not None:
        rest["prior_scales"] = floats(scales, (d,), "prior_scales")
    brief = n is not None and n * d <= BRIEF_NUMBERS and rest.get("method") in BRIEF_METHODS
    return options(_api.pdx_fit_options, lib.pdx_fit_options_init, rest, FAMILIES, preset, brief)
