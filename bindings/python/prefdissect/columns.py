"""Tables beyond memory: column files, and fits that go over them in parts."""
from __future__ import annotations

import ctypes
import functools
import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, Sequence

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import Floats, Path, Resource, address, floats, made, run, string, text, texts
from ._fit_options import FitOptions, fit_options
from ._hooks import Hooks, ProgressFunction
from ._library import lib
from ._options import options
from .study import Study

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from typing_extensions import Unpack

CHUNK = _api.PDX_COLUMNS_CHUNK

#: From a request of a fit, and the length of its answer, to the sums over the whole file.
SumsFunction = Callable[[Floats, int], npt.ArrayLike]


class ColumnsWriter(Resource):
    """A column file being written, batch by batch. As a context it finishes, or after an exception
    leaves no file behind.

    Parameters
    ----------
    path : path
    properties : sequence of str
    kind : {"int8", "float32"}
        Comparisons, whole numbers from -127 to 127; or real values, rounded to single precision.
    weights, offsets, judges, groups : bool
        What rows have beside properties and label.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "taste.columns")
    >>> with ColumnsWriter(path, ["length", "tone"]) as writer:
    ...     writer.append([[1, 0], [0, -1], [1, 1]], [1, 0, 1])
    >>> with Columns(path) as columns:
    ...     columns.rows, columns.properties
    (3, ('length', 'tone'))
    """

    _free_name = "pdx_columns_abandon"

    def __init__(self, path: Path, properties: Sequence[str], *, kind: str = "int8",
                 weights: bool = False, offsets: bool = False, judges: bool = False,
                 groups: bool = False) -> None:
        kinds = {"int8": _api.PDX_COLUMNS_INT8, "float32": _api.PDX_COLUMNS_FLOAT32}
        if kind not in kinds:
            raise ValueError(f"{kind!r} is none of 'int8', 'float32'")
        parts = (weights * _api.PDX_COLUMNS_WEIGHT | offsets * _api.PDX_COLUMNS_OFFSET
                 | judges * _api.PDX_COLUMNS_JUDGE | groups * _api.PDX_COLUMNS_GROUP)
        self.properties = tuple(properties)
        super().__init__(made(_api.pdx_columns_writer, lib.pdx_columns_create, text(path),
                              texts(self.properties), len(self.properties), kinds[kind], parts))

    def append(self, values: npt.ArrayLike, y: npt.ArrayLike, *,
               weight: npt.ArrayLike | None = None, offset: npt.ArrayLike | None = None,
               judge: str | None = None, group: str | None = None) -> None:
        """Rows of one judge and group.

        Parameters
        ----------
        values : array_like, shape (n, D)
            int8 is taken as it is.
        y : array_like, shape (n,)
            1: response A is preferred; anything between 0 and 1 is a soft label.
        weight, offset : array_like, shape (n,), optional
        judge, group : str, optional
            Where the file has them.

        Raises
        ------
        InvalidError
            A value that does not fit, by row and column; the file is lost then.
        """
        d = len(self.properties)
        given = np.asarray(values)
        n = given.shape[0] if given.ndim else 0
        narrow = np.ascontiguousarray(given) if given.dtype == np.int8 else None
        if narrow is not None and narrow.shape != (n, d):
            raise ValueError(f"values has shape {given.shape}; it must be {(n, d)}")
        wide = floats(given, (n, d), "values") if narrow is None else None
        labels = floats(y, (n,), "y")
        weights = None if weight is None else floats(weight, (n,), "weight")
        offsets = None if offset is None else floats(offset, (n,), "offset")
        rows = _api.pdx_rows(
            size=ctypes.sizeof(_api.pdx_rows), d=d, n=n, x=address(wide),
            x_int8=address(narrow, ctypes.c_int8), y=address(labels), weight=address(weights),
            offset=address(offsets))
        run(lib.pdx_columns_append, self._pointer, byref(rows), text(judge), text(group))

    def finish(self) -> None:
        """Writes what is left; now the file is there."""
        handle = self._held
        handle._free = lambda pointer: None  # finish frees it, whatever comes of it
        self._handle = None
        run(lib.pdx_columns_finish, handle.pointer)

    def __exit__(self, *exception: object) -> None:
        if exception[0] is None and self._handle is not None:
            self.finish()
        self.close()


class Columns(Resource):
    """A column file: a table that is never held in memory as a whole. A row is one judgment of one
    pair. Objects go to other processes by their path.

    Parameters
    ----------
    path : path

    Raises
    ------
    ParseError
        No column file, damaged or cut short.
    """

    _free_name = "pdx_columns_free"

    def __init__(self, path: Path) -> None:
        super().__init__(made(_api.pdx_columns, lib.pdx_columns_open, text(path)))
        self.path = os.path.abspath(os.fspath(path))

    @classmethod
    def from_table(cls, table: Path, path: Path, *, progress: ProgressFunction | None = None
                   ) -> Columns:
        """Writes a CSV table (see `load_table`; no margins) into a column file, row by row."""
        rows = ctypes.c_int64()
        hooks = Hooks(progress)
        run(lib.pdx_columns_from_table, byref(rows), text(table), text(path), byref(hooks.struct),
            hooks=hooks)
        return cls(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return Columns, (self.path,)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(lib.pdx_columns_rows(self._pointer))

    @property
    def chunks(self) -> int:
        """Number of chunks of 4,096 rows, the unit of parts."""
        return int(lib.pdx_columns_chunks(self._pointer))

    @property
    def kind(self) -> str:
        """"int8" or "float32"."""
        narrow = lib.pdx_columns_kind(self._pointer) == _api.PDX_COLUMNS_INT8
        return "int8" if narrow else "float32"

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the D properties."""
        return tuple(string(lib.pdx_columns_name(self._pointer, k))
                     for k in range(lib.pdx_columns_dim(self._pointer)))

    @property
    def judges(self) -> tuple[str, ...]:
        """Names; empty where the rows have no judge."""
        return tuple(string(lib.pdx_columns_judge(self._pointer, i))
                     for i in range(lib.pdx_columns_judge_count(self._pointer)))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names; empty where the rows have no group."""
        return tuple(string(lib.pdx_columns_group(self._pointer, i))
                     for i in range(lib.pdx_columns_group_count(self._pointer)))

    def fit(self, *, executor: Executor | None = None, parts: int | None = None,
            sums: SumsFunction | None = None, memory_bytes: int | None = None,
            **given: Unpack[FitOptions]) -> Study:
        """Fits every judge in every group by EP, with its certificate.

        Parameters
        ----------
        executor : concurrent.futures.Executor, optional
            Who sums over the rows: other processes, or other machines that see the file under the
            same path, by the executor of dask.distributed's client. Each is asked for a part of the
            file at a time; the result is that of one machine to rounding.
        parts : int, optional
            With `executor`: into how many parts the file falls; default: its workers, or 2.
        sums : callable, optional
            In place of `executor`: answers a request, usually by adding up what `sums` says of
            parts that lie anywhere.
        memory_bytes : int, optional
            How much of the file stays in memory at most; default 256 MiB.
        **given
            See `FitOptions`; which of them count, pdx_columns_fit says in columns.h.
        """
        if executor is not None:
            if sums is not None:
                raise ValueError("give executor or sums, not both")
            sums = _by_executor(self, executor, parts)
        struct, hooks = fit_options(given, lib.pdx_columns_dim(self._pointer))
        how, _ = options(_api.pdx_columns_options, lib.pdx_columns_options_init,
                         {"memory_bytes": memory_bytes})
        held = _Held(sums)
        if sums is not None:
            how.sums = held.callback
        try:
            pointer = made(_api.pdx_study, lib.pdx_columns_fit, self._pointer, byref(struct),
                           byref(how), hooks=hooks)
        except Exception:
            if held.exception is not None:
                raise held.exception from None
            raise
        return Study(pointer)

    def sums(self, request: Floats, length: int, *, first: int = 0, count: int | None = None,
             threads: int = 0) -> Floats:
        """Answers a request of a fit over chunks [first, first + count).

        Parameters
        ----------
        request : numpy.ndarray
        length : int
            Of the answer, as the fit said.
        """
        asked = np.ascontiguousarray(request, dtype=np.float64)
        out = np.empty(length)
        run(lib.pdx_columns_sums, self._pointer, first, self.chunks if count is None else count,
            address(asked), asked.size, address(out), length, threads)
        return out

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Columns, closed>"
        return f"<Columns: {self.rows} rows, {len(self.properties)} properties, {self.path}>"


class _Held:
    """A sums function as C calls it; an exception is held and raised after the call."""

    def __init__(self, function: SumsFunction | None) -> None:
        self.exception: BaseException | None = None
        self._function = function
        self.callback = _api.pdx_columns_sums_fn(self._on_sums)

    def _on_sums(self, _user: Any, request: Any, request_length: int, sums: Any,
                 sums_length: int) -> int:
        try:
            asked = np.ctypeslib.as_array(request, (request_length,)).copy()
            assert self._function is not None
            np.ctypeslib.as_array(sums, (sums_length,))[:] = self._function(asked, sums_length)
        except BaseException as exception:
            self.exception = exception
            return 1
        return 0


class _Parts:
    """Sums over all parts by the workers of an executor, added in their order."""

    def __init__(self, executor: Executor, path: str, bounds: Sequence[int]) -> None:
        self._executor = executor
        self._path = path
        self._bounds = bounds

    def __call__(self, request: Floats, length: int) -> Floats:
        futures = [self._executor.submit(sums_of_part, self._path, first, last - first, request,
                                         length)
                   for first, last in zip(self._bounds, self._bounds[1:])]
        total = np.zeros(length)
        try:
            for future in futures:
                total += future.result()
        finally:
            for future in futures:
                future.cancel()
        return total


def _by_executor(columns: Columns, executor: Executor, parts: int | None) -> _Parts:
    wanted = parts or getattr(executor, "_max_workers", None) or 2
    chunks = columns.chunks
    wanted = max(1, min(wanted, chunks))
    return _Parts(executor, columns.path, [chunks * i // wanted for i in range(wanted + 1)])


@functools.lru_cache(maxsize=4)
def _opened(path: str) -> Columns:
    return Columns(path)


def sums_of_part(path: str, first: int, count: int, request: Floats, length: int) -> Floats:
    """One worker's share of a request."""
    return _opened(path).sums(request, length, first=first, count=count, threads=1)
