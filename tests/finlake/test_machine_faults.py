"""A fault of the machine is never taken for one of the delivery: the refusal would be remembered."""

from __future__ import annotations

import errno

import duckdb
import pyarrow as pa
import pytest

from finlake.machine_faults import is_the_machines


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EIO, "Input/output error"),
        duckdb.IOException('Could not write file "x": No space left on device'),
        duckdb.OutOfMemoryException("could not allocate block"),
        pa.ArrowMemoryError("malloc of size 64 failed"),
    ],
)
def test_of_the_machine(error: Exception) -> None:
    assert is_the_machines(error)


def test_what_follows_from_a_full_disk_is_the_full_disk() -> None:
    follow_up = ValueError("cannot rollback")
    follow_up.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert is_the_machines(follow_up)


@pytest.mark.parametrize(
    "error",
    [
        OSError("Couldn't deserialize thrift: TProtocolException: Invalid data"),
        pa.ArrowInvalid("Parquet magic bytes not found in footer"),
        duckdb.InvalidInputException("Invalid string encoding found in Parquet file"),
    ],
)
def test_of_the_data(error: Exception) -> None:
    assert not is_the_machines(error)
