"""What does a judge of responses prefer, and how surely?

    schema     what is measured                       Schema, Property
    dataset    pairs, groups, property comparisons    Dataset, load_table, import_files
    judgments  who preferred what, in which order     Judgments
    judge      a thing that makes judgments           LocalJudge, HttpJudge
    fit        what that judge weighs                 Study, Fit
    simulate   studies with planted truth             simulate

A whole program:

    >>> import prefdissect as pdx
    >>> dataset, judgments, truth = pdx.simulate(pairs=300, scenarios=1)
    >>> with pdx.Study.fit(dataset, judgments) as study:
    ...     weights = study.summary()
    >>> len(weights)
    87

Objects hold memory of the C library and may be closed, used as context managers, or just dropped,
in any order. Long calls take `progress=`; an exception there, or Ctrl-C, stops them. Failures are
exceptions under `Error`. The library's log goes to the logger "prefdissect". An object is used by
one thread at a time; schemas, datasets, judgments and studies may be shared for reading.
"""
from ._calls import Progress
from ._errors import (BudgetError, BusyError, CanceledError, Error, FileError, InvalidError,
                      NetworkError, NotFoundError, NumericError, OutOfMemoryError, ParseError,
                      UnsupportedError)
from ._library import PATH as library_path
from ._library import lib
from .dataset import (Dataset, DatasetOptions, ImportResult, import_files, import_formats,
                      load_table, measure_surface)
from .fit import Contrast, Fit, FitOptions, Study
from .judge import BatchResult, HttpJudge, HttpOptions, Judge, JudgeResult, LocalJudge
from .judgments import Judgments, JudgmentsOptions, Rates
from .schema import Property, Schema
from .simulation import Simulation, simulate

__version__: str = lib.pdx_version_string().decode()

__all__ = [
    "BatchResult", "BudgetError", "BusyError", "CanceledError", "Contrast", "Dataset", "DatasetOptions", "Error",
    "FileError", "Fit", "FitOptions", "HttpJudge",
    "HttpOptions", "ImportResult", "InvalidError", "Judge", "JudgeResult",
    "Judgments", "JudgmentsOptions", "LocalJudge", "NetworkError", "NotFoundError", "NumericError",
    "OutOfMemoryError", "ParseError", "Progress", "Property", "Rates", "Schema", "Simulation",
    "Study", "UnsupportedError", "import_files", "import_formats", "library_path", "load_table",
    "measure_surface", "simulate",
]
