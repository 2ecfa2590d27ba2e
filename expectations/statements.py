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
        own = [c for c in across if (c.layer, c.table) == (contract.layer, contract.name)]
        checks = [*checks_of(contract), *own]
        counted = tuple(check for check in checks if check.offending_sql)
        trees = [_translated(check, name, contracts, relation, periods, dialect) for check in counted]
        of_rows = {
            number: condition for number, tree in enumerate(trees) if (condition := _of_single_rows(tree))
        }
        parts = [
            f"select {number} as number, count(*) as row_count from ({tree.sql(dialect)}) as found"
            for number, tree in enumerate(trees)
            if number not in of_rows
        ]
        if of_rows:
            parts.insert(
                0, _one_scan(of_rows, _rows(contract, relation, periods, dialect, "checked"), dialect)
            )
        yield CheckStatement(" union all ".join(parts), counted)


def _of_single_rows(tree: exp.Expr) -> exp.Expr | None:
    """The condition of a check that looks at each row of its table by itself; None for any other."""
    shaped = ("group", "having", "distinct", "limit", "joins", "with_", "with")
    if not isinstance(tree, exp.Select) or any(tree.args.get(part) for part in shaped):
        return None
    source, where = tree.find(exp.From), tree.args.get("where")
    plain = source is not None and isinstance(source.this, exp.Subquery) and source.this.alias == "checked"
    inner = [q for q in (where.find_all(exp.Query) if where else [])]
    return where.this if plain and where is not None and not inner else None


def _one_scan(conditions: Mapping[int, exp.Expr], rows: exp.Expr, dialect: str) -> str:
    """All of them counted while the table is read once: an engine reads it anew for each part of a union."""
    counts = ", ".join(f"count_if({c.sql(dialect)}) as of_{number}" for number, c in conditions.items())
    numbers = ", ".join(map(str, conditions))
    columns = ", ".join(f"of_{number}" for number in conditions)
    return (
        f"select counted.number, counted.row_count from (select {counts} from {rows.sql(dialect)}) as once "
        f"cross join unnest(array[{numbers}], array[{columns}]) as counted (number, row_count)"
    )


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
) -> exp.Expr:
    query = check.offending_sql.format(batch=own)
    tree = sqlglot.parse_one(query, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        contract = contracts.get(f"{table.db}.{table.name}")
        if contract is not None:
            own_alone = f"{table.db}.{table.name}" == own and not table.alias
            alias = "checked" if own_alone else table.alias_or_name
            table.replace(_rows(contract, relation, periods, dialect, alias))
    return tree


def _rows(
    contract: Contract, relation: Relation, periods: Collection[str] | None, dialect: str, alias: str
) -> exp.Expr:
    sql = f"select * from {relation(contract.layer, contract.name)}"
    if periods is not None and "billing_period" in contract.column_names:
        listed = ", ".join(exp.Literal.string(period).sql(dialect) for period in sorted(periods)) or "null"
        sql += f" where billing_period in ({listed})"
    query = sqlglot.parse_one(sql, read=dialect)
    assert isinstance(query, exp.Select)
    return query.subquery(alias)
