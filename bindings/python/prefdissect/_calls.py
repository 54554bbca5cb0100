"""What every call needs: handles, texts, and numbers to and from numpy."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Callable, Iterable, Sequence, TypeVar, Union

import numpy as np
import numpy.typing as npt

from ._hooks import Hooks
from ._library import check, lib

Floats = npt.NDArray[np.float64]
Path = Union[str, "os.PathLike[str]"]


# ---- handles ----

class Handle:
    """A C object, freed when the last Python object that looks into it is gone."""

    __slots__ = ("pointer", "_free", "files")

    def __init__(self, pointer: Any, free: Callable[[Any], None]) -> None:
        self.pointer = pointer
        self._free = free
        self.files: Any = None  # a temporary folder that the object reads, gone with it

    def __del__(self) -> None:
        self._free(self.pointer)
        if self.files is not None:
            self.files.cleanup()


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


def saved(function: Any, *arguments: Any) -> bytes:
    """What `function(..., path)` writes."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        run(function, *arguments, text(path))
        with open(path, "rb") as file:
            return file.read()


def fields_of(structs: Any) -> npt.NDArray[Any]:
    """An array of C structs as numpy's structured array, without a copy."""
    return np.frombuffer(structs, dtype=np.dtype(structs._type_))


def point(struct: Any, field: str, array: npt.NDArray[Any]) -> None:
    """Lets a pointer field look at an array's numbers; the caller keeps the array. A third of the
    time of `address`."""
    offset = getattr(type(struct), field).offset
    ctypes.c_void_p.from_buffer(struct, offset).value = array.ctypes.data


class _Borrowed:
    """Memory of a handle as numpy sees it: the array keeps the handle."""

    def __init__(self, owner: Handle, pointer: Any, shape: tuple[int, ...], kind: str) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (ctypes.addressof(pointer.contents), True), "shape": shape,
            "typestr": kind, "version": 3}


def borrowed(owner: Handle, pointer: Any, shape: tuple[int, ...], kind: str = np.dtype(np.float64).str
             ) -> npt.NDArray[Any] | None:
    """A read-only array over the library's own memory, without a copy; None for NULL."""
    if not pointer or 0 in shape:
        return None
    return np.asarray(_Borrowed(owner, pointer, shape, kind))
