"""Do the weights cause anything? Edits whose effect on the properties is known, measured beside what
the fit predicts."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Sequence

from . import _api, svg
from ._calls import Path, Resource, made, run, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from ._tables import flat, table_of_structs

if TYPE_CHECKING:
    from .dataset import Dataset
    from .fit import Fit
    from .judgments import Judgments


class Edit(NamedTuple):
    """A name, what the edit does to a text, and whether it changes what is said or how well."""

    name: str
    what: str
    content: bool


class ProbeCounts(NamedTuple):
    """What `Edits.write` wrote: pairs as they are, pairs with one response edited; edits that left a
    text as it was, and sides without a text, which are not written."""

    originals: int
    edited: int
    unchanged: int
    empty: int


class Edits(Resource):
    """The built-in edits and, behind them, those of a JSON file; a sequence of `Edit`.

    Parameters
    ----------
    path : path, optional
        {"edits": [{"name", "what", "content", "pattern", "replacement", "once"}]}; see probe.h.

    Examples
    --------
    >>> edits = Edits()
    >>> edits.apply("politeness-added", "Use tea.") != "Use tea."
    True
    """

    _free_name = "pdx_edits_free"

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(made(_api.pdx_edits, lib.pdx_edits_create, text(path)))

    def apply(self, name: str, response: str, *, other: str = "", seed: int = 1) -> str:
        """The edited text; `other` is the response on the other side, which the edit "same" needs."""
        index = int(lib.pdx_edits_find(self._pointer, text(name)))
        if index < 0:
            raise KeyError(name)
        out = ctypes.c_char_p()
        run(lib.pdx_edits_apply, self._pointer, index, text(response), text(other), seed, byref(out))
        return string(out.value)

    def write(self, dataset: Dataset, path: Path, *, edits: Sequence[str] | None = None,
              side: str | None = None, limit: int | None = None, texts: Path | None = None,
              seed: int | None = None, progress: ProgressFunction | None = None) -> ProbeCounts:
        """Writes the originals and their edited copies as pairs.jsonl, for a judge to be asked.

        Parameters
        ----------
        dataset : Dataset
            With texts.
        path : path
        edits : sequence of str, optional
            Names; default: all.
        side : {"random", "a", "b", "both"}
            Which response is edited; default one at random, the same for all edits of a pair.
        limit : int, optional
            At most so many originals.
        texts : path, optional
            Edited texts made elsewhere; see probe.h.
        seed : int
        progress : callable or True
        """
        struct, hooks = options(_api.pdx_probe_write_options, lib.pdx_probe_write_options_init, {
            "edits": edits, "side": side, "limit": limit, "texts": texts, "seed": seed,
            "progress": progress}, {"side": "SIDE"})
        out = _api.pdx_probe_counts()
        run(lib.pdx_probe_write, byref(out), dataset._pointer, self._pointer, text(path),
            byref(struct), hooks=hooks)
        return ProbeCounts(*(getattr(out, name) for name in ProbeCounts._fields))

    def __len__(self) -> int:
        return int(lib.pdx_edits_count(self._pointer))

    def __getitem__(self, index: int) -> Edit:
        out = _api.pdx_edit()
        run(lib.pdx_edits_get, self._pointer, range(len(self))[index], byref(out))
        return Edit(string(out.name), string(out.what), bool(out.content))

    def __iter__(self) -> Iterator[Edit]:
        return (self[i] for i in range(len(self)))


class Probe(Resource):
    """Effects of edits on a judge's decisions, measured and as its fit predicts them.

    Positive where the edit helps the edited response; in log-odds unless said otherwise.
    """

    _free_name = "pdx_probe_free"

    @classmethod
    def measure(cls, dataset: Dataset, judgments: Judgments, fit: Fit, *,
                cluster_by: str | None = None, group: str | None = None, draws: int | None = None,
                seed: int | None = None) -> Probe:
        """From the judgments of all pairs that `Edits.write` wrote.

        Parameters
        ----------
        dataset : Dataset
            Of those pairs, originals and copies; its properties are the fit's columns.
        judgments : Judgments
        fit : Fit
            Of the judge; its judgments are taken.
        cluster_by : str, optional
            Field whose equal values are one cluster; default "query".
        group : str, optional
        draws, seed : int
            Of the posterior; default 1000.

        Raises
        ------
        InvalidError
            No edited pair has its original and judgments of both.
        """
        struct, _ = options(_api.pdx_probe_options, lib.pdx_probe_options_init, {
            "cluster_by": cluster_by, "group": group, "draws": draws, "seed": seed})
        return cls(made(_api.pdx_probe, lib.pdx_probe_measure, dataset._pointer, judgments._pointer,
                        fit._pointer, byref(struct)))

    @property
    def judge(self) -> str:
        """Whose decisions were measured."""
        return string(lib.pdx_probe_judge(self._pointer))

    @property
    def sentence(self) -> str:
        """What it comes to, in plain words."""
        return string(lib.pdx_probe_sentence(self._pointer))

    def effects(self) -> Any:
        """A row per edit, fields as pdx_probe_effect in probe.h: measured and predicted effects,
        their gap, wins, the share of decisions that it turned. DataFrame or structured array."""
        return table_of_structs(self._effects(), {"verdict": "EFFECT"})

    def weights(self) -> Any:
        """A row per property: what the interventions say of its weight (verdict "confirmed",
        "contradicted", "found", "unclear", "untested"); fields as pdx_probe_weight."""
        return table_of_structs([self._get(lib.pdx_probe_weight_get, _api.pdx_probe_weight, i)
                                 for i in range(lib.pdx_probe_weight_count(self._pointer))],
                                {"verdict": "WEIGHT"})

    def calibration(self) -> dict[str, Any]:
        """Measured = slope x predicted + spread, over all edits; fields as pdx_probe_calibration."""
        out = _api.pdx_probe_calibration()
        run(lib.pdx_probe_calibration_get, self._pointer, byref(out))
        return flat(out)

    def summary(self) -> dict[str, Any]:
        """Of the judge as a whole, its robustness score `turned` first; as pdx_probe_summary."""
        out = _api.pdx_probe_summary()
        run(lib.pdx_probe_summary_get, self._pointer, byref(out))
        return flat(out)

    def picture(self) -> svg.Svg:
        """The calibration plot of all edits."""
        rows = [flat(effect) for effect in self._effects()]
        limits = {side: [(row[side + "_low"], row[side + "_high"]) for row in rows]
                  for side in ("predicted", "measured")}
        return svg.calibration([row["predicted"] for row in rows], [row["measured"] for row in rows],
                               predicted_interval=limits["predicted"],
                               measured_interval=limits["measured"],
                               names=[row["name"] for row in rows],
                               title="Effects of edits, log-odds")

    def save(self, path: Path) -> None:
        """Writes all of it as JSON."""
        run(lib.pdx_probe_save, self._pointer, text(path))

    def _effects(self) -> list[Any]:
        return [self._get(lib.pdx_probe_get, _api.pdx_probe_effect, i)
                for i in range(lib.pdx_probe_count(self._pointer))]

    def _get(self, function: Any, kind: Any, index: int) -> Any:
        out = kind()
        run(function, self._pointer, index, byref(out))
        return out

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Probe, closed>"
        return f"<Probe: {lib.pdx_probe_count(self._pointer)} edits>"
