"""Exceptions by status code. Each is also the built-in exception that a Python reader expects."""
from __future__ import annotations

from . import _api


class Error(Exception):
    """A call of the library failed; the text names file, line and field where there are any."""

    status: int = 0


class InvalidError(Error, ValueError):
    """The call is wrong: a range, or an option outside its limits."""

    status = _api.PDX_EINVAL


class OutOfMemoryError(Error, MemoryError):
    """Out of memory."""

    status = _api.PDX_ENOMEM


class FileError(Error, OSError):
    """A file could not be opened, read or written; the disk is full."""

    status = _api.PDX_EIO


class ParseError(Error, ValueError):
    """A file or text is damaged or says something impossible."""

    status = _api.PDX_EPARSE


class NotFoundError(Error, LookupError):
    """A name (judge, group, property, pair) is not there."""

    status = _api.PDX_ENOTFOUND


class NumericError(Error, ArithmeticError):
    """No answer can be computed from these numbers."""

    status = _api.PDX_ENUMERIC


class CanceledError(Error):
    """The call was stopped."""

    status = _api.PDX_ECANCELED


class UnsupportedError(Error, NotImplementedError):
    """This build or this file's version cannot do it."""

    status = _api.PDX_EUNSUPPORTED


class NetworkError(Error, ConnectionError):
    """A server could not be reached or refused."""

    status = _api.PDX_ENETWORK


class BusyError(Error, BlockingIOError):
    """Another process holds the file."""

    status = _api.PDX_EBUSY


class BudgetError(Error):
    """Going on would cost more than was allowed."""

    status = _api.PDX_EBUDGET


BY_STATUS: dict[int, type[Error]] = {kind.status: kind for kind in Error.__subclasses__()}
