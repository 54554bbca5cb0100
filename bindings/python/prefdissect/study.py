"""Fits of judges x groups."""
from __future__ import annotations

import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Sequence

from . import _api, _html, svg
from ._calls import Path, Resource, made, run, saved, text
from ._fit_options import FitOptions, fit_options
from ._library import lib
from ._tables import summary_of
from .explanation import Explanation
from .fit import Fit
from .pooling import Pooled, pooling
from .report import Report, ReportOptions
from .similarity import Similarity, SimilarityOptions, nearer

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments


class Study(Resource):
    """Fits of judges x groups; a sequence of `Fit`. `study[0]`, `study["gpt-4", "coding"]`.

    Examples
    --------
    >>> from prefdissect import simulate
    >>> simulated = simulate(pairs=200, scenarios=1)
    >>> study = Study.fit(simulated.dataset, simulated.judgments)
    >>> study.judges
    ('human', 'model-strong', 'model-weak')
    """

    _free_name = "pdx_study_free"

    # ---- making, reading, writing ----

    @classmethod
    def fit(cls, dataset: Dataset, judgments: Judgments, *, executor: Executor | None = None,
            **given: Unpack[FitOptions]) -> Study:
        """Fits every judge in every group (one group "all" where the dataset has none).

        Parameters
        ----------
        dataset : Dataset
        judgments : Judgments
        executor : concurrent.futures.Executor, optional
            Where the fits are made, one task a judge: other processes, or other machines by the
            executor of dask.distributed's client. The study is the same, number by number.
        **given
            See `FitOptions`.

        Raises
        ------
        InvalidError, NotFoundError, NumericError
        """
        if executor is not None:
            from ._executor import fit_on
            return fit_on(executor, dataset, judgments, dict(given))
        struct, hooks = fit_options(given, len(dataset.schema))
        return cls(made(_api.pdx_study, lib.pdx_study_fit, dataset._pointer, judgments._pointer,
                        byref(struct), hooks=hooks))

    @classmethod
    def load(cls, path: Path) -> Study:
        """From fits.json, at round-trip precision."""
        return cls(made(_api.pdx_study, lib.pdx_study_load, text(path)))

    @classmethod
    def load_weights(cls, path: Path) -> Study:
        """From the original's weight files: fits with means only."""
        return cls(made(_api.pdx_study, lib.pdx_study_load_weights, text(path)))

    @classmethod
    def concatenate(cls, studies: Iterable[Study]) -> Study:
        """The fits of several studies, in their order, as one; the studies stay as they are.

        Raises
        ------
        InvalidError
            A judge and group that two of them have.
        """
        parts = [study.copy() for study in studies]
        if not parts:
            raise ValueError("no studies")
        for part in parts[1:]:
            run(lib.pdx_study_append, parts[0]._pointer, part._pointer)
        return parts[0]

    def copy(self) -> Study:
        """A study of its own, with all that fits.json keeps."""
        return study_from_bytes(saved(lib.pdx_study_save, self._pointer))

    def save(self, path: Path) -> None:
        """Writes fits.json, whole or not at all."""
        run(lib.pdx_study_save, self._pointer, text(path))

    def save_weights(self, path: Path) -> None:
        """Writes the original's weight files: a folder, or a file where the name ends in .json."""
        run(lib.pdx_study_save_weights, self._pointer, text(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return study_from_bytes, (saved(lib.pdx_study_save, self._pointer),)

    # ---- a sequence ----

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges, in the order of their first fits."""
        return tuple(dict.fromkeys(fit.judge for fit in self))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, in the order of their first fits."""
        return tuple(dict.fromkeys(fit.group for fit in self))

    def __len__(self) -> int:
        return int(lib.pdx_study_count(self._pointer))

    def __getitem__(self, key: int | tuple[str, str]) -> Fit:
        if isinstance(key, tuple):
            judge, group = key
            pointer = lib.pdx_study_find(self._pointer, text(judge), text(group))
            if not pointer:
                raise KeyError(key)
        else:
            pointer = lib.pdx_study_get(self._pointer, range(len(self))[key])
        return Fit(pointer, self._held)

    def __iter__(self) -> Iterator[Fit]:
        return (self[i] for i in range(len(self)))

    # ---- questions ----

    def summary(self) -> Any:
        """A row per fit and property, as `Fit.summary` gives it."""
        return summary_of(list(self))

    @property
    def pooled(self) -> tuple[Pooled, ...]:
        """What was pooled partially: one for each judge (or group)."""
        return tuple(Pooled(lib.pdx_study_pooled(self._pointer, i), self._held)
                     for i in range(lib.pdx_study_pooled_count(self._pointer)))

    def pooling(self, judge: str | None = None) -> dict[str, Any]:
        """Held-out log loss and accuracy of no, complete and partial pooling, over the same folds;
        of one judge, or of all labels. Fields as pdx_pooling in posterior.h."""
        return pooling(self, judge)

    def similarity(self, **given: Unpack[SimilarityOptions]) -> Similarity:
        """Who is like whom, in every group and overall; see `SimilarityOptions`."""
        return Similarity.of(self, **given)

    def nearer(self, a: str, b: str, c: str, *, group: str | None = None, metric: str = "pearson",
               **given: Unpack[SimilarityOptions]) -> float:
        """P(judge a is nearer to b than to c) over posterior draws; group None: overall.

        Raises
        ------
        InvalidError
            A judge has means only.
        """
        return nearer(self, a, b, c, group, metric, given)

    def explain(self, dataset: Dataset, pair: int | str, *, judge: str | None = None,
                group: str | None = None, order: str | None = None) -> Explanation:
        """Why a judge prefers what it prefers in a pair: by number, or by id.

        Parameters
        ----------
        dataset : Dataset
        pair : int or str
        judge, group : str, optional
            Default: those of the first fit.
        order : {"AB", "BA"}, optional
            Which response was shown first; default: both orders alike.
        """
        number = dataset.find(pair) if isinstance(pair, str) else pair
        return self._one(judge, group).explain(dataset.row(number), order=order)

    def _one(self, judge: str | None, group: str | None) -> Fit:
        first = self[0]
        return self[first.judge if judge is None else judge,
                    first.group if group is None else group]

    # ---- pictures ----

    def save_dissection(self, path: Path, *, group: str | None = None,
                        judges: Sequence[str] | None = None, truth: Study | None = None) -> None:
        """Writes the dissection plot as SVG; see `svg.dissection`, which gives it as text."""
        svg.dissection(self, group=group, judges=judges, truth=truth).save(path)

    def report(self, path: Path | None = None, *, dataset: Dataset | None = None,
               judgments: Judgments | None = None, **given: Unpack[ReportOptions]) -> Report:
        """The report: one HTML file to open in a browser, or shown inline by a notebook.

        Parameters
        ----------
        path : path, optional
            Where to write it; None: a `Report` to add to, or to show.
        dataset : Dataset, optional
            With `judgments`: the views of single pairs, agreement and rates, too.
        judgments : Judgments, optional
        **given
            See `ReportOptions`.
        """
        report = Report.of(self, dataset, judgments, **given)
        if path is not None:
            report.save(path)
        return report

    def plot_dissection(self, group: str | None = None, judges: Sequence[str] | None = None,
                        count: int | None = None, ax: Any = None) -> Any:
        """Properties by what each does to the probability of being preferred, with 95 % intervals.

        Parameters
        ----------
        group : str, optional
            Default: that of the first fit.
        judges : sequence of str, optional
        count : int, optional
            Only so many properties, those of the largest effect.
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from . import plots
        return plots.dissection(self, group, judges, count, ax)

    def plot_similarity(self, metric: str = "pearson", group: str | None = None, ax: Any = None,
                        **given: Unpack[SimilarityOptions]) -> Any:
        """Heat map of the judges' similarities, in the order of their clusters; returns Axes."""
        from . import plots
        given.setdefault("draws", 0)
        with self.similarity(**given) as similarity:
            return plots.similarity(similarity, metric, group, ax)

    def plot_position(self, group: str | None = None, ax: Any = None) -> Any:
        """P(first | responses equal) of each judge with 95 % interval; returns Axes."""
        from . import plots
        return plots.position(self, group, ax)

    def plot_waterfall(self, dataset: Dataset, pair: int | str, *, judge: str | None = None,
                       group: str | None = None, order: str | None = None, count: int = 10,
                       ax: Any = None) -> Any:
        """`explain`, drawn; returns Axes."""
        return self.explain(dataset, pair, judge=judge, group=group, order=order).plot_waterfall(
            ax, count)

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Study, closed>"
        return f"<Study: {len(self)} fits, {len(self.judges)} judges, {len(self.groups)} groups>"

    def _repr_html_(self) -> str:
        return _html.study(self)


def study_from_bytes(content: bytes) -> Study:
    """What a pickled study becomes again."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "fits.json")
        with open(path, "wb") as file:
            file.write(content)
        return Study.load(path)
