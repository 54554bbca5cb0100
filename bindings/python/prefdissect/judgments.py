"""Who preferred what, shown in which order, how surely."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence, TypedDict, cast

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import (Path, ProgressFunction, Resource, made, options, path_list, run, string,
                     text)
from ._library import check, lib

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack

    from .dataset import Dataset


class JudgmentsOptions(TypedDict, total=False):
    """How rows of judgments.jsonl are read; absent or None: the library's default.

    Attributes
    ----------
    judge_by : str or list of str
        Fields that name the judge, joined by "/"; default "judge".
    where : str or dict
        {"field": "value"}: judgments that do not match are left out.
    skip_unknown : bool
        True: judgments of pairs that are not in the dataset are left out; default an error.
    progress : callable
        Called with a `Progress`; an exception stops the call.
    """

    judge_by: str | Sequence[str] | None
    where: str | Mapping[str, str] | None
    skip_unknown: bool | None
    progress: ProgressFunction | None


class Rates(NamedTuple):
    """Raw rates of a judge, before any model.

    Attributes
    ----------
    judgments, no_verdict, ties : int
        Rows; of them, those without a verdict, and ties.
    ordered : int
        Verdicts A or B with a known order.
    p_first : float
        Share of them won by the response shown first; NaN: none.
    both_orders : int
        Pairs with a verdict in both orders.
    consistent, flip_to_first : float
        Share of them with the same winner in both, and where both orders chose the response shown
        first; NaN: none.
    """

    judgments: int
    no_verdict: int
    ties: int
    ordered: int
    p_first: float
    both_orders: int
    consistent: float
    flip_to_first: float


FIELDS = ("pair", "judge", "order", "winner", "repeat", "logp_first", "logp_second", "coverage",
          "prob_a", "margin", "weight", "offset")
ORDERS = {None: _api.PDX_ORDER_UNKNOWN, "AB": _api.PDX_ORDER_AB, "BA": _api.PDX_ORDER_BA}
WINNERS = {None: _api.PDX_WINNER_NONE, "A": _api.PDX_WINNER_A, "B": _api.PDX_WINNER_B,
           "tie": _api.PDX_WINNER_TIE}


class Judgments(Resource):
    """Observations: a judge saw a pair once, in one order. `Judgments()` is empty.

    Examples
    --------
    >>> judgments = Judgments()
    >>> judgments.append("ann", [0, 1, 2], winner=["A", "B", "tie"])
    >>> len(judgments), judgments.judges
    (3, ('ann',))
    """

    _free_name = "pdx_judgments_free"

    def __init__(self, pointer: Any = None) -> None:
        super().__init__(made(_api.pdx_judgments, lib.pdx_judgments_create)
                         if pointer is None else pointer)

    @classmethod
    def load(cls, dataset: Dataset, paths: Path | Sequence[Path],
             **given: Unpack[JudgmentsOptions]) -> Judgments:
        """From judgments.jsonl, one or several files.

        Parameters
        ----------
        dataset : Dataset
            Whose pairs were judged.
        paths : path or sequence of paths
        **given
            See `JudgmentsOptions`.

        Raises
        ------
        FileError, ParseError
            The text names file and line.
        """
        files = path_list(paths)
        struct, hooks = options(_api.pdx_judgments_options, lib.pdx_judgments_options_init, given)
        return cls(made(_api.pdx_judgments, lib.pdx_judgments_load, dataset._pointer, files,
                        len(files), byref(struct), hooks=hooks))

    @classmethod
    def load_labels(cls, dataset: Dataset, path: Path, judge: str) -> Judgments:
        """The original's label list: a JSON list of "A" and "B", entry i for record i."""
        return cls(made(_api.pdx_judgments, lib.pdx_judgments_load_labels, dataset._pointer,
                        text(path), text(judge)))

    def append(self, judge: str, pair: npt.ArrayLike, *, winner: Any = None, order: Any = None,
               repeat: npt.ArrayLike = 0, logp_first: npt.ArrayLike = np.nan,
               logp_second: npt.ArrayLike = np.nan, coverage: npt.ArrayLike = np.nan,
               prob_a: npt.ArrayLike = np.nan, margin: npt.ArrayLike = np.nan,
               weight: npt.ArrayLike = 1.0, offset: npt.ArrayLike = 0.0) -> None:
        """Appends judgments; every argument but `judge` is one value or m of them.

        Parameters
        ----------
        judge : str
        pair : int or array_like of int
            Numbers of pairs in the dataset.
        winner : {"A", "B", "tie", None} or sequence
            None: no verdict could be read.
        order : {"AB", "BA", None} or sequence
            "AB": A was shown first; None: not known.
        repeat : int
            0 where it was asked once.
        logp_first, logp_second : float
            Log-probability of the label of the response shown first and second; NaN: not known.
        coverage : float
            P(first) + P(second).
        prob_a : float
            Probability in [0, 1] that A is better (a soft label).
        margin : float
            Log-odds of A over B.
        weight, offset : float
            Weight of the observation, >= 0; known part of the log-odds of A over B.

        Raises
        ------
        InvalidError
            A value is out of its range; the judgments before it have been appended.
        """
        numbers = (logp_first, logp_second, coverage, prob_a, margin, weight, offset)
        columns: list[npt.NDArray[Any]] = [
            np.atleast_1d(np.asarray(pair, dtype=np.int64)), _codes(order, ORDERS, "order"),
            _codes(winner, WINNERS, "winner"), np.atleast_1d(np.asarray(repeat, dtype=np.int32))]
        columns += [np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in numbers]
        name, pointer, judgment = text(judge), self._pointer, _api.pdx_judgment()
        lib.pdx_judgment_init(byref(judgment))
        fields = [field for field in FIELDS if field != "judge"]
        for row in zip(*(column.tolist() for column in np.broadcast_arrays(*columns))):
            for field, value in zip(fields, row):
                setattr(judgment, field, value)
            check(lib.pdx_judgments_append(pointer, name, byref(judgment)))

    def save(self, dataset: Dataset, path: Path) -> None:
        """Writes judgments.jsonl, whole or not at all."""
        run(lib.pdx_judgments_save, self._pointer, dataset._pointer, text(path))

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges, in the order of their numbers."""
        pointer = self._pointer
        return tuple(string(lib.pdx_judgments_judge_name(pointer, i))
                     for i in range(lib.pdx_judgments_judge_count(pointer)))

    def judge_index(self, judge: str) -> int:
        """Number of a judge.

        Raises
        ------
        KeyError
            There is none of that name.
        """
        index = int(lib.pdx_judgments_find_judge(self._pointer, text(judge)))
        if index < 0:
            raise KeyError(judge)
        return index

    def rates(self, dataset: Dataset, judge: str, group: str | None = None) -> Rates:
        """Raw rates of a judge on all pairs or those of a group."""
        out = _api.pdx_judge_rates()
        run(lib.pdx_judgments_rates, self._pointer, dataset._pointer, self.judge_index(judge),
            dataset.group_index(group), byref(out))
        return Rates(*(getattr(out, field) for field in Rates._fields))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """One array of length `len(self)` per field; "judge", "order" and "winner" as texts."""
        pointer, judgment = self._pointer, _api.pdx_judgment()
        rows = []
        for i in range(len(self)):
            check(lib.pdx_judgments_get(pointer, i, byref(judgment)))
            rows.append(tuple(getattr(judgment, field) for field in FIELDS))
        columns = dict(zip(FIELDS, zip(*rows))) if rows else {field: () for field in FIELDS}
        out = {field: np.array(column) for field, column in columns.items()}
        for field, known in (("judge", self.judges), ("order", list(ORDERS)),
                             ("winner", list(WINNERS))):
            names = np.array([name or "" for name in cast(Sequence[Any], known)] or [""])
            out[field] = names[out[field].astype(np.int64)]
        return out

    def to_pandas(self) -> pd.DataFrame:
        """`to_arrays` as a DataFrame."""
        import pandas as pd
        return pd.DataFrame(self.to_arrays())

    def __len__(self) -> int:
        return int(lib.pdx_judgments_count(self._pointer))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Judgments, closed>"
        return f"<Judgments: {len(self)} of {len(self.judges)} judges>"


def _codes(values: Any, known: Mapping[Any, int], name: str) -> npt.NDArray[np.int32]:
    """Numbers of named values; "" counts as None, as to_arrays gives it."""
    one = values is None or isinstance(values, str)
    try:
        return np.array([known[str(value) if value else None]
                         for value in ([values] if one else values)], dtype=np.int32)
    except KeyError as error:
        raise ValueError(f"{name} {error.args[0]!r} is none of {list(known)}") from None
