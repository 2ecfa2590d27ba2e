"""kill -9 at every boundary of a whole run and at random points: the tables equal one clean run, readers see whole builds only.

The month before is published first; then its restatement arrives, and `finlake run` dies on it again and again.
"""

from __future__ import annotations

import random
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finlake.failpoints import POINTS
from tests.e2e.whole_run import published
from tests.faults.kills import TOTALS, Reader, reading
from tests.faults.kit import SEED, copy
from tests.faults.warm import Warm
from tests.once import once
from tests.pipeline.ingesting import Bucket, at_steps, silver

RANDOM_KILLS, LONGEST_WAIT = 3, 4.0
"""So many seconds at most: what is published leaves the next run nothing to do."""
BUILD_POINTS = [p for p in POINTS if POINTS.index(p) >= POINTS.index("after_control_tables")]
pytestmark = pytest.mark.kill


def contents(lake: Path) -> dict[str, Any]:
    """All that readers can see, order and time of loading left out."""
    tables = {
        name: sorted(map(repr, silver(lake, name).drop_columns([c for c in dropped if c]).to_pylist()))
        for name, dropped in {
            "billing_line_items": [""],
            "delivery_costs": [""],
            "source_totals": [""],
            "deliveries": ["ingested_at"],
            "billing_authority": ["decided_at"],
        }.items()
    }
    marts = {
        name: published(lake, f"select * from {name} order by all")
        for name in (
            "cost_daily",
            "cost_monthly",
            "cost_by_resource_daily",
            "restatements",
            "reconciliation",
            "tag_coverage",
            "dim_resource",
        )
    }
    return tables | marts


@pytest.fixture(scope="module")
def scene(
    golden: Path, deliveries: list[dict[str, Any]], warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A lake that shows April at S3 (copied for each test), a source in which S4 and S5 have arrived, and the clean result."""

    def make(root: Path) -> None:
        bucket, arriving = (
            Bucket(golden / "cur2_parquet", root / "bucket"),
            at_steps(deliveries, "cur2_parquet"),
        )
        for step in ("S1", "S3"):
            bucket.deliver(arriving[step][0]["manifest"])
        whole_run(warm, root / "before", bucket.root)
        for step in ("S4", "S5"):
            bucket.deliver(arriving[step][0]["manifest"])
        copy(root / "before", root / "clean")
        whole_run(warm, root / "clean", bucket.root)

    root = once(tmp_path_factory, "kill", make)
    before, after = (tuple(published(root / lake, TOTALS)) for lake in ("before", "clean"))
    assert before != after
    return {
        "root": root,
        "source": root / "bucket",
        "before": before,
        "after": after,
        "clean": contents(root / "clean"),
    }


def whole_run(warm: Warm, lake: Path, source: Path) -> dict[str, Any]:
    """A whole run that must end well; its account."""
    return warm.run("run", "--lake", lake, "--source", source).said()


def assert_recovers(warm: Warm, scene: dict[str, Any], lake: Path, reader: Reader) -> None:
    whole_run(warm, lake, scene["source"])
    again = whole_run(warm, lake, scene["source"])
    assert not again["changed"]
    found = contents(lake)
    for name, rows in scene["clean"].items():
        assert found[name] == rows, name
    assert reader.reads > 0 and reader.answers <= {scene["before"], scene["after"]}


@pytest.mark.parametrize("points", [BUILD_POINTS[0::2], BUILD_POINTS[1::2]], ids=lambda p: "+".join(p))
def test_killed_at_each_boundary_of_build_and_publish(
    points: list[str], scene: dict[str, Any], warm: Warm, tmp_path: Path
) -> None:
    """One lake dies at random moments, then at several boundaries: each death is a SIGKILL, those at named points are sure."""
    lake, chance = tmp_path / "lake", random.Random(f"{SEED}/{points}")
    copy(scene["root"] / "before", lake)
    with reading(lake) as reader:
        for _ in range(RANDOM_KILLS):
            run = warm.start("run", "--lake", lake, "--source", scene["source"])
            run.wait(chance.uniform(0.0, LONGEST_WAIT))
            run.send(signal.SIGKILL)
            run.finish()
        for point in points:
            run = warm.start("run", "--lake", lake, "--source", scene["source"], FINLAKE_FAILPOINT=point)
            assert run.finish() == -signal.SIGKILL, point
            assert tuple(published(lake, TOTALS)) == (
                scene["after"] if point == "after_publish" else scene["before"]
            )
    assert_recovers(warm, scene, lake, reader)


def test_money_of_the_scene_is_what_aws_delivered(scene: dict[str, Any], totals: dict[str, Any]) -> None:
    """The clean run itself is right: its months are the golden versions v2 and v3."""
    wanted = {"2026-03": "2026-03/v2", "2026-04": "2026-04/v3"}
    whole = [row for row in scene["after"] if row[0] in ("cost_monthly", "cost_daily")]
    assert len(whole) == 4
    for _, period, _, unblended, net_amortized in whole:
        expected = totals["versions"][wanted[period]]["total"]
        assert abs(unblended - Decimal(expected["unblended_cost"])) <= Decimal("1e-9")
        assert abs(net_amortized - Decimal(expected["net_amortized_cost"])) <= Decimal("1e-9")
