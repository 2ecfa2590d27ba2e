"""The same checks as plain SQL, for an engine that Great Expectations doesn't run on here: one statement a table, which counts
the rows that break each check.

Pure: SQL out, counts in. What a check says in DuckDB's SQL is translated by sqlglot; the tables that it names become what the
caller says they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from expectations.business import business_checks
from expectations.derive import checks_of
from expectations.results import Check, CheckResult
from expectations.views import SCHEMA_OF_LAYER
from finlake.contracts import Contract, all_contracts

Relation = Callable[[str, str], str]
"""(layer, table) -> what stands for it in SQL: a name, or a query in brackets."""
_LAYER_OF_SCHEMA = {schema: layer for layer, schema in SCHEMA_OF_LAYER.items()}


@dataclass(frozen=True)
class CheckStatement:
    """A query and the checks that it counts for, in order: its rows are `number` (of the check) and `row_count`."""

    sql: str
    checks: tuple[Check, ...]


def check_statements(
    relation: Relation, periods: Collection[str] | None, dialect: str
) -> Iterator[CheckStatement]:
    """One statement for each table of silver and gold. `periods`: billing periods (YYYY-MM) to look at, all when None."""
    contracts = {
        f"{SCHEMA_OF_LAYER[c.layer]}.{c.name}": c for c in all_contracts() if c.layer in SCHEMA_OF_LAYER
    }
    across = business_checks(contracts)
    for name, contract in contracts.items():
        checks = [*checks_of(contract), *(check for check in across if check.table == contract.name)]
        counted = tuple(check for check in checks if check.offending_sql)
        parts = [
            f"select {number} as number, count(*) as row_count from ("
            f"{_translated(check, name, contracts, relation, periods, dialect)}) as found"
            for number, check in enumerate(counted)
        ]
        yield CheckStatement(" union all ".join(parts), counted)


def results_of(statement: CheckStatement, rows: list[dict[str, Any]]) -> list[CheckResult]:
    """The outcomes of a statement's checks."""
    counts = {int(row["number"]): int(row["row_count"]) for row in rows}
    return [_result(check, counts.get(number)) for number, check in enumerate(statement.checks)]


def _result(check: Check, count: int | None) -> CheckResult:
    observed = "could not be evaluated: no result" if count is None else "as expected"
    if count:
        observed = f"{count} offending row{'' if count == 1 else 's'}"
    return CheckResult(
        table=check.table,
        check=check.name,
        severity=check.severity,
        passed=count == 0,
        observed=observed,
        reason=check.reason,
        row_count=count or None,
    )


def _translated(
    check: Check,
    own: str,
    contracts: Mapping[str, Contract],
    relation: Relation,
    periods: Collection[str] | None,
    dialect: str,
) -> str:
    query = check.offending_sql.format(batch=own)
    tree = sqlglot.parse_one(query, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        contract = contracts.get(f"{table.db}.{table.name}")
        if contract is not None:
            table.replace(_rows(contract, relation, periods, dialect, table.alias_or_name))
    return tree.sql(dialect)


def _rows(
    contract: Contract, relation: Relation, periods: Collection[str] | None, dialect: str, alias: str
) -> exp.Expression:
    sql = f"select * from {relation(contract.layer, contract.name)}"
    if periods is not None and "billing_period" in contract.column_names:
        listed = ", ".join(exp.Literal.string(period).sql(dialect) for period in sorted(periods)) or "null"
        sql += f" where billing_period in ({listed})"
    query = sqlglot.parse_one(sql, read=dialect)
    assert isinstance(query, exp.Select)
    return query.subquery(alias)
