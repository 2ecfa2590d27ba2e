"""The golden metric streams: each day equals the flat table that came with them, in both formats."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from collect.metrics.discover import delivered_at
from tests.pipeline.ingesting import query, silver
from tests.pipeline.metric_streams import as_otel, load, put, samples_of

POINTS, DAYS, DAY_ROWS, HOURLY = 62_529, 45, 59_700, 24
RATIO = 1e-12


@pytest.fixture(scope="module")
def streams(shared_data: Path) -> Path:
    return shared_data / "golden/history/metric_streams"


@pytest.fixture(scope="module")
def lake(streams: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("golden-metrics") / "lake"
    account = load(root, streams)
    assert (account["points"], len(account["days"]), account["refused"]) == (POINTS, DAYS, [])
    return root


def test_every_day_is_the_flat_tables(lake: Path, shared_data: Path) -> None:
    """Delivered figures exactly; sums and averages, which the flat table rounds itself, to 1e-12. No percentile came."""
    flat = pq.read_table(shared_data / "golden/history/metrics_flat/daily.parquet")
    rows = silver(lake, "resource_metrics")
    told = query(
        f"""
        with said as (select *, json(dimensions_text)::varchar as series from rows where grain = 'day'),
        wanted as (select * replace (json(dimensions)::varchar as dimensions) from flat),
        pairs as (
          select s, g from said as s full join wanted as g on s.account_id = g.account_id and s.region = g.region
            and s.namespace = g.namespace and s.metric_name = g.metric_name and s.series = g.dimensions
            and s.usage_date = g.day)
        select count(*), count(*) filter (s is null or g is null),
          count(*) filter (s.minimum = g.minimum and s.maximum = g.maximum and s.unit = g.unit
            and s.sample_count = g.sample_count and abs(s.sum - g.sum) <= {RATIO} * abs(g.sum)
            and abs(s.average - g.average) <= {RATIO} * abs(g.average)),
          count(s.percentiles), count(*) filter (s.percentiles_reason = 'not_delivered')
        from pairs""",
        rows=rows,
        flat=flat,
    )
    assert told == [(DAY_ROWS, 0, DAY_ROWS, 0, DAY_ROWS)]


def test_hours_hold_each_point_once_and_days_are_made_of_them(lake: Path) -> None:
    rows = silver(lake, "resource_metrics")
    told = query(
        """
        with hours as (select * from rows where grain = 'hour'), days as (select * from rows where grain = 'day'),
        again as (
          select usage_date, account_id, region, namespace, metric_name, dimensions_text, unit, sum(point_count) as points,
            min(minimum) as minimum, max(maximum) as maximum from hours group by all)
        select (select count(*) from hours), (select sum(point_count) from hours), count(*), max(d.point_count)
        from days as d join again as a using (usage_date, account_id, region, namespace, metric_name, dimensions_text, unit)
        where a.points = d.point_count and a.minimum = d.minimum and a.maximum = d.maximum""",
        rows=rows,
    )
    assert told == [(POINTS, POINTS, DAY_ROWS, HOURLY)]


def test_the_same_points_in_opentelemetry_give_the_same_table(
    lake: Path, streams: Path, tmp_path: Path
) -> None:
    for file in sorted(streams.rglob("*.gz")):
        delivered = delivered_at(file.name) or datetime.min.replace(tzinfo=UTC)
        put(tmp_path / "otel", as_otel(samples_of(file.read_bytes())), delivered)
    assert load(tmp_path / "lake", tmp_path / "otel")["points"] == POINTS
    tables = {"one": silver(lake, "resource_metrics"), "other": silver(tmp_path / "lake", "resource_metrics")}
    missing = "select count(*) from (from {} except all from {})"
    assert query(missing.format("one", "other"), **tables) == [(0,)]
    assert query(missing.format("other", "one"), **tables) == [(0,)]
