"""The library's own pictures, as SVG: readable in print and by every kind of sight, the same bytes for the
same input. `plots` draws the like with matplotlib, to be changed at will.

    >>> import prefdissect as pdx
    >>> data, judgments, truth = pdx.simulate(pairs=200, scenarios=1)
    >>> study = pdx.Study.fit(data, judgments)
    >>> picture = pdx.svg.dissection(study, truth=truth)    # a notebook shows it
    >>> picture[:4]
    '<svg'
"""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import Path, address, floats, saved, text, texts
from ._library import lib
from ._options import chosen, options
from .explanation import ORDERS

if TYPE_CHECKING:
    from .dataset import Dataset
    from .fit import Fit
    from .judgments import Judgments
    from .similarity import Similarity
    from .study import Study


class Svg(str):
    """A picture as text; a notebook shows it."""

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: Path) -> None:
        """Writes it to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self)


def dissection(study: Study, *, group: str | None = None, judges: Sequence[str] | None = None,
               truth: Study | None = None) -> Svg:
    """Properties by the probability of being preferred, a mark a judge, with 95 % intervals.

    Parameters
    ----------
    study : Study
    group : str, optional
        Default: that of the first fit.
    judges : sequence of str, optional
        At most 8; default: all of the group.
    truth : Study, optional
        Planted weights, drawn as hollow marks.
    """
    return _svg(lib.pdx_report_dissection_svg, study._pointer, text(group),
                None if judges is None else texts(judges), len(judges or ()),
                None if truth is None else truth._pointer)


def similarity(judges: Similarity, metric: str = "pearson", group: str | None = None) -> Svg:
    """Heat map of a `Similarity` with values, limits and the tree of clusters; group None: overall."""
    return _svg(lib.pdx_report_similarity_svg, judges._pointer, judges._group(group),
                chosen("METRIC", metric))


def agreement(judgments: Judgments, dataset: Dataset, judges: Sequence[str] | None = None,
              group: str | None = None, measure: str = "raw") -> Svg:
    """Heat map of the judges' agreement; measure "raw" or "kappa"."""
    names = judgments.judges if judges is None else tuple(judges)
    numbers = np.array([judgments.judge_index(name) for name in names], dtype=np.int32)
    return _svg(lib.pdx_report_agreement_svg, judgments._pointer, dataset._pointer,
                address(numbers, ctypes.c_int32), len(names), dataset.group_index(group),
                chosen("AGREEMENT", measure))


def waterfall(fit: Fit, x: npt.ArrayLike, *, order: str | None = None, pair: str | None = None
              ) -> Svg:
    """One decision, property by property; see `Fit.explain`. `pair` names it in the title."""
    row = floats(x, (len(fit.columns),), "x")
    struct, _ = options(_api.pdx_explain_options, lib.pdx_explain_options_init,
                        {"order": ORDERS[order]})
    return _svg(lib.pdx_report_waterfall_svg, fit._pointer, address(row), byref(struct), text(pair))


def contrast(fit: Fit, other: Fit, rate: float = 0.05) -> Svg:
    """Weights of `fit` minus those of `other`, discoveries at that false discovery rate solid."""
    return _svg(lib.pdx_report_contrast_svg, fit._pointer, other._pointer, rate)


def position(study: Study, *, group: str | None = None, dataset: Dataset | None = None,
             judgments: Judgments | None = None) -> Svg:
    """P(first wins | responses equal) of each judge; with `dataset` and `judgments`, beside the share
    that the first was seen to win."""
    return _svg(lib.pdx_report_position_svg, study._pointer, text(group),
                None if dataset is None else dataset._pointer,
                None if judgments is None else judgments._pointer)


def prior(fits: Mapping[str, Fit]) -> Svg:
    """One judge under several priors, from tight to wide: {"as the legend shows it": fit}, 1 to 8."""
    pointers = (ctypes.POINTER(_api.pdx_posterior) * len(fits))(*[fit._pointer for fit in
                                                                  fits.values()])
    return _svg(lib.pdx_report_prior_svg, pointers, texts(fits), len(fits))


def calibration(predicted: npt.ArrayLike, measured: npt.ArrayLike, *,
                predicted_interval: npt.ArrayLike | None = None,
                measured_interval: npt.ArrayLike | None = None, names: Sequence[str] | None = None,
                none: float = 0.0, unit: str | None = None, title: str = "") -> Svg:
    """Predicted against measured effects.

    Parameters
    ----------
    predicted, measured : array_like, shape (n,)
    predicted_interval, measured_interval : array_like, shape (n, 2), optional
        Low and high ends.
    names : sequence of n str, optional
    none : float
        The value of no effect.
    unit : str, optional
        Behind numbers, such as "%".
    title : str
    """
    n = len(np.asarray(predicted))
    points: Any = _api.pdx_calibration_points(
        size=ctypes.sizeof(_api.pdx_calibration_points), count=n, none=none, unit=text(unit))
    columns = {"predicted": floats(predicted, (n,), "predicted"),
               "measured": floats(measured, (n,), "measured")}
    for name, limits in (("predicted", predicted_interval), ("measured", measured_interval)):
        if limits is not None:
            both = floats(limits, (n, 2), name + "_interval")
            columns[name + "_low"], columns[name + "_high"] = both.T.copy()
    for name, column in columns.items():
        setattr(points, name, address(column))
    if names is not None:
        if len(names) != n:
            raise ValueError(f"{len(names)} names for {n} points")
        points.names = texts(names)
    return _svg(lib.pdx_report_calibration_svg, byref(points), text(title))


def _svg(function: Any, *arguments: Any) -> Svg:
    return Svg(saved(function, *arguments).decode())
