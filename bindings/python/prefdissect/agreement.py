"""How far judges agree, by their verdicts."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

import numpy as np

from . import _api
from ._calls import address, run
from ._library import lib

if TYPE_CHECKING:
    from .dataset import Dataset
    from .judgments import Judgments


class Rate(NamedTuple):
    """A share or coefficient with its 95 % interval, NaN where there is nothing to count, and the
    number n of what was counted."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, rate: _api.pdx_rate) -> Rate:
        """From the library's struct."""
        return cls(rate.value, rate.low, rate.high, rate.n)


class Agreement(NamedTuple):
    """Two judges on the same pairs; a judge's verdict on a pair is the majority of its judgments.

    Attributes
    ----------
    pairs, decided : int
        With verdicts of both; of them, those where neither says tie.
    raw, raw_decided : Rate
        Share of them with the same verdict; Wilson's interval.
    kappa, alpha : Rate
        Cohen 1960; Krippendorff's, nominal; jackknife over pairs.
    """

    pairs: int
    decided: int
    raw: Rate
    raw_decided: Rate
    kappa: Rate
    alpha: Rate

    @classmethod
    def of(cls, out: _api.pdx_agreement) -> Agreement:
        """From the library's struct."""
        return cls(out.pairs, out.decided, *(Rate.of(getattr(out, name)) for name in
                                             ("raw", "raw_decided", "kappa", "alpha")))


class Consistency(NamedTuple):
    """What the order shown does to one judge.

    Attributes
    ----------
    first : Rate
        Share of showings won by the response shown first; n: showings.
    consistent, flip, flip_to_first : Rate
        Share of the pairs seen in both orders with the same winner, with opposite ones, and where
        both orders chose the response shown first.
    """

    first: Rate
    consistent: Rate
    flip: Rate
    flip_to_first: Rate


def agreement(judgments: Judgments, dataset: Dataset, a: str, b: str, group: str | None
              ) -> Agreement:
    """See `Judgments.agreement`."""
    out = _api.pdx_agreement()
    run(lib.pdx_judgments_agreement, judgments._pointer, dataset._pointer, judgments.judge_index(a),
        judgments.judge_index(b), dataset.group_index(group), byref(out))
    return Agreement.of(out)


def agreement_all(judgments: Judgments, dataset: Dataset, judges: Sequence[str] | None,
                  group: str | None) -> dict[tuple[str, str], Agreement]:
    """See `Judgments.agreement_all`."""
    names = judgments.judges if judges is None else tuple(judges)
    n = len(names)
    out = (_api.pdx_agreement * max(n * n, 1))()
    run(lib.pdx_judgments_agreement_all, judgments._pointer, dataset._pointer,
        _numbers(judgments, names), n, dataset.group_index(group), out)
    return {(a, b): Agreement.of(out[i * n + j])
            for i, a in enumerate(names) for j, b in enumerate(names)}


def alpha(judgments: Judgments, dataset: Dataset, judges: Sequence[str] | None, group: str | None
          ) -> Rate:
    """See `Judgments.alpha`."""
    names = judgments.judges if judges is None else tuple(judges)
    out = _api.pdx_rate()
    run(lib.pdx_judgments_alpha, judgments._pointer, dataset._pointer, _numbers(judgments, names),
        len(names), dataset.group_index(group), byref(out))
    return Rate.of(out)


def consistency(judgments: Judgments, dataset: Dataset, judge: str, group: str | None
                ) -> Consistency:
    """See `Judgments.consistency`."""
    out = _api.pdx_consistency()
    run(lib.pdx_judgments_consistency, judgments._pointer, dataset._pointer,
        judgments.judge_index(judge), dataset.group_index(group), byref(out))
    return Consistency(*(Rate.of(getattr(out, name)) for name in Consistency._fields))


def _numbers(judgments: Judgments, names: Sequence[str]) -> Any:
    return address(np.array([judgments.judge_index(name) for name in names], dtype=np.int32),
                   ctypes.c_int32)
