"""The checks as plain SQL: all of a table's by one statement, in Athena's words. tests/athena runs them on real marts."""

from __future__ import annotations

import re

import sqlglot

from expectations.derive import checks_of
from expectations.statements import check_statements, results_of
from finlake.contracts import all_contracts, load_contract


def relation(layer: str, table: str) -> str:
    return f'"the_{layer}"."{table}"'


def test_every_check_of_every_table_is_counted_by_one_statement() -> None:
    found = list(check_statements(relation, None, dialect="athena"))
    assert len(found) == len([c for c in all_contracts() if c.layer in ("silver", "gold")])
    for statement in found:
        tree = sqlglot.parse_one(statement.sql, read="athena")
        tables = {f"{table.db}.{table.name}" for table in tree.find_all(sqlglot.exp.Table) if table.db}
        assert tables and all(name.startswith(("the_silver.", "the_gold.")) for name in tables)
        assert not re.search(r"\bbatch\b", statement.sql) and "group by all" not in statement.sql.lower()
    wanted = (
        len(checks_of(load_contract("gold", "cost_daily"))) - 1
    )  # its columns: the contract is enforced by the types
    daily = next(s for s in found if s.checks[0].table == "cost_daily")
    assert len([c for c in daily.checks if not c.name.startswith("business")]) == wanted


def test_only_the_months_that_were_built_are_looked_at() -> None:
    found = check_statements(relation, ["2026-04"], dialect="athena")
    daily = next(s for s in found if s.checks[0].table == "cost_daily")
    assert re.findall(r"IN \('2026-04'\)", daily.sql)


def test_a_check_without_an_answer_has_not_passed() -> None:
    statement = next(check_statements(relation, None, dialect="athena"))
    assert len(statement.checks) > 2
    results = results_of(statement, [{"number": 0, "row_count": 0}, {"number": 1, "row_count": 3}])
    assert [r.passed for r in results] == [True, False] + [False] * (len(statement.checks) - 2)
    assert results[1].observed == "3 offending rows" and "no result" in results[2].observed
