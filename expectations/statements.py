"""The same checks as plain SQL: one statement a table, which counts the rows that break each check. On Athena these counts are
the outcome; on DuckDB they say which tables Great Expectations has to look at.

Pure: SQL out, counts in. What a check says in DuckDB's SQL is translated by sqlglot; the tables that it names become what the
caller says they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from expectations.business import business_checks
from expectations.derive import checks_of
from expectations.results import Check, CheckResult, offending, outcome_of
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
    for contract in contracts.values():
        own = [c for c in across if (c.layer, c.table) == (contract.layer, contract.name)]
        places = _Places(contracts, relation, periods, dialect)
        yield _statement(contract, [*checks_of(contract), *own], places)


def count_statement(
    contract: Contract, checks: Iterable[Check], contracts: Iterable[Contract]
) -> CheckStatement:
    """The statement of one table for DuckDB, on the catalogue of `expectations.views`. `contracts`: all tables of that."""
    known = {f"{SCHEMA_OF_LAYER[c.layer]}.{c.name}": c for c in contracts}
    places = _Places(known, lambda layer, table: f'{SCHEMA_OF_LAYER[layer]}."{table}"', None, "duckdb")
    return _statement(contract, list(checks), places)


@dataclass(frozen=True)
class _Places:
    """Where the tables that checks name are found (schema.table -> contract), in which months, in whose words."""

    contracts: Mapping[str, Contract]
    relation: Relation
    periods: Collection[str] | None
    dialect: str


def _statement(contract: Contract, checks: Sequence[Check], places: _Places) -> CheckStatement:
    name = f"{SCHEMA_OF_LAYER[contract.layer]}.{contract.name}"
    counted = tuple(check for check in checks if check.offending_sql)
    trees = [_translated(check, name, places) for check in counted]
    of_rows = {number: found for number, tree in enumerate(trees) if (found := _of_single_rows(tree))}
    parts = [
        f"select {number} as number, count(*) as row_count from ({tree.sql(places.dialect)}) as found"
        for number, tree in enumerate(trees)
        if number not in of_rows
    ]
    if of_rows:
        parts.insert(0, _one_scan(of_rows, _rows(contract, places, "checked"), places.dialect))
    return CheckStatement(" union all ".join(parts), counted)


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
    once = f"(select {counts} from {rows.sql(dialect)}) as once"
    if dialect == "duckdb":
        return f"select unnest([{numbers}]) as number, unnest([{columns}]) as row_count from {once}"
    return (
        f"select counted.number, counted.row_count from {once} "
        f"cross join unnest(array[{numbers}], array[{columns}]) as counted (number, row_count)"
    )


def results_of(statement: CheckStatement, rows: list[dict[str, Any]]) -> list[CheckResult]:
    """The outcomes of a statement's checks."""
    counts = {int(row["number"]): int(row["row_count"]) for row in rows}
    return [_result(check, counts.get(number)) for number, check in enumerate(statement.checks)]


def _result(check: Check, count: int | None) -> CheckResult:
    if count is None:
        return outcome_of(check, "could not be evaluated: no result")
    if not count:
        return outcome_of(check)
    return outcome_of(check, offending(count), count)


def _translated(check: Check, own: str, places: _Places) -> exp.Expr:
    query = check.offending_sql.format(batch=own)
    tree = sqlglot.parse_one(query, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        contract = places.contracts.get(f"{table.db}.{table.name}")
        if contract is not None:
            own_alone = f"{table.db}.{table.name}" == own and not table.alias
            table.replace(_rows(contract, places, "checked" if own_alone else table.alias_or_name))
    return tree


def _rows(contract: Contract, places: _Places, alias: str) -> exp.Expr:
    sql = f"select * from {places.relation(contract.layer, contract.name)}"
    if places.periods is not None and "billing_period" in contract.column_names:
        months = [exp.Literal.string(period).sql(places.dialect) for period in sorted(places.periods)]
        sql += f" where billing_period in ({', '.join(months) or 'null'})"
    query = sqlglot.parse_one(sql, read=places.dialect)
    assert isinstance(query, exp.Select)
    return query.subquery(alias)
