"""A lake whose silver was made by the contracts of release 0.1.0, which required gross costs and finality, and has neither
`gross_cost_basis` nor metrics: today's code takes a FOCUS export into it, and every reader still reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake

from finlake.contracts import arrow_schema, load_contract, partition_columns
from finlake.paths import CONTRACTS_DIR
from finlake.tables import KEPT
from tests.pipeline import tiny, tiny_focus
from tests.pipeline.ingesting import ingest, multiset, query, silver

RELEASED = CONTRACTS_DIR / ".released"
TABLES = sorted(file.name.partition(".")[0] for file in (RELEASED / "silver").glob("*.yaml"))
OTHER = "900100000077"
"""The payer of the FOCUS export."""
RELAXED = {
    "billing_line_items": {"unblended_cost", "blended_cost", "amortized_cost", "is_final"},
    "delivery_costs": {"unblended_cost", "blended_cost", "amortized_cost"},
}
COSTS = "unblended_cost, blended_cost, amortized_cost, net_unblended_cost, net_amortized_cost, is_final"


def made_by_the_release(lake: Path, table: str, *, rules: str) -> None:
    """Write a silver table anew as the release would have left it, its rows those that are there.

    `rules`: "present" keeps the note by which rules its rows were made, "earlier" makes it another one.
    """
    place, rows = lake / "silver" / table, silver(lake, table)
    old = load_contract("silver", table, RELEASED)
    schema = arrow_schema(old)
    notes = transactions(place)
    if rules == "earlier":
        notes = {name: v + (1 if name.startswith(("recipe/", "costs/")) else 0) for name, v in notes.items()}
    shutil.rmtree(place)
    write_deltalake(
        str(place),
        pa.table([rows[field.name].cast(field.type) for field in schema], schema=schema),
        partition_by=partition_columns(old) or None,
        configuration=KEPT,
        commit_properties=CommitProperties(
            app_transactions=[Transaction(name, version) for name, version in notes.items()]
        ),
    )


def actions(place: Path) -> list[list[dict[str, Any]]]:
    """The actions of each commit of a Delta table."""
    commits = sorted((place / "_delta_log").glob("*.json"))
    return [[json.loads(line) for line in commit.read_text().splitlines()] for commit in commits]


def transactions(place: Path) -> dict[str, int]:
    said = [action["txn"] for commit in actions(place) for action in commit if "txn" in action]
    return {txn["appId"]: txn["version"] for txn in said}


def required(place: Path) -> set[str]:
    return {field.name for field in DeltaTable(str(place)).schema().fields if not field.nullable}


@pytest.fixture(params=["present", "earlier"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A month of a legacy CUR in tables of the released contracts; by which rules its rows were made is the parameter."""
    lines = [tiny.line("1.5"), tiny.line("2", "Tax"), tiny.line("-0.5", "Credit", **{"bill/InvoiceId": "7"})]
    tiny.cur1_csv(tmp_path / "cur", lines, "v1")
    ingest(tmp_path / "lake", tmp_path / "cur")
    for table in TABLES:
        made_by_the_release(tmp_path / "lake", table, rules=request.param)
    shutil.rmtree(tmp_path / "lake" / "silver" / "resource_metrics")
    return tmp_path / "lake"


def test_a_focus_export_comes_into_a_lake_of_the_release(lake: Path, tmp_path: Path) -> None:
    before = {table: required(lake / "silver" / table) for table in RELAXED}
    assert all(RELAXED[table] <= before[table] for table in RELAXED), "the release required them"
    rows = {table: silver(lake, table) for table in RELAXED}
    tiny_focus.focus_parquet(
        tmp_path / "focus", [tiny_focus.line("4", "3", BillingAccountId=OTHER)], account=OTHER
    )
    said = ingest(lake, tmp_path / "focus")
    assert not said["refused"] and len(said["deliveries"]) == 1
    for table, relaxed in RELAXED.items():
        place, now = lake / "silver" / table, silver(lake, table)
        assert before[table] - required(place) == relaxed
        assert multiset(query_payer(now, tiny.PAYER), without={"gross_cost_basis"}) == multiset(rows[table])
        new = query(f"select {COSTS.rpartition(',')[0]} from t where payer_id = '{OTHER}'", t=now)
        assert [tuple(map(str, row)) for row in new] == [("None",) * 3 + ("4.000000000000", "3.000000000000")]
        told = [a for commit in actions(place) for a in commit if "metaData" in a]
        silent = [c for c in actions(place)[1:] if any("metaData" in a for a in c)]
        assert len(told) == 1 + len(silent) and not [a for c in silent for a in c if {"add", "remove"} & {*a}]


def query_payer(table: pa.Table, payer: str) -> pa.Table:
    return table.filter(pc.equal(table["payer_id"], payer))


def test_every_reader_reads_what_was_relaxed(lake: Path, tmp_path: Path) -> None:
    """DuckDB and delta-rs see the same rows; no table asks for more than reader version 1."""
    tiny_focus.focus_parquet(
        tmp_path / "focus", [tiny_focus.line("4", "3", BillingAccountId=OTHER)], account=OTHER
    )
    ingest(lake, tmp_path / "focus")
    sql = f"select payer_id, {COSTS} from t order by payer_id, unblended_cost"
    delta = DeltaTable(str(lake / "silver" / "billing_line_items"))
    by_delta = pa.table(QueryBuilder().register("t", delta).execute(sql).read_all())
    assert [tuple(row.values()) for row in by_delta.to_pylist()] == query(
        sql, t=silver(lake, "billing_line_items")
    )
    for table in [*TABLES, "resource_metrics"]:
        protocol = DeltaTable(str(lake / "silver" / table)).protocol()
        assert (protocol.min_reader_version, protocol.reader_features) == (1, None), table
    totals = query(
        "select payer_id, unblended_cost, net_unblended_cost::int from t order by 1",
        t=silver(lake, "source_totals"),
    )
    assert [row for row in totals if row[0] == OTHER] == [(OTHER, None, 4)]


def test_another_ingest_changes_nothing_more(lake: Path, tmp_path: Path) -> None:
    tiny_focus.focus_parquet(
        tmp_path / "focus", [tiny_focus.line("4", "3", BillingAccountId=OTHER)], account=OTHER
    )
    ingest(lake, tmp_path / "focus")
    commits = {table: len(actions(lake / "silver" / table)) for table in TABLES}
    assert not ingest(lake, tmp_path / "focus")["changed"]
    assert {table: len(actions(lake / "silver" / table)) for table in TABLES} == commits
