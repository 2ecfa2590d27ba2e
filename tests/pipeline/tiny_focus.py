"""Tiny FOCUS deliveries written by hand, laid out as AWS Data Exports does: CSV.gz or Parquet, a few lines each."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.pipeline.tiny import PAYER, csv_text, write

Line = dict[str, Any]
NUMBERS = {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity", "ConsumedQuantity"}


def line(billed: str = "1.5", effective: str | None = None, **columns: Any) -> Line:
    """A FOCUS line of 2026-03 with its columns as delivered; money as text."""
    return {
        "BillingAccountId": PAYER,
        "SubAccountId": "012345000045",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-03-01T00:00:00.000Z",
        "ChargePeriodStart": "2026-03-02T05:00:00.000Z",
        "ChargePeriodEnd": "2026-03-02T06:00:00.000Z",
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "BilledCost": billed,
        "EffectiveCost": billed if effective is None else effective,
        "x_ServiceCode": "AmazonEC2",
        **columns,
    }


def focus_csv(root: Path, lines: Sequence[Line], name: str = "tinyf", **manifest: Any) -> str:
    """The month as csv.gz, overwrite layout. The manifest's key. Further words: see `deliver`."""
    header = list(dict.fromkeys(column for row in lines for column in row))
    content = gzip.compress(csv_text(header, lines).encode(), mtime=0)
    return deliver(root, {f"{name}-00001.csv.gz": content}, header, name, **manifest)


def focus_parquet(
    root: Path,
    lines: Sequence[Line],
    name: str = "tinyf",
    types: Mapping[str, pa.DataType] | None = None,
    **manifest: Any,
) -> str:
    """The month in Parquet, costs as DOUBLE, overwrite layout. `types` overrides column types. The manifest's key."""
    header = list(dict.fromkeys(column for row in lines for column in row))
    columns = {c: _column(c, [row.get(c) for row in lines], (types or {}).get(c)) for c in header}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return deliver(root, {f"{name}-00001.snappy.parquet": sink.getvalue()}, header, name, **manifest)


def deliver(
    root: Path,
    files: Mapping[str, bytes],
    columns: Sequence[str],
    name: str,
    *,
    period: str = "2026-03",
    account: str = PAYER,
    prefix: str = "exports/",
    execution: str = "e1",
) -> str:
    """Files and manifest of one month of a Data Export, overwritten in place. The manifest's key."""
    month = f"BILLING_PERIOD={period}"
    keys = [f"{prefix}{name}/data/{month}/{file}" for file in files]
    for key, content in zip(keys, files.values(), strict=True):
        write(root / key.lstrip("/"), content)
    said = {
        "executionId": execution,
        "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{account}:export/{name}",
        "columns": [{"name": column, "type": "string"} for column in columns],
        "dataFiles": [f"s3://bucket/{key}" for key in keys],
    }
    manifest = f"{prefix}{name}/metadata/{month}/{name}-Manifest.json".lstrip("/")
    write(root / manifest, json.dumps(said).encode())
    return manifest


def _column(name: str, values: list[Any], kind: pa.DataType | None) -> pa.Array:
    if kind is not None:
        return pa.array(values, kind)
    if name in NUMBERS:
        return pa.array([None if v in {None, ""} else float(v) for v in values], pa.float64())
    if name.endswith(("Start", "End")):
        instants = [
            v and datetime.fromisoformat(v.replace("Z", "+00:00")).replace(tzinfo=None) for v in values
        ]
        return pa.array(instants, pa.timestamp("ms"))
    return pa.array(values, pa.string())
