"""Tiny deliveries written by hand: a legacy CUR in CSV.gz or Parquet and a CUR 2.0 in Parquet, a few lines each.

Columns are legacy CUR's (`lineItem/UnblendedCost`); the Parquet writers give them AWS's Parquet names and types.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collect.exports.check_csv import to_column
from collect.exports.totals import CELLS, MONEY_CELLS

PAYER = "900100000001"
Line = dict[str, str]


def line(cost: str = "1.5", kind: str = "Usage", account: str = "012345000045", **cells: str) -> Line:
    """A bill line of 2026-03. Further cells by their short name (collect.exports.totals.CELLS) or as delivered."""
    said = {
        "payer": PAYER,
        "account": account,
        "currency": "USD",
        "start": "2026-03-02T05:00:00.000Z",
        "period": "2026-03-01T00:00:00.000Z",
        "type": kind,
        "product": "AmazonEC2",
        "unblended": cost,
        "lineItem/UsageEndDate": "2026-03-02T06:00:00.000Z",
        "lineItem/UsageType": "BoxUsage:t3.large",
        **cells,
    }
    return {CELLS[name][0] if name in CELLS else name: value for name, value in said.items()}


def cur1_csv(
    root: Path,
    lines: Sequence[Line],
    version: str,
    *,
    columns: Sequence[str] = (),
    files: int = 1,
    period: str = "20260301-20260401",
    account: str = PAYER,
    name: str = "tiny",
) -> str:
    """One more version of a month, create-new layout: its files, its manifest, the month's own manifest. The manifest's key."""
    month = f"cur/{name}/{period}"
    header = list(columns) or sorted({column for row in lines for column in row})
    keys = [f"{month}/{version}/{name}-{number}.csv.gz" for number in range(1, files + 1)]
    for number, key in enumerate(keys):
        write(root / key, gzip.compress(csv_text(header, lines[number::files]).encode(), mtime=0))
    said = _cur1_manifest(version, keys, period, account, name, "GZIP")
    write(root / month / version / f"{name}-Manifest.json", said)
    write(root / month / f"{name}-Manifest.json", said)
    return f"{month}/{version}/{name}-Manifest.json"


def cur1_parquet(
    root: Path,
    lines: Sequence[Line],
    version: str,
    *,
    types: dict[str, pa.DataType] | None = None,
    period: str = "20260301-20260401",
    account: str = PAYER,
    name: str = "tiny",
) -> str:
    """The month in Parquet, overwritten in place. `types` overrides column types by Parquet name. The manifest's key."""
    key = f"cur/{name}/{name}/year={period[:4]}/month={int(period[4:6])}/{name}-00001.snappy.parquet"
    write(root / key, parquet_bytes(lines, types or {}))
    manifest = f"cur/{name}/{period}/{name}-Manifest.json"
    write(root / manifest, _cur1_manifest(version, [key], period, account, name, "Parquet"))
    return manifest


def cur2_parquet(
    root: Path,
    lines: Sequence[Line],
    execution: str,
    *,
    period: str = "2026-03",
    account: str = PAYER,
    name: str = "tiny2",
) -> str:
    """One more execution of a month of a CUR 2.0 export (`execution`: 2026-04-04T05-12-11.000Z-<id>). The manifest's key."""
    month = f"BILLING_PERIOD={period}"
    key = f"exports/{name}/data/{month}/{execution}/{name}-00001.snappy.parquet"
    write(root / key, parquet_bytes(lines, {}))
    said = json.dumps(
        {
            "executionId": execution.partition("Z-")[2],
            "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{account}:export/{name}",
            "columns": [{"name": "line_item_unblended_cost", "type": "double"}],
            "dataFiles": [f"s3://bucket/{key}"],
        }
    ).encode()
    write(root / f"exports/{name}/metadata/{month}/{execution}/{name}-Manifest.json", said)
    write(root / f"exports/{name}/metadata/{month}/{name}-Manifest.json", said)
    return f"exports/{name}/metadata/{month}/{execution}/{name}-Manifest.json"


def csv_text(header: Sequence[str], lines: Sequence[Line]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[row.get(column, "") for column in header] for row in lines])
    return text.getvalue()


def parquet_bytes(lines: Sequence[Line], types: dict[str, pa.DataType]) -> bytes:
    """Costs as DOUBLE, instants as timestamps, the rest as text; blank is null."""
    columns: dict[str, pa.Array] = {}
    for delivered in sorted({column for row in lines for column in row}):
        name = to_column(delivered)
        values = [row.get(delivered) or None for row in lines]
        columns[name] = _typed(name, values, types.get(name) or _type_of(name))
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _type_of(name: str) -> pa.DataType:
    if name in {CELLS[cell][1] for cell in MONEY_CELLS}:
        return pa.float64()
    return pa.timestamp("ms") if name.endswith("_date") else pa.string()


def _typed(name: str, values: list[str | None], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        instants: list[Any] = [
            v and datetime.fromisoformat(v.replace("Z", "+00:00")).replace(tzinfo=None) for v in values
        ]
        return pa.array(instants, kind)
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    if pa.types.is_floating(kind):
        return pa.array([None if v is None else float(v) for v in values], kind)
    return pa.array(values, pa.string()).cast(kind)


def _cur1_manifest(
    version: str, keys: list[str], period: str, account: str, name: str, compression: str
) -> bytes:
    start, end = period.split("-")
    said = {
        "assemblyId": version,
        "account": account,
        "reportName": name,
        "bucket": "bucket",
        "compression": compression,
        "columns": [],
        "billingPeriod": {"start": f"{start}T000000.000Z", "end": f"{end}T000000.000Z"},
        "reportKeys": keys,
    }
    return json.dumps(said).encode()
