"""The same build from a lake on S3: DuckDB reads the Delta tables there with the usual AWS environment."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from finlake.engines.duckdb import connect
from finlake.engines.s3 import add_secret
from finlake.errors import ConfigurationError
from pipeline.dbt_runner import run_dbt
from tests.dbt.conftest import APRIL, query
from tests.dbt.small_lake import line, write_lake


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of a local S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "it's none",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="a-lake")
    yield "a-lake"
    server.stop()


def test_a_lake_on_s3_gives_the_same_marts(bucket: str, tmp_path: Path) -> None:
    lake = f"s3://{bucket}/finance"
    write_lake(lake, [line(APRIL, "1.100000000001")])
    run_dbt("build", lake_root=lake, build_db=tmp_path / "b.duckdb")
    assert query(tmp_path / "b.duckdb", "select unblended_cost from marts.cost_monthly") == [
        (Decimal("1.100000000001"),)
    ]


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda self: None)
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        add_secret(connect())
