"""Option structs: defaults of the library, and what was given by name."""
from __future__ import annotations

import ctypes
import functools
import operator
from typing import Any, Mapping, Sequence

import numpy as np

from . import _api
from ._calls import Resource, text, texts
from ._hooks import BRIEF, Hooks
from ._library import check, lib


@functools.lru_cache(maxsize=None)
def choices(family: str) -> dict[str, int]:
    """Names of an enum's values: choices("LABEL") is {"auto": 0, "order": 1, "sum-logp": 2, ...}."""
    prefix = f"PDX_{family}_"
    return {name[len(prefix):].lower().replace("_", "-"): value
            for name, value in vars(_api).items() if name.startswith(prefix)
            and not (family == "POOL" and name.startswith("PDX_POOL_OVER_"))}


def chosen(family: str, value: str) -> int:
    """The number of a named value of an enum."""
    known = choices(family)
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, known))}")
    return known[value]


@functools.lru_cache(maxsize=None)
def name_of(family: str, value: int) -> str:
    """The name of a value of an enum."""
    return next((name for name, number in choices(family).items() if number == value), str(value))


@functools.lru_cache(maxsize=None)
def _fields(kind: Any) -> dict[str, Any]:
    return dict(kind._fields_)


_filled: dict[tuple[Any, bytes | None], bytes] = {}


def _defaults(kind: Any, init: Any, preset: bytes | None) -> bytes:
    """The struct as the library fills it: asked for once, then copied."""
    if (kind, preset) not in _filled:
        struct = kind()
        init(ctypes.byref(struct), ctypes.sizeof(struct))
        if preset is not None:
            check(lib.pdx_fit_options_preset(ctypes.byref(struct), ctypes.sizeof(struct), preset))
        _filled[kind, preset] = bytes(struct)
    return _filled[kind, preset]


def options(kind: Any, init: Any, given: Mapping[str, Any],
            families: Mapping[str, str] | None = None, preset: str | None = None,
            brief: bool = False) -> tuple[Any, Hooks | None]:
    """An options struct with defaults and what was given, and the hooks of its call.

    `families` says which options are named values, and of which enum. None stands for the default.
    `brief`: nobody waits for this call, so that without `progress` it needs no watching.
    """
    struct = kind.from_buffer_copy(_defaults(kind, init, text(preset)))
    types = _fields(kind)
    hooks = None
    if "hooks" in types and brief and not given.get("progress"):
        struct.hooks = BRIEF
    elif "hooks" in types:
        hooks = Hooks(given.get("progress"))
        struct.hooks = hooks.struct
    for name, value in given.items():
        if value is None or (name == "progress" and "hooks" in types):
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
