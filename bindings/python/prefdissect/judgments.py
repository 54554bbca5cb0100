"""Who preferred what, shown in which order, how surely."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence, TypedDict, cast

import numpy as np
import numpy.typing as npt

from . import _api, agreement
from ._calls import Path, Resource, address, made, path_list, run, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from .agreement import Agreement, Consistency, Rate

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
    progress : callable or True
        Called with a `Progress`, an exception stops the call; True: a bar.
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
ROW: np.dtype[Any] = np.dtype(_api.pdx_judgment)
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
            A value is out of its range; none of the judgments has been appended.
        """
        columns = {
            "pair": pair, "order": _codes(order, ORDERS, "order"),
            "winner": _codes(winner, WINNERS, "winner"), "repeat": repeat,
            "logp_first": logp_first, "logp_second": logp_second, "coverage": coverage,
            "prob_a": prob_a, "margin": margin, "weight": weight, "offset": offset}
        arrays = {name: np.atleast_1d(np.asarray(column, dtype=ROW[name]))
                  for name, column in columns.items()}
        rows = np.zeros(np.broadcast_shapes(*(array.shape for array in arrays.values())), ROW)
        for name, array in arrays.items():
            rows[name] = array
        run(lib.pdx_judgments_append_all, self._pointer, text(judge),
            address(rows, _api.pdx_judgment), rows.size)

    @classmethod
    def from_pandas(cls, dataset: Dataset, frame: pd.DataFrame, judge: str | None = None
                    ) -> Judgments:
        """From a DataFrame with one judgment a row.

        Parameters
        ----------
        dataset : Dataset
            Whose pairs were judged.
        frame : pandas.DataFrame
            Columns "pair" (ids; default: the index) and any of "judge", "order", "winner",
            "repeat", "logp_first", "logp_second", "coverage", "prob_a", "margin", "weight",
            "offset", as for `append`; others are passed over.
        judge : str, optional
            The judge of all rows, where there is no such column.

        Raises
        ------
        KeyError
            A pair that is not in the dataset; neither a column nor a name for the judge.
        """
        given = [name for name in FIELDS if name in frame.columns
                 and name not in ("pair", "judge")]
        if judge is None and "judge" not in frame.columns:
            raise KeyError("judge")
        numbers = {id: number for number, id in enumerate(dataset.ids)}
        ids = frame["pair"] if "pair" in frame.columns else frame.index
        pairs = np.array([numbers[str(id)] for id in ids], dtype=np.int64)
        names = (np.full(len(frame), judge) if judge is not None
                 else frame["judge"].to_numpy().astype(str))
        out = cls()
        for name in dict.fromkeys(names.tolist()):
            rows = np.flatnonzero(names == name)
            out.append(name, pairs[rows], **{field: frame[field].to_numpy()[rows]
                                             for field in given})
        return out

    def only(self, judge: str) -> Judgments:
        """A copy with the judgments of one judge."""
        rows = self._rows()
        rows = rows[rows["judge"] == self.judge_index(judge)]
        rows["judge"] = 0
        return judgments_from_rows([judge], rows)

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

    def agreement(self, dataset: Dataset, judge: str, other: str, group: str | None = None
                  ) -> Agreement:
        """How far two judges agree, on all pairs or those of a group."""
        return agreement.agreement(self, dataset, judge, other, group)

    def agreement_all(self, dataset: Dataset, judges: Sequence[str] | None = None,
                      group: str | None = None) -> dict[tuple[str, str], Agreement]:
        """Every two of several judges (default: all), each with itself, too."""
        return agreement.agreement_all(self, dataset, judges, group)

    def alpha(self, dataset: Dataset, judges: Sequence[str] | None = None,
              group: str | None = None) -> Rate:
        """Krippendorff's alpha (nominal) of several judges together; n: pairs with at least two
        verdicts."""
        return agreement.alpha(self, dataset, judges, group)

    def consistency(self, dataset: Dataset, judge: str, group: str | None = None) -> Consistency:
        """What the order shown does to a judge, with intervals."""
        return agreement.consistency(self, dataset, judge, group)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """One array of length `len(self)` per field; "judge", "order" and "winner" as texts."""
        rows = self._rows()
        out = {name: rows[name] for name in FIELDS}
        for field, known in (("judge", self.judges), ("order", list(ORDERS)),
                             ("winner", list(WINNERS))):
            names = np.array([name or "" for name in cast(Sequence[Any], known)] or [""])
            out[field] = names[rows[field]]
        return out

    def _rows(self) -> npt.NDArray[Any]:
        rows = np.empty(len(self), ROW)
        run(lib.pdx_judgments_read, self._pointer, 0, rows.size, address(rows, _api.pdx_judgment))
        return rows

    def __reduce__(self) -> tuple[Any, ...]:
        return judgments_from_rows, (self.judges, self._rows())

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


def judgments_from_rows(judges: Sequence[str], rows: npt.NDArray[Any]) -> Judgments:
    """What pickled judgments become again, in their order."""
    out = Judgments()
    ends = np.flatnonzero(np.diff(rows["judge"], append=-1)) + 1
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist()):
        part = np.ascontiguousarray(rows[start:end])
        run(lib.pdx_judgments_append_all, out._pointer, text(judges[part["judge"][0]]),
            address(part, _api.pdx_judgment), part.size)
    return out


def _codes(values: Any, known: Mapping[Any, int], name: str) -> npt.NDArray[np.int32]:
    """Numbers of named values; "" and NaN count as None, as tables have them."""
    one = values is None or isinstance(values, str)
    try:
        return np.array([known[str(value) if value and value == value else None]
                         for value in ([values] if one else values)], dtype=np.int32)
    except KeyError as error:
        raise ValueError(f"{name} {error.args[0]!r} is none of {list(known)}") from None
