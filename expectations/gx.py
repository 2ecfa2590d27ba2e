"""Great Expectations on DuckDB: checks in, outcomes out. The only module that imports it (about 8 s).

No project folder, no usage figures, nothing written: an ephemeral context and one validator per table.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import cache
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.core.batch import Batch
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.validator.validator import Validator
from sqlalchemy.pool import StaticPool

from expectations.results import EVIDENCE_ROWS, ROWS, Check, CheckResult, offending, outcome_of


class DuckdbExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps its one connection open.

    As it comes, the engine closes the connection before it fetches the rows, and DuckDB then has none left:
    every expectation fails with "list index out of range".
    """

    @contextmanager
    def get_connection(self) -> Generator[Any, None, None]:
        """The connection of this engine, opened once."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection


def run_checks(con: duckdb.DuckDBPyConnection, batch: str, checks: Iterable[Check]) -> list[CheckResult]:
    """Evaluate the checks of one table (view `batch` on `con`), in order.

    A check that Great Expectations can't evaluate (a missing column, say) is a failed check, not a crash.
    """
    todo = list(checks)
    suite = gx.ExpectationSuite(
        name=batch, expectations=[_expectation(check, n) for n, check in enumerate(todo)]
    )
    # The pool closes the connection that it is given, so it gets one of its own.
    pool = sa.create_engine(
        "duckdb://", creator=lambda: ConnectionWrapper(_sibling(con)), poolclass=StaticPool
    )
    try:
        # The suite is handed to `validate` itself: the validator's own copy keeps one SQL check per table.
        outcome: Any = _validator(pool, batch).validate(suite, result_format="BOOLEAN_ONLY")
    finally:
        pool.dispose()
    by_number = {result.expectation_config.meta["number"]: result for result in outcome.results}
    return [_result(con, batch, check, by_number.get(n)) for n, check in enumerate(todo)]


def _expectation(check: Check, number: int) -> Any:
    arguments = {"unexpected_rows_query": check.offending_sql} if check.kind == ROWS else check.arguments
    return getattr(gxe, check.kind)(**arguments, meta={"number": number})


def _sibling(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A second connection to the same database, in the same catalogue and zone."""
    row = con.execute("SELECT current_database()").fetchone()
    sibling = con.cursor()
    sibling.execute("SET TimeZone='UTC'")
    sibling.execute(f'USE "{row[0] if row else "memory"}"')
    return sibling


def _validator(pool: sa.Engine, batch: str) -> Validator:
    engine = DuckdbExecutionEngine(engine=pool)
    data: Any = SqlAlchemyBatchData(execution_engine=engine, table_name=batch, create_temp_table=False)
    return Validator(execution_engine=engine, batches=[Batch(data=data)], data_context=_context())


@cache
def _context() -> Any:
    """The one context of this process: nothing stored, no progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _result(con: duckdb.DuckDBPyConnection, batch: str, check: Check, result: Any) -> CheckResult:
    if result is not None and result.success:
        return outcome_of(check)
    if failed := _why_not_evaluated(result):
        return outcome_of(check, failed)
    return outcome_of(check, *_evidence(con, batch, check))


def _why_not_evaluated(result: Any) -> str:
    """The first exception's message, or nothing: the info is one record, or one for each metric."""
    if result is None:
        return "could not be evaluated: no result"
    info = result.exception_info
    records = [info] if "raised_exception" in info else list(info.values())
    messages = [str(record["exception_message"]) for record in records if record.get("raised_exception")]
    return f"could not be evaluated: {messages[0].splitlines()[0]}" if messages else ""


def _evidence(
    con: duckdb.DuckDBPyConnection, batch: str, check: Check
) -> tuple[str, int | None, list[dict[str, Any]]]:
    """What was found in words, how many rows that is where rows are at fault, and some of them."""
    if check.kind == "ExpectTableColumnsToMatchSet":
        return _column_difference(con, batch, check), None, []
    query = check.offending_sql.format(batch=f'main."{batch}"')
    counted = con.execute(f"SELECT count(*) FROM ({query})").fetchone()
    shown = con.execute(f"SELECT * FROM ({query}) LIMIT {EVIDENCE_ROWS}")
    names = [column[0] for column in shown.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in shown.fetchall()]
    total = counted[0] if counted else 0
    return offending(total), total, rows


def _column_difference(con: duckdb.DuckDBPyConnection, batch: str, check: Check) -> str:
    found = {str(row[0]) for row in con.execute(f'DESCRIBE main."{batch}"').fetchall()}
    promised = set(check.arguments["column_set"])
    missing, unknown = sorted(promised - found), sorted(found - promised)
    return f"missing: {missing or 'none'}; not in the contract: {unknown or 'none'}"
