"""Properties of responses, rated by a language model behind HTTP."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from . import _api
from ._calls import Path, Resource, made, path_list, run, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options
from ._tables import flat, table_of_structs
from .judge import HttpOptions, http_options
from .schema import Schema

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset

FAMILIES = {"show": "SHOW", "structured": "STRUCTURED"}


class AnnotateResult(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    pairs, rows, kept : int
        Pairs with a good row in every stage; good rows made now, and by earlier runs.
    failed, refused, unusable : int
        Rows with "error"; of them, those that the annotator will not answer, and those without a
        usable answer after all corrections.
    corrections, requests, from_journal : int
        Answers sent back; requests sent now; answers that an earlier run had got.
    input_tokens, output_tokens, usd : int, int, float
        Of all the journal; usd NaN without prices.
    seconds : float
    structured : str
        How the server was made to answer in JSON.
    """

    pairs: int
    rows: int
    kept: int
    failed: int
    refused: int
    unusable: int
    corrections: int
    requests: int
    from_journal: int
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    structured: str

    @classmethod
    def of(cls, out: _api.pdx_annotate_result) -> AnnotateResult:
        """From the library's struct."""
        named = flat(out, {"structured": "STRUCTURED"})
        return cls(*(named[field] for field in cls._fields))


class AnnotateBatch(NamedTuple):
    """A batch file: requests in it (or results read), those that rows or journal answer already (or
    good results), those that depend on answers to come; by estimate its tokens, its cost, and its
    cost were every answer as long as it may be (NaN without prices)."""

    requests: int
    answered: int
    dependent: int
    tokens: int
    usd: float
    usd_most: float


class Annotator(Resource):
    """A model behind HTTP that rates the properties of a schema. Nothing is sent before `run`; every
    answer is kept in a journal, and asked for once.

    Parameters
    ----------
    url, model : str
        As for `HttpJudge`.
    schema : Schema, optional
        What is rated; default "li2024".
    prompts : path, optional
        Folder of prompt files in place of the built-in ones.
    stages : str or sequence of str, optional
        Default: all that the schema needs; see annotate.h.
    body : str, optional
        JSON object whose members go into every request.
    single : bool, optional
        True: responses are rated one by one, not side by side.
    show : {"random", "both", "ab", "ba"}
        Which response a pairwise prompt shows first.
    repeats : int
        Independent annotations of each pair; default 1.
    structured : {"auto", "schema", "json-schema", "json", "none"}
    corrections : int
        Times that an unusable answer is sent back with the reason; default 2.
    reasoning : bool, optional
        A model that takes max_completion_tokens and no temperature.
    temperature : float, optional
    answer_tokens : int, optional
        Longest answer, thinking included; default 4096.
    seed : int
    **server
        See `HttpOptions`.
    """

    _free_name = "pdx_annotator_free"

    def __init__(self, url: str, model: str, *, schema: Schema | None = None,
                 prompts: Path | None = None, stages: str | Sequence[str] | None = None,
                 body: str | None = None, single: bool | None = None, show: str | None = None,
                 repeats: int | None = None, structured: str | None = None,
                 corrections: int | None = None, reasoning: bool | None = None,
                 temperature: float | None = None, answer_tokens: int | None = None,
                 seed: int | None = None, **server: Unpack[HttpOptions]) -> None:
        http, _ = http_options(url, model, server)
        struct, _ = options(_api.pdx_annotator_options, lib.pdx_annotator_options_init, {
            "schema": schema, "prompts": prompts, "stages": stages, "body": body, "single": single,
            "show": show, "repeats": repeats, "structured": structured, "corrections": corrections,
            "reasoning": reasoning, "temperature": temperature, "max_tokens": answer_tokens,
            "seed": seed}, FAMILIES)
        super().__init__(made(_api.pdx_annotator, lib.pdx_annotator_open, byref(http),
                              byref(struct)))

    def run(self, dataset: Dataset, path: Path, *, only_failed: bool | None = None,
            limit: int | None = None, progress: ProgressFunction | None = None) -> AnnotateResult:
        """Annotates every pair and writes annotations.jsonl at `path`, whole.

        A run that was stopped (Ctrl-C too) goes on where it was when it is called again.

        Parameters
        ----------
        dataset : Dataset
            With texts.
        path : path
        only_failed : bool, optional
            True: only pairs with a failed row in the file.
        limit : int, optional
            At most so many pairs, the first ones.
        progress : callable or True, optional
            Called with a `Progress`, an exception stops the run; True: a bar.

        Raises
        ------
        NetworkError, BudgetError, BusyError
        """
        struct, hooks = self._options(only_failed, limit, progress)
        out = _api.pdx_annotate_result()
        run(lib.pdx_annotate_run, byref(out), self._pointer, dataset._pointer, text(path),
            byref(struct), hooks=hooks)
        return AnnotateResult.of(out)

    def write_batch(self, dataset: Dataset, path: Path, annotations: Path | None = None, *,
                    only_failed: bool | None = None, limit: int | None = None) -> AnnotateBatch:
        """Writes a request a line for what rows and journal of `annotations` do not answer."""
        struct, hooks = self._options(only_failed, limit, None)
        out = _api.pdx_annotate_batch()
        run(lib.pdx_annotate_batch_write, byref(out), self._pointer, dataset._pointer, text(path),
            text(annotations), byref(struct), hooks=hooks)
        return AnnotateBatch(*(getattr(out, field) for field in AnnotateBatch._fields))

    def read_batch(self, path: Path, annotations: Path) -> AnnotateBatch:
        """Takes the results of a batch service into the journal of `annotations`."""
        out = _api.pdx_annotate_batch()
        run(lib.pdx_annotate_batch_read, byref(out), self._pointer, text(path), text(annotations))
        return AnnotateBatch(*(getattr(out, field) for field in AnnotateBatch._fields))

    def _options(self, only_failed: bool | None, limit: int | None,
                 progress: ProgressFunction | None) -> tuple[Any, Any]:
        return options(_api.pdx_annotate_options, lib.pdx_annotate_options_init,
                       {"only_failed": only_failed, "limit": limit, "progress": progress})

    def __repr__(self) -> str:
        return "<Annotator, closed>" if self._handle is None else "<Annotator>"


def import_annotations(paths: Path | Sequence[Path], out: Path) -> AnnotateResult:
    """The raw annotation files of Li et al. 2024 into annotations.jsonl at `out`."""
    result, files = _api.pdx_annotate_result(), path_list(paths)
    run(lib.pdx_annotate_import, byref(result), files, len(files), text(out))
    return AnnotateResult.of(result)


def annotation_report(path: Path, *, prices: Path | None = None, model: str | None = None) -> Any:
    """What a file of annotations holds, a row per stage: rows, failed, refused, not_applicable,
    corrected, tokens, usd. DataFrame or structured array."""
    out = (_api.pdx_annotate_stage * _api.PDX_ANNOTATE_STAGES)()
    run(lib.pdx_annotations_report, out, text(path), text(prices), text(model))
    return table_of_structs(list(out))


def label_pairs(pairs: Path, annotations: Path, out: Path) -> None:
    """Writes the pairs with what annotations say of their queries, "scenario" and "cases", to group
    them by."""
    run(lib.pdx_annotations_label, text(pairs), text(annotations), text(out))
