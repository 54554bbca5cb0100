"""Tables for people: a DataFrame where pandas is installed, else a structured numpy array."""
from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ._calls import string
from ._options import name_of

if TYPE_CHECKING:
    from .fit import Fit


def table(columns: Mapping[str, Any]) -> Any:
    """Columns of one length as a pandas.DataFrame or, without pandas, a structured array."""
    try:
        import pandas as pd
    except ImportError:
        arrays = {name: np.asarray(column) for name, column in columns.items()}
        out = np.empty(len(next(iter(arrays.values()), ())),
                       dtype=[(name, array.dtype) for name, array in arrays.items()])
        for name, array in arrays.items():
            out[name] = array
        return out
    return pd.DataFrame(dict(columns))


def table_of(fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    """The same from rows."""
    columns = list(zip(*rows))
    return table(dict(zip(fields, columns or [()] * len(fields))))


def flat(struct: Any, enums: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Fields of a C struct by name; of a nested estimate or rate `x` x, x_low, x_high, ...; texts
    decoded. `enums`: which fields are named values, and of which family."""
    out: dict[str, Any] = {}
    for name, *_ in struct._fields_:
        value = getattr(struct, name)
        if hasattr(value, "_fields_"):
            out |= {name if part == "value" else f"{name}_{part}": inner
                    for part, inner in flat(value).items()}
        elif name in enums:
            out[name] = name_of(enums[name], value)
        else:
            out[name] = string(value) if isinstance(value, bytes) else value
    return out


def table_of_structs(structs: Sequence[Any], enums: Mapping[str, str] = MappingProxyType({})) -> Any:
    """A row per struct, columns as `flat` names them."""
    rows = [flat(struct, enums) for struct in structs]
    return table({name: [row[name] for row in rows] for name in (rows[0] if rows else {})})


def summary_of(fits: Sequence[Fit]) -> Any:
    """A row per fit and property; see `Fit.summary`."""
    def stacked(pick: Any) -> npt.NDArray[np.float64]:
        parts = [pick(fit) for fit in fits]
        return np.concatenate([np.full(fit.mean.size, np.nan) if part is None else part
                               for fit, part in zip(fits, parts)] or [np.empty(0)])

    sizes = [fit.mean.size for fit in fits]
    return table({
        "judge": np.repeat([fit.judge for fit in fits], sizes),
        "group": np.repeat([fit.group for fit in fits], sizes),
        "property": [name for fit in fits for name in fit.columns],
        "mean": stacked(lambda fit: fit.mean), "sd": stacked(lambda fit: fit.sd),
        "low": stacked(lambda fit: fit._limits()[:, 0]),
        "high": stacked(lambda fit: fit._limits()[:, 1]),
        "prob_positive": stacked(lambda fit: fit.prob_positive)})
