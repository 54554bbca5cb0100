"""Pairs of responses, their groups and their properties."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence, TypedDict

import numpy as np
import numpy.typing as npt

from . import _api, _html
from ._calls import (Floats, Path, Resource, address, borrowed, made, run, saved, string, text,
                     texts)
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from ._tables import table_of
from .schema import BorrowedSchema, Schema

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack


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
    progress : callable or True
        Called with a `Progress`, an exception stops the call; True: a bar.
    """

    values: str | None
    schema: Schema | None
    group_by: str | Sequence[str] | None
    where: str | Mapping[str, str] | None
    threads: int | None
    surface: bool | None
    progress: ProgressFunction | None


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
                    groups: Iterable[Any] | Mapping[str, npt.ArrayLike] | None = None
                    ) -> Dataset:
        """From memory; everything is copied, once.

        Parameters
        ----------
        values : array_like, shape (n, D)
            Comparisons or differences, A minus B; finite.
        properties : Schema or sequence of str, length D
            Default "x1", "x2", ...
        ids : iterable of n unique values, optional
            Taken as texts; default "0", "1", ...
        groups : iterable of n values, or dict of name to pair numbers, optional
            Group of each pair, taken as texts; or the pairs of each group, which may overlap.

        Raises
        ------
        InvalidError, ValueError
            A shape does not fit, a value is not finite, an id is there twice.
        """
        array = np.asarray(values)
        kind = np.int8 if array.dtype == np.int8 else np.float64  # bytes are not widened
        array = np.ascontiguousarray(array, dtype=kind)
        if array.ndim != 2:
            raise ValueError(f"values have {array.ndim} dimensions; they must be (pairs, properties)")
        n, d = array.shape
        if properties is None:
            properties = [f"x{i + 1}" for i in range(d)]
        schema = properties if isinstance(properties, Schema) else Schema.from_names(properties)
        if len(schema) != d:
            raise ValueError(f"{len(schema)} properties for {d} columns")
        each = None if isinstance(groups, Mapping) else _column(groups, n, "groups")
        make, at = ((lib.pdx_dataset_from_int8, address(array, ctypes.c_int8))
                    if kind is np.int8 else (lib.pdx_dataset_from_arrays, address(array)))
        out = cls(made(_api.pdx_dataset, make, schema._pointer, n, at, _column(ids, n, "ids"),
                       each))
        for name, pairs in groups.items() if isinstance(groups, Mapping) else ():
            numbers = np.unique(np.asarray(pairs, dtype=np.int64))
            run(lib.pdx_dataset_add_group, out._pointer, text(name),
                address(numbers, ctypes.c_int64), numbers.size)
        return out

    @classmethod
    def from_records(cls, rows: Iterable[Mapping[str, Any]], *,
                     properties: Sequence[str] | None = None,
                     **given: Unpack[DatasetOptions]) -> Dataset:
        """From pairs as dictionaries, texts and all; what JSON cannot say becomes text.

        Parameters
        ----------
        rows : iterable of dict
            As in pairs.jsonl: "id" (default "0", "1", ...), "query", "response_a", "response_b",
            and any fields that group or filter.
        properties : sequence of str, optional
            Fields that hold the properties, A minus B: comparisons in {-1, 0, 1}, or else
            differences, each divided by its standard deviation. Default: the surface properties
            are measured from the texts.
        **given
            See `DatasetOptions`.

        Examples
        --------
        >>> data = Dataset.from_records([{"response_a": "Yes.", "response_b": "No, never!"}])
        >>> int(data["words"][0]), data.text(0, "response_a")
        (-1, 'Yes.')
        """
        from .files import records
        return records(rows, properties, given)

    @classmethod
    def from_pandas(cls, frame: pd.DataFrame, *, properties: Sequence[str] | None = None,
                    group: str | None = None, **given: Unpack[DatasetOptions]) -> Dataset:
        """From a DataFrame with one pair a row; its index gives the ids.

        Parameters
        ----------
        frame : pandas.DataFrame
            With columns "response_a" and "response_b", texts and other columns are kept as in
            `from_records`; without them it holds numbers only.
        properties : sequence of str, optional
            Columns that are properties. Default: with texts, the surface properties; else every
            numeric column but `group`.
        group : str, optional
            Column whose value is the group.
        **given
            See `DatasetOptions`; with texts only.
        """
        if {"response_a", "response_b"} <= set(frame.columns):
            rows = ({"id": str(key), **{str(name): value for name, value in row.items()}}
                    for key, row in zip(frame.index, frame.to_dict(orient="records")))
            if group is not None:
                given["group_by"] = group
            return cls.from_records(rows, properties=properties, **given)
        if given:
            raise TypeError(f"without texts there is no option {next(iter(given))!r}")
        if properties is None:
            properties = [str(name) for name in frame.select_dtypes("number").columns
                          if name != group]
        return cls.from_arrays(frame[list(properties)].to_numpy(np.float64), properties=properties,
                               ids=frame.index, groups=None if group is None else frame[group])

    @classmethod
    def from_huggingface(cls, source: Any, form: str = "li2024",
                         **given: Unpack[DatasetOptions]) -> Dataset:
        """From a data set of Hugging Face: parquet files (by pyarrow), or its rows.

        Parameters
        ----------
        source : path, sequence of paths, or iterable of dict
            Such as a split that the package datasets has loaded.
        form : str
            One of `import_formats`; "li2024": the columns of GAIR/preference-dissection.
        **given
            See `DatasetOptions`.

        See Also
        --------
        load_files : the judgments, too.
        """
        from .files import load_files
        return load_files(form, source, **given)[0]

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

    def id(self, pair: int) -> str:
        """Id of a pair."""
        return string(lib.pdx_dataset_id(self._pointer, range(len(self))[pair]))

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

    def view(self, name: str) -> npt.NDArray[Any]:
        """One property as the library holds it, shape (n,), read-only, without a copy: int8 where
        all its values are whole numbers, else float64. (Sums of int8 overflow: mind the dtype.)"""
        whole, real = ctypes.POINTER(ctypes.c_int8)(), ctypes.POINTER(ctypes.c_double)()
        run(lib.pdx_dataset_view, self._pointer, self.schema.find(name), byref(whole), byref(real))
        out = (borrowed(self._held, whole, (len(self),), "|i1") if whole
               else borrowed(self._held, real, (len(self),)))
        return np.empty(0) if out is None else out

    def noise(self, name: str) -> Floats:
        """Noise of one property over all pairs, shape (n,): the standard deviation of a - b over
        repeated annotations of a pair; NaN where it was annotated once."""
        out = np.empty(len(self))
        run(lib.pdx_dataset_noise, self._pointer, self.schema.find(name), address(out))
        return out

    def repeats(self, pair: int, name: str) -> _api.pdx_repeats:
        """What repeated annotations say of one property of one pair: looks (0: one, or not known),
        mean and sd of the values that each look alone would have given."""
        out = _api.pdx_repeats()
        run(lib.pdx_dataset_repeats, self._pointer, pair, self.schema.find(name), byref(out))
        return out

    def reliability(self) -> Any:
        """How well repeated annotations agree.

        Returns
        -------
        pandas.DataFrame (or structured array)
            A row per property: Krippendorff's alpha (interval metric) of one look with 95 % limits,
            noise (sd of one look about the mean of many), looks (mean number), pairs with repeats.
        """
        names, rows = [name for name, *_ in _api.pdx_reliability._fields_], []
        for i, property in enumerate(self.properties):
            out = _api.pdx_reliability()
            run(lib.pdx_dataset_reliability, self._pointer, i, byref(out))
            rows.append((property, *(getattr(out, name) for name in names)))
        return table_of(["property", *names], rows)

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

    def __reduce__(self) -> tuple[Any, ...]:
        views = [self.view(name) for name in self.properties]
        return dataset_from_columns, (saved(lib.pdx_schema_save, self.schema._pointer), self.ids,
                                      [np.array(view) for view in views], self.groups)

    def __len__(self) -> int:
        return int(lib.pdx_dataset_count(self._pointer))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Dataset, closed>"
        groups = lib.pdx_dataset_group_count(self._pointer)
        return f"<Dataset: {len(self)} pairs, {len(self.schema)} properties, {groups} groups>"

    def _repr_html_(self) -> str:
        return _html.dataset(self)


def dataset_from_columns(schema: bytes, ids: Sequence[str], columns: Sequence[npt.NDArray[Any]],
                         groups: Mapping[str, npt.ArrayLike]) -> Dataset:
    """What a pickled dataset becomes again: without its texts, which stay in their file."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "schema.json")
        with open(path, "wb") as file:
            file.write(schema)
        properties = Schema.load(path)
    return Dataset.from_arrays(np.stack(columns, axis=1), properties=properties, ids=ids,
                               groups=groups or None)


def _column(values: Iterable[Any] | None, n: int, name: str) -> Any:
    if values is None:
        return None
    out = texts(str(value) for value in values)
    if len(out) != n:
        raise ValueError(f"{len(out)} {name} for {n} pairs")
    return out
