"""Engine spark on a lake on S3: Spark writes Parquet by s3a, the same rows come out as on DuckDB in a folder."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.pipeline import ingesting, s3


def test_a_bill_on_s3_gives_the_same_silver(
    sources: list[Path], duckdb_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = next(path for path in sources if path.name == "cur2_parquet")
    with s3.moto(tmp_path / "log") as address:
        for name, value in s3.environment(address, tmp_path / "state").items():
            monkeypatch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="lake")
        lake = "s3://lake/on spark"
        said = ingesting.ingest(lake, source, engine="spark")
        assert said["changed"] and not said["refused"]
        found = ingesting.silver(lake, "billing_line_items")
        exports = set(found["export_id"].to_pylist())
        wanted = ingesting.silver(duckdb_lake, "billing_line_items").to_pylist()
        assert found.num_rows and ingesting.multiset(found) == ingesting.multiset(
            found.schema.empty_table().from_pylist(
                [r for r in wanted if r["export_id"] in exports], schema=found.schema
            )
        )
        assert not ingesting.ingest(lake, source, engine="spark")["changed"]
