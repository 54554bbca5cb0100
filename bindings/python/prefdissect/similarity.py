"""Who is like whom, by what they weigh."""
from __future__ import annotations

import ctypes
from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence, TypedDict

import numpy as np
import numpy.typing as npt

from . import _api
from ._calls import Floats, Resource, address, borrowed, fields_of, floats, made, run, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import chosen, options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .study import Study


class SimilarityOptions(TypedDict, total=False):
    """How judges are compared; absent or None: the library's default.

    Attributes
    ----------
    draws : int
        Of each posterior, for the uncertainty; default 400, 0: none.
    seed, threads : int
    judges : sequence of str
        These, in this order.
    scenarios : sequence of str
        Groups that "overall" is the mean of; default: those whose name starts with an upper-case
        letter, all where none does.
    progress : callable or True
    """

    draws: int | None
    seed: int | None
    threads: int | None
    judges: Sequence[str] | None
    scenarios: Sequence[str] | None
    progress: ProgressFunction | None


class Clustering(NamedTuple):
    """Average linkage with the leaf order that brings neighbours closest.

    Attributes
    ----------
    linkage : numpy.ndarray, shape (n - 1, 4)
        left, right, height, leaves of each step, as scipy.cluster.hierarchy has them.
    order : numpy.ndarray of int, shape (n,)
    """

    linkage: Floats
    order: npt.NDArray[np.int32]


class Similarity(Resource):
    """Similarities of J judges in every group of a study, and overall; see `Study.similarity`.

    Metrics: "pearson", "spearman", "l1" (-mean |a - b|), "l2" (-sqrt(sum (a - b)^2) / D); larger is
    nearer. Entries that cannot be known are NaN.
    """

    _free_name = "pdx_similarity_free"

    @classmethod
    def of(cls, study: Study, **given: Unpack[SimilarityOptions]) -> Similarity:
        """All pairs of judges in all groups of a study; see `SimilarityOptions`."""
        struct, hooks = options(_api.pdx_similarity_options, lib.pdx_similarity_options_init, given)
        return cls(made(_api.pdx_similarity, lib.pdx_similarity_create, study._pointer,
                        byref(struct), hooks=hooks))

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges, length J."""
        pointer = self._pointer
        return tuple(string(lib.pdx_similarity_judge(pointer, i))
                     for i in range(lib.pdx_similarity_judge_count(pointer)))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups."""
        pointer = self._pointer
        return tuple(string(lib.pdx_similarity_group(pointer, i))
                     for i in range(lib.pdx_similarity_group_count(pointer)))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The groups that "overall" is the mean of."""
        return tuple(name for i, name in enumerate(self.groups)
                     if lib.pdx_similarity_is_scenario(self._pointer, i))

    @property
    def note(self) -> str:
        """Sentences for the reader: what is not known, and why."""
        return string(lib.pdx_similarity_note(self._pointer))

    def matrix(self, metric: str = "pearson", group: str | None = None) -> Floats:
        """Similarity of the posterior means, shape (J, J), symmetric; group None: overall."""
        out = self._view(lib.pdx_similarity_matrix, metric, group)
        return np.empty((0, 0)) if out is None else out

    def interval(self, metric: str = "pearson", group: str | None = None
                 ) -> tuple[Floats, Floats, Floats] | None:
        """Mean, and ends of the 95 % interval, of the similarity of the true weights.

        Returns
        -------
        three arrays of shape (J, J); None where no uncertainty is known
        """
        mean = self._view(lib.pdx_similarity_mean, metric, group)
        low = self._view(lib.pdx_similarity_low, metric, group)
        high = self._view(lib.pdx_similarity_high, metric, group)
        return None if mean is None or low is None or high is None else (mean, low, high)

    def cluster(self, metric: str = "pearson", group: str | None = None) -> Clustering:
        """Clusters of judges by distance 1 - r, or minus the value for "l1" and "l2"."""
        n = len(self.judges)
        return _clustering(n, lambda merge, order: run(
            lib.pdx_similarity_cluster, self._pointer, self._group(group),
            chosen("METRIC", metric), merge, order))

    def to_pandas(self, metric: str = "pearson", group: str | None = None) -> Any:
        """`matrix` as a pandas.DataFrame with the judges' names."""
        import pandas as pd
        return pd.DataFrame(self.matrix(metric, group), index=self.judges, columns=self.judges)

    def _group(self, name: str | None) -> int:
        if name is None:
            return -1
        if name not in self.groups:
            raise KeyError(name)
        return self.groups.index(name)

    def _view(self, function: Any, metric: str, group: str | None) -> Floats | None:
        n = len(self.judges)
        return borrowed(self._held, function(self._pointer, self._group(group),
                                             chosen("METRIC", metric)), (n, n))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Similarity, closed>"
        return f"<Similarity: {len(self.judges)} judges, {len(self.groups)} groups>"


def cluster(distance: npt.ArrayLike) -> Clustering:
    """Average linkage of a symmetric distance matrix, shape (n, n), finite and >= 0.

    Examples
    --------
    >>> cluster([[0, 1, 4], [1, 0, 4], [4, 4, 0]]).linkage
    array([[0., 1., 1., 2.],
           [3., 2., 4., 3.]])
    """
    n = len(np.asarray(distance))
    array = floats(distance, (n, n), "distance")
    return _clustering(n, lambda merge, order: run(lib.pdx_cluster, n, address(array), merge, order))


def nearer(study: Study, a: str, b: str, c: str, group: str | None, metric: str,
           given: SimilarityOptions) -> float:
    """See `Study.nearer`."""
    struct, hooks = options(_api.pdx_similarity_options, lib.pdx_similarity_options_init, given)
    out = ctypes.c_double()
    run(lib.pdx_study_nearer, byref(out), study._pointer, text(group), chosen("METRIC", metric),
        text(a), text(b), text(c), byref(struct), hooks=hooks)
    return out.value


def _clustering(n: int, call: Any) -> Clustering:
    merge, order = (_api.pdx_merge * max(n - 1, 1))(), np.empty(n, dtype=np.int32)
    call(merge, address(order, ctypes.c_int32))
    steps = fields_of(merge)[:n - 1]
    linkage = np.column_stack([steps[name] for name in ("left", "right", "height", "count")])
    return Clustering(linkage.astype(np.float64), order)
