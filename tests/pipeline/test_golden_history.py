"""Twenty-five months of one organisation at once: silver equals the known totals in every group, and all spend is mapped."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from tests.conftest import missing
from tests.pipeline.ingesting import TOLERANCE, ingest, query, silver

COSTS = ("unblended_cost", "amortized_cost", "net_amortized_cost")


def test_every_month_of_the_history(shared_data: Path, tmp_path: Path) -> None:
    history = shared_data / "golden" / "history"
    if not history.is_dir():
        missing(f"the golden history in {history}")
    said = ingest(tmp_path / "lake", history / "exports")
    assert len(said["deliveries"]) == 25 and not said["refused"]
    sums = ", ".join(f"sum({cost})" for cost in COSTS)
    lines = silver(tmp_path / "lake", "billing_line_items")
    rows = query(
        f"select billing_period, account_id, product_code, charge_type, count(*), {sums} from lines group by all",
        lines=lines,
    )
    found = {row[:4]: row[4:] for row in rows}
    with (history / "expected" / "totals.csv").open() as text:
        wanted = list(csv.DictReader(text))
    assert len(found) == len(wanted)
    for row in wanted:
        count, *costs = found[row["billing_period"], row["account_id"], row["service"], row["charge_type"]]
        assert count == int(row["rows"])
        assert all(abs(c - Decimal(row[name])) <= TOLERANCE for c, name in zip(costs, COSTS, strict=True)), (
            row
        )
    assert query("select count(*) from lines where service = 'unmapped'", lines=lines) == [(0,)]
