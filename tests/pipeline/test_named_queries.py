"""Named queries: in two languages, of known columns, in the SQL that both engines know, and asked by name."""

from __future__ import annotations

import json
import re

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from finlake.contracts import all_contracts
from finlake.errors import ExitCode
from pipeline import cli
from pipeline.named_queries import NamedQuery, named_queries, named_query
from tests.test_doc_queries import empty_tables

__all__ = ["empty_tables"]

QUERIES = list(named_queries().values())
DIFFERENT = (exp.Div, exp.Bracket, exp.Pivot)
"""What DuckDB and Trino both take and mean differently, or only one takes."""


def test_the_twenty_questions_are_there() -> None:
    assert len(QUERIES) == 20
    assert all(q.question["en"].endswith("?") and q.question["pt-BR"].endswith("?") for q in QUERIES)
    assert len({q.question["pt-BR"] for q in QUERIES}) == 20


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_a_query_is_sql_of_both_engines(query: NamedQuery) -> None:
    trees = [sqlglot.parse_one(query.sql("", "silver."), read=dialect) for dialect in ("duckdb", "athena")]
    assert trees[0].sql("athena") == trees[1].sql("athena")
    for division in trees[0].find_all(exp.Div):
        assert isinstance(division.this, exp.Cast), "a bare slash is another thing on Trino"
    assert not list(trees[0].find_all(exp.Bracket, exp.Pivot)) and "::" not in query.text
    assert not re.search(r"group by all|exclude|qualify", query.text)


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_a_query_reads_marts_and_money_with_its_currency(query: NamedQuery) -> None:
    tree = sqlglot.parse_one(query.sql("gold.", "silver."), read="duckdb")
    marts = {contract.name for contract in all_contracts() if contract.layer == "gold"}
    read = {table.name for table in tree.find_all(exp.Table) if table.db}
    assert read and read <= marts
    shown = {column.alias_or_name for column in tree.selects}
    assert "currency" in shown


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_a_query_fits_the_contracts(query: NamedQuery, empty_tables: duckdb.DuckDBPyConnection) -> None:
    assert empty_tables.execute(query.sql("", "silver.")).fetchall() == []


def test_asked_by_name(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert cli.main(["query", "--list", "--json", "--lake", str(tmp_path)]) == ExitCode.OK
    listed = json.loads(capsys.readouterr().out)["queries"]
    assert [q["name"] for q in listed] == [q.name for q in QUERIES]
    assert cli.main(["query", "--list", "--lake", str(tmp_path)]) == ExitCode.OK
    assert named_query("top_resources").question["en"] in capsys.readouterr().out
    assert cli.main(["query", "--lake", str(tmp_path)]) == ExitCode.USAGE
    assert "--list" in capsys.readouterr().err
    assert cli.main(["query", "select 1", "--named", "x", "--lake", str(tmp_path)]) == ExitCode.USAGE
    assert cli.main(["query", "--named", "x", "--lake", str(tmp_path)]) == ExitCode.NOT_FOUND
    assert "no named query" in capsys.readouterr().err
