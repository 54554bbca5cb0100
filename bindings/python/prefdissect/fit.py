"""What a judge weighs: the posterior of one judge's weights in one group."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

import numpy as np
import numpy.typing as npt

from . import _api, _html
from ._calls import Floats, Handle, address, floats, made, point, run, saved, texts
from ._fit_options import FitOptions, fit_options
from ._library import lib
from ._tables import summary_of
from .explanation import Explanation, explain, to_shap
from .posterior import Posterior

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments
    from .pooling import Pooled


class Contrast(NamedTuple):
    """Weight of one fit minus weight of another: mean, sd, 95 % interval, P(> 0), and whether its
    sign is a discovery (`Fit.contrast_all` only)."""

    mean: float
    sd: float
    low: float
    high: float
    prob_greater: float
    discovery: bool

    @classmethod
    def of(cls, out: _api.pdx_contrast) -> Contrast:
        """From the library's struct."""
        return cls(out.mean, out.sd, out.low, out.high, out.prob_greater, bool(out.discovery))


class Fit(Posterior):
    """The posterior of one judge's weights in one group, in log-odds per unit of a property.

    Arrays are read-only views of the library's memory, which they keep alive; D properties.
    """

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
        rows = _api.pdx_rows(ctypes.sizeof(_api.pdx_rows), d, n)
        point(rows, "x_int8" if whole else "x", array)
        kept = []
        for field, values in (("y", y), ("margin", margin), ("weight", weight),
                              ("offset", offset)):
            if values is not None:
                kept.append(floats(values, (n,), field))
                point(rows, field, kept[-1])
        if names is not None:
            if len(names) != d:
                raise ValueError(f"{len(names)} names for {d} columns")
            rows.names = texts(names)
        struct, hooks = fit_options(given, d, n)
        pointer = made(_api.pdx_posterior, lib.pdx_fit_rows, byref(rows), byref(struct), hooks=hooks)
        return cls(pointer, Handle(pointer, lib.pdx_posterior_free))

    # ---- questions ----

    def predict_proba(self, x: npt.ArrayLike) -> Floats:
        """P(A preferred) of rows, averaged over the posterior; position and offset are 0.

        Parameters
        ----------
        x : array_like, shape (n, D)
            The column of ones of an intercept may be left out.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        array = self._design(x)
        out = np.empty(len(array))
        if out.size:
            run(lib.pdx_posterior_predict, self._pointer, address(array), out.size, address(out))
        return out

    def predict_outcomes(self, x: npt.ArrayLike) -> Floats:
        """P(A), P(tie) and P(B) of rows; without a model of ties P(tie) is 0.

        Parameters
        ----------
        x : array_like, shape (n, D)

        Returns
        -------
        numpy.ndarray, shape (n, 3)
        """
        array = self._design(x)
        out = np.empty((len(array), 3))
        if out.size:
            run(lib.pdx_posterior_predict_outcomes, self._pointer, address(array), len(array),
                address(out))
        return out

    def _design(self, x: npt.ArrayLike) -> Floats:
        array = np.ascontiguousarray(x, dtype=np.float64)
        n = array.shape[0] if array.ndim == 2 else 0
        if self.columns[-1:] == ("(intercept)",) and array.shape == (n, self._dim - 1):
            array = np.column_stack([array, np.ones(n)])
        return floats(array, (n, self._dim), "x")

    def contrast(self, column: str, other: Fit, other_column: str | None = None) -> Contrast:
        """Weight of a column here minus that of a column of another fit (or of this one)."""
        out = _api.pdx_contrast()
        run(lib.pdx_posterior_contrast, self._pointer, self.column_index(column), other._pointer,
            other.column_index(other_column or column), byref(out))
        return Contrast.of(out)

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
        return dict(zip(self.columns, map(Contrast.of, out)))

    def discoveries(self, rate: float = 0.05) -> dict[str, Contrast]:
        """Every weight against 0, with discoveries of its sign; see `contrast_all`."""
        out = (_api.pdx_contrast * self._dim)()
        run(lib.pdx_posterior_discoveries, self._pointer, rate, out)
        return dict(zip(self.columns, map(Contrast.of, out)))

    @property
    def pooled(self) -> Pooled | None:
        """What this fit's group shares with the others; None: it was fitted apart."""
        from .pooling import Pooled
        pointer = lib.pdx_posterior_pooled(self._pointer)
        return Pooled(pointer, self._owner) if pointer else None

    def explain(self, x: npt.ArrayLike, *, order: str | None = None, draws: int | None = None,
                seed: int | None = None) -> Explanation:
        """Why A or B: what each property adds to the decision on one pair, exactly.

        Parameters
        ----------
        x : array_like, shape (D,)
            Comparisons of the pair, as `Dataset.row` gives them.
        order : {"AB", "BA"}, optional
            Which response was shown first; default: both orders alike.
        draws : int
            Of the posterior, for the limits; default 200, 0: none.
        seed : int

        Examples
        --------
        >>> fit = Fit.from_rows([[1, 0], [1, 1], [-1, 1], [0, -1]], [1, 1, 0, 1], prior_scale=1)
        >>> why = fit.explain([1, -1])
        >>> bool(abs(why.start + why.shares.sum() - why.probability) < 1e-12)
        True
        """
        return explain(self, x, order, draws, seed)

    def to_shap(self, x: npt.ArrayLike, space: str = "probability") -> Any:
        """Shapley values of many pairs for the plots of the package shap.

        Parameters
        ----------
        x : array_like, shape (n, D)
        space : {"probability", "log-odds"}

        Returns
        -------
        shap.Explanation
            values and data of shape (n, D).
        """
        return to_shap([explain(self, row, None, 0, None) for row in np.atleast_2d(x)], space)

    def effects(self, dataset: Dataset, judgments: Judgments) -> Any:
        """Each property alone and together with the others, from the data of this fit.

        Returns
        -------
        pandas.DataFrame (or structured array)
            A row per property: wins (share of decided pairs won by the response with more of it,
            with wins_low, wins_high, wins_n), differs, the weights alone and joint with 95 %
            limits, inflation of the variance, the most correlated partner, and whether alone and
            joint tell different stories (parted).
        """
        from .effects import effects
        return effects(self, dataset, judgments)

    def surprising(self, dataset: Dataset, judgments: Judgments, count: int = 20) -> Any:
        """The labels that the fit expects least, most surprising first.

        Returns
        -------
        pandas.DataFrame (or structured array)
            id, pair, order, y (1: A), probability of A without this observation, log_score.
        """
        from .effects import surprising
        return surprising(self, dataset, judgments, count)

    # ---- other tools ----

    def summary(self) -> Any:
        """A row per property: judge, group, property, mean, sd, low, high (95 %), prob_positive.

        Returns
        -------
        pandas.DataFrame
            A numpy structured array with the same names where pandas is not installed.
        """
        return summary_of([self])

    def to_arviz(self, x: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None) -> Any:
        """The kept draws for ArviZ, with the certificate among the attributes.

        Parameters
        ----------
        x, y : array_like, shape (n, D) and (n,), optional
            Rows that were fitted; then log_likelihood and observed_data are there, too, so that
            arviz.loo and arviz.compare work.

        Returns
        -------
        arviz.InferenceData, or xarray.DataTree from ArviZ 1.0 on
            Variable "weight" with dimension "property".

        Raises
        ------
        ValueError
            The fit kept no draws: ask for some by `draws=`.
        ImportError
            ArviZ is not installed.
        """
        from ._arviz import to_arviz
        return to_arviz(self, x, y)

    def __reduce__(self) -> tuple[Any, ...]:
        return fit_from_bytes, (saved(lib.pdx_posterior_save, self._pointer),)

    def __repr__(self) -> str:
        return (f"<Fit of {self.judge!r} in {self.group!r}: {self.rows} rows, {self._dim} "
                f"properties>")

    def _repr_html_(self) -> str:
        return _html.fit(self)


def fit_from_bytes(content: bytes) -> Fit:
    """What a pickled fit becomes again."""
    from .study import study_from_bytes
    return study_from_bytes(content)[0]
