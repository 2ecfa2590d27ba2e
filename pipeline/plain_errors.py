"""Errors of libraries and of the machine in plain words: what has an entry in the catalogue is told from it, with the
library's own words as the detail; the rest goes to the log and is told as unexpected.
"""

from __future__ import annotations

import sys
from typing import Any

from finlake.errors import ConfigurationError, FinlakeError, LakeBusy
from finlake.machine_faults import failing_disk, full_disk, short_memory

_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "ExpiredToken", "InvalidAccessKeyId"}

_STORE_FAILED = ("Generic S3 error", "AWS Error")
"""How delta-rs and Arrow begin what they say of S3."""


def plain(error: Exception) -> FinlakeError:
    """The error in the catalogue's words; a trace of what nobody knows is in the log."""
    known = _of_the_machine(error) or _of_other_writers(error) or _of_aws(error)
    return known or _of_the_lakes_store(error) or _unexpected(error)


def _of_the_machine(error: Exception) -> FinlakeError | None:
    said = _one_line(error)
    if full := full_disk(error):
        return FinlakeError.of("disk_full", where=_file(full), detail=_one_line(full))
    if failing := failing_disk(error):
        return FinlakeError.of("disk_failing", where=_file(failing), detail=_one_line(failing))
    if isinstance(error, PermissionError):
        return FinlakeError.of("not_permitted", where=_file(error), detail=said)
    if short_memory(error):
        return FinlakeError.of("memory_short", detail=said)
    return None


def _of_other_writers(error: Exception) -> FinlakeError | None:
    """Delta let another writer's commit win: one that this lake's lock doesn't reach, such as another machine's."""
    delta: Any = sys.modules.get("deltalake.exceptions")
    if delta is not None and isinstance(error, delta.CommitFailedError):
        return LakeBusy.of("lake_changed_meanwhile", detail=_one_line(error))
    return None


def _of_aws(error: Exception) -> FinlakeError | None:
    """boto3's errors, without importing it where it isn't used."""
    botocore: Any = sys.modules.get("botocore.exceptions")
    if botocore is None:
        return None
    said = _one_line(error)
    if isinstance(error, botocore.NoCredentialsError | botocore.PartialCredentialsError):
        return ConfigurationError.of("aws_credentials_missing", detail=said)
    if isinstance(error, botocore.ClientError) and error.response.get("Error", {}).get("Code") in _DENIED:
        return ConfigurationError.of("aws_denied", operation=error.operation_name, detail=said)
    unreached = (
        botocore.EndpointConnectionError,
        botocore.ConnectionError,
        botocore.HTTPClientError,
        botocore.IncompleteReadError,
    )
    if isinstance(error, unreached) or _is_overloaded(error):
        return FinlakeError.of("aws_unreachable", detail=said)
    return None


def _is_overloaded(error: Any) -> bool:
    """S3 answered 5xx (503 SlowDown, 500 InternalError) more often than botocore repeats."""
    said = getattr(error, "response", {})
    return isinstance(said, dict) and said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500


def _of_the_lakes_store(error: Exception) -> FinlakeError | None:
    """What Arrow, delta-rs and DuckDB raise where the lake's own S3 fails: they have no classes of their own for it."""
    said = str(error)
    kind = f"{type(error).__module__}.{type(error).__name__}"
    if kind.startswith("_duckdb.HTTP") or kind.startswith("duckdb.duckdb.HTTP"):
        return FinlakeError.of("aws_unreachable", detail=_one_line(error))
    if isinstance(error, OSError) and any(mark in said for mark in _STORE_FAILED):
        return FinlakeError.of("aws_unreachable", detail=_one_line(error))
    return None


def _unexpected(error: Exception) -> FinlakeError:
    from finlake import logs

    file = logs.record_crash(error)
    return FinlakeError.of("unexpected", where=str(file), kind=type(error).__name__, said=str(error))


def _file(error: BaseException) -> str:
    return str(getattr(error, "filename", None) or "")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
