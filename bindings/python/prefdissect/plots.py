"""Pictures with matplotlib. Each function draws into Axes, its own where none are given, and returns
them. Colours are those of Okabe & Ito, told apart by every kind of sight."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

if TYPE_CHECKING:
    from .explanation import Explanation
    from .similarity import Similarity
    from .study import Study

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
MARKS = "osD^vP*X"


def _axes(ax: Any, width: float, height: float) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def _bare(ax: Any) -> None:
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="y", length=0)


def dissection(study: Study, group: str | None, judges: Sequence[str] | None, count: int | None,
               ax: Any) -> Any:
    """See `Study.plot_dissection`."""
    name = study[0].group if group is None else group
    fits = [fit for fit in study if fit.group == name and (judges is None or fit.judge in judges)]
    if not fits or (judges and set(judges) - {fit.judge for fit in fits}):
        raise KeyError(f"no fits of {judges or 'any judge'} in {name!r}")
    columns = fits[0].columns
    largest = np.max([np.abs(fit.mean) for fit in fits], axis=0)
    order = np.argsort(-largest, kind="stable")[:count][::-1]
    ax = _axes(ax, 7, 1.4 + 0.24 * len(order) * max(1.0, 0.45 * len(fits)))
    places = np.arange(len(order), dtype=float)
    step = min(0.2, 0.7 / len(fits))
    for k, fit in enumerate(fits):
        y = places + step * ((len(fits) - 1) / 2 - k)
        low, high = 100 / (1 + np.exp(-fit._limits()[order].T))
        color = COLORS[k % len(COLORS)]
        ax.hlines(y, low, high, color=color, linewidth=1.5)
        ax.plot(100 / (1 + np.exp(-fit.mean[order])), y, MARKS[k % len(MARKS)], color=color,
                markersize=5, label=fit.judge or "fit")
    ax.axvline(50, color="0.6", linewidth=0.8, zorder=0)
    ax.set_yticks(places, [columns[i] for i in order])
    ax.set_ylim(-0.7, len(order) - 0.3)
    ax.set_xlabel("wins when ahead in this property alone, percent (95 % interval)")
    ax.set_title(name, loc="left")
    ax.grid(axis="y", color="0.92")
    ax.set_axisbelow(True)
    _bare(ax)
    if len(fits) > 1:
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=min(len(fits), 4),
                  borderaxespad=0.1, columnspacing=1.2, handletextpad=0.3)
    return ax


def similarity(similarity: Similarity, metric: str, group: str | None, ax: Any) -> Any:
    """See `Study.plot_similarity`."""
    order = similarity.cluster(metric, group).order
    names = [similarity.judges[i] for i in order]
    values = similarity.matrix(metric, group)[np.ix_(order, order)]
    n = len(names)
    ax = _axes(ax, 2.6 + 0.42 * n, 2.0 + 0.36 * n)
    known = values[np.isfinite(values)]
    low = -1.0 if metric in ("pearson", "spearman") else float(known.min(initial=0.0))
    high = 1.0 if metric in ("pearson", "spearman") else 0.0
    image = ax.imshow(values, vmin=low, vmax=high or 1e-12,
                      cmap="RdBu_r" if low == -1.0 and high == 1.0 else "Blues")
    ax.set_xticks(range(n), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(n), names)
    for i in range(n if n <= 15 else 0):
        for j in range(n):
            value = values[i, j]
            if np.isfinite(value):
                red, green, blue, _ = image.cmap(image.norm(value))
                dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8,
                        color="white" if dark else "black")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(f"{metric}, {group or 'overall'}", loc="left")
    ax.figure.colorbar(image, ax=ax, shrink=0.8)
    return ax


def position(study: Study, group: str | None, ax: Any) -> Any:
    """See `Study.plot_position`."""
    name = study[0].group if group is None else group
    known = [(fit.judge, fit.position) for fit in study if fit.group == name and fit.position.known]
    if not known:
        raise ValueError(f"no fit in {name!r} knows a position effect: orders are unknown")
    known.sort(key=lambda one: -one[1].p_first)
    ax = _axes(ax, 6, 1.2 + 0.35 * len(known))
    for y, (_, at) in enumerate(known):
        ax.hlines(y, 100 * at.p_first_low, 100 * at.p_first_high, color=COLORS[0], linewidth=1.5)
        ax.plot(100 * at.p_first, y, "o", color=COLORS[0])
    ax.axvline(50, color="0.6", linewidth=0.8, zorder=0)
    ax.set_yticks(range(len(known)), [judge for judge, _ in known])
    ax.set_ylim(len(known) - 0.4, -0.6)
    ax.set_xlabel("shown first wins when nothing else differs, percent (95 % interval)")
    ax.set_title(name, loc="left")
    _bare(ax)
    return ax


def waterfall(why: Explanation, ax: Any, count: int) -> Any:
    """See `Explanation.plot_waterfall`."""
    order = np.argsort(-np.abs(why.shares), kind="stable")
    order = order[why.shares[order] != 0]
    shown, rest = order[:count], order[count:]
    labels = [f"{why.columns[i]} ({why.x[i]:+.3g})" for i in shown]
    steps = [float(why.shares[i]) for i in shown]
    if rest.size:
        labels.append(f"{rest.size} others")
        steps.append(float(why.shares[rest].sum()))
    ax = _axes(ax, 7, 1.6 + 0.34 * len(steps))
    at = 100 * why.start
    for y, (label, step) in enumerate(zip(labels, steps)):
        color = COLORS[0] if step > 0 else COLORS[1]
        ax.barh(y, 100 * step, left=at, color=color, height=0.62)
        ax.vlines(at + 100 * step, y - 0.31, y + 1.31 if y + 1 < len(steps) else y + 0.31,
                  color="0.4", linewidth=0.8)
        ax.annotate(f"{100 * step:+.1f}", (at + 100 * max(step, 0.0), y), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=8)
        at += 100 * step
    ax.axvline(100 * why.start, color="0.6", linewidth=0.8, zorder=0)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(steps) - 0.4, -0.6)
    ax.use_sticky_edges = False
    ax.margins(x=0.12)
    ax.set_xlabel(f"P(A preferred), percent: {100 * why.start:.1f} with all equal, "
                  f"{100 * why.probability:.1f} here")
    _bare(ax)
    return ax
