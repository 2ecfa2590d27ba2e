"""Commands on target athena as their users give them: run again, query, named queries, rollback, publish, maintain, status."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline import athena_query, cli
from pipeline.athena_query import AthenaReader
from pipeline.named_queries import NamedQuery, named_queries
from pipeline.query import Answer, ask
from pipeline.query_output import objects_of
from pipeline.reader import Reader, open_reader
from tests.athena.conftest import LAKE, Growing
from tests.athena.kit import Kit

SUM = "select sum(net_amortized_cost) as cost, sum(line_count) as lines from cost_monthly"


def said(*arguments: str, target: str = "athena", code: int = 0) -> Any:
    """A command's JSON on the lake."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert cli.main([*arguments, "--lake", LAKE, "--target", target, "--json"]) == code, out.getvalue()
    return json.loads(out.getvalue())


def test_a_run_without_news_changes_nothing(grown: Growing) -> None:
    again = grown.run("athena")
    assert not again["changed"] and again["build_id"] == grown.said[-1]["build_id"]
    assert all(row["is_reconciled"] for row in again["reconciliation"])


def test_a_query_gives_the_same_on_both_targets(grown: Growing) -> None:
    sql = "select l.payer_id, sum(l.unblended_cost) as cost from silver.billing_line_items as l group by l.payer_id order by 1"
    for asked in (SUM, sql):
        found, wanted = (said("query", asked, target=target) for target in ("athena", "duckdb"))
        assert found["rows"] == wanted["rows"] and found["rows"], asked
    assert found["build_id"] == grown.said[-1]["build_id"]


def test_money_in_parquet_stays_exact(grown: Growing, kit: Kit, tmp_path: Path) -> None:
    """And is scanned once: by the UNLOAD."""
    file = tmp_path / "months.parquet"
    sql = "select billing_period, sum(unblended_cost) as cost from cost_monthly group by billing_period"
    before = len(kit.noted())
    said("query", sql, "--output", str(file))
    asked = [one["sql"] for one in kit.noted()[before:] if "cost_monthly" in one["sql"]]
    assert len(asked) == 1 and asked[0].startswith("unload"), asked
    table = pq.read_table(file)
    assert str(table.schema.field("cost").type) == "decimal128(38, 12)"
    wanted = {
        row["billing_period"]: Decimal(row["cost"]) for row in said("query", sql, target="duckdb")["rows"]
    }
    assert dict(zip(*(column.to_pylist() for column in table.columns), strict=True)) == wanted


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("delete from cost_monthly", "query_only_reads"),
        ("select 1; select 2", "query_not_one"),
        ("select * from finlake_builds.cost_monthly", "query_outside"),
        ("select * from other.secrets", "query_outside"),
        ("select nothing from cost_monthly", "athena_query_wrong"),
        ("selekt 1", "athena_query_wrong"),
    ],
)
def test_a_query_only_reads_what_is_published(grown: Growing, sql: str, code: str) -> None:
    assert said("query", sql, code=2)["code"] == code


def test_looking_around(grown: Growing) -> None:
    listed = {next(iter(row.values())) for row in said("query", "show tables")["rows"]}
    assert {"cost_daily", "reconciliation"} <= listed


@pytest.fixture(scope="module")
def on_duckdb(grown: Growing) -> Iterator[Reader]:
    with open_reader(grown.lake) as reader:
        yield reader


@pytest.mark.parametrize("query", named_queries().values(), ids=lambda query: query.name)
def test_a_named_query_answers_the_same_on_both_targets(
    grown: Growing, on_duckdb: Reader, query: NamedQuery
) -> None:
    sql = query.sql(gold="", silver="silver.")
    settings = grown.settings("athena")
    found, wanted = athena_query.ask(AthenaReader(grown.lake, settings.athena), sql), ask(on_duckdb, sql)
    assert rows_of(found) == rows_of(wanted)


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    return [as_figures(row) for row in objects_of(answer.columns, answer.rows())]


def as_figures(row: dict[str, Any]) -> dict[str, Any]:
    """Money as it is, ratios to twelve places."""
    return {key: float(f"{value:.12e}") if isinstance(value, float) else value for key, value in row.items()}


def test_rollback_and_publish_move_all_marts_at_once(grown: Growing) -> None:
    first, second = (run["build_id"] for run in grown.said[:2])
    newest = said("query", SUM)["rows"]
    assert said("rollback")["build_id"] == first
    former = said("query", SUM)["rows"]
    assert former != newest
    proof = said("query", "select distinct is_reconciled from reconciliation")["rows"]
    assert proof == [{"is_reconciled": True}]
    assert said("status")["published"]["build_id"] == first
    said("publish", "--build", second)
    assert said("query", SUM)["rows"] == newest


def test_compacting_and_vacuuming_keeps_what_readers_see(grown: Growing) -> None:
    before = said("query", SUM)["rows"]
    builds = grown.target("athena").builds
    builds._kept = {"builds": ["cost_monthly"]}  # one table for all: each takes two statements
    builds.maintain()
    assert said("query", SUM)["rows"] == before


def test_the_doctor_looks_at_what_is_published_on_athena(grown: Growing) -> None:
    found = {check["check"]: check for check in said("doctor")["checks"]}
    assert found["published"]["status"] == "ok"
    assert grown.target("athena").builds.pointer().build_id in found["published"]["detail"]
