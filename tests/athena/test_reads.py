"""awswrangler reads by UNLOAD; a build of one month reads one month of silver; every call is on the allow-list."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import awswrangler as wr
import boto3
import yaml
from botocore import xform_name

from tests.athena.conftest import LAKE, Growing
from tests.athena.kit import Kit
from tests.conftest import REPOSITORY


def test_awswrangler_reads_a_mart_by_unload(grown: Growing) -> None:
    """As a notebook does: exact decimals in a frame."""
    frame = wr.athena.read_sql_query(
        "select billing_period, sum(unblended_cost) as cost from cost_monthly group by billing_period",
        database="finlake_gold",
        ctas_approach=False,
        unload_approach=True,
        s3_output=f"{LAKE}/warehouse/athena/results/wrangler/",
        dtype_backend="pyarrow",
    )
    athena = grown.target("athena").athena
    rows = athena.rows(
        "select billing_period, sum(unblended_cost) as cost from cost_monthly group by billing_period"
    )
    found = dict(zip(frame["billing_period"], frame["cost"], strict=True))
    assert found == {row["billing_period"]: row["cost"] for row in rows}
    assert all(isinstance(cost, Decimal) for cost in found.values())


def test_a_build_of_one_month_reads_one_month_of_silver(grown: Growing, kit: Kit) -> None:
    """Of every statement of the newest build that made rows from bill lines: the months that Trino's plan lets it scan."""
    build = grown.said[-1]["build_id"]
    (period,) = grown.said[-1]["periods"]
    made = [
        q["sql"]
        for q in kit.noted()
        if f"cast('{build}' as varchar)" in q["sql"] and re.match(r"(?s).*insert into", q["sql"])
    ]
    from_lines = [sql for sql in made if "int_billing_lines" in sql]
    assert len(from_lines) >= 5
    for sql in from_lines:
        query = sql[sql.index("select") :]
        assert reached(kit, query) == {period}, sql[:300]


def reached(kit: Kit, query: str) -> set[str]:
    """Months of silver.billing_line_items that a query's scans are limited to; "every" where one isn't."""
    ((said,),) = kit.trino(f"explain (type io, format json) {query}")
    tables = json.loads(said)["inputTableColumnInfos"]
    scans = [t for t in tables if t["table"]["schemaTable"]["table"] == "billing_line_items"]
    assert scans
    return {month for scan in scans for month in _months(scan["constraint"]["columnConstraints"])}


def _months(constraints: list[dict[str, Any]]) -> list[str]:
    of_month = [c["domain"]["ranges"] for c in constraints if c["columnName"] == "billing_period"]
    return [r["low"]["value"] for ranges in of_month for r in ranges if r["low"] == r["high"]] or ["every"]


def test_every_call_to_athena_and_glue_is_on_the_allow_list(grown: Growing, kit: Kit) -> None:
    """Promise 4 from the other side: what arrived at the endpoint from finlake, dbt, PyAthena and the engine."""
    allowed: dict[str, Any] = yaml.safe_load((REPOSITORY / "tests/house/aws_calls.yml").read_text())
    named = {
        f"{service}.{name}" for part in allowed.values() for service, names in part.items() for name in names
    }
    asked = {f"{call.partition('.')[0]}.{xform_name(call.partition('.')[2])}" for call in kit.calls()}
    stood_in = {
        call for call in asked if "column_statistics" in call
    }  # Trino's own, of which Athena has none
    assert {"athena.start_query_execution", "glue.create_table"} <= asked
    assert asked - stood_in <= named


def test_no_statement_is_longer_than_athena_takes(grown: Growing, kit: Kit) -> None:
    """262,144 bytes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""
    assert max(len(query["sql"].encode()) for query in kit.noted()) < 262_144 / 4, (
        "room for four times the months"
    )


def test_nothing_lies_outside_of_the_lake(grown: Growing) -> None:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="lake")
    places = {one["Key"].split("/")[0] for page in pages for one in page.get("Contents", [])}
    assert places == {"finlake"}
