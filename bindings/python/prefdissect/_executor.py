"""A study by the workers of an executor: one task a judge.

A task carries the dataset without its texts, and the judgments of its judge; it brings back fits. The
random numbers of a fit follow from the names of its judge and group, so the study is the same as one
that is made here."""
from __future__ import annotations

import time
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from .dataset import Dataset
    from .judgments import Judgments
    from .study import Study


def fit_on(executor: Executor, dataset: Dataset, judgments: Judgments, given: dict[str, Any]
           ) -> Study:
    """See `Study.fit`."""
    from ._hooks import Bar, Progress
    from .study import Study

    progress = given.pop("progress", None)
    told = Bar() if progress is True else progress or (lambda _: None)
    wanted = given.pop("judges", None)
    names = judgments.judges if wanted is None else list(wanted)
    if given.get("pool_over") == "judges":
        raise ValueError("judges that are pooled must be fitted together: no executor for them")
    start = time.monotonic()
    futures = [executor.submit(fit_judge, dataset, judgments.only(name), name, given)
               for name in names]
    parts = []
    try:
        for done, future in enumerate(futures, 1):
            parts.append(future.result())
            told(Progress("judges", done, len(futures), time.monotonic() - start))
    finally:
        for future in futures:
            future.cancel()  # those that have not begun, where one failed
    return Study.concatenate(parts)


def fit_judge(dataset: Dataset, judgments: Judgments, judge: str, given: Mapping[str, Any]
              ) -> Study:
    """One task."""
    from .study import Study
    return Study.fit(dataset, judgments, judges=[judge], **given)
