"""Metric streams in a bucket, into a lake in a bucket: the same table as from folders; each file is read once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.pipeline.ingesting import multiset, silver
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, as_otel, load, put
from tests.pipeline.s3 import client, environment, moto, upload

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("moto")
    with moto(folder / "log") as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(endpoint, folder / "state").items():
            patch.setenv(name, value)
        yield


def test_a_bucket_gives_what_a_folder_gives(aws: None, tmp_path: Path) -> None:
    for n in range(3):
        put(tmp_path / "in", as_json([Sample(at=MARCH_10 + n * 20 * HOUR)]), MARCH_10 + n * 20 * HOUR)
    put(tmp_path / "in", as_otel([Sample(total=7.0)]), MARCH_10 + 60 * HOUR)
    put(tmp_path / "in", b"\x1f\x8b no gzip", MARCH_10 + 61 * HOUR, packed=False)
    client().create_bucket(Bucket="metrics")
    upload(tmp_path / "in", "metrics", "a prefix/")
    account = load("s3://metrics/lake", "s3://metrics/a prefix")
    assert (account["files"], account["points"], len(account["refused"])) == (4, 4, 1)
    load(tmp_path / "lake", tmp_path / "in")
    same = multiset(silver(tmp_path / "lake", "resource_metrics"))
    assert multiset(silver("s3://metrics/lake", "resource_metrics")) == same
    again = load("s3://metrics/lake", "s3://metrics/a prefix")
    assert not again["changed"] and again["unchanged"] == 4
