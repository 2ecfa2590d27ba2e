"""Source and lake on S3 (moto): the same tables as on a disk, and an object that AWS replaces under the reader is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from deltalake import DeltaTable

from collect.exports.discover import discover
from collect.exports.fetch import fetch
from collect.source import S3Source
from finlake import objects
from finlake.errors import DeliveryRefused, NotFound
from finlake.lake import create_or_open, open_lake
from finlake.objects import delta_options
from pipeline.status import runs
from tests.pipeline import s3, tiny
from tests.pipeline.ingesting import SILVER, ingest, multiset, silver

WHEN = ("ingested_at", "decided_at")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3.moto(tmp_path_factory.mktemp("moto") / "log") as address:
        yield address


@pytest.fixture
def bucket(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> str:
    """An empty bucket; the environment of this test leads to it."""
    for name, value in s3.environment(endpoint, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    name = f"bill-{abs(hash(request.node.name)) % 10**8}"
    s3.client().create_bucket(Bucket=name)
    return name


def deliver(root: Path) -> None:
    tiny.cur1_csv(root, [tiny.line("1.5"), tiny.line("2")], "20260310T000000Z", files=2)
    tiny.cur1_csv(root, [tiny.line("1.75"), tiny.line("9", "Tax")], "20260401T000000Z")
    tiny.cur2_parquet(root, [tiny.line("1.75"), tiny.line("9", "Tax")], "2026-04-04T05-12-11.000Z-abc")


def test_source_and_lake_on_s3_equal_local_ones(bucket: str, tmp_path: Path) -> None:
    deliver(tmp_path / "b")
    s3.upload(tmp_path / "b", bucket, "exports/here/")
    local, remote = str(tmp_path / "lake"), f"s3://{bucket}/a/lake"
    ingest(local, tmp_path / "b")
    said = ingest(remote, f"s3://{bucket}/exports/here")
    assert not said["refused"] and len(said["deliveries"]) == 3
    for table in SILVER:
        assert multiset(silver(remote, table), (*WHEN, "delivered_at")) == multiset(
            silver(local, table), (*WHEN, "delivered_at")
        )
    before = delta_versions(remote)
    assert not ingest(remote, f"s3://{bucket}/exports/here/")["changed"]
    assert delta_versions(remote) == before


def delta_versions(lake: str) -> list[int]:
    return [DeltaTable(f"{lake}/silver/{t}", storage_options=delta_options(lake)).version() for t in SILVER]


def test_another_machine_takes_the_lake_over(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of a lake on S3 is local; where it is missing it is made anew from the Delta logs."""
    deliver(tmp_path / "b")
    lake = f"s3://{bucket}/lake"
    ingest(lake, tmp_path / "b")
    before = delta_versions(lake)
    monkeypatch.setenv("FINLAKE_STATE_HOME", str(tmp_path / "other-machine"))
    assert not ingest(lake, tmp_path / "b")["changed"]
    assert delta_versions(lake) == before
    assert [run["command"] for run in runs(open_lake(lake).reports)] == ["ingest", "ingest"], (
        "of both machines"
    )


def test_a_lake_that_many_make_at_once_is_one_lake(bucket: str) -> None:
    for number in range(5):
        root, together = f"s3://{bucket}/{number}", Barrier(8)

        def make(root: str = root, together: Barrier = together) -> str:
            together.wait()
            return create_or_open(root).lake_id

        with ThreadPoolExecutor(8) as pool:
            ids = {made.result() for made in [pool.submit(make) for _ in range(8)]}
        assert ids == {open_lake(root).lake_id}


def test_a_lake_where_one_was_emptied_takes_all_in_again(bucket: str, tmp_path: Path) -> None:
    """This machine's ledger is of the lake that was, not of its address."""
    deliver(tmp_path / "b")
    lake = f"s3://{bucket}/lake"
    ingest(lake, tmp_path / "b")
    before = silver(lake, "billing_line_items").num_rows
    for thing in s3.client().list_objects_v2(Bucket=bucket, Prefix="lake/")["Contents"]:
        s3.client().delete_object(Bucket=bucket, Key=thing["Key"])
    assert ingest(lake, tmp_path / "b")["changed"]
    assert silver(lake, "billing_line_items").num_rows == before > 0


def test_reports_lie_in_the_bucket_as_many_as_wanted(bucket: str, tmp_path: Path) -> None:
    deliver(tmp_path / "b")
    lake = f"s3://{bucket}/lake"
    said = [ingest(lake, tmp_path / "b", cleanup={"max_reports": 2}) for _ in range(3)]
    s3.client().put_object(Bucket=bucket, Key="lake/reports/notes.txt", Body=b"of a person")
    said.append(ingest(lake, tmp_path / "b", cleanup={"max_reports": 2}))
    kept = sorted(objects.names(open_lake(lake).reports))
    assert kept == [*(one["report"].rpartition("/")[2] for one in said[-2:]), "notes.txt"]
    assert json.loads(objects.read(said[-1]["report"]))["outcome"] == "ok"


def test_a_report_that_cant_be_removed_spoils_no_run(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_down(folder: str, most: int) -> None:
        raise OSError("SlowDown")

    monkeypatch.setattr("pipeline.steps.trim_reports", slow_down)
    deliver(tmp_path / "b")
    assert ingest(f"s3://{bucket}/lake", tmp_path / "b")["outcome"] == "ok"


def test_a_bucket_that_is_not_there(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="can't be listed"):
        ingest(tmp_path / "lake", "s3://no-such-bucket-here/x")


def replaced_while_read(source: S3Source, change: Callable[[], None], tmp_path: Path) -> None:
    """AWS overwrites something after the first file was copied: the delivery is refused, and told why."""
    [delivery] = discover(source).deliveries
    done: list[int] = []

    def progress(_: int) -> None:
        if not done:
            done.append(1)
            change()

    with pytest.raises(DeliveryRefused, match="AWS replaced the file while it was being read"):
        fetch(source, delivery, tmp_path / "landing", progress)


def test_a_file_replaced_under_the_reader(bucket: str, tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1"), tiny.line("2")], "v1", files=2)
    s3.upload(tmp_path / "b", bucket)
    key = "cur/tiny/20260301-20260401/v1/tiny-2.csv.gz"

    def change() -> None:
        tiny.cur1_csv(tmp_path / "b", [tiny.line("1"), tiny.line("3")], "v1", files=2)
        s3.client().put_object(Bucket=bucket, Key=key, Body=(tmp_path / "b" / key).read_bytes())

    replaced_while_read(S3Source(f"s3://{bucket}"), change, tmp_path)
    said = ingest(tmp_path / "lake", f"s3://{bucket}")
    assert not said["refused"] and said["totals"][0]["unblended_cost"] == "4.000000000000"


def test_a_manifest_replaced_under_the_reader(bucket: str, tmp_path: Path) -> None:
    key = tiny.cur1_parquet(tmp_path / "b", [tiny.line("1")], "v1")
    s3.upload(tmp_path / "b", bucket)

    def change() -> None:
        tiny.cur1_parquet(tmp_path / "b", [tiny.line("5")], "v2")
        s3.client().put_object(Bucket=bucket, Key=key, Body=(tmp_path / "b" / key).read_bytes())

    replaced_while_read(S3Source(f"s3://{bucket}"), change, tmp_path)
    s3.upload(tmp_path / "b", bucket)
    said = ingest(tmp_path / "lake", f"s3://{bucket}")
    assert not said["refused"] and said["totals"][0]["unblended_cost"] == "5.000000000000"
