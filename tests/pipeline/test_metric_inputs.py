"""A build is made anew for exactly the months whose metrics changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finlake.contracts import arrow_schema, load_contract
from finlake.lake import Lake, create_or_open
from finlake.partitions import commit_partition
from pipeline.build import metrics_of
from tests.dbt.conftest import APRIL, MAY
from tests.dbt.test_metric_marts import metric

CONTRACT = load_contract("silver", "resource_metrics")


def write_day(lake: Lake, day: date, sequence: int) -> None:
    """One day of silver, as the ingest commits it."""
    schema = arrow_schema(CONTRACT)
    names = [name for name in schema.names if name not in ("billing_period", "usage_date")]
    rows = pa.Table.from_pylist([metric(day, 1.0)], schema=pa.schema([schema.field(n) for n in names]))

    def write(folder: str) -> None:
        Path(folder).mkdir(parents=True)
        pq.write_table(rows, f"{folder}/part.parquet")

    where = {"billing_period": f"{day:%Y-%m}", "usage_date": day.isoformat()}
    commit_partition(lake, CONTRACT, where, write, {f"metrics/{day}": sequence}, {})


def test_a_month_changes_with_its_own_days_only(tmp_path: Path) -> None:
    lake = create_or_open(str(tmp_path / "lake"), "duckdb")
    assert metrics_of(lake) == {}
    write_day(lake, APRIL, 1)
    write_day(lake, MAY, 1)
    before = metrics_of(lake)
    assert set(before) == {"2026-04", "2026-05"}
    write_day(lake, MAY, 2)
    after = metrics_of(lake)
    assert after["2026-04"] == before["2026-04"]
    assert after["2026-05"] != before["2026-05"]
