"""A fit beside its data: each property alone and together, and the labels that surprise."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _api
from ._calls import fields_of, run
from ._library import lib
from ._tables import table

if TYPE_CHECKING:
    from .dataset import Dataset
    from .fit import Fit
    from .judgments import Judgments

ORDER_NAMES = np.array(["", "AB", "BA"])


def effects(fit: Fit, dataset: Dataset, judgments: Judgments) -> Any:
    """See `Fit.effects`."""
    names = dataset.properties
    out = (_api.pdx_effect * len(names))()
    run(lib.pdx_posterior_effects, fit._pointer, dataset._pointer, judgments._pointer, out)
    plain = ("differs", "alone", "alone_low", "alone_high", "joint", "joint_low", "joint_high",
             "inflation", "partner_correlation")
    columns: dict[str, Any] = {"property": list(names)}
    columns |= {"wins" + (f"_{part}" if part != "value" else ""):
                [getattr(one.wins, part) for one in out] for part in ("value", "low", "high", "n")}
    columns |= {name: [getattr(one, name) for one in out] for name in plain}
    columns["partner"] = [names[one.partner] if one.partner >= 0 else "" for one in out]
    columns["parted"] = [bool(one.parted) for one in out]
    return table(columns)


def surprising(fit: Fit, dataset: Dataset, judgments: Judgments, count: int) -> Any:
    """See `Fit.surprising`."""
    out, written = (_api.pdx_surprise * max(count, 1))(), ctypes.c_int64()
    run(lib.pdx_posterior_surprising, fit._pointer, dataset._pointer, judgments._pointer, out,
        count, byref(written))
    rows = fields_of(out)[:written.value].copy()
    return table({"id": [dataset.id(pair) for pair in rows["pair"].tolist()],
                  "pair": rows["pair"], "order": ORDER_NAMES[rows["order"]], "y": rows["y"],
                  "probability": rows["probability"], "log_score": rows["log_score"]})
