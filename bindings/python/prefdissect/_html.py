"""What notebooks show of datasets, fits and studies. Names come from files: all are escaped."""
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Iterable, Sequence

import numpy as np

if TYPE_CHECKING:
    from .dataset import Dataset
    from .explanation import Explanation
    from .fit import Fit
    from .study import Study

SHOWN = 12
_CELL = "text-align:left"
_BAR = "display:inline-block;height:0.7em;vertical-align:baseline;background:"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already."""
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>"
                   for row in rows)
    names = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in head)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _signed(value: float) -> str:
    return "" if np.isnan(value) else f"{value:+.3f}"


def _range(low: float, high: float) -> str:
    return "" if np.isnan(low) else f"{low:+.3f} to {high:+.3f}"


def _bar(value: float, most: float) -> str:
    """A bar from a middle line, to the left below zero."""
    share = 0.0 if not most or np.isnan(value) else min(abs(value) / most, 1.0) * 4
    empty = f'<span style="{_BAR}none;width:{{:.2f}}em"></span>'
    full = f'<span style="{_BAR}{"#0072b2" if value > 0 else "#d55e00"};width:{share:.2f}em"></span>'
    return (empty.format(4 - share) + full + empty.format(4) if value < 0
            else empty.format(4) + full)


def fit(one: Fit) -> str:
    """The largest weights of a fit."""
    low, high = one._limits().T
    order = np.argsort(-np.abs(one.mean), kind="stable")[:SHOWN]
    most = float(np.abs(one.mean[order]).max(initial=0.0))
    positive = one.prob_positive
    rows = [(escape(one.columns[i]), _bar(one.mean[i], most), _signed(one.mean[i]),
             _range(low[i], high[i]), "" if positive is None else f"{positive[i]:.3f}")
            for i in order]
    rest = one.mean.size - len(rows)
    more = f"<p>and {rest} smaller ones</p>" if rest else ""
    position = one.position
    pull = (f"<p>Shown first wins {position.p_first:.1%} of equal pairs ({position.p_first_low:.1%} "
            f"to {position.p_first_high:.1%}).</p>" if position.known else "")
    return (f"<p><b>{escape(one.judge) or 'fit'}</b> in {escape(one.group) or 'all'}: "
            f"{one.rows} rows, {one.mean.size} properties, label {escape(one.label)}</p>"
            + _table(("property", "", "weight", "95 %", "P(> 0)"), rows) + more + pull
            + f"<p>{escape(one.verdict)}</p>")


def study(all_fits: Study) -> str:
    """A row per fit: what it weighs most."""
    if all_fits._handle is None:
        return "<p>closed study</p>"
    rows = []
    for one in list(all_fits)[:50]:
        order = np.argsort(-np.abs(one.mean), kind="stable")[:3]
        position = one.position
        rows.append((escape(one.judge), escape(one.group), str(one.rows),
                     ", ".join(f"{escape(one.columns[i])} {one.mean[i]:+.2f}" for i in order),
                     f"{position.p_first:.1%}" if position.known else "",
                     f"{one.prediction.accuracy:.1%}" if one.prediction.folds else ""))
    rest = len(all_fits) - len(rows)
    return (f"<p><b>Study</b>: {len(all_fits)} fits, {len(all_fits.judges)} judges, "
            f"{len(all_fits.groups)} groups</p>"
            + _table(("judge", "group", "rows", "weighs most (log-odds)", "first wins, equal",
                      "held-out right"), rows)
            + (f"<p>and {rest} more fits</p>" if rest else ""))


def dataset(data: Dataset) -> str:
    """Counts, and each property's spread."""
    if data._handle is None:
        return "<p>closed dataset</p>"
    rows = []
    for name in data.properties[:SHOWN]:
        values = data[name]
        rows.append((escape(name), f"{(values > 0).mean():.1%}", f"{(values < 0).mean():.1%}",
                     f"{(values == 0).mean():.1%}"))
    rest = len(data.properties) - len(rows)
    groups = data.groups
    named = ", ".join(f"{escape(name)} ({len(pairs)})"
                      for name, pairs in list(groups.items())[:SHOWN])
    more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    left_out = "".join(f"<p>left out: {number} ({escape(reason)})</p>"
                       for reason, number in data.left_out.items())
    return (f"<p><b>Dataset</b>: {len(data)} pairs, {len(data.properties)} properties, "
            f"{len(groups)} groups</p>" + (f"<p>groups: {named}{more}</p>" if groups else "")
            + _table(("property", "A has more", "B has more", "equal"), rows)
            + (f"<p>and {rest} more properties</p>" if rest else "") + left_out)


def explanation(why: Explanation) -> str:
    """The largest shares of a decision."""
    order = np.argsort(-np.abs(why.shares), kind="stable")[:SHOWN]
    order = order[why.shares[order] != 0]
    most = float(np.abs(why.shares[order]).max(initial=0.0))
    rows: list[Sequence[Any]] = [
        (escape(why.columns[i]), f"{why.x[i]:+g}", _bar(why.shares[i], most),
         f"{why.shares[i]:+.1%}",
         "" if np.isnan(why.shares_low[i]) else
         f"{why.shares_low[i]:+.1%} to {why.shares_high[i]:+.1%}") for i in order]
    limits = ("" if np.isnan(why.probability_low) else
              f" ({why.probability_low:.1%} to {why.probability_high:.1%})")
    return (f"<p>P(A preferred): {why.start:.1%} with all properties equal, "
            f"<b>{why.probability:.1%}</b>{limits} here</p>"
            + _table(("property", "A minus B", "", "share", "95 %"), rows))
