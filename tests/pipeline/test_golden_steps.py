"""The golden bill, step by step as AWS delivered it: silver equals the known answers at every step, to 1e-9 a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.ingesting import Bucket, assert_equals_totals, at_steps, ingest, periods_shown, versions


def assert_step(lake: Path, step: dict[str, Any], totals: dict[str, Any]) -> None:
    assert periods_shown(lake) == set(step["current"])
    for period, version in step["current"].items():
        assert_equals_totals(lake, period, totals["versions"][f"{period}/{version}"])


def assert_again_changes_nothing(lake: Path, source: Path) -> None:
    before = versions(lake)
    said = ingest(lake, source)
    assert not said["changed"] and not said["deliveries"] and not said["refused"]
    assert versions(lake) == before


@pytest.mark.parametrize("layout", ["cur1_csv_versions", "cur2_parquet"])
def test_every_step_of_a_create_new_layout(
    layout: str, golden: Path, totals: dict[str, Any], deliveries: list[dict[str, Any]], tmp_path: Path
) -> None:
    """S1 to S7, each ingested twice: the second time commits nothing to any table."""
    bucket, lake = Bucket(golden / layout, tmp_path / "bucket"), tmp_path / "lake"
    arriving, current = at_steps(deliveries, layout), dict[str, str]()
    for step in totals["steps"]:
        for delivery in arriving.get(step["step"], []):
            if delivery["manifest"]:
                bucket.deliver(delivery["manifest"])
                current[delivery["billing_period"]] = delivery["version"]
        if step["step"] == "S7" and layout == "cur1_csv_versions":
            bucket.leave_files("cur/finops-hourly/20260501-20260601/20260514T044502Z")
        said = ingest(lake, bucket.root)
        assert not said["refused"]
        assert len(said["deliveries"]) == sum(1 for d in arriving.get(step["step"], []) if d["manifest"])
        assert_step(lake, step | {"current": current}, totals)
        assert_again_changes_nothing(lake, bucket.root)
    assert current == totals["steps"][-1]["current"]


def test_every_photograph_of_the_overwrite_layout(
    golden: Path, totals: dict[str, Any], tmp_path: Path
) -> None:
    bucket, lake = Bucket(golden / "cur1_parquet_overwrite", tmp_path / "bucket"), tmp_path / "lake"
    for name in ("S3", "S6"):
        bucket.overwrite_all(f"asof_{name}")
        ingest(lake, bucket.root)
        assert_step(lake, next(s for s in totals["steps"] if s["step"] == name), totals)
        assert_again_changes_nothing(lake, bucket.root)


@pytest.mark.parametrize("layout", ["cur1_csv", "cur1_parquet", "cur2_csv", "cur2_parquet"])
def test_all_deliveries_at_once_end_in_the_newest(
    layout: str, totals: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """Whoever starts late and finds every version in the bucket sees what the last step says."""
    assert_step(request.getfixturevalue(f"{layout}_lake"), totals["steps"][-1], totals)
