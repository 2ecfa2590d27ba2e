"""Anomalies of the newest scoring run with what people said of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from finlake.clock import utc_now
from finlake.lake import open_lake
from finlake.settings import Settings
from pipeline.ml_tables import Label, add_label, labels, read_results

RECENT = timedelta(days=30)


def listed(settings: Settings, *, every: bool = False) -> list[dict[str, Any]]:
    """Rows of silver.anomalies with `label`, the newest first; without `every` those of the last 30 days."""
    lake = open_lake(settings.lake)
    found = read_results(lake, "anomalies")
    if found.empty:
        return []
    if not every:
        since = pd.Timestamp(found["origin_date"].max(), tz="UTC") - RECENT
        found = found[found["ended_at"] >= since]
    told = labels(lake).set_index("anomaly_id")["label"]
    found = found.assign(label=found["anomaly_id"].map(told), status="current")
    ordered = found.sort_values(["started_at", "anomaly_id"], ascending=[False, True])
    return [
        {name: None if value is None or value != value else value for name, value in row.items()}
        for row in ordered.to_dict("records")
    ]


def labelled(
    settings: Settings, anomaly_id: str, label: str, by: str, note: str | None, wait: float
) -> dict[str, Any]:
    """Keep a label. Raises NotFound for an anomaly that no scoring run found."""
    lake = open_lake(settings.lake)
    said = Label(anomaly_id, label, by, utc_now(), note)
    with lake.writing(wait):
        add_label(lake, said)
    return vars(said)
