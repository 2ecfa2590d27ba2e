"""kill -9 at every boundary of an ingest of metrics: run again, and the tables are what one clean run gives."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from finlake.failpoints import METRIC_POINTS
from tests.pipeline.ingesting import command, multiset, silver, versions
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, as_otel, load, put

HOUR = timedelta(hours=1)
FILES = 5


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days in two formats, an updated point, and a file that comes twice."""
    root = tmp_path_factory.mktemp("streams")
    first = [Sample(at=MARCH_10 + n * HOUR, total=float(n)) for n in range(20, 28)]
    put(root, as_json(first), MARCH_10 + 28 * HOUR)
    put(root, as_json(first), MARCH_10 + 29 * HOUR)
    put(root, as_otel([Sample(at=MARCH_10 + 21 * HOUR, total=99.0)]), MARCH_10 + 30 * HOUR)
    put(root, as_json([Sample(at=MARCH_10 + 22 * HOUR, metric="other")]), MARCH_10 + 31 * HOUR)
    put(root, b"\x1f\x8b no gzip", MARCH_10 + 32 * HOUR, packed=False)
    return root


@pytest.fixture(scope="module")
def clean(bucket: Path, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    lake = tmp_path_factory.mktemp("clean") / "lake"
    assert load(lake, bucket)["files"] == FILES - 1
    return multiset(silver(lake, "resource_metrics"))


@pytest.mark.kill
@pytest.mark.parametrize(
    "point", [*METRIC_POINTS, "before_metrics_silver_commit:2", "after_metrics_silver_commit:2"]
)
def test_killed_and_run_again(point: str, bucket: Path, clean: Counter[str], tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    killed = command(
        *("metrics", "ingest", "--lake", lake, "--source", bucket, "--json"), FINLAKE_FAILPOINT=point
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    load(lake, bucket)
    assert multiset(silver(lake, "resource_metrics")) == clean
    stored = DeltaTable(str(lake / "bronze/metric_points")).get_add_actions(flatten=True)
    assert sum(stored["num_records"].to_pylist()) == 10, "each different file's points, once"
    settled = versions(lake)
    assert not load(lake, bucket)["changed"]
    assert versions(lake) == settled
