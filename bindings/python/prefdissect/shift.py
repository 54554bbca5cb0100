"""How far a benchmark's win rates are moved by pleasing its judge, and what of it is length."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import Path, Resource, address, floats, made, run, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from ._tables import flat, table

if TYPE_CHECKING:
    from .dataset import Dataset
    from .fit import Fit
    from .judgments import Judgments


class Shift(Resource):
    """Win rates of arms against one baseline, and the shifts between the arms.

    Examples
    --------
    >>> from prefdissect import Dataset, Judgments
    >>> data = Dataset.from_records(
    ...     {"query": f"q{i}", "response_a": "Yes.", "response_b": arm + " says yes, and why.",
    ...      "model_a": "base", "model_b": arm} for arm in ("plain", "align") for i in range(12))
    >>> judgments = Judgments()
    >>> judgments.append("ann", range(24), winner=["A", "B"] * 6 + ["B"] * 12)
    >>> shift = Shift.measure(data, judgments, draws=200)
    >>> shift.rows()["wins"].tolist()
    [0.5, 1.0, 0.5]
    """

    _free_name = "pdx_shift_free"

    @classmethod
    def measure(cls, dataset: Dataset, judgments: Judgments, fit: Fit | None = None, *,
                judge: str | None = None, plain: str | None = None, grades: Path | None = None,
                draws: int | None = None, seed: int | None = None,
                progress: ProgressFunction | None = None) -> Shift:
        """From the judgments of the pairs that `pair_outputs` wrote.

        Parameters
        ----------
        dataset : Dataset
            Response A of every pair is the baseline's (model_a), B an arm's (model_b).
        judgments : Judgments
        fit : Fit, optional
            Of the judge: what its weights predict stands beside; its judgments are taken.
        judge : str, optional
            Without a fit; default: the only one.
        plain : str, optional
            The arm that the others are compared with; default "plain", or the first.
        grades : path, optional
            What `grade_outputs` wrote.
        draws, seed : int
            Of the bootstrap over queries; default 1000.
        progress : callable or True, optional
            Called with a `Progress`, an exception stops the run; True: a bar.

        Raises
        ------
        InvalidError
            Two baselines, or a pair without models.
        """
        struct, hooks = options(_api.pdx_shift_options, lib.pdx_shift_options_init, {
            "judge": judge, "plain": plain, "grades": grades, "draws": draws, "seed": seed,
            "progress": progress})
        return cls(made(_api.pdx_shift, lib.pdx_shift_measure, dataset._pointer, judgments._pointer,
                        None if fit is None else fit._pointer, byref(struct), hooks=hooks))

    @property
    def judge(self) -> str:
        """Whose verdicts were counted."""
        return string(lib.pdx_shift_judge(self._pointer))

    @property
    def baseline(self) -> str:
        """The model that all arms are compared with."""
        return string(lib.pdx_shift_baseline(self._pointer))

    def rows(self) -> Any:
        """Every arm over all pairs (`against` is ""), then every shift against the plain arm, then
        the same of every group; DataFrame or structured array.

        Columns as pdx_shift_row in probe.h: `wins`, `controlled` (at equal length), `predicted`,
        `predicted_length` and `grade`, each with `_low` and `_high`; `length`, `length_share`, and
        what was counted. NaN: not known.
        """
        rows = [self._row(i) for i in range(len(self))]
        return table({name: [row[name] for row in rows] for name in rows[0]})

    def save(self, path: Path) -> None:
        """Writes all of it as JSON."""
        run(lib.pdx_shift_save, self._pointer, text(path))

    def _row(self, index: int) -> dict[str, Any]:
        out = _api.pdx_shift_row()
        run(lib.pdx_shift_get, self._pointer, index, byref(out))
        row = {name.removeprefix("numbers_"): value for name, value in flat(out).items()}
        return row | {"against": row["against"] or ""}

    def __len__(self) -> int:
        return int(lib.pdx_shift_count(self._pointer))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Shift, closed>"
        return f"<Shift of {self.judge!r}: {len(self)} rows>"


class LengthControl(NamedTuple):
    """A win rate, a share, and the same at equal lengths, with 95 % intervals.

    Attributes
    ----------
    n : int
        Preferences that there are.
    raw, raw_low, raw_high, controlled, controlled_low, controlled_high : float
        Intervals are NaN where there are no draws.
    weight_length, weight_model, weight_difficulty : float
        On tanh(difference / sd); of the model against the baseline; log-odds.
    strength : float
        1 / the L1 penalty, chosen by cross-validation.
    """

    n: int
    raw: float
    raw_low: float
    raw_high: float
    controlled: float
    controlled_low: float
    controlled_high: float
    weight_length: float
    weight_model: float
    weight_difficulty: float
    strength: float


def length_controlled_win_rate(preference: npt.ArrayLike, length_difference: npt.ArrayLike,
                               difficulty: npt.ArrayLike | None = None, *, draws: int = 1000,
                               seed: int = 1) -> LengthControl:
    """Length-controlled win rate of Dubois et al. 2024 (arXiv 2404.04475), fitted on these rows alone.

    Parameters
    ----------
    preference : array_like, shape (n,)
        Of the model over the baseline, in [0, 1]; NaN: none. (AlpacaEval's `preference` less 1.)
    length_difference : array_like, shape (n,)
        The model's length less the baseline's, in any unit.
    difficulty : array_like, shape (n,), optional
        Of the instructions, as fitted on many models.
    draws : int
        Of the bootstrap over rows; 0: no intervals.
    seed : int

    Raises
    ------
    InvalidError
        Under ten preferences, or a value out of range.

    Examples
    --------
    >>> longer = [900.0, 700, 800, -50, 600, 400, -300, 500, 0, 300, -200, 100]
    >>> rate = length_controlled_win_rate([1.0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0], longer, draws=0)
    >>> rate.controlled < rate.raw
    True
    """
    n = np.size(preference)
    preferred = floats(preference, (n,), "preference")
    lengths = floats(length_difference, (n,), "length_difference")
    difficulties = None if difficulty is None else floats(difficulty, (n,), "difficulty")
    out = _api.pdx_length_control()
    run(lib.pdx_length_controlled, byref(out), n, address(preferred), address(lengths),
        address(difficulties), draws, seed)
    return LengthControl(**flat(out))
