"""Finds the shared library, refuses another version, and declares its functions.

Looked for in this order: the file that PREFDISSECT_LIBRARY names; inside this package (wheels); the
build folder of the source tree that this package lies in; pkg-config; the loader's own path.
"""
from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Iterator

from . import _api
from ._errors import BY_STATUS, Error

WANTED = f"{_api.PDX_VERSION_MAJOR}.{_api.PDX_VERSION_MINOR}.{_api.PDX_VERSION_PATCH}"
# The loader's name of the library: its ABI is the major version.
NAME = f"libprefdissect.so.{_api.PDX_VERSION_MAJOR}"


def _candidates() -> Iterator[str]:
    package = Path(__file__).resolve().parent
    yield str(package / "libprefdissect.so")
    if (package.parent / "gen_api.py").exists():
        yield str(package.parents[2] / "build" / "src" / "libprefdissect.so")
    import subprocess
    try:
        found = subprocess.run(["pkg-config", "--variable=libdir", "prefdissect"],
                               capture_output=True, text=True, check=True).stdout.strip()
        yield os.path.join(found, NAME)
    except (OSError, subprocess.CalledProcessError):
        pass


def find() -> str:
    """The library's file, or the name under which the loader may know it."""
    named = os.environ.get("PREFDISSECT_LIBRARY")
    if named:
        return named
    return next((path for path in _candidates() if os.path.exists(path)), NAME)


def load(path: str) -> Any:
    """Opens the library at `path`.

    Raises
    ------
    ImportError
        It cannot be opened, has another version than the one whose headers these declarations were
        made from, or lacks a function.
    """
    try:
        library = ctypes.CDLL(path)
        library.pdx_version_string.restype = ctypes.c_char_p
        version = library.pdx_version_string().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(f"the prefdissect library cannot be loaded ({error}); "
                          "PREFDISSECT_LIBRARY may name its file") from error
    if version.split(".")[:2] != WANTED.split(".")[:2]:
        raise ImportError(f"{path} is prefdissect {version}; this package needs {WANTED}")
    for name, (result, arguments) in _api.FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} (prefdissect {version}) lacks {name}") from None
        function.restype, function.argtypes = result, arguments
    return library


PATH = find()
#: The functions of the C library under their own names, with types declared.
lib: Any = load(PATH)


def check(status: int) -> None:
    """Raises the exception of a failed call."""
    if status != _api.PDX_OK:
        message = lib.pdx_error_message().decode("utf-8", "replace")
        raise BY_STATUS.get(status, Error)(message)
