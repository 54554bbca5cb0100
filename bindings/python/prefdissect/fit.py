"""What a judge weighs: a fit, and a study of judges x groups."""
from __future__ import annotations

import ctypes
import importlib.util
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NamedTuple, Sequence, TypedDict

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import (Floats, Handle, Path, ProgressFunction, Resource, address, borrowed, floats,
                     made, options, run, string, text, texts)
from ._library import lib

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments

FAMILIES = {"label": "LABEL", "ties": "TIES", "prior": "PRIOR", "position": "POSITION",
            "method": "METHOD", "certificate": "CERTIFICATE", "pool": "POOL"}


class FitOptions(TypedDict, total=False):
    """How weights are fitted; whatever is absent or None has the library's default.

    Attributes
    ----------
    preset : {"default", "paper"}
        Where the others start from; "paper": the procedure of Li et al. 2024.
    label : {"auto", "order", "sum-logp", "soft", "majority", "margin"}
        How preference labels are made of judgments.
    ties : {"drop", "half", "refuse"}
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
    pool : {"none", "complete", "partial"}
        What groups share.
    progress : callable
        Called with a `Progress`; an exception stops the call.
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
    progress: ProgressFunction | None


class Contrast(NamedTuple):
    """Weight of one fit minus weight of another: mean, sd, 95 % interval, P(> 0), and whether its
    sign is a discovery (`Fit.contrast_all` only)."""

    mean: float
    sd: float
    low: float
    high: float
    prob_greater: float
    discovery: bool


class Fit:
    """The posterior of one judge's weights in one group, in log-odds per unit of a property.

    Arrays are read-only views of the library's memory, which they keep alive; D properties.

    Attributes
    ----------
    judge, group, label : str
        Whose weights, on which pairs, from which kind of label.
    columns : tuple of str, length D
    rows : int
        Rows that were fitted.
    """

    def __init__(self, pointer: Any, owner: Handle) -> None:
        self._pointer = pointer
        self._owner = owner
        self.judge = string(lib.pdx_posterior_judge(pointer))
        self.group = string(lib.pdx_posterior_group(pointer))
        self.label = string(lib.pdx_posterior_label(pointer))
        self.rows = int(lib.pdx_posterior_rows(pointer))
        self._dim = int(lib.pdx_posterior_dim(pointer))

    @classmethod
    def from_rows(cls, x: npt.ArrayLike, y: npt.ArrayLike | None = None, *,
                  margin: npt.ArrayLike | None = None, weight: npt.ArrayLike | None = None,
                  offset: npt.ArrayLike | None = None, names: Sequence[str] | None = None,
                  **given: Unpack[FitOptions]) -> Fit:
        """The model without dataset or judgments. C-ordered float64 or int8 `x` is not copied.

        Parameters
        ----------
        x : array_like, shape (n, D)
            Comparisons or differences, finite.
        y : array_like, shape (n,)
            In [0, 1]: 1 where A is preferred.
        margin : array_like, shape (n,)
            Log-odds, in place of y.
        weight, offset : array_like, shape (n,), optional
            Weights >= 0 (default 1); known part of the log-odds (default 0).
        names : sequence of D str, optional
        **given
            See `FitOptions`.

        Raises
        ------
        InvalidError, ValueError, NumericError

        Examples
        --------
        >>> fit = Fit.from_rows([[1, 0], [1, 1], [-1, 1], [0, -1]], [1, 1, 0, 1],
        ...                     names=["length", "tone"])
        >>> fit.columns, fit.rows
        (('length', 'tone'), 4)
        """
        array = np.asarray(x)
        if array.ndim != 2:
            raise ValueError(f"x has {array.ndim} dimensions; it must be (rows, properties)")
        whole = array.dtype == np.int8
        array = np.ascontiguousarray(array, dtype=np.int8 if whole else np.float64)
        n, d = array.shape
        vectors = {name: None if value is None else floats(value, (n,), name) for name, value in
                   (("y", y), ("margin", margin), ("weight", weight), ("offset", offset))}
        if names is not None and len(names) != d:
            raise ValueError(f"{len(names)} names for {d} columns")
        rows = _api.pdx_rows(
            size=ctypes.sizeof(_api.pdx_rows), d=d, n=n,
            **{"x_int8" if whole else "x": address(array, ctypes.c_int8 if whole
                                                   else ctypes.c_double)},
            **{name: address(value) for name, value in vectors.items()},
            names=None if names is None else texts(names))
        struct, hooks = _fit_options(given, d)
        pointer = made(_api.pdx_posterior, lib.pdx_fit_rows, byref(rows), byref(struct), hooks=hooks)
        return cls(pointer, Handle(pointer, lib.pdx_posterior_free))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the properties, length D."""
        return tuple(string(lib.pdx_posterior_column(self._pointer, i)) for i in range(self._dim))

    def column_index(self, name: str) -> int:
        """Index of a column; KeyError where there is none."""
        try:
            return self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None

    @property
    def mean(self) -> Floats:
        """Posterior means, shape (D,)."""
        mean = self._array("mean")
        return np.empty(0) if mean is None else mean

    @property
    def sd(self) -> Floats | None:
        """Posterior standard deviations, shape (D,); None where only means are known."""
        return self._array("sd")

    @property
    def prob_positive(self) -> Floats | None:
        """P(weight > 0), shape (D,); None where only means are known."""
        return self._array("prob_positive")

    @property
    def fold_mean(self) -> Floats | None:
        """Mean over the leave-one-fold-out fits, shape (D,); None without folds."""
        return self._array("fold_mean")

    @property
    def covariance(self) -> Floats | None:
        """Shape (D, D); None where it was not kept."""
        return borrowed(self._owner, lib.pdx_posterior_covariance(self._pointer),
                        (self._dim, self._dim))

    @property
    def quantile_probs(self) -> Floats | None:
        """The probabilities of `quantiles`, shape (Q,)."""
        return borrowed(self._owner, lib.pdx_posterior_quantile_probs(self._pointer),
                        (self._quantile_count,))

    @property
    def quantiles(self) -> Floats | None:
        """Shape (D, Q); None where only means are known."""
        return borrowed(self._owner, lib.pdx_posterior_quantiles(self._pointer),
                        (self._dim, self._quantile_count))

    @property
    def draws(self) -> Floats | None:
        """Posterior draws of equal weight, shape (draws, D); None where none were kept."""
        count = int(lib.pdx_posterior_draw_count(self._pointer))
        return borrowed(self._owner, lib.pdx_posterior_draws(self._pointer), (count, self._dim))

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
    def verdict(self) -> str:
        """One plain sentence on whether the numbers can be trusted, and why."""
        return string(lib.pdx_posterior_verdict(self._pointer))

    def predict_proba(self, x: npt.ArrayLike) -> Floats:
        """P(A preferred) of rows, averaged over the posterior; position and offset are 0.

        Parameters
        ----------
        x : array_like, shape (n, D)

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        array = np.ascontiguousarray(x, dtype=np.float64)
        n = array.shape[0] if array.ndim == 2 else 0
        array = floats(array, (n, self._dim), "x")
        out = np.empty(n)
        if n:
            run(lib.pdx_posterior_predict, self._pointer, address(array), n, address(out))
        return out

    def contrast(self, column: str, other: Fit, other_column: str | None = None) -> Contrast:
        """Weight of a column here minus that of a column of another fit (or of this one)."""
        out = _api.pdx_contrast()
        run(lib.pdx_posterior_contrast, self._pointer, self.column_index(column), other._pointer,
            other.column_index(other_column or column), byref(out))
        return _contrast(out)

    def contrast_all(self, other: Fit, rate: float = 0.05) -> dict[str, Contrast]:
        """Column by column, this fit minus `other`, which has the same columns.

        Parameters
        ----------
        other : Fit
        rate : float
            Expected share of wrong signs among the discoveries (Mueller, Parmigiani & Rice 2006).
        """
        out = (_api.pdx_contrast * self._dim)()
        run(lib.pdx_posterior_contrast_all, self._pointer, other._pointer, rate, out)
        return dict(zip(self.columns, map(_contrast, out)))

    def summary(self) -> Any:
        """A row per property: judge, group, property, mean, sd, low, high (95 %), prob_positive.

        Returns
        -------
        pandas.DataFrame
            A numpy structured array with the same names where pandas is not installed.
        """
        return _frame([self])

    def to_arviz(self) -> Any:
        """The kept draws for ArviZ, as one chain: variable "weight" with dimension "property".

        Raises
        ------
        ValueError
            The fit kept no draws: ask for some by `draws=`.
        ImportError
            ArviZ is not installed.
        """
        import arviz
        draws = self.draws
        if draws is None:
            raise ValueError("this fit kept no draws; fit with draws=1000 or so")
        posterior = {"weight": draws[np.newaxis]}
        names = {"coords": {"property": list(self.columns)}, "dims": {"weight": ["property"]}}
        if int(arviz.__version__.split(".")[0]) >= 1:
            return arviz.from_dict({"posterior": posterior}, **names)
        return arviz.from_dict(posterior=posterior, **names)

    def __repr__(self) -> str:
        return (f"<Fit of {self.judge!r} in {self.group!r}: {self.rows} rows, {self._dim} "
                f"properties>")

    def _array(self, name: str) -> Floats | None:
        pointer = getattr(lib, "pdx_posterior_" + name)(self._pointer)
        return borrowed(self._owner, pointer, (self._dim,))

    @property
    def _quantile_count(self) -> int:
        return int(lib.pdx_posterior_quantile_count(self._pointer))


class Study(Resource):
    """Fits of judges x groups; a sequence of `Fit`. `study[0]`, `study["gpt-4", "coding"]`.

    Examples
    --------
    >>> from prefdissect import simulate
    >>> simulated = simulate(pairs=200, scenarios=1)
    >>> study = Study.fit(simulated.dataset, simulated.judgments)
    >>> study.judges
    ('human', 'model-strong', 'model-weak')
    """

    _free_name = "pdx_study_free"

    @classmethod
    def fit(cls, dataset: Dataset, judgments: Judgments, **given: Unpack[FitOptions]) -> Study:
        """Fits every judge in every group (one group "all" where the dataset has none).

        Parameters
        ----------
        dataset : Dataset
        judgments : Judgments
        **given
            See `FitOptions`.

        Raises
        ------
        InvalidError, NotFoundError, NumericError
        """
        struct, hooks = _fit_options(given, len(dataset.schema))
        return cls(made(_api.pdx_study, lib.pdx_study_fit, dataset._pointer, judgments._pointer,
                        byref(struct), hooks=hooks))

    @classmethod
    def load(cls, path: Path) -> Study:
        """From fits.json, at round-trip precision."""
        return cls(made(_api.pdx_study, lib.pdx_study_load, text(path)))

    @classmethod
    def load_weights(cls, path: Path) -> Study:
        """From the original's weight files: fits with means only."""
        return cls(made(_api.pdx_study, lib.pdx_study_load_weights, text(path)))

    def save(self, path: Path) -> None:
        """Writes fits.json, whole or not at all."""
        run(lib.pdx_study_save, self._pointer, text(path))

    def save_weights(self, path: Path) -> None:
        """Writes the original's weight files: a folder, or a file where the name ends in .json."""
        run(lib.pdx_study_save_weights, self._pointer, text(path))

    def save_dissection(self, path: Path, *, group: str | None = None,
                        judges: Sequence[str] | None = None, truth: Study | None = None) -> None:
        """Writes the dissection plot as SVG.

        Parameters
        ----------
        path : path
        group : str, optional
            Default: that of the first fit.
        judges : sequence of str, optional
            At most 8; default: all of the group.
        truth : Study, optional
            Planted weights, drawn as hollow marks.
        """
        run(lib.pdx_report_dissection_svg, self._pointer, text(group),
            None if judges is None else texts(judges), len(judges or ()),
            None if truth is None else truth._pointer, text(path))

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges, in the order of their first fits."""
        return tuple(dict.fromkeys(fit.judge for fit in self))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in the order of their first fits."""
        return tuple(dict.fromkeys(fit.group for fit in self))

    def summary(self) -> Any:
        """A row per fit and property, as `Fit.summary` gives it."""
        return _frame(list(self))

    def __len__(self) -> int:
        return int(lib.pdx_study_count(self._pointer))

    def __getitem__(self, key: int | tuple[str, str]) -> Fit:
        if isinstance(key, tuple):
            judge, group = key
            pointer = lib.pdx_study_find(self._pointer, text(judge), text(group))
            if not pointer:
                raise KeyError(key)
        else:
            pointer = lib.pdx_study_get(self._pointer, range(len(self))[key])
        return Fit(pointer, self._held)

    def __iter__(self) -> Iterator[Fit]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Study, closed>"
        return f"<Study: {len(self)} fits, {len(self.judges)} judges, {len(self.groups)} groups>"


def _fit_options(given: Mapping[str, Any], d: int) -> tuple[Any, Any]:
    rest = dict(given)
    preset = text(rest.pop("preset", None))
    scales = rest.get("prior_scales")
    if scales is not None:
        rest["prior_scales"] = floats(scales, (d,), "prior_scales")

    def init(struct: Any, size: int) -> None:
        lib.pdx_fit_options_init(struct, size)
        if preset is not None:
            run(lib.pdx_fit_options_preset, struct, size, preset)

    return options(_api.pdx_fit_options, init, rest, FAMILIES)


def _contrast(out: _api.pdx_contrast) -> Contrast:
    return Contrast(out.mean, out.sd, out.low, out.high, out.prob_greater, bool(out.discovery))


def _limit(fit: Fit, probability: float) -> Floats:
    probs, quantiles = fit.quantile_probs, fit.quantiles
    if probs is not None and quantiles is not None:
        for i in np.flatnonzero(np.isclose(probs, probability, atol=1e-12)):
            return np.asarray(quantiles[:, i])
    return np.full(fit.mean.size, np.nan)


def _frame(fits: Sequence[Fit]) -> Any:
    def stacked(pick: Any) -> Floats:
        parts = [pick(fit) for fit in fits]
        return np.concatenate([np.full(fit.mean.size, np.nan) if part is None else part
                               for fit, part in zip(fits, parts)] or [np.empty(0)])

    def repeated(pick: Any) -> list[str]:
        return [pick(fit) for fit in fits for _ in range(fit.mean.size)]

    columns: dict[str, Any] = {
        "judge": repeated(lambda fit: fit.judge), "group": repeated(lambda fit: fit.group),
        "property": [name for fit in fits for name in fit.columns],
        "mean": stacked(lambda fit: fit.mean), "sd": stacked(lambda fit: fit.sd),
        "low": stacked(lambda fit: _limit(fit, 0.025)),
        "high": stacked(lambda fit: _limit(fit, 0.975)),
        "prob_positive": stacked(lambda fit: fit.prob_positive)}
    if importlib.util.find_spec("pandas") is not None:
        import pandas as pd
        return pd.DataFrame(columns)
    arrays = {name: np.array(column) for name, column in columns.items()}
    table = np.empty(len(arrays["mean"]), dtype=[(name, array.dtype)
                                                 for name, array in arrays.items()])
    for name, array in arrays.items():
        table[name] = array
    return table
