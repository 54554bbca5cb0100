"""Progress, log and Ctrl-C of long calls."""
from __future__ import annotations

import logging
import signal
import sys
import threading
from types import TracebackType
from typing import Any, Callable, NamedTuple, Union

from . import _api

logger = logging.getLogger("prefdissect")


class Progress(NamedTuple):
    """How far a long call is.

    Attributes
    ----------
    what : str
        The unit that is counted ("fits", "rows").
    done, total : int
        `total` is 0 where it is not known.
    seconds : float
        Since the call began.
    """

    what: str
    done: int
    total: int
    seconds: float


#: A function of a `Progress`; or True: a bar (tqdm's where it is installed).
ProgressFunction = Union[Callable[[Progress], object], bool]


class Bar:
    """What progress=True shows: tqdm's bar, also in notebooks; else a line on standard error."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._line = ""

    def __call__(self, now: Progress) -> None:
        if self._bar is None:
            try:
                from tqdm.auto import tqdm
                self._bar = tqdm(total=now.total or None, unit=" " + now.what)
            except ImportError:
                self._bar = False
        if self._bar is False:
            self._line = f"\r{now.what}: {now.done}" + (f" of {now.total}" if now.total else "")
            sys.stderr.write(self._line)
            return
        if now.total:
            self._bar.total = now.total
        self._bar.unit = " " + now.what
        self._bar.update(now.done - self._bar.n)

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar:
            self._bar.close()
        elif self._line:
            sys.stderr.write("\n")


# The calls that are under way, by the number that the library hands back as `user`. The callbacks
# themselves are made once: making one for each call would cost more than a small fit.
_running: dict[int, Hooks] = {}


def _on_progress(user: int, progress: Any) -> int:
    return _running[user].on_progress(progress)


def _on_log(user: int | None, level: int, line: bytes) -> None:
    if user is None:
        _log(level, line)
    else:
        _running[user].on_log(level, line)


def _log(level: int, line: bytes) -> None:
    logger.log(logging.INFO if level == _api.PDX_LOG_INFO else logging.WARNING, "%s",
               line.decode("utf-8", "replace"))


_PROGRESS, _LOG = _api.pdx_progress_fn(_on_progress), _api.pdx_log_fn(_on_log)
# CPython's functions behind those of `signal`, which spend microseconds on turning numbers to enums.
_raw: Any = sys.modules.get("_signal", signal)
_get_handler, _set_handler = _raw.getsignal, _raw.signal
_SIGINT = int(signal.SIGINT)


#: Of calls so brief that nobody waits for them: the log only. Watching costs the library a thread.
BRIEF = _api.pdx_hooks(_api.pdx_progress_fn(), _LOG, None)


class Hooks:
    """The callbacks of one call, as a context around it.

    An exception of `progress` stops the call and is raised after it. So does Ctrl-C: the C library
    knows nothing of Python's signals, so one that comes during the call is noted, the call is told
    to stop at its next sign of progress (at least once a second), and then the handler that was
    there before does what it does. Lines of the library's log go to the logger "prefdissect".
    """

    __slots__ = ("_progress", "_exception", "_interrupt", "_before", "struct")

    def __init__(self, progress: ProgressFunction | None) -> None:
        self._progress = Bar() if progress is True else progress or None
        self._exception: BaseException | None = None
        self._interrupt: tuple[Any, ...] | None = None
        self._before: Any = None
        self.struct: Any = _api.pdx_hooks(_PROGRESS, _LOG, id(self))

    def on_progress(self, progress: Any) -> int:
        """The library tells how far it is; nonzero: it is to stop."""
        try:
            if self._progress is not None and self._exception is None:
                now = progress.contents
                self._progress(Progress((now.what or b"").decode(), now.done, now.total,
                                        now.seconds))
        except BaseException as exception:
            self._exception = exception
        return int(self._exception is not None or self._interrupt is not None)

    def on_log(self, level: int, line: bytes) -> None:
        """The library has something to say."""
        try:
            _log(level, line)
        except BaseException as exception:
            self._exception = exception

    def _on_interrupt(self, *arguments: Any) -> None:
        self._interrupt = arguments

    def __enter__(self) -> Hooks:
        _running[id(self)] = self
        # An exception out of a signal handler could strike before the callback can hold it; a note
        # cannot. Only the main thread has handlers, and only Python's own can be put back.
        if threading.current_thread() is threading.main_thread():
            before = _get_handler(_SIGINT)
            if callable(before):
                _set_handler(_SIGINT, self._on_interrupt)
                self._before = before
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        del _running[id(self)]
        if isinstance(self._progress, Bar):
            self._progress.close()
        if self._before is not None:
            _set_handler(_SIGINT, self._before)
            if self._interrupt is not None:
                self._before(*self._interrupt)
        if self._exception is not None:
            held, self._exception = self._exception, None
            raise held
