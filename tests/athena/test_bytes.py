"""Bytes that Athena scans are the user's bill: what is asked for one month reads one month."""

from __future__ import annotations

import boto3

from tests.athena.conftest import Growing


def sizes(growing: Growing, prefix: str) -> dict[str, int]:
    """Bytes of the data files of a table, by the part of the place that names the partition."""
    pages = (
        boto3.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket="lake", Prefix=f"finlake/{prefix}")
    )
    files = [one for page in pages for one in page.get("Contents", []) if one["Key"].endswith(".parquet")]
    found: dict[str, int] = {}
    for file in files:
        period = next((part for part in file["Key"].split("/") if part.startswith("billing_period=")), "")
        found[period] = found.get(period, 0) + file["Size"]
    return found


def test_a_query_of_one_month_reads_one_month(grown: Growing) -> None:
    athena = grown.target("athena").athena
    months = sizes(grown, "warehouse/athena/tables/finlake_builds/cost_by_resource_daily")
    assert len(months) >= 2
    (period,) = grown.said[-1]["periods"]
    columns = "sum(unblended_cost), count(resource_id), max(usage_date), count(service_name)"
    before = athena.scanned
    rows = list(
        athena.rows(f"select {columns} from cost_by_resource_daily where billing_period = '{period}'")
    )
    one = athena.scanned - before
    list(athena.rows(f"select {columns} from cost_by_resource_daily"))
    every = athena.scanned - before - one
    assert rows and 0 < one <= months[f"billing_period={period}"]
    assert one < every


def test_a_build_tells_what_each_mart_scanned_and_of_lines_it_is_one_month(grown: Growing) -> None:
    first = grown.said[0]["bytes_scanned"]
    second = grown.failed_report["details"]["bytes_scanned"]
    (period,) = grown.said[1]["periods"]
    lines = sizes(grown, "silver/billing_line_items")
    small = sum(sizes(grown, "silver/billing_authority").values())
    for mart in ("cost_daily", "cost_monthly", "cost_by_resource_daily"):
        assert 0 < second[mart] <= lines[f"billing_period={period}"] + small, mart
        assert second[mart] < first[mart], "two months, then one"
