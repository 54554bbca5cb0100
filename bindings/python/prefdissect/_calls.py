"""What every call needs: handles, callbacks, options, and numbers to and from numpy."""
from __future__ import annotations

import ctypes
import functools
import logging
import operator
import os
import signal
import threading
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, TypeVar, Union

import numpy as np
import numpy.typing as npt

from . import _api
from ._library import check, lib

Floats = npt.NDArray[np.float64]
Path = Union[str, "os.PathLike[str]"]

logger = logging.getLogger("prefdissect")


# ---- handles ----

class Handle:
    """A C object, freed when the last Python object that looks into it is gone."""

    __slots__ = ("pointer", "_free")

    def __init__(self, pointer: Any, free: Callable[[Any], None]) -> None:
        self.pointer = pointer
        self._free = free

    def __del__(self) -> None:
        self._free(self.pointer)


ResourceT = TypeVar("ResourceT", bound="Resource")


class Resource:
    """Base of what holds a C object; a context manager.

    Objects may be closed and dropped in any order: memory that another object or a numpy array
    still looks into stays until that is gone, too.
    """

    _free_name = ""

    def __init__(self, pointer: Any) -> None:
        self._handle: Handle | None = Handle(pointer, getattr(lib, self._free_name))

    @property
    def _pointer(self) -> Any:
        return self._held.pointer

    @property
    def _held(self) -> Handle:
        if self._handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._handle

    def close(self) -> None:
        """Lets go of the memory; what was taken from this object stays valid."""
        self._handle = None

    def __enter__(self: ResourceT) -> ResourceT:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


# ---- callbacks ----

class Progress(NamedTuple):
    """How far a long call is.

    Attributes
    ----------
    what : str
        The unit that is counted ("fits", "rows").
    done, total : int
        `total` is 0 where it is not known.
    seconds : float
        Since the call began.
    """

    what: str
    done: int
    total: int
    seconds: float


ProgressFunction = Callable[[Progress], object]


class Hooks:
    """The callbacks of one call, as a context around it.

    An exception of `progress` stops the call and is raised after it. So does Ctrl-C: the C library
    knows nothing of Python's signals, so one that comes during the call is noted, the call is told
    to stop at its next sign of progress (at least once a second), and then the handler that was
    there before does what it does. Lines of the library's log go to the logger "prefdissect".
    """

    def __init__(self, progress: ProgressFunction | None) -> None:
        self._progress = progress
        self._exception: BaseException | None = None
        self._interrupt: tuple[Any, ...] | None = None
        self._before: Any = None
        self.struct: Any = _api.pdx_hooks(_api.pdx_progress_fn(self._on_progress),
                                     _api.pdx_log_fn(self._on_log), None)

    def _on_progress(self, _user: Any, progress: Any) -> int:
        try:
            if self._progress is not None and self._exception is None:
                now = progress.contents
                self._progress(Progress(string(now.what), now.done, now.total, now.seconds))
        except BaseException as exception:
            self._exception = exception
        return int(self._exception is not None or self._interrupt is not None)

    def _on_log(self, _user: Any, level: int, text: bytes) -> None:
        try:
            logger.log(logging.INFO if level == _api.PDX_LOG_INFO else logging.WARNING, "%s",
                       string(text))
        except BaseException as exception:
            self._exception = exception

    def _on_interrupt(self, *arguments: Any) -> None:
        self._interrupt = arguments

    def __enter__(self) -> Hooks:
        # An exception out of a signal handler could strike before the callback can hold it; a note
        # cannot. Only the main thread has handlers, and only Python's own can be put back.
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                signal.signal(signal.SIGINT, self._on_interrupt)
                self._before = before
        return self

    def __exit__(self, *exception: object) -> None:
        self.struct = None  # it refers back to here
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            if self._interrupt is not None:
                self._before(*self._interrupt)
        if self._exception is not None:
            held, self._exception = self._exception, None
            raise held


def run(function: Any, *arguments: Any, hooks: Hooks | None = None) -> None:
    """Calls, and raises what the call, its callbacks or Ctrl-C ask for."""
    if hooks is None:
        check(function(*arguments))
        return
    with hooks:
        status = function(*arguments)
    check(status)


def made(kind: Any, function: Any, *arguments: Any, hooks: Hooks | None = None) -> Any:
    """The pointer that a constructor `function(out, ...)` makes."""
    pointer = ctypes.POINTER(kind)()
    run(function, ctypes.byref(pointer), *arguments, hooks=hooks)
    return pointer


# ---- texts and numbers ----

def path_list(paths: Path | Sequence[Path]) -> Any:
    """One path or several, as an array of texts."""
    if isinstance(paths, (str, os.PathLike)):
        return texts([paths])
    return texts(paths)


def string(value: bytes | None) -> str:
    """A text of the library as str; "" for NULL."""
    return "" if value is None else value.decode("utf-8", "surrogateescape")


def text(value: Path | None) -> bytes | None:
    """A str or path as C sees it."""
    if value is None:
        return None
    encoded = os.fspath(value).encode("utf-8", "surrogateescape")
    if b"\0" in encoded:
        raise ValueError("a text for the library must not contain a null character")
    return encoded


def texts(values: Iterable[Path]) -> Any:
    """An array of texts; it keeps them alive."""
    encoded = [text(value) for value in values]
    return (ctypes.c_char_p * len(encoded))(*encoded)


def floats(values: npt.ArrayLike, shape: tuple[int, ...], name: str) -> Floats:
    """float64, C order, of that shape; no copy where `values` is that already."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape}")
    return array


def address(array: npt.NDArray[Any] | None, kind: Any = ctypes.c_double) -> Any:
    """Pointer to a numpy array's numbers; the caller keeps the array."""
    return None if array is None else array.ctypes.data_as(ctypes.POINTER(kind))


class _Borrowed:
    """Memory of a handle as numpy sees it: the array keeps the handle."""

    def __init__(self, owner: Handle, pointer: Any, shape: tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (ctypes.addressof(pointer.contents), True), "shape": shape,
            "typestr": np.dtype(np.float64).str, "version": 3}


def borrowed(owner: Handle, pointer: Any, shape: tuple[int, ...]) -> Floats | None:
    """A read-only array over the library's own memory, without a copy; None for NULL."""
    if not pointer or 0 in shape:
        return None
    return np.asarray(_Borrowed(owner, pointer, shape))


# ---- options ----

@functools.lru_cache(maxsize=None)
def choices(family: str) -> dict[str, int]:
    """Names of an enum's values: choices("LABEL") is {"auto": 0, "order": 1, "sum-logp": 2, ...}."""
    prefix = f"PDX_{family}_"
    return {name[len(prefix):].lower().replace("_", "-"): value
            for name, value in vars(_api).items() if name.startswith(prefix)}


def chosen(family: str, value: str) -> int:
    """The number of a named value of an enum."""
    known = choices(family)
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, known))}")
    return known[value]


def name_of(family: str, value: int) -> str:
    """The name of a value of an enum."""
    return next((name for name, number in choices(family).items() if number == value), str(value))


def options(kind: Any, init: Any, given: Mapping[str, Any],
            families: Mapping[str, str] | None = None) -> tuple[Any, Hooks | None]:
    """An options struct with defaults and what was given, and the hooks of its call.

    `families` says which options are named values, and of which enum. None stands for the default.
    """
    struct = kind()
    init(ctypes.byref(struct), ctypes.sizeof(struct))
    types = dict(kind._fields_)
    hooks = None
    if "hooks" in types:
        hooks = Hooks(given.get("progress"))
        struct.hooks = hooks.struct
    for name, value in given.items():
        if value is None or (name == "progress" and hooks is not None):
            continue
        if name not in types or name in ("size", "hooks"):
            raise TypeError(f"there is no option {name!r}")
        try:
            _set(struct, name, types, value, (families or {}).get(name))
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)(f"option {name!r}: {error}") from None
    return struct, hooks


def _set(struct: Any, name: str, types: Mapping[str, Any], value: Any, family: str | None) -> None:
    kind = types[name]
    if family is not None and isinstance(value, str):
        setattr(struct, name, chosen(family, value))
    elif kind is ctypes.c_char_p:
        setattr(struct, name, text(_joined(value)))
    elif kind is ctypes.c_double:
        setattr(struct, name, float(value))
    elif kind is ctypes.POINTER(ctypes.c_char_p):
        values = [value] if isinstance(value, str) else list(value)
        setattr(struct, name, texts(values))
        setattr(struct, _count(name, types), len(values))
    elif kind is ctypes.POINTER(ctypes.c_double):
        array = np.ascontiguousarray(value, dtype=np.float64).ravel()
        setattr(struct, name, (ctypes.c_double * array.size)(*array))
        if _count(name, types):
            setattr(struct, _count(name, types), array.size)
    elif isinstance(value, Resource):
        setattr(struct, name, value._pointer)
    else:
        setattr(struct, name, operator.index(value))
        if getattr(struct, name) != value:
            raise OverflowError(f"{value} is out of range")


def _count(name: str, types: Mapping[str, Any]) -> str:
    """The field that counts an array: judges -> judge_count, quantile_probs -> quantile_count."""
    fields = (name[:-1] + "_count", name.split("_")[0] + "_count")
    return next((field for field in fields if field in types), "")


def _joined(value: Any) -> Any:
    """Lists and dictionaries as the library writes them: "a,b" and "field=value,field=value"."""
    if isinstance(value, Mapping):
        return ",".join(f"{field}={entry}" for field, entry in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(value)
    return value
