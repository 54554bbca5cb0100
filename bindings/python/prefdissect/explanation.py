"""Why one decision fell as it did: exact Shapley values, with limits."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np
import numpy.typing as npt

from . import _api, _html
from ._calls import Floats, address, fields_of, floats, run
from ._library import lib
from ._options import options
from ._tables import table

if TYPE_CHECKING:
    from .fit import Fit

ORDERS = {None: _api.PDX_ORDER_UNKNOWN, "AB": _api.PDX_ORDER_AB, "BA": _api.PDX_ORDER_BA}


def shapley(parts: npt.ArrayLike, start: float = 0.0) -> Floats:
    """Exact Shapley values of sigmoid(start + sum of parts), absent players counting 0.

    Parameters
    ----------
    parts : array_like, shape (k,)
        What each player adds to the log-odds.
    start : float
        Log-odds without any.

    Returns
    -------
    numpy.ndarray, shape (k,)
        They sum to sigmoid(start + sum of parts) - sigmoid(start); error below 1e-12.

    Examples
    --------
    >>> shapley([2.0, -2.0]).round(3)
    array([ 0.381, -0.381])
    """
    array = np.ascontiguousarray(parts, dtype=np.float64).ravel()
    out = np.empty(array.size)
    run(lib.pdx_shapley, array.size, address(array), start, address(out))
    return out


class Explanation:
    """What each property adds to the probability that A is preferred in one pair; D properties.

    Attributes
    ----------
    columns : tuple of str, length D
    x : numpy.ndarray, shape (D,)
        The pair's comparisons.
    start : float
        P(A) with all properties equal: 1/2, or by the position effect.
    log_odds, probability : float
        Of A, at the posterior means; probability = start + the sum of shares.
    probability_low, probability_high : float
        95 % interval over the posterior; NaN: means only.
    shares, shares_low, shares_high : numpy.ndarray, shape (D,)
        Shapley values of the probability, with 95 % limits.
    parts, parts_low, parts_high : numpy.ndarray, shape (D,)
        Shapley values of the log-odds, which are weight times comparison.
    """

    def __init__(self, columns: tuple[str, ...], out: _api.pdx_explanation, parts: Any) -> None:
        self.columns = columns
        self.start: float = out.start
        self.log_odds: float = out.log_odds
        self.probability: float = out.probability
        self.probability_low: float = out.probability_low
        self.probability_high: float = out.probability_high
        fields = fields_of(parts)
        self.x: Floats = fields["x"].copy()
        self.parts: Floats = fields["log_odds"].copy()
        self.parts_low: Floats = fields["log_odds_low"].copy()
        self.parts_high: Floats = fields["log_odds_high"].copy()
        self.shares: Floats = fields["share"].copy()
        self.shares_low: Floats = fields["share_low"].copy()
        self.shares_high: Floats = fields["share_high"].copy()

    def to_pandas(self) -> Any:
        """A row per property, the largest share first: property, x, share with limits, log-odds
        with limits; a structured array without pandas."""
        order = np.argsort(-np.abs(self.shares), kind="stable")
        return table({
            "property": [self.columns[i] for i in order], "x": self.x[order],
            "share": self.shares[order], "share_low": self.shares_low[order],
            "share_high": self.shares_high[order], "log_odds": self.parts[order],
            "log_odds_low": self.parts_low[order], "log_odds_high": self.parts_high[order]})

    def to_shap(self, space: str = "probability") -> Any:
        """As a shap.Explanation of one row, for shap's plots (shap.plots.waterfall).

        Parameters
        ----------
        space : {"probability", "log-odds"}
        """
        return to_shap([self], space)[0]

    def plot_waterfall(self, ax: Any = None, count: int = 10) -> Any:
        """From equal properties to this decision, one bar a property; returns matplotlib's Axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        count : int
            Properties with a bar of their own; the others share one.
        """
        from . import plots
        return plots.waterfall(self, ax, count)

    def __repr__(self) -> str:
        return f"<Explanation: P(A) {self.start:.3f} -> {self.probability:.3f}>"

    def _repr_html_(self) -> str:
        return _html.explanation(self)


def explain(fit: Fit, x: npt.ArrayLike, order: str | None, draws: int | None, seed: int | None
            ) -> Explanation:
    """See `Fit.explain`."""
    if order not in ORDERS:
        raise ValueError(f"order {order!r} is none of {list(ORDERS)}")
    row = floats(x, (len(fit.columns),), "x")
    struct, _ = options(_api.pdx_explain_options, lib.pdx_explain_options_init,
                        {"order": ORDERS[order], "draws": draws, "seed": seed})
    out, parts = _api.pdx_explanation(), (_api.pdx_attribution * row.size)()
    run(lib.pdx_posterior_explain, fit._pointer, address(row), byref(struct), byref(out), parts)
    return Explanation(fit.columns, out, parts)


def to_shap(explanations: Sequence[Explanation], space: str) -> Any:
    """Explanations of one fit as a shap.Explanation of as many rows."""
    import shap
    if space == "probability":
        values = np.array([one.shares for one in explanations])
        start = np.array([one.start for one in explanations])
    elif space == "log-odds":
        values = np.array([one.parts for one in explanations])
        start = np.array([np.log(one.start / (1 - one.start)) for one in explanations])
    else:
        raise ValueError(f"space {space!r} is none of 'probability', 'log-odds'")
    return shap.Explanation(values=values, base_values=start,
                            data=np.array([one.x for one in explanations]),
                            feature_names=list(explanations[0].columns))
