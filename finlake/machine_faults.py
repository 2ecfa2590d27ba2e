"""Whether an error is the machine's (full disk, no memory, failing reads) and not that of the data it was met on.

A delivery that is met on a bad machine must be tried again, never refused: a refusal is remembered.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

_FULL = (
    "no space left on device",
    "disk quota exceeded",
    "not enough free disk space",
    "database or disk is full",
)


def full_disk(error: BaseException) -> BaseException | None:
    """The error, or the one it came from, that says that a disk is full. What fails on the way out of that says nothing of it."""
    return next(filter(_is_full, _with_causes(error)), None)


def failing_disk(error: BaseException) -> BaseException | None:
    """The error, or the one it came from, that says that a disk could not be read or written. SQLite says so of a full one, too,
    where the space ends under a file that it has mapped into memory (https://www.sqlite.org/rescode.html#ioerr)."""
    return next(filter(_is_failing, _with_causes(error)), None)


def short_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


def is_the_machines(error: BaseException) -> bool:
    """Full or failing disk, short memory, or an error number of the operating system: libraries give their own findings none."""
    return (
        full_disk(error) is not None
        or failing_disk(error) is not None
        or short_memory(error)
        or (isinstance(error, OSError) and error.errno is not None)
    )


def _is_full(error: BaseException) -> bool:
    said = str(error).lower()
    return (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}) or any(
        words in said for words in _FULL
    )


def _is_failing(error: BaseException) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_IOERR
    return isinstance(error, OSError) and error.errno == errno.EIO


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    told: BaseException | None = error
    while told is not None:
        yield told
        told = told.__cause__ or told.__context__
