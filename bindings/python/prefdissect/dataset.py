"""Pairs of responses, their groups and their properties."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Sequence, TypedDict

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import (Floats, Path, ProgressFunction, Resource, address, floats, made, options, path_list,
                     run, string, text, texts)
from ._library import lib
from .schema import BorrowedSchema, Schema

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack

    from .judgments import Judgments


class DatasetOptions(TypedDict, total=False):
    """How files become a dataset; whatever is absent or None has the library's default.

    Attributes
    ----------
    values : {"comparison", "difference"}
        Comparisons in {-1, 0, 1} (default), or a - b with each column divided by its sd.
    schema : Schema
        Of annotations; default "li2024".
    group_by : str or list of str
        Field or fields whose value is the group.
    where : str or dict
        {"field": "value"}: pairs that do not match are left out.
    threads : int
        Default all cores.
    surface : bool
        True: the surface properties too; by default only where there are no others.
    progress : callable
        Called with a `Progress`; an exception stops the call.
    """

    values: str | None
    schema: Schema | None
    group_by: str | Sequence[str] | None
    where: str | Mapping[str, str] | None
    threads: int | None
    surface: bool | None
    progress: ProgressFunction | None


class ImportResult(NamedTuple):
    """What an import wrote: pairs, judgments (those without a verdict included), and what was left
    out, each a line of the log."""

    pairs: int
    judgments: int
    left_out: int


class Dataset(Resource):
    """n pairs, each with a unique id and a row of D property comparisons, "A minus B".

    Examples
    --------
    >>> data = Dataset.from_arrays([[1, 0], [-1, 1]], properties=["length", "tone"])
    >>> len(data), data.properties
    (2, ('length', 'tone'))
    >>> data["tone"]
    array([0., 1.])
    """

    _free_name = "pdx_dataset_free"

    @classmethod
    def from_jsonl(cls, pairs: Path | None = None, *, features: Path | None = None,
                   names: Path | None = None, annotations: Path | None = None,
                   resolved: Path | None = None, groups: Path | None = None,
                   **given: Unpack[DatasetOptions]) -> Dataset:
        """From files; one of `pairs`, `features` and `resolved` is needed, its rows are the pairs.

        Parameters
        ----------
        pairs : path
            pairs.jsonl. Texts stay in it and are read when they are asked for.
        features : path
            features.jsonl: {"id", "diff": [D], "cmp": [D]}.
        names : path
            schema.json of features without a header row.
        annotations : path
            annotations.jsonl, resolved by the schema's rules.
        resolved, groups : path
            The original's resolved records, and its query_aware_idxs.json.
        **given
            See `DatasetOptions`.

        Raises
        ------
        FileError, ParseError
            The text names file and line.
        """
        files = _api.pdx_dataset_files(text(pairs), text(features), text(names), text(annotations),
                                       text(resolved), text(groups))
        struct, hooks = options(_api.pdx_dataset_options, lib.pdx_dataset_options_init, given,
                                {"values": "VALUES"})
        return cls(made(_api.pdx_dataset, lib.pdx_dataset_load, byref(files), byref(struct),
                        hooks=hooks))

    @classmethod
    def from_arrays(cls, values: npt.ArrayLike, *, properties: Schema | Sequence[str] | None = None,
                    ids: Iterable[Any] | None = None,
                    groups: Iterable[Any] | None = None) -> Dataset:
        """From memory; everything is copied, once.

        Parameters
        ----------
        values : array_like, shape (n, D)
            Comparisons or differences, A minus B; finite.
        properties : Schema or sequence of str, length D
            Default "x1", "x2", ...
        ids : iterable of n unique values, optional
            Taken as texts; default "0", "1", ...
        groups : iterable of n values, optional
            Group of each pair, taken as texts.

        Raises
        ------
        InvalidError, ValueError
            A shape does not fit, a value is not finite, an id is there twice.
        """
        array = np.ascontiguousarray(values, dtype=np.float64)
        if array.ndim != 2:
            raise ValueError(f"values have {array.ndim} dimensions; they must be (pairs, properties)")
        n, d = array.shape
        if properties is None:
            properties = [f"x{i + 1}" for i in range(d)]
        schema = properties if isinstance(properties, Schema) else Schema.from_names(properties)
        if len(schema) != d:
            raise ValueError(f"{len(schema)} properties for {d} columns")
        return cls(made(_api.pdx_dataset, lib.pdx_dataset_from_arrays, schema._pointer, n,
                        address(array), _column(ids, n, "ids"), _column(groups, n, "groups")))

    @classmethod
    def from_pandas(cls, frame: pd.DataFrame, *, properties: Sequence[str] | None = None,
                    group: str | None = None) -> Dataset:
        """From a DataFrame with one pair a row; its index gives the ids.

        Parameters
        ----------
        frame : pandas.DataFrame
        properties : sequence of str, optional
            Columns that are properties; default: every numeric column but `group`.
        group : str, optional
            Column whose value is the group.
        """
        if properties is None:
            properties = [str(name) for name in frame.select_dtypes("number").columns
                          if name != group]
        return cls.from_arrays(frame[list(properties)].to_numpy(np.float64), properties=properties,
                               ids=frame.index, groups=None if group is None else frame[group])

    @property
    def schema(self) -> Schema:
        """The properties."""
        return BorrowedSchema(lib.pdx_dataset_schema(self._pointer), self._held)

    @property
    def properties(self) -> tuple[str, ...]:
        """Ids of the properties, length D."""
        return self.schema.ids

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the pairs, length n."""
        pointer = self._pointer
        return tuple(string(lib.pdx_dataset_id(pointer, i)) for i in range(len(self)))

    def find(self, pair: str) -> int:
        """Number of the pair with that id.

        Raises
        ------
        KeyError
            There is none.
        """
        number = int(lib.pdx_dataset_find(self._pointer, text(pair)))
        if number < 0:
            raise KeyError(pair)
        return number

    @property
    def values(self) -> Floats:
        """A copy of all comparisons, shape (n, D), column-major."""
        out = np.empty((len(self), len(self.schema)), order="F")
        for i in range(out.shape[1]):
            run(lib.pdx_dataset_column, self._pointer, i, address(out[:, i]))
        return out

    def row(self, pair: int) -> Floats:
        """Comparisons of one pair, shape (D,)."""
        out = np.empty(len(self.schema))
        run(lib.pdx_dataset_row, self._pointer, pair, address(out))
        return out

    def __getitem__(self, name: str) -> Floats:
        """One property over all pairs, shape (n,)."""
        out = np.empty(len(self))
        run(lib.pdx_dataset_column, self._pointer, self.schema.find(name), address(out))
        return out

    @property
    def groups(self) -> dict[str, npt.NDArray[np.int64]]:
        """Pair numbers of each group, ascending; empty where none were asked for."""
        pointer, out = self._pointer, {}
        for i in range(lib.pdx_dataset_group_count(pointer)):
            pairs = np.empty(lib.pdx_dataset_group_size(pointer, i), dtype=np.int64)
            run(lib.pdx_dataset_group_pairs, pointer, i, address(pairs, ctypes.c_int64))
            out[string(lib.pdx_dataset_group_name(pointer, i))] = pairs
        return out

    def group_index(self, name: str | None) -> int:
        """Number of a group; -1, all pairs, for None."""
        if name is None:
            return -1
        pointer = self._pointer
        for i in range(lib.pdx_dataset_group_count(pointer)):
            if string(lib.pdx_dataset_group_name(pointer, i)) == name:
                return i
        raise KeyError(name)

    def text(self, pair: int, field: str) -> str | None:
        """A field of a pair, read from its file; None where the pair lacks it.

        Raises
        ------
        FileError
            The file has gone.
        """
        out = ctypes.c_char_p()
        run(lib.pdx_dataset_text, self._pointer, pair, text(field), byref(out))
        return None if out.value is None else string(out.value)

    @property
    def left_out(self) -> dict[str, int]:
        """Records that were left out while loading, by reason."""
        number = ctypes.c_int64()
        out: dict[str, int] = {}
        for i in range(lib.pdx_dataset_left_out(self._pointer)):
            reason = lib.pdx_dataset_left_out_reason(self._pointer, i, byref(number))
            out[string(reason)] = number.value
        return out

    @property
    def sha256(self) -> str:
        """Hash over ids, property ids and values."""
        return string(lib.pdx_dataset_sha256(self._pointer))

    def save_features(self, path: Path) -> None:
        """Writes features.jsonl with a header row naming the properties."""
        run(lib.pdx_dataset_save_features, self._pointer, text(path))

    def to_pandas(self) -> pd.DataFrame:
        """The comparisons as a DataFrame: ids as index, properties as columns."""
        import pandas as pd
        return pd.DataFrame(self.values, index=pd.Index(self.ids, name="id"),
                            columns=list(self.properties))

    def __len__(self) -> int:
        return int(lib.pdx_dataset_count(self._pointer))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Dataset, closed>"
        groups = lib.pdx_dataset_group_count(self._pointer)
        return f"<Dataset: {len(self)} pairs, {len(self.schema)} properties, {groups} groups>"


def _column(values: Iterable[Any] | None, n: int, name: str) -> Any:
    if values is None:
        return None
    out = texts(str(value) for value in values)
    if len(out) != n:
        raise ValueError(f"{len(out)} {name} for {n} pairs")
    return out


def load_table(path: Path, *, progress: ProgressFunction | None = None
               ) -> tuple[Dataset, Judgments]:
    """A CSV table with a header: `y` in [0, 1] or `margin`; optional `w`, `offset`, `judge`,
    `group`; every other column is a property.

    Raises
    ------
    FileError, ParseError
    """
    from ._calls import Hooks
    from .judgments import Judgments

    hooks = Hooks(progress)
    judgments = ctypes.POINTER(_api.pdx_judgments)()
    dataset = made(_api.pdx_dataset, lib.pdx_table_load, byref(judgments), text(path),
                   byref(hooks.struct), hooks=hooks)
    return Dataset(dataset), Judgments(judgments)


def import_formats() -> dict[str, str]:
    """Formats of other tools that `import_files` reads, each with a line that says what it is."""
    what = ctypes.c_char_p()
    out: dict[str, str] = {}
    while name := lib.pdx_import_format(len(out), byref(what)):
        out[string(name)] = string(what.value)
    return out


def import_files(form: str, paths: Path | Sequence[Path], folder: Path, *, seed: int | None = None,
                 overwrite: bool = False, answers: Path | None = None,
                 questions: Path | None = None, baseline: str | None = None,
                 progress: ProgressFunction | None = None) -> ImportResult:
    """Other tools' files as pairs.jsonl, judgments.jsonl and what else they carry, into `folder`.

    Parameters
    ----------
    form : str
        One of `import_formats`.
    paths : path or sequence of paths
        Files of that format; a pair that several judges saw is written once.
    folder : path
        Made where it is absent; all files are written or none.
    seed : int
        Draws the order of chosen and rejected responses; default 1.
    overwrite : bool
        Replace files that are there.
    answers, questions, baseline
        Of the formats that need them; see dataset.h.
    """
    struct, hooks = options(_api.pdx_import_options, lib.pdx_import_options_init, {
        "seed": seed, "overwrite": overwrite, "answers": answers, "questions": questions,
        "baseline": baseline, "progress": progress})
    result = _api.pdx_import_result()
    files = path_list(paths)
    run(lib.pdx_import, byref(result), text(form), files, len(files), text(folder), byref(struct),
        hooks=hooks)
    return ImportResult(result.pairs, result.judgments, result.left_out)


def measure_surface(response: str, query: str | None = None) -> dict[str, float]:
    """The 30 surface properties of one text, by id."""
    out = np.empty(30)
    encoded = response.encode()
    asked = None if query is None else query.encode()
    run(lib.pdx_surface_measure, encoded, len(encoded), asked, len(asked or b""), address(out))
    with Schema.builtin("surface") as schema:
        return dict(zip(schema.ids, floats(out, (30,), "out").tolist()))
