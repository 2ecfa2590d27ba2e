"""The golden bill in the published marts: cost_monthly equals the known answers at every as-of step, each step run twice."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.whole_run import assert_monthly_equals, published, whole_run
from tests.pipeline.ingesting import Bucket, at_steps


def assert_step(lake: Path, source: Path, current: dict[str, str], totals: dict[str, Any]) -> None:
    """Run, compare every month that the step knows, run again: nothing changes, readers see the same build."""
    said = whole_run(lake, source)
    assert not said["refused"]
    assert all(row["is_reconciled"] for row in said["reconciliation"])
    assert {row[0] for row in published(lake, "select distinct billing_period from cost_monthly")} == set(
        current
    )
    for period, version in current.items():
        assert_monthly_equals(lake, period, totals["versions"][f"{period}/{version}"])
    again = whole_run(lake, source)
    assert not again["changed"] and again["build_id"] == said["build_id"]


@pytest.mark.parametrize("layout", ["cur1_csv_versions", "cur2_parquet"])
def test_create_new_layouts_at_every_step(
    layout: str, golden: Path, totals: dict[str, Any], deliveries: list[dict[str, Any]], tmp_path: Path
) -> None:
    bucket, lake = Bucket(golden / layout, tmp_path / "bucket"), tmp_path / "lake"
    arriving, current = at_steps(deliveries, layout), dict[str, str]()
    for step in totals["steps"]:
        for delivery in arriving.get(step["step"], []):
            if delivery["manifest"]:
                bucket.deliver(delivery["manifest"])
                current[delivery["billing_period"]] = delivery["version"]
        if step["step"] == "S7" and layout == "cur1_csv_versions":
            bucket.leave_files("cur/finops-hourly/20260501-20260601/20260514T044502Z")
        if arriving.get(step["step"]):
            assert_step(lake, bucket.root, current, totals)
    assert current == totals["steps"][-1]["current"]
    assert_restatements_equal(
        lake, json.loads((golden / "expected" / "restatement.json").read_text()), layout
    )


def assert_restatements_equal(lake: Path, expected: dict[str, Any], layout: str) -> None:
    """The mart `restatements` says what restatement.json says (the CUR 2.0 layout has no v1 of April)."""
    rows = published(
        lake,
        "select billing_period, sum(earlier_days), sum(new_days), sum(closing_lines), sum(total) "
        "from restatements where measure = 'unblended_cost' group by billing_period, sequence order by billing_period, sequence",
    )
    names = sorted(expected, key=lambda name: (name[:7], name))
    wanted = [
        (
            name[:7],
            *(
                Decimal(expected[name]["unblended_delta"][part])
                for part in ("earlier_days", "new_days", "closing_lines", "total")
            ),
        )
        for name in names
        if layout != "cur2_parquet" or "v1->v2 (S2" not in name
    ]
    assert [row[0] for row in rows] == [w[0] for w in wanted]
    for row, want in zip(rows, wanted, strict=True):
        assert all(
            abs(value - expect) <= Decimal("1e-9") for value, expect in zip(row[1:], want[1:], strict=True)
        ), (
            row,
            want,
        )


def test_overwrite_layout_at_every_photograph(golden: Path, totals: dict[str, Any], tmp_path: Path) -> None:
    bucket, lake = Bucket(golden / "cur1_parquet_overwrite", tmp_path / "bucket"), tmp_path / "lake"
    for name in ("S3", "S6"):
        bucket.overwrite_all(f"asof_{name}")
        current = next(step["current"] for step in totals["steps"] if step["step"] == name)
        assert_step(lake, bucket.root, current, totals)


def test_cur2_csv(golden: Path, totals: dict[str, Any], tmp_path: Path) -> None:
    assert_step(tmp_path / "lake", golden / "cur2_csv", totals["steps"][-1]["current"], totals)
