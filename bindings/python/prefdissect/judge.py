"""Things that make judgments."""
from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _api
from ._calls import Path, ProgressFunction, Resource, made, options, run, string, text
from ._library import lib

if TYPE_CHECKING:
    from .dataset import Dataset


class JudgeResult(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    pairs, resumed, judgments : int
        Pairs judged, earlier runs included; judgments found in an interrupted run's file, and made
        now.
    truncated, tokens, computed : int
        Prompts cut to fit; tokens of all prompts, and of them computed (shared prefixes once).
    seconds : float
        Of the model's passes.
    p_first, coverage : float
        Share of judgments for the response shown first; mean P(first) + P(second).
    """

    pairs: int
    resumed: int
    judgments: int
    truncated: int
    tokens: int
    computed: int
    seconds: float
    p_first: float
    coverage: float


class Judge(Resource):
    """What can judge the pairs of a dataset; made by a subclass."""

    _free_name = "pdx_judge_free"

    @property
    def name(self) -> str:
        """The judge's name as judgments carry it."""
        return string(lib.pdx_judge_name(self._pointer))

    def run(self, dataset: Dataset, path: Path, *, name: str | None = None,
            orders: str | None = None, limit: int | None = None,
            progress: ProgressFunction | None = None) -> JudgeResult:
        """Judges every pair and writes judgments.jsonl at `path`.

        A run that was stopped (Ctrl-C too) goes on where it was when it is called again.

        Parameters
        ----------
        dataset : Dataset
            With texts, so from files.
        path : path
            Rows go to `path`.part until the end.
        name : str, optional
            Of the judge in the judgments.
        orders : {"both", "ab", "ba"}
        limit : int, optional
            At most so many pairs, the first ones.
        progress : callable, optional
            Called with a `Progress`; an exception stops the run.

        Raises
        ------
        BusyError
            Another process writes the same part file.
        """
        struct, hooks = options(_api.pdx_judge_options, lib.pdx_judge_options_init, {
            "name": name, "orders": orders, "limit": limit, "progress": progress},
            {"orders": "ORDERS"})
        result = _api.pdx_judge_result()
        run(lib.pdx_judge_run, byref(result), self._pointer, dataset._pointer, text(path),
            byref(struct), hooks=hooks)
        return JudgeResult(*(getattr(result, field) for field in JudgeResult._fields))

    def __repr__(self) -> str:
        closed = self._handle is None
        return f"<{type(self).__name__}{', closed' if closed else ' ' + repr(self.name)}>"


class LocalJudge(Judge):
    """A language model of the Llama shape from a GGUF file or a Hugging Face folder.

    Parameters
    ----------
    model : path
        A .gguf file, or a folder with config.json, model.safetensors and tokenizer.json.
    backend : {"cpu", "cuda"}
    prompt : str or path
        "plain" (default), "auto", a named template, or a file; see judge.h.
    label_first, label_second : str
        What names the responses; default "A" and "B".
    too_long : {"refuse", "truncate"}
    context, batch_tokens : int
        Longest prompt; tokens of one pass.
    memory_bytes : int
        For activations (CPU) or everything (GPU); default half of what is free.
    threads, device : int
        CPU threads (default all cores); GPU number.

    Raises
    ------
    ParseError, UnsupportedError, OutOfMemoryError
        The text names the tensor or key, or what the model needs.
    """

    def __init__(self, model: Path, *, backend: str | None = None, prompt: Path | None = None,
                 label_first: str | None = None, label_second: str | None = None,
                 too_long: str | None = None, context: int | None = None,
                 batch_tokens: int | None = None, memory_bytes: int | None = None,
                 threads: int | None = None, device: int | None = None) -> None:
        given: dict[str, Any] = {
            "backend": backend, "prompt": prompt, "label_first": label_first,
            "label_second": label_second, "too_long": too_long, "context": context,
            "batch_tokens": batch_tokens, "memory_bytes": memory_bytes, "threads": threads,
            "device": device}
        struct, _ = options(_api.pdx_local_options, lib.pdx_local_options_init, given,
                            {"too_long": "TOO_LONG"})
        super().__init__(made(_api.pdx_judge, lib.pdx_judge_open_local, text(model), byref(struct)))
