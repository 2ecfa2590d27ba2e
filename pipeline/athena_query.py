"""One read-only SQL statement on what Athena publishes. Athena's SQL; marts by bare names, silver's tables by `silver.`"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import pyarrow as pa
import sqlglot
from pyathena.cursor import Cursor
from sqlglot import exp
from sqlglot.errors import SqlglotError

from finlake.athena import Athena
from finlake.athena_warehouse import AthenaWarehouse
from finlake.contracts import all_contracts
from finlake.errors import UsageError
from finlake.lake import Lake
from finlake.settings import AthenaSettings
from finlake.warehouse import Pointer
from pipeline.query import EXPLAIN, Column, unique_columns

READING = "SELECT, WITH, EXPLAIN, DESCRIBE and SHOW"
_LOOKING = ("SHOW", "DESCRIBE", "DESC")


class AthenaReader:
    """What people may ask on Athena, and what is published there (None: nothing yet)."""

    def __init__(self, lake: Lake, settings: AthenaSettings) -> None:
        self.athena = Athena(lake, settings)
        self.pointer: Pointer | None = AthenaWarehouse(lake, self.athena).pointer()


class AthenaAnswer:
    """A query's result: rows in the query's order, or as Arrow by UNLOAD, in no order. Athena is asked when it is taken, and
    for one of both: what is scanned twice is billed twice."""

    def __init__(self, athena: Athena, sql: str) -> None:
        self._athena, self._sql = athena, sql
        self._unloaded: pa.Table | None = None

    @cached_property
    def _cursor(self) -> Cursor:
        return self._athena.cursor(self._sql)

    @property
    def columns(self) -> list[Column]:
        """Names and types: Athena's, or Arrow's once the rows were taken so."""
        if self._unloaded is not None:
            return unique_columns([(field.name, str(field.type)) for field in self._unloaded.schema])
        return unique_columns(
            [(str(name), str(kind).upper()) for name, kind, *_ in self._cursor.description or []]
        )

    def rows(self, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values (money as Decimal), at most `limit`."""
        return islice((tuple(row) for row in self._cursor), limit)

    def batches(self) -> pa.RecordBatchReader:
        """The rows in Arrow."""
        self._unloaded = self._athena.unloaded(self._sql)
        return self._unloaded.to_reader(100_000)


def ask(reader: AthenaReader, sql: str) -> AthenaAnswer:
    """Run one reading statement. Raises UsageError for SQL that is wrong, would do more than read, or reads other tables."""
    return AthenaAnswer(reader.athena, checked(sql, reader.athena))


def checked(sql: str, athena: Athena) -> str:
    """The statement as Athena is asked: `silver.` with its database's name. Raises UsageError."""
    text = sql.strip().rstrip("; \n")
    if explained := EXPLAIN.match(text):
        return explained[0] + checked(text[explained.end() :], athena)
    if text.split(None, 1)[:1] and text.split(None, 1)[0].upper() in _LOOKING and ";" not in text:
        return text
    try:
        statements = [tree for tree in sqlglot.parse(text, read="athena") if tree is not None]
    except SqlglotError as error:
        raise UsageError.of("athena_query_wrong", said=str(error)) from error
    if len(statements) != 1:
        raise UsageError.of("query_not_one", count=len(statements))
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise UsageError.of("query_only_reads", statement=tree.key.upper(), allowed=READING)
    _check_tables(tree, athena)
    in_silver = [table for table in tree.find_all(exp.Table) if table.db == "silver"]
    for table in in_silver:
        table.set("db", exp.to_identifier(athena.database("silver"), quoted=True))
    return tree.sql("athena") if in_silver else text


def _check_tables(tree: exp.Query, athena: Athena) -> None:
    own = {athena.database(layer) for layer in ("silver", "gold")} | {"", "silver"}
    for table in tree.find_all(exp.Table):
        if table.db not in own or table.catalog not in ("", "awsdatacatalog"):
            raise UsageError.of("query_outside", said=table.sql("athena"), tables=", ".join(known_tables()))


def known_tables() -> list[str]:
    """Names that a query can use."""
    known = [c for c in all_contracts() if c.layer in ("gold", "silver")]
    return [c.name if c.layer == "gold" else f"silver.{c.name}" for c in known]
