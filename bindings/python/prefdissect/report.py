"""The report: one HTML file that opens without a network."""
from __future__ import annotations

from ctypes import byref
from html import escape
from typing import TYPE_CHECKING, TypedDict

from . import _api
from ._calls import Path, Resource, made, run, saved, string, text
from ._hooks import ProgressFunction
from ._library import lib
from ._options import options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .dataset import Dataset
    from .judgments import Judgments
    from .study import Study


class ReportOptions(TypedDict, total=False):
    """What a report holds; absent or None: the library's default.

    Attributes
    ----------
    title : str
    max_bytes : int
        Of the file, added pictures apart; default 2,000,000. Only texts give way.
    pairs_shown, text_chars : int
        Pairs whose texts are kept (default 1000), and characters of each text (2000).
    draws : int
        Of each posterior, for limits of similarities; default 200, 0: none.
    truth : Study
        Planted weights of a simulated study.
    seed, threads : int
    progress : callable or True
    """

    title: str | None
    max_bytes: int | None
    pairs_shown: int | None
    text_chars: int | None
    draws: int | None
    truth: Study | None
    seed: int | None
    threads: int | None
    progress: ProgressFunction | None


class Report(Resource):
    """A report that more can be added to; see `Study.report`. A notebook shows it inline."""

    _free_name = "pdx_report_free"

    @classmethod
    def of(cls, study: Study, dataset: Dataset | None = None, judgments: Judgments | None = None,
           **given: Unpack[ReportOptions]) -> Report:
        """Gathers all that a report says of a study; see `Study.report`."""
        struct, hooks = options(_api.pdx_report_options, lib.pdx_report_options_init, given)
        return cls(made(_api.pdx_report, lib.pdx_report_create, study._pointer,
                        None if dataset is None else dataset._pointer,
                        None if judgments is None else judgments._pointer, byref(struct),
                        hooks=hooks))

    @property
    def findings(self) -> tuple[str, ...]:
        """What the page begins with: sentences in plain words, the plainest first."""
        pointer = self._pointer
        return tuple(string(lib.pdx_report_finding(pointer, i))
                     for i in range(lib.pdx_report_finding_count(pointer)))

    def add_finding(self, sentence: str) -> None:
        """Puts a sentence of your own behind the findings."""
        run(lib.pdx_report_add_finding, self._pointer, text(sentence))

    def add_text(self, heading: str, paragraphs: str) -> None:
        """A section of plain text; blank lines part paragraphs."""
        run(lib.pdx_report_add_text, self._pointer, text(heading), text(paragraphs))

    def add_picture(self, heading: str, title: str, svg: str, *, caption: str | None = None,
                    csv: str | None = None) -> None:
        """A picture (a whole SVG) with its caption and the data behind it as CSV text."""
        run(lib.pdx_report_add_picture, self._pointer, text(heading), text(title), text(caption),
            text(svg), text(csv))

    def html(self) -> str:
        """The page."""
        return saved(lib.pdx_report_save, self._pointer).decode()

    def save(self, path: Path) -> None:
        """Writes the page, whole or not at all."""
        run(lib.pdx_report_save, self._pointer, text(path))

    def _repr_html_(self) -> str:
        # A page of its own inside the notebook: its styles and its script touch nothing else.
        return (f'<iframe srcdoc="{escape(self.html())}" sandbox="allow-scripts allow-downloads" '
                'style="width:100%;height:720px;border:1px solid #ccc"></iframe>')

    def __repr__(self) -> str:
        if self._handle is None:
            return "<Report, closed>"
        return f"<Report: {len(self.findings)} findings>"
