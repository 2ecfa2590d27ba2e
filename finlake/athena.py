"""Athena as finlake asks it, by PyAthena: one statement, its rows, its bytes. And finlake's databases in Glue.

What Athena bills is the bytes that a statement scans (https://aws.amazon.com/athena/pricing/); `scanned` adds them up.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow import fs
from pyathena import connect
from pyathena.connection import Connection
from pyathena.cursor import Cursor
from pyathena.error import Error

from finlake import objects
from finlake.errors import ConfigurationError, FinlakeError, UsageError
from finlake.lake import Lake
from finlake.settings import AthenaSettings

AT_ONCE = 4
"""Statements that wait for Athena at the same time: an account may have 20 and more of them (Athena's service quotas)."""
_PLAIN = re.compile(r"s3://[A-Za-z0-9/._=-]+")
"""Places that Athena's DDL takes in its quotes as they are."""
_MISSING = ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "EntityNotFoundException")
_WRONG = (
    "SYNTAX_ERROR",
    "COLUMN_NOT_FOUND",
    "TYPE_MISMATCH",
    "FUNCTION_NOT_FOUND",
    "AMBIGUOUS_NAME",
    "MISMATCHED",
)
_SILENT = (*_MISSING, *_WRONG)


@dataclass
class Athena:
    """Statements on the databases of one lake: `<database>_silver`, `_gold` (what is published), `_builds` (the marts' rows of
    all builds) and `_work`."""

    lake: Lake
    settings: AthenaSettings
    scanned: int = field(default=0)
    """Bytes that all statements so far have scanned."""

    def __post_init__(self) -> None:
        if self.lake.is_local:
            raise ConfigurationError.of("athena_lake_local", where=self.lake.root)
        if not _PLAIN.fullmatch(self.lake.root):
            raise ConfigurationError.of("athena_lake_prefix", where=self.lake.root)

    def database(self, layer: str) -> str:
        """Name in Glue of a layer's database."""
        return f"{self.settings.database}_{layer}"

    def table(self, layer: str, name: str) -> str:
        """A table's name in SQL."""
        return f'"{self.database(layer)}"."{name}"'

    @property
    def results(self) -> str:
        """Where Athena leaves results; a workgroup that enforces a place of its own has the last word."""
        return f"{self.settings.results or self.lake.uri('warehouse', 'athena', 'results')}/"

    def run(self, sql: str) -> None:
        """One statement without an answer. Raises FinlakeError."""
        for _ in self.rows(sql):
            pass

    def rows(self, sql: str) -> Iterator[dict[str, Any]]:
        """The rows of one statement, money as Decimal. Raises UsageError where the SQL is wrong, FinlakeError otherwise."""
        cursor = self.cursor(sql)
        names = [column[0] for column in cursor.description or []]
        for row in _told(cursor):
            yield dict(zip(names, row, strict=True))

    def together(self, statements: Iterable[str]) -> list[list[dict[str, Any]]]:
        """The rows of each of several statements that don't depend on each other, in their order."""
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return list(pool.map(lambda sql: list(self.rows(sql)), statements))

    def cursor(self, sql: str) -> Cursor:
        """A statement that has run, to be fetched from."""
        cursor: Cursor = self._connection().cursor()
        self._execute(cursor, sql)
        return cursor

    def unloaded(self, sql: str) -> pa.Table:
        """A query's rows in Arrow, by UNLOAD: exact types, and quick where there are many. In no order."""
        place = f"{self.results}unload/{uuid.uuid4().hex}"
        self.run(f"unload ({sql}) to '{place}/' with (format = 'PARQUET', compression = 'ZSTD')")
        system, path = objects.filesystem(place)
        found = [info.path for info in system.get_file_info(fs.FileSelector(path, allow_not_found=True))]
        parts = [pq.read_table(one, filesystem=system, partitioning=None) for one in sorted(found)]
        return pa.concat_tables(parts) if parts else self._empty(sql)

    def _empty(self, sql: str) -> pa.Table:
        """A query's columns without a row: UNLOAD writes no file then."""
        described = self.cursor(f"select * from ({sql}) as asked limit 0").description or []
        return pa.schema(
            [(str(name), _arrow_type(kind, *size)) for name, kind, _, _, *size, _ in described]
        ).empty_table()

    def _connection(self) -> Connection[Any]:
        return connect(
            s3_staging_dir=self.results,
            work_group=self.settings.workgroup,
            region_name=_region(),
            schema_name=self.database("gold"),
            poll_interval=self.settings.poll_seconds,
        )

    def _execute(self, cursor: Any, sql: str) -> None:
        try:
            cursor.execute(sql)
        except Error as error:
            raise explained(error, sql) from error
        self.scanned += cursor.data_scanned_in_bytes or 0


def explained(error: Error, sql: str) -> FinlakeError:
    """PyAthena's error in the catalogue's words."""
    said, cause = " ".join(str(error).split()), error.__cause__
    if isinstance(cause, BotoCoreError | ClientError):
        raise cause
    if any(mark in said for mark in _SILENT):
        return UsageError.of("athena_query_wrong", said=said)
    return FinlakeError.of("athena_failed", detail=said[:500], statement=" ".join(sql.split())[:120])


def _told(cursor: Cursor) -> Iterable[Any]:
    try:
        yield from cursor
    except Error as error:
        raise explained(error, "") from error


def _arrow_type(kind: str, precision: int, scale: int) -> pa.DataType:
    if kind == "decimal":
        return pa.decimal128(precision, scale)
    simple = {"bigint": pa.int64(), "integer": pa.int32(), "double": pa.float64(), "boolean": pa.bool_()}
    return (simple | {"date": pa.date32(), "timestamp": pa.timestamp("us")}).get(kind, pa.string())


def glue() -> Any:
    """A client of the Glue catalogue."""
    return boto3.client("glue", region_name=_region())


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
