"""One read-only SQL statement on what finlake publishes: checked, run, its errors in words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import duckdb
import pyarrow as pa

from finlake.errors import FinlakeError, NotFound, UsageError
from pipeline.reader import Reader

READING = "SELECT, WITH, FROM, EXPLAIN, DESCRIBE, SHOW and SUMMARIZE"
EXPLAIN = re.compile(r"\s*explain(?:\s+analyze)?(?:\s*\([^()]*\))?\s+(?=[\w(])", re.IGNORECASE)
"""What stands before the statement that is explained; EXPLAIN ANALYZE runs it, so it has to be a reading one too."""
_BATCH = 10_000
_ARROW_BATCH = 100_000


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name, unique within the answer, and its DuckDB type."""

    name: str
    kind: str


class Answer(Protocol):
    """A query's result. Rows stream: take them once, by `rows()` or by `batches()`."""

    @property
    def columns(self) -> list[Column]:
        """Names and types."""
        ...

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values (money as Decimal), at most `limit`."""
        ...

    def batches(self) -> pa.RecordBatchReader:
        """The rows in Arrow, with the query's own types."""
        ...


class DuckdbAnswer:
    """A running query of DuckDB's."""

    def __init__(self, relation: duckdb.DuckDBPyConnection, columns: list[Column], explain: Any) -> None:
        self.relation, self.columns, self._explain = relation, columns, explain

    def batches(self) -> pa.RecordBatchReader:
        """The rows in Arrow."""
        return self.relation.to_arrow_reader(_ARROW_BATCH)

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values (money as Decimal), at most `limit`."""
        taken = 0
        while batch := self._next(_BATCH if limit is None else min(_BATCH, limit - taken)):
            taken += len(batch)
            yield from batch

    def _next(self, size: int) -> list[tuple[Any, ...]]:
        try:
            return self.relation.fetchmany(size) if size > 0 else []
        except duckdb.Error as error:
            self._explain(error)
            raise


def ask(reader: Reader, sql: str) -> DuckdbAnswer:
    """Run one reading statement. Raises UsageError for SQL that is wrong or would do more than read."""

    def explain(error: duckdb.Error) -> NoReturn:
        raise explained(error, reader) from error

    try:
        check_reading(sql, reader.connection)
        relation = reader.connection.execute(sql)
    except duckdb.Error as error:
        explain(error)
    columns = unique_columns([(str(name), str(kind)) for name, kind, *_ in relation.description or []])
    return DuckdbAnswer(relation, columns, explain)


def check_reading(sql: str, con: duckdb.DuckDBPyConnection) -> None:
    """Raises UsageError unless the text is one statement that only reads; duckdb.Error where it is no SQL."""
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        kinds = [s.type for s in statements]
        if kinds == [duckdb.StatementType.CREATE, duckdb.StatementType.SELECT]:
            raise UsageError.of("query_pivot_open", count=len(statements))
        raise UsageError.of("query_not_one", count=len(statements) or 1)
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        body = EXPLAIN.match(statements[0].query)
        if body is None:
            raise _refused("this form of EXPLAIN")
        check_reading(statements[0].query[body.end() :], con)
    elif kind != duckdb.StatementType.SELECT:
        raise _refused(kind.name)


def _refused(kind: str) -> UsageError:
    return UsageError.of("query_only_reads", statement=kind, allowed=READING)


def explained(error: duckdb.Error, reader: Reader) -> FinlakeError:
    """DuckDB's message with its line and caret, and what the query could have used."""
    said = str(error).strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return FinlakeError.of("query_too_large", detail=said)
    known = ", ".join(reader.tables) or "-"
    if isinstance(error, duckdb.PermissionException) or "file system operations are disabled" in said:
        return UsageError.of("query_outside", said=said, tables=known)
    if isinstance(error, duckdb.CatalogException) and reader.pointer is None:
        return NotFound.of("query_unpublished", said=said, tables=known)
    return UsageError.of("query_wrong", said=said, tables=known)


def unique_columns(described: list[tuple[str, str]]) -> list[Column]:
    """Columns (name, type) with unique names: what comes twice gets _1, _2 as in DuckDB's own CREATE TABLE AS."""
    names: list[str] = []
    for name, _ in described:
        unique, count = name, 0
        while unique in names:
            count += 1
            unique = f"{name}_{count}"
        names.append(unique)
    return [Column(name, kind) for name, (_, kind) in zip(names, described, strict=True)]
