"""Other people's files: tables, what other tools wrote, parquet, records in memory."""
from __future__ import annotations

import ctypes
import json
import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Sequence

import numpy as np

from . import _api
from ._calls import Path, address, made, path_list, run, string, text
from ._hooks import Hooks, ProgressFunction
from ._library import lib
from ._options import options
from .dataset import Dataset, DatasetOptions
from .judgments import Judgments
from .schema import Schema

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .fit import Fit


class ImportResult(NamedTuple):
    """What an import wrote: pairs, judgments (those without a verdict included), and what was left
    out, each a line of the log."""

    pairs: int
    judgments: int
    left_out: int


def load_table(path: Path, *, progress: ProgressFunction | None = None
               ) -> tuple[Dataset, Judgments]:
    """A CSV table with a header: `y` in [0, 1] or `margin`; optional `w`, `offset`, `judge`,
    `group`; every other column is a property.

    Raises
    ------
    FileError, ParseError
    """
    from .judgments import Judgments

    hooks = Hooks(progress)
    judgments = ctypes.POINTER(_api.pdx_judgments)()
    dataset = made(_api.pdx_dataset, lib.pdx_table_load, byref(judgments), text(path),
                   byref(hooks.struct), hooks=hooks)
    return Dataset(dataset), Judgments(judgments)


def import_formats() -> dict[str, str]:
    """Formats of other tools that `import_files` reads, each with a line that says what it is."""
    what = ctypes.c_char_p()
    out: dict[str, str] = {}
    while name := lib.pdx_import_format(len(out), byref(what)):
        out[string(name)] = string(what.value)
    return out


def import_files(form: str, paths: Path | Sequence[Path], folder: Path, *, seed: int | None = None,
                 overwrite: bool = False, answers: Path | None = None,
                 questions: Path | None = None, baseline: str | None = None,
                 progress: ProgressFunction | None = None) -> ImportResult:
    """Other tools' files as pairs.jsonl, judgments.jsonl and what else they carry, into `folder`.

    Parameters
    ----------
    form : str
        One of `import_formats`.
    paths : path or sequence of paths
        Files of that format; a pair that several judges saw is written once.
    folder : path
        Made where it is absent; all files are written or none.
    seed : int
        Draws the order of chosen and rejected responses; default 1.
    overwrite : bool
        Replace files that are there.
    answers, questions, baseline
        Of the formats that need them; see dataset.h.
    """
    struct, hooks = options(_api.pdx_import_options, lib.pdx_import_options_init, {
        "seed": seed, "overwrite": overwrite, "answers": answers, "questions": questions,
        "baseline": baseline, "progress": progress})
    result = _api.pdx_import_result()
    files = path_list(paths)
    run(lib.pdx_import, byref(result), text(form), files, len(files), text(folder), byref(struct),
        hooks=hooks)
    return ImportResult(result.pairs, result.judgments, result.left_out)


def load_files(form: str, source: Any, *, seed: int | None = None, answers: Path | None = None,
               questions: Path | None = None, baseline: str | None = None,
               **given: Unpack[DatasetOptions]) -> tuple[Dataset, Judgments]:
    """Other tools' files as a dataset and its judgments, with nothing left behind on the disk.

    Parameters
    ----------
    form : str
        One of `import_formats`.
    source : path, sequence of paths, or iterable of dict
        Files of that format, parquet among them (read by pyarrow), or rows.
    seed, answers, questions, baseline
        As for `import_files`.
    **given
        See `DatasetOptions`.

    Raises
    ------
    FileError, ParseError
    """
    import tempfile
    with tempfile.TemporaryDirectory() as scratch:
        folder = tempfile.TemporaryDirectory(prefix="prefdissect-")
        there = os.path.join(folder.name, "")
        import_files(form, _as_files(source, scratch), there, seed=seed, answers=answers,
                     questions=questions, baseline=baseline, overwrite=True)
        features = os.path.join(there, "features.jsonl")
        if os.path.exists(features):
            dataset = Dataset.from_jsonl(there + "pairs.jsonl", features=features,
                                         names=there + "schema.json", **given)
        else:
            dataset = Dataset.from_jsonl(there + "pairs.jsonl", **given)
        judgments = Judgments.load(dataset, there + "judgments.jsonl", skip_unknown=True)
        dataset._held.files = folder  # texts are read from there
        return dataset, judgments


def _as_files(source: Any, folder: str) -> list[Path]:
    """Paths as they are; parquet files and rows as JSON Lines in `folder`."""
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    out: list[Path] = []
    if isinstance(source, Sequence) and all(isinstance(one, (str, os.PathLike)) for one in source):
        for i, path in enumerate(source):
            if not os.fspath(path).endswith(".parquet"):
                out.append(path)
                continue
            from pyarrow import parquet
            batches = parquet.ParquetFile(os.fspath(path)).iter_batches(1024)
            name = os.path.splitext(os.path.basename(os.fspath(path)))[0]
            out.append(os.path.join(folder, f"{name}-{i}.jsonl"))
            _write_rows(out[-1], (row for batch in batches for row in batch.to_pylist()))
        return out
    out.append(os.path.join(folder, "rows.jsonl"))
    _write_rows(out[0], source)
    return out


def _plain(value: Any) -> Any:
    """What json cannot write: numpy's numbers and arrays as Python's, the rest as text."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)


def _finite(value: Any) -> Any:
    """Missing values of tables (NaN, NaT) are no text."""
    return None if isinstance(value, float) and value != value else value


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        for row in rows:
            held = {str(key): _finite(value) for key, value in row.items()}
            file.write(json.dumps(held, ensure_ascii=False, default=_plain) + "\n")


def records(rows: Iterable[Mapping[str, Any]], properties: Sequence[str] | None,
            given: DatasetOptions) -> Dataset:
    """See `Dataset.from_records`."""
    import tempfile
    folder = tempfile.TemporaryDirectory(prefix="prefdissect-")
    pairs, features = (os.path.join(folder.name, name) for name in
                       ("pairs.jsonl", "features.jsonl"))
    numbered = ({"id": str(i), **row} for i, row in enumerate(rows))
    if properties is None:
        _write_rows(pairs, numbered)
        dataset = Dataset.from_jsonl(pairs, **given)
    else:
        kept = list(numbered)
        values = [[float(row[name]) for name in properties] for row in kept]
        ternary = {value for row in values for value in row} <= {-1.0, 0.0, 1.0}
        key = "cmp" if ternary and given.get("values") != "difference" else "diff"
        given = {**given, "values": "comparison" if key == "cmp" else "difference"}
        _write_rows(pairs, ({key: value for key, value in row.items() if key not in properties}
                            for row in kept))
        names: list[dict[str, Any]] = [
            {"format": "prefdissect.features", "version": 1,
             "properties": [{"id": name} for name in properties]}]
        _write_rows(features, names + [
            {"id": row["id"], key: numbers} for row, numbers in zip(kept, values)])
        dataset = Dataset.from_jsonl(pairs, features=features, **given)
    dataset._held.files = folder
    return dataset


# ---- for other tools ----

class ExportCounts(NamedTuple):
    """What an export wrote: rows; of them, those of pairs without a verdict; and pairs left out of
    training pairs: under the threshold, or with equal or empty texts."""

    rows: int
    no_verdict: int
    left_out: int


def export_alpacaeval(dataset: Dataset, judgments: Judgments, path: Path, *, judge: str | None = None
                      ) -> ExportCounts:
    """AlpacaEval's annotations.json of one judge (default: the only one): output_1 is response A,
    `preference` is 1 + P(B), null without a verdict. Pairs need model_a and model_b."""
    return _exported(lib.pdx_export_alpacaeval, dataset, judgments, text(judge), text(path))


def export_mtbench(dataset: Dataset, judgments: Judgments, path: Path, *, judge: str | None = None
                   ) -> ExportCounts:
    """MT-bench's pairwise judgments of one judge (default: the only one): game 1 showed response A
    first, game 2 response B; winner "error" without a verdict. Pairs need model_a and model_b."""
    return _exported(lib.pdx_export_mtbench, dataset, judgments, text(judge), text(path))


def export_preferences(dataset: Dataset, fit: Fit, path: Path, *, threshold: float = 0.5,
                       inverted: bool = False) -> ExportCounts:
    """Training pairs relabelled by what a judge weighs: {"prompt", "chosen", "rejected"} a line, as
    TRL's trainers read them.

    Parameters
    ----------
    dataset : Dataset
        With texts; its properties are the fit's columns.
    fit : Fit
    path : path
    threshold : float
        In [0.5, 1): pairs for which P(A preferred) or P(B preferred), position apart, is at least it.
    inverted : bool
        What the judge would reject is chosen.
    """
    return _exported(lib.pdx_export_preferences, dataset, fit, threshold, int(inverted), text(path))


def _exported(function: Any, dataset: Dataset, source: Judgments | Fit, *arguments: Any
              ) -> ExportCounts:
    counts = _api.pdx_export_counts()
    run(function, byref(counts), dataset._pointer, source._pointer, *arguments)
    return ExportCounts(*(getattr(counts, field) for field in ExportCounts._fields))


# ---- measuring ----

def measure_surface(response: str, query: str | None = None) -> dict[str, float]:
    """The 30 surface properties of one text, by id."""
    out = np.empty(30)
    encoded = response.encode()
    asked = None if query is None else query.encode()
    run(lib.pdx_surface_measure, encoded, len(encoded), asked, len(asked or b""), address(out))
    with Schema.builtin("surface") as schema:
        return dict(zip(schema.ids, out.tolist()))
