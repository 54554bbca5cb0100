"""Ways to answer a benchmark's queries that please its judge, or do not; outputs of models as pairs."""
from __future__ import annotations

import json
import os
import tempfile
from ctypes import byref
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence

from . import _api
from ._calls import Path, Resource, made, path_list, run, string, text
from ._hooks import BRIEF, ProgressFunction
from ._library import lib
from ._options import options
from .judge import HttpOptions, http_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .schema import Schema
    from .study import Study


class GenerateResult(NamedTuple):
    """What a run of `Arms.generate` or `grade_outputs` came to.

    Attributes
    ----------
    queries, answers, resumed : int
        Distinct queries; answers that there are now; of them, those that an earlier run had got.
    empty, failed, ungraded : int
        Answers without a text; answers that are missing (run again); texts without a grade in them.
    input_tokens, output_tokens, usd : int, int, float
        usd NaN without prices.
    """

    queries: int
    answers: int
    resumed: int
    empty: int
    failed: int
    ungraded: int
    input_tokens: int
    output_tokens: int
    usd: float

    @classmethod
    def of(cls, out: _api.pdx_generate_result) -> GenerateResult:
        """From the library's struct."""
        return cls(*(getattr(out, field) for field in cls._fields))


class OutputsCounts(NamedTuple):
    """What `pair_outputs` wrote: pairs; queries of the baseline that an arm does not answer, answers
    to queries that the baseline does not have; pairs with an empty response, which are kept."""

    pairs: int
    missing: int
    foreign: int
    empty: int


class Arms(Resource):
    """Named system messages, one for each group of queries: "align" asks for what a judge weighs most,
    "diverge" for what it weighs least, "plain" for nothing, "random" for properties drawn at random,
    the control (Li et al. 2024, section 5).

    Parameters
    ----------
    messages : mapping
        Of each arm's name, a system message ("": none), or a mapping of groups to messages, the first
        of which is for all other groups. `choose` makes arms from fits.

    Examples
    --------
    >>> arms = Arms({"plain": "", "brief": {"all": "Answer in one line.", "code": "Code only."}})
    >>> arms.names, arms.message("brief", "code"), arms.message("brief", "advice")
    (('plain', 'brief'), 'Code only.', 'Answer in one line.')
    """

    _free_name = "pdx_arms_free"

    def __init__(self, messages: Mapping[str, str | Mapping[str, str]]) -> None:
        tree = {"format": "prefdissect.arms", "version": 1, "arms": [
            {"name": name, "messages": [{"group": group, "system": system} for group, system in
                                        ({"all": of} if isinstance(of, str) else of).items()]}
            for name, of in messages.items()]}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "arms.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(tree, file)
            super().__init__(_loaded(path))

    @classmethod
    def choose(cls, study: Study, schema: Schema | None = None, *, judge: str | None = None,
               top: int | None = None, seed: int | None = None) -> Arms:
        """"align", "plain", "diverge" and "random" from a judge's fits, a message for each group.

        Parameters
        ----------
        study : Study
        schema : Schema, optional
            Properties that it calls promptable are asked for; default "li2024" or "surface", whichever
            has the fit's columns.
        judge : str, optional
            Default: the only one.
        top : int
            Properties that a message asks for; default 3.
        seed : int
            Of the random arm; default 1.

        Raises
        ------
        InvalidError
            Fewer than 2 x top promptable properties, or a column that the schema lacks.
        NotFoundError
            The study has no fit of that judge.
        """
        struct, _ = options(_api.pdx_arms_options, lib.pdx_arms_options_init,
                            {"judge": judge, "top": top, "seed": seed})
        return cls._of(made(_api.pdx_arms, lib.pdx_arms_choose, study._pointer,
                            None if schema is None else schema._pointer, byref(struct)))

    @classmethod
    def load(cls, path: Path) -> Arms:
        """From arms.json, as `save` writes it."""
        return cls._of(_loaded(path))

    @classmethod
    def _of(cls, pointer: Any) -> Arms:
        arms = cls.__new__(cls)
        Resource.__init__(arms, pointer)
        return arms

    def save(self, path: Path) -> None:
        """Writes arms.json: messages may be edited there and arms added."""
        run(lib.pdx_arms_save, self._pointer, text(path))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the arms, in their order."""
        return tuple(string(lib.pdx_arms_name(self._pointer, i)) for i in range(len(self)))

    def message(self, name: str, group: str | None = None) -> str:
        """The system message of an arm for a group; without one of its own (or None), the arm's first.

        "" is no message.
        """
        if name not in self.names:
            raise KeyError(name)
        return string(lib.pdx_arms_message(self._pointer, self.names.index(name), text(group)))

    def generate(self, dataset: Dataset, folder: Path, url: str, model: str, *,
                 temperature: float | None = None, answer_tokens: int | None = None,
                 limit: int | None = None, group_by: str | None = None, seed: int | None = None,
                 reasoning: bool | None = None, progress: ProgressFunction | None = None,
                 **server: Unpack[HttpOptions]) -> GenerateResult:
        """Has a model answer every query of the dataset in every arm; writes FOLDER/ARM.json each, in
        AlpacaEval's model_outputs form.

        A run that was stopped (Ctrl-C too) goes on where it was when it is called again.

        Parameters
        ----------
        dataset : Dataset
            With texts.
        folder : path
            Made where it is absent.
        url, model : str
            Of the server; asked over /v1/chat/completions.
        temperature : float, optional
            Default: the server's.
        answer_tokens : int
            Longest answer; default 1024.
        limit : int, optional
            At most so many queries, the first ones.
        group_by : str
            Field of a pair that names the group of its query; default "scenario".
        seed : int
            Sent along; default 1.
        reasoning : bool, optional
            A model that takes max_completion_tokens and no temperature.
        progress : callable or True, optional
            Called with a `Progress`, an exception stops the run; True: a bar.
        **server
            See `HttpOptions`.

        Raises
        ------
        NetworkError
            Answers are missing: nothing is written, those that came are kept for the next run.
        BudgetError, BusyError
        """
        http, _ = http_options(url, model, server)
        struct, hooks = _generating(temperature, answer_tokens, limit, group_by, seed, reasoning,
                                    progress)
        out = _api.pdx_generate_result()
        os.makedirs(folder, exist_ok=True)
        run(lib.pdx_arms_generate, byref(out), self._pointer, dataset._pointer, text(folder),
            byref(http), byref(struct), hooks=hooks)
        return GenerateResult.of(out)

    def __len__(self) -> int:
        return int(lib.pdx_arms_count(self._pointer))

    def __repr__(self) -> str:
        return "<Arms, closed>" if self._handle is None else f"<Arms: {', '.join(self.names)}>"


def pair_outputs(outputs: Path | Sequence[Path], baseline: Path, path: Path, *,
                 questions: Path | None = None) -> OutputsCounts:
    """Model outputs of several arms against those of a baseline, as pairs.jsonl for a judge: response A
    is the baseline's, B the arm's. What is missing is a line of the log each.

    Parameters
    ----------
    outputs : path or sequence of paths
        AlpacaEval's model_outputs.json, or MT-bench's answers (first turns).
    baseline : path
        The same of the model that all are compared with.
    path : path
    questions : path, optional
        MT-bench's question.jsonl, which its answers need.

    Raises
    ------
    InvalidError
        A file shares no query with the baseline, or two files are of one model.
    """
    counts, files = _api.pdx_outputs_counts(), path_list(outputs)
    run(lib.pdx_outputs_pair, byref(counts), files, len(files), text(baseline), text(questions),
        text(path), byref(BRIEF))
    return OutputsCounts(*(getattr(counts, field) for field in OutputsCounts._fields))


def grade_outputs(outputs: Path | Sequence[Path], path: Path, url: str, model: str, *,
                  questions: Path | None = None, temperature: float | None = None,
                  answer_tokens: int | None = None, seed: int | None = None,
                  limit: int | None = None, reasoning: bool | None = None,
                  progress: ProgressFunction | None = None, **server: Unpack[HttpOptions]
                  ) -> GenerateResult:
    """Single-answer grading: a model grades every output from 1 to 10; writes MT-bench's single
    judgments, score -1 where a text holds no grade.

    Parameters
    ----------
    outputs, questions
        As for `pair_outputs`.
    path : path
        The journal of answers is `path`.journal: a run that was stopped goes on.
    url, model : str
        Of the server.
    temperature, answer_tokens, limit, seed, reasoning, progress, **server
        As for `Arms.generate`.

    Raises
    ------
    NetworkError, BudgetError, BusyError
    """
    http, _ = http_options(url, model, server)
    struct, hooks = _generating(temperature, answer_tokens, limit, None, seed, reasoning, progress)
    out, files = _api.pdx_generate_result(), path_list(outputs)
    run(lib.pdx_outputs_grade, byref(out), files, len(files), text(questions), text(path),
        byref(http), byref(struct), hooks=hooks)
    return GenerateResult.of(out)


def _loaded(path: Path) -> Any:
    return made(_api.pdx_arms, lib.pdx_arms_load, text(path))


def _generating(temperature: float | None, answer_tokens: int | None, limit: int | None,
                group_by: str | None, seed: int | None, reasoning: bool | None,
                progress: ProgressFunction | None) -> tuple[Any, Any]:
    return options(_api.pdx_generate_options, lib.pdx_generate_options_init, {
        "temperature": temperature, "max_tokens": answer_tokens, "limit": limit,
        "group_by": group_by, "seed": seed, "reasoning": reasoning, "progress": progress})
