"""Models rated with the properties of their responses held equal."""
from __future__ import annotations

from ctypes import byref
from functools import cached_property
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, TypedDict

from . import _api
from ._calls import Resource, made, run, string
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from ._tables import table_of
from .fit import Contrast, Fit

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments


class RatingOptions(TypedDict, total=False):
    """How models are rated; absent or None: the library's default.

    Attributes
    ----------
    judge, group : str
        Default: the only judge; all pairs.
    model_a, model_b : str
        Fields of a pair that name its models; default "model_a" and "model_b".
    model_scale, prior_scale, position_scale : float
        sd of a model's strength (default 1.5); b of the properties' Laplace prior (0.1; 0: no
        control); sd of the position effect (2.5).
    ties : {"drop", "half", "refuse"}
        Default half.
    draws, seed, threads : int
        Draws are for the ranks, default 2000.
    progress : callable or True
    """

    judge: str | None
    group: str | None
    model_a: str | None
    model_b: str | None
    model_scale: float | None
    prior_scale: float | None
    position_scale: float | None
    ties: str | None
    draws: int | None
    seed: int | None
    threads: int | None
    progress: ProgressFunction | None


class ModelRating(NamedTuple):
    """One model: its pairs, the share that it won (ties half), its strength in log-odds against the
    average model with 95 % limits, properties controlled and plain, its rank's limits, P(best)."""

    name: str
    pairs: int
    wins: float
    strength: float
    low: float
    high: float
    plain: float
    plain_low: float
    plain_high: float
    rank_low: float
    rank_high: float
    prob_best: float


class Rating(Resource):
    """Ratings of models (Bradley & Terry 1952, properties as covariates), the strongest first.

    Examples
    --------
    >>> rows = [{"response_a": "Yes." * (i % 3 + 1), "response_b": "No.", "model_a": "x",
    ...          "model_b": "y"} for i in range(20)]
    >>> from prefdissect import Dataset, Judgments
    >>> dataset, judgments = Dataset.from_records(rows), Judgments()
    >>> judgments.append("ann", range(20), winner="A")
    >>> rating = Rating.fit(dataset, judgments)
    >>> [model.name for model in rating]
    ['x', 'y']
    """

    _free_name = "pdx_rating_free"

    @classmethod
    def fit(cls, dataset: Dataset, judgments: Judgments, **given: Unpack[RatingOptions]) -> Rating:
        """Rates the models that the pairs name.

        Parameters
        ----------
        dataset : Dataset
            From files or records, as the models are fields of its pairs.
        judgments : Judgments
        **given
            See `RatingOptions`.

        Raises
        ------
        InvalidError, NotFoundError
        """
        struct, hooks = options(_api.pdx_rating_options, lib.pdx_rating_options_init, given,
                                {"ties": "TIES"})
        return cls(made(_api.pdx_rating, lib.pdx_rating_fit, dataset._pointer, judgments._pointer,
                        byref(struct), hooks=hooks))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the models, the strongest first."""
        return tuple(model.name for model in self)

    @property
    def left_out(self) -> int:
        """Pairs without both names, or of a model with itself."""
        return int(lib.pdx_rating_left_out(self._pointer))

    @property
    def properties(self) -> Fit:
        """The weights of the properties."""
        return Fit(lib.pdx_rating_properties(self._pointer), self._held)

    def contrast(self, model: str, other: str) -> Contrast:
        """Strength of one model minus that of another, properties controlled."""
        out = _api.pdx_contrast()
        run(lib.pdx_rating_contrast, self._pointer, self._index(model), self._index(other),
            byref(out))
        return Contrast.of(out)

    def to_pandas(self) -> Any:
        """A row per model, the fields of `ModelRating`; a structured array without pandas."""
        return table_of(ModelRating._fields, list(self))

    def _index(self, model: str) -> int:
        if model not in self.names:
            raise KeyError(model)
        return self.names.index(model)

    def __len__(self) -> int:
        return int(lib.pdx_rating_count(self._pointer))

    def __getitem__(self, key: int | str) -> ModelRating:
        out = _api.pdx_model_rating()
        index = self._index(key) if isinstance(key, str) else range(len(self))[key]
        run(lib.pdx_rating_get, self._pointer, index, byref(out))
        return ModelRating(string(out.name), *(getattr(out, field)
                                               for field in ModelRating._fields[1:]))

    def __iter__(self) -> Iterator[ModelRating]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return "<Rating, closed>" if self._handle is None else f"<Rating: {len(self)} models>"
