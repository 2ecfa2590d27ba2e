"""A tiny silver layer written as real Delta tables from the contracts: what dbt reads in these tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from finlake.contracts import arrow_schema, load_contract, partition_columns

PAYER = "900100000001"
EXPORT = "cur2-900100000001-finops-cur2-1a2b3c"
OTHER_EXPORT = "cur1-900100000001-finops-hourly-9f8e7d"
COSTS = (
    "unblended_cost",
    "net_unblended_cost",
    "blended_cost",
    "amortized_cost",
    "net_amortized_cost",
    "list_cost",
    "contracted_cost",
)
SOURCE_COSTS = COSTS[:5]
ML_TABLES = ("scoring_runs", "forecasts", "anomalies", "anomaly_labels", "patterns")
"""What the models say of a bill, which a lake may lack."""

Row = dict[str, Any]


def write_silver(lake: Path | str, table: str, rows: list[Row]) -> None:
    """Replace one silver table by these rows; columns that a row leaves out are null."""
    contract = load_contract("silver", table)
    schema = arrow_schema(contract)
    arrow = pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
    write_deltalake(
        f"{lake}/silver/{table}",
        arrow,
        mode="overwrite",
        partition_by=partition_columns(contract) or None,
    )


def line(day: date, cost: str, **changes: Any) -> Row:
    """A plain usage line of that day and unblended cost; every cost equals it unless changed."""
    money = Decimal(cost)
    row: Row = {
        "export_id": EXPORT,
        "billing_period": f"{day:%Y-%m}",
        "delivery_id": f"d-{day:%Y-%m}-1",
        "source_format": "cur2",
        "payer_id": PAYER,
        "payer_name": "Acme payer",
        "account_id": "012345000045",
        "account_name": "Acme shop",
        "currency": "USD",
        "usage_date": day,
        "charge_period_start": datetime(day.year, day.month, day.day, tzinfo=UTC),
        "is_final": False,
        "charge_type": "Usage",
        "charge_category": "Usage",
        "charge_frequency": "Usage-Based",
        "product_code": "AmazonEC2",
        "service": "ec2",
        "service_name": "Elastic Compute Cloud",
        "service_category": "Compute",
        "region": "sa-east-1",
        "pricing_category": "Standard",
        "resource_id": "i-0a1",
        "resource_name": "i-0a1",
        "resource_type": "ec2:instance",
        "net_cost_basis": "equals_gross",
        "gross_cost_basis": "delivered",
        "is_split_line": False,
        "resource_tags": [("user_team", "shop")],
        "cost_categories": [],
        "team": "shop",
    }
    return row | dict.fromkeys(COSTS, money) | changes


def tax(day: date, cost: str, **changes: Any) -> Row:
    """A month-level tax line: no resource, region, list price or tags."""
    bare = dict.fromkeys(
        ("region", "pricing_category", "resource_id", "resource_name", "resource_type", "list_cost", "team")
    )
    words = {
        "charge_type": "Tax",
        "charge_category": "Tax",
        "charge_frequency": "One-Time",
        "resource_tags": [],
    }
    return line(day, cost, **(bare | words | changes))


def split_row(day: date, **changes: Any) -> Row:
    """A split cost allocation row: its money stays in the split columns."""
    shared = {"is_split_line": True, "resource_id": "pod/checkout", "split_cost": Decimal("7.5")}
    return line(day, "0", **(shared | changes))


def write_lake(
    lake: Path | str, lines: list[Row], deliveries: list[Row] | None = None, history: list[Row] | None = None
) -> None:
    """All silver tables for these lines: EXPORT has authority, totals are summed apart from silver."""
    periods = sorted({(row["payer_id"], row["billing_period"]) for row in lines})
    write_silver(lake, "billing_line_items", lines)
    write_silver(
        lake,
        "billing_authority",
        [
            {"payer_id": payer, "billing_period": period, "export_id": EXPORT, "source_format": "cur2"}
            | {"reason": "newest format", "decided_at": datetime(2026, 6, 1, tzinfo=UTC)}
            for payer, period in periods
        ],
    )
    found = sorted({(row["export_id"], row["billing_period"], row["delivery_id"]) for row in lines})
    loaded = [delivery(name, export, period, 1) for export, period, name in found]
    write_silver(lake, "deliveries", deliveries if deliveries is not None else loaded)
    write_silver(lake, "source_totals", source_totals(lines))
    write_silver(lake, "delivery_costs", history or [])
    for table in ("resource_metrics", *ML_TABLES):
        write_silver(lake, table, [])


def delivery(name: str, export: str, period: str, sequence: int, **changes: Any) -> Row:
    """One loaded delivery."""
    row: Row = {
        "delivery_id": name,
        "export_id": export,
        "billing_period": period,
        "source_format": "cur2",
        "sequence": sequence,
        "position": sequence,
        "delivered_at": datetime(2026, 5, sequence, 4, 40, tzinfo=UTC),
        "ingested_at": datetime(2026, 5, sequence, 6, 0, tzinfo=UTC),
        "state": "loaded",
        "is_current": True,
        "file_count": 1,
        "byte_count": 1,
    }
    return row | changes


def source_totals(lines: list[Row]) -> list[Row]:
    """What the deliveries of these lines sum to, one row per delivery, payer and currency."""
    keys = ("delivery_id", "export_id", "billing_period", "payer_id", "currency")
    totals: dict[tuple[Any, ...], Row] = {}
    for row in lines:
        key = tuple(row[name] for name in keys)
        total = totals.setdefault(key, dict(zip(keys, key, strict=True)) | {"line_count": 0})
        total["line_count"] += 1
        for cost in SOURCE_COSTS:
            total[cost] = total.get(cost, Decimal(0)) + row[cost]
    return list(totals.values())
