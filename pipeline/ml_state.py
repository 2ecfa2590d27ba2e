"""What a build must know of the models' results: the tables that hold them, which runs are complete. Without pandas, which
jobs on EMR don't have."""

from __future__ import annotations

import hashlib
from typing import Any

from finlake.contracts import load_contract
from finlake.lake import Lake
from finlake.tables import ensure_table, read_table

RESULTS = ("forecasts", "anomalies", "patterns")
RUNS, LABELS = "scoring_runs", "anomaly_labels"


def ensure_ml_tables(lake: Lake) -> None:
    """Make the tables of results that are not there yet, empty: the marts read them."""
    for table in (*RESULTS, RUNS, LABELS):
        ensure_table(lake, load_contract("silver", table))


def runs(lake: Lake) -> list[dict[str, Any]]:
    """The complete runs as rows of silver.scoring_runs, oldest origin first."""
    rows = read_table(lake, load_contract("silver", RUNS))
    return sorted(rows.to_pylist(), key=lambda row: row["origin_date"]) if rows is not None else []


def results_fingerprint(lake: Lake) -> str:
    """Changes with what the marts show of results: complete runs and labels. Empty where there is no complete run."""
    shown = [(str(row["origin_date"]), row["content"], str(row["anomalies_from"])) for row in runs(lake)]
    if not shown:
        return ""
    said = read_table(lake, load_contract("silver", LABELS))
    told = sorted(map(repr, said.to_pylist())) if said is not None else []
    return hashlib.sha256(repr((shown, told)).encode()).hexdigest()[:16]
