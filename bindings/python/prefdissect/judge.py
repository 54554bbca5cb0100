"""Things that make judgments."""
from __future__ import annotations

import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from . import _api
from ._calls import Path, Resource, made, run, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options

if TYPE_CHECKING:
    from typing_extensions import Unpack

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
        Share of verdicts for the response shown first; mean P(first) + P(second).
    no_verdict, failed, refused : int
        Judgments made now that say nothing; answers that may come by running again; answers that
        the server will not give.
    both_orders, consistent, flip_to_first : int, float, float
        Pairs with a verdict in both orders; share with the same winner; share won by the first.
    output_tokens, requests, usd : int, int, float
        Over HTTP: tokens of answers, requests sent, cost (NaN without prices).
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
    no_verdict: int
    failed: int
    refused: int
    both_orders: int
    consistent: float
    flip_to_first: float
    output_tokens: int
    requests: int
    usd: float


class Judge(Resource):
    """What can judge the pairs of a dataset; made by a subclass."""

    _free_name = "pdx_judge_free"

    @property
    def name(self) -> str:
        """The judge's name as judgments carry it."""
        return string(lib.pdx_judge_name(self._pointer))

    def run(self, dataset: Dataset, path: Path, *, name: str | None = None,
            orders: str | None = None, limit: int | None = None, allow_missing: bool | None = None,
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
        allow_missing : bool, optional
            True: the file is finished even where answers are missing that may still come.
        progress : callable or True, optional
            Called with a `Progress`, an exception stops the run; True: a bar.

        Raises
        ------
        BusyError
            Another process writes the same part file.
        """
        struct, hooks = options(_api.pdx_judge_options, lib.pdx_judge_options_init, {
            "name": name, "orders": orders, "limit": limit,
            "allow_missing": allow_missing, "progress": progress},
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


class HttpOptions(TypedDict, total=False):
    """How a server is asked; absent or None: the library's default. Fields as in http.h."""

    key: str | None
    key_env: str | None
    key_header: str | None
    proxy: str | None
    ca_file: Path | None
    prices: Path | None
    journal: Path | None
    offline: bool | None
    insecure: bool | None
    concurrency: int | None
    retries: int | None
    requests_per_minute: float | None
    tokens_per_minute: float | None
    connect_seconds: float | None
    idle_seconds: float | None
    total_seconds: float | None
    max_usd: float | None
    max_tokens: int | None
    max_response_bytes: int | None


def http_options(url: str, model: str, server: HttpOptions) -> tuple[Any, Any]:
    """The struct of a server's options, with certificates where the library's curl, which may have
    been built elsewhere, does not find the system's."""
    given: dict[str, Any] = {**server, "url": url, "model": model}
    if given.get("ca_file") is None and not os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        import ssl
        given["ca_file"] = ssl.get_default_verify_paths().cafile
    return options(_api.pdx_http_options, lib.pdx_http_options_init, given)


class BatchResult(NamedTuple):
    """A batch file: requests in it (or results read), asks that the journal answers (or good
    results), and by estimate on the dear side its tokens and cost (NaN without prices)."""

    requests: int
    answered: int
    tokens: int
    usd: float


class HttpJudge(Judge):
    """A model behind HTTP. Nothing is sent before `run`; every answer is kept in a journal.

    Parameters
    ----------
    url : str
        Base URL, or several with commas between: the least busy server is asked.
    model : str
        The name that the server knows it by.
    kind : {"completions", "chat", "verdict", "token-ids", "generative-scoring", "score", "llama"}
        The route, and what is read of its answers; see judge.h.
    prompt, label_first, label_second, label_tie, pattern, label_ids : str, optional
        The prompt, the labels, and how they are found in answers.
    top_logprobs, samples, verdict_tokens, seed : int, optional
        Alternatives asked for; verdicts of each pair and order; longest verdict; seed of sample 0.
    reasoning : bool, optional
        A model that takes max_completion_tokens and no temperature.
    temperature : float, optional
    **server
        See `HttpOptions`. The key is `key`, or read from the environment variable `key_env`.
    """

    def __init__(self, url: str, model: str, *, kind: str | None = None,
                 prompt: Path | None = None, label_first: str | None = None,
                 label_second: str | None = None, label_tie: str | None = None,
                 pattern: str | None = None, label_ids: str | None = None,
                 top_logprobs: int | None = None, samples: int | None = None,
                 reasoning: bool | None = None, temperature: float | None = None,
                 verdict_tokens: int | None = None, seed: int | None = None,
                 **server: Unpack[HttpOptions]) -> None:
        http, _ = http_options(url, model, server)
        struct, _ = options(_api.pdx_http_judge_options, lib.pdx_http_judge_options_init, {
            "kind": kind, "prompt": prompt, "label_first": label_first,
            "label_second": label_second, "label_tie": label_tie, "pattern": pattern,
            "label_ids": label_ids, "top_logprobs": top_logprobs, "samples": samples,
            "reasoning": reasoning, "temperature": temperature, "max_tokens": verdict_tokens,
            "seed": seed}, {"kind": "HTTP"})
        super().__init__(made(_api.pdx_judge, lib.pdx_judge_open_http, byref(http), byref(struct)))

    def write_batch(self, dataset: Dataset, path: Path, judgments: Path | None = None
                    ) -> BatchResult:
        """Writes a request a line for what the journal of `judgments` does not answer."""
        result = _api.pdx_batch_result()
        run(lib.pdx_judge_batch_write, byref(result), self._pointer, dataset._pointer, text(path),
            text(judgments), None)
        return BatchResult(*(getattr(result, field) for field in BatchResult._fields))

    def read_batch(self, path: Path, judgments: Path) -> BatchResult:
        """Takes the results of a batch service into the journal of `judgments`."""
        result = _api.pdx_batch_result()
        run(lib.pdx_judge_batch_read, byref(result), self._pointer, text(path), text(judgments))
        return BatchResult(*(getattr(result, field) for field in BatchResult._fields))
