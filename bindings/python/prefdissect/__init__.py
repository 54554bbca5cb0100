"""What does a judge of responses prefer, and how surely?

    schema      what is measured                       Schema, Property
    dataset     pairs, groups, property comparisons    Dataset
    judgments   who preferred what, in which order     Judgments
    files       tables, and what other tools wrote     load_table, load_files, import_files
    annotate    properties rated by a language model   Annotator
    judge       a thing that makes judgments           LocalJudge, HttpJudge
    fit         what that judge weighs                 Study, Fit
    columns     tables beyond memory                   Columns, ColumnsWriter
    analysis    who is like whom, why, how many        Similarity, Explanation, Rating, Power
    probe       do the weights cause anything          Edits, Probe
    arms        can a benchmark be moved by them       Arms, Shift
    report      what a person looks at                 Report, svg
    estimator   the same for scikit-learn              PreferenceDissection
    simulate    studies with planted truth             simulate

A whole program:

    >>> import prefdissect as pdx
    >>> dataset, judgments, truth = pdx.simulate(pairs=300, scenarios=1)
    >>> with pdx.Study.fit(dataset, judgments) as study:
    ...     weights = study.summary()
    >>> len(weights)
    87

Objects hold memory of the C library and may be closed, used as context managers, or just dropped,
in any order. Long calls take `progress=` (a function, or True for a bar); an exception there, or
Ctrl-C, stops them. Failures are exceptions under `Error`. The library's log goes to the logger
"prefdissect". An object is used by one thread at a time; schemas, datasets, judgments and studies
may be shared for reading.
"""
from typing import TYPE_CHECKING, Any

from ._errors import (BudgetError, BusyError, CanceledError, Error, FileError, InvalidError,
                      NetworkError, NotFoundError, NumericError, OutOfMemoryError, ParseError,
                      UnsupportedError)
from ._fit_options import FitOptions
from ._hooks import Progress
from ._library import PATH as library_path
from ._library import lib
from . import svg
from .agreement import Agreement, Consistency, Rate
from .annotator import (AnnotateBatch, AnnotateResult, Annotator, annotation_report,
                        import_annotations, label_pairs)
from .arms import Arms, GenerateResult, OutputsCounts, grade_outputs, pair_outputs
from .columns import Columns, ColumnsWriter
from .dataset import Dataset, DatasetOptions
from .explanation import Explanation, shapley
from .files import (ExportCounts, ImportResult, export_alpacaeval, export_mtbench,
                    export_preferences, import_files, import_formats, load_files, load_table,
                    measure_surface)
from .fit import Contrast, Fit
from .judge import BatchResult, HttpJudge, HttpOptions, Judge, JudgeResult, LocalJudge
from .judgments import Judgments, JudgmentsOptions, Rates
from .pooling import Pooled, Tau, drift
from .power import Power
from .probe import Edit, Edits, Probe, ProbeCounts
from .rating import ModelRating, Rating, RatingOptions
from .report import Report, ReportOptions
from .schema import Property, Schema
from .shift import LengthControl, Shift, length_controlled_win_rate
from .similarity import Clustering, Similarity, SimilarityOptions, cluster
from .simulation import Simulation, simulate
from .study import Study
from .svg import Svg

if TYPE_CHECKING:
    from .estimator import PreferenceDissection

__version__: str = lib.pdx_version_string().decode()

__all__ = [
    "Agreement", "AnnotateBatch", "AnnotateResult", "Annotator", "Arms", "BatchResult",
    "BudgetError", "BusyError", "CanceledError", "Clustering", "Columns", "ColumnsWriter",
    "Consistency", "Contrast", "Dataset", "DatasetOptions", "Edit", "Edits", "Error", "Explanation",
    "ExportCounts", "FileError", "Fit", "FitOptions", "GenerateResult", "HttpJudge", "HttpOptions",
    "ImportResult", "InvalidError", "Judge", "JudgeResult", "Judgments", "JudgmentsOptions",
    "LengthControl", "LocalJudge", "ModelRating", "NetworkError", "NotFoundError", "NumericError",
    "OutOfMemoryError", "OutputsCounts", "ParseError", "Pooled", "Power", "Probe", "ProbeCounts",
    "Progress", "Property", "Rate", "Rates", "Rating", "RatingOptions", "Report", "ReportOptions",
    "Schema", "Shift", "Similarity", "SimilarityOptions", "Simulation", "Study", "Svg", "Tau",
    "UnsupportedError", "annotation_report", "cluster", "drift", "export_alpacaeval",
    "export_mtbench", "export_preferences", "grade_outputs", "import_annotations", "import_files",
    "import_formats", "label_pairs", "length_controlled_win_rate", "library_path", "load_files",
    "load_table", "measure_surface", "pair_outputs", "shapley", "simulate", "svg",
]


def __getattr__(name: str) -> Any:
    # Not in __all__, as it needs scikit-learn, which takes a second to import.
    if name == "PreferenceDissection":
        from .estimator import PreferenceDissection
        return PreferenceDissection
    raise AttributeError(f"module 'prefdissect' has no attribute {name!r}")
