"""An answer's rows as a table for people, CSV, JSON or Parquet. Money stays exact in each: never a float."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from finlake.errors import UsageError
from pipeline.query import Answer, Column

if TYPE_CHECKING:
    from rich.table import Table

FORMATS = ("table", "csv", "json", "parquet")
_NUMBER = re.compile(r"^(DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|DOUBLE|FLOAT)")

_PLAIN_BELOW = 1e-4
"""Python writes a smaller float as 1e-07, which people misread."""


def plain(value: Any) -> Any:
    """A value for JSON: decimals as digits in a string, instants in UTC with Z, bytes as hex."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, UUID | timedelta) else value


def as_text(value: Any) -> str:
    """A value for a cell: empty for null, true/false, JSON for what is nested."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, float) and 0 < abs(value) < _PLAIN_BELOW:
        return format(Decimal(repr(value)), "f")
    return str(plain(value))


def objects_of(columns: list[Column], rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Rows as JSON-ready objects."""
    names = [column.name for column in columns]
    for row in rows:
        yield dict(zip(names, (plain(value) for value in row), strict=True))


def write_csv(answer: Answer, out: IO[str], limit: int | None) -> int:
    """CSV with a header (RFC 4180, line feeds). Returns the number of rows."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in answer.columns])
    count = 0
    for row in answer.rows(limit):
        writer.writerow([as_text(value) for value in row])
        count += 1
    return count


def write_json(answer: Answer, out: IO[str], limit: int | None) -> int:
    """A JSON array, one object per line. Returns the number of rows."""
    count = 0
    out.write("[")
    for row in objects_of(answer.columns, answer.rows(limit)):
        out.write((",\n " if count else "\n ") + json.dumps(row, ensure_ascii=False))
        count += 1
    out.write("\n]\n" if count else "]\n")
    return count


def write_parquet(answer: Answer, out: IO[bytes], limit: int | None) -> int:
    """Parquet with the query's own types. Returns the row count. Raises UsageError for a type it lacks."""
    source = answer.batches()
    schema = pa.schema(
        [field.with_name(c.name) for field, c in zip(source.schema, answer.columns, strict=True)]
    )
    left, count = limit, 0
    try:
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in source:
                taken = batch if left is None else batch.slice(0, left)
                writer.write_batch(pa.RecordBatch.from_arrays(taken.columns, schema=schema))
                count += taken.num_rows
                left = None if left is None else left - taken.num_rows
                if left == 0:
                    break
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise UsageError.of("output_type_impossible", detail=str(error)) from error
    return count


def as_table(columns: list[Column], rows: Iterable[tuple[Any, ...]]) -> Table:
    """Rows for a terminal: numbers to the right, null told apart from empty."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            Text(column.name), justify="right" if _NUMBER.match(column.kind) else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(
            *[Text("null", style="dim") if value is None else Text(as_text(value)) for value in row]
        )
    return table


@contextmanager
def replacing(path: Path, binary: bool) -> Iterator[IO[Any]]:
    """A file written beside its place and moved there when it is whole; after an error nothing is left."""
    temporary = path.with_name(f".{path.name}.finlake.tmp")
    try:
        with temporary.open("wb") if binary else temporary.open("w", encoding="utf-8", newline="") as handle:
            yield handle
        temporary.replace(path)
    except OSError as error:
        raise UsageError.of(
            "output_unwritable", where=str(path), detail=error.strerror or str(error)
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
