"""From a table contract to its checks: required, unique, primary key, enum and quality become expectations.

Pure: nothing is read but the contract. SQL is DuckDB's, in words that sqlglot can turn into Athena's; `{batch}` stands for
the table under check.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlglot
from sqlglot import exp

from expectations.results import ROWS, Check, Severity
from finlake.contracts import Contract, Quality

# How many columns of an offending row are shown beside the one at fault.
_IDENTIFYING = 8


def checks_of(contract: Contract) -> list[Check]:
    """Every check that the contract promises, in contract order; structure first: the rest relies on it."""
    checks = [_columns(contract)]
    checks += [_not_null(contract, column.name) for column in contract.columns if column.required]
    checks += [_unique(contract, (column.name,)) for column in contract.columns if column.unique]
    if contract.primary_key:
        checks.append(_unique(contract, contract.primary_key))
    checks += [_one_of(contract, column.name, column.enum) for column in contract.columns if column.enum]
    checks += [_quality(contract, quality) for quality in contract.quality]
    return checks


def _columns(contract: Contract) -> Check:
    return Check(
        table=contract.name,
        name="columns",
        severity="error",
        kind="ExpectTableColumnsToMatchSet",
        arguments={"column_set": list(contract.column_names), "exact_match": True},
        offending_sql="",
        reason="the table has exactly the columns of its contract",
    )


def _not_null(contract: Contract, column: str) -> Check:
    return Check(
        table=contract.name,
        name=f"not_null: {column}",
        severity="error",
        kind="ExpectColumnValuesToNotBeNull",
        arguments={"column": column},
        offending_sql=f"select {_shown(contract, column)} from {{batch}} where {_quoted(column)} is null",
        reason=f"the contract requires {column}",
    )


def _unique(contract: Contract, columns: tuple[str, ...]) -> Check:
    # A key of several columns is checked by SQL: ExpectCompoundColumnsToBeUnique joins on equality, so it
    # does not see two equal keys with a null in them, and its self-join is slower.
    names = _list(columns)
    many = len(columns) > 1
    repeated = f"select {names}, count(*) as row_count from {{batch}} group by {names} having count(*) > 1"
    return Check(
        table=contract.name,
        name=f"unique: {', '.join(columns)}",
        severity="error",
        kind=ROWS if many else "ExpectColumnValuesToBeUnique",
        arguments={} if many else {"column": columns[0]},
        offending_sql=repeated,
        reason=contract.grain,
    )


def _one_of(contract: Contract, column: str, values: tuple[str, ...]) -> Check:
    allowed = ", ".join(exp.Literal.string(value).sql("duckdb") for value in values)
    name = _quoted(column)
    wrong = (
        f"select {name}, count(*) as row_count from {{batch}} where {name} not in ({allowed}) group by {name}"
    )
    return Check(
        table=contract.name,
        name=f"one_of: {column}",
        severity="error",
        kind="ExpectColumnValuesToBeInSet",
        arguments={"column": column, "value_set": list(values)},
        offending_sql=wrong,
        reason=f"{column} is one of {', '.join(values)}",
    )


def _quality(contract: Contract, quality: Quality) -> Check:
    severity: Severity = "warning" if quality.severity == "warning" else "error"
    return Check(
        table=contract.name,
        name=f"quality: {quality.description}",
        severity=severity,
        kind=ROWS,
        offending_sql=offending_rows(quality),
        reason=quality.description,
    )


def offending_rows(quality: Quality) -> str:
    """SQL that selects what breaks a contract's quality check.

    `select count(*) from {table} where X` that must be 0 becomes `select * from {batch} where X`, which shows
    the rows themselves; any other query gives its one figure when that is not what it must be.
    """
    query = quality.query.replace("{table}", "batch_table")
    tree = sqlglot.parse_one(query, read="duckdb")
    if quality.must_be in (0, "0") and isinstance(tree, exp.Select) and _is_plain_count(tree):
        query = tree.select("*", append=False).sql("duckdb")
    else:
        query = f"select found from ({query}) as t(found) where found is distinct from {quality.must_be}"
    return query.replace("{", "{{").replace("}", "}}").replace("batch_table", "{batch}")


def _is_plain_count(tree: exp.Select) -> bool:
    what = tree.expressions[0].unalias()
    counts_rows = isinstance(what, exp.Count) and isinstance(what.this, exp.Star)
    shaped = any(tree.args.get(part) for part in ("group", "distinct", "having", "limit"))
    return len(tree.expressions) == 1 and counts_rows and not shaped


def _shown(contract: Contract, column: str) -> str:
    names = contract.primary_key or contract.column_names[:_IDENTIFYING]
    return _list([*names, *([] if column in names else [column])])


def _list(columns: Iterable[str]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(column: str) -> str:
    return exp.to_identifier(column, quoted=True).sql("duckdb")
