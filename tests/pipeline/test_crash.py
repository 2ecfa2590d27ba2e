"""kill -9 at every boundary of an ingest: run again, and the tables are what one clean run gives."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from pipeline import take_in
from tests.pipeline import tiny
from tests.pipeline.ingesting import SILVER, command, ingest, multiset, silver, versions

POINTS = (
    "after_copy",
    "after_claim",
    "after_check",
    "before_bronze_commit",
    "after_bronze_commit",
    "after_bronze_commit:2",
    "after_ledger_stored",
    "before_silver_commit",
    "after_silver_commit",
    "after_costs_commit",
    "after_control_tables",
)
WHEN = {"deliveries": ("ingested_at",), "billing_authority": ("decided_at",)}
"""Columns that say when finlake did something: the only ones that a kill may change."""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a month in CSV and one of CUR 2.0: every kind of commit happens."""
    root = tmp_path_factory.mktemp("tiny")
    tiny.cur1_csv(root, [tiny.line("1.5"), tiny.line("2")], "20260310T000000Z", files=2)
    tiny.cur1_csv(root, [tiny.line("1.75"), tiny.line("2"), tiny.line("9", "Tax")], "20260401T000000Z")
    tiny.cur2_parquet(root, [tiny.line("1.75"), tiny.line("2")], "2026-04-04T05-12-11.000Z-abc")
    return root


@pytest.fixture(scope="module")
def clean(bucket: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """The tables of one clean run, elsewhere."""
    lake = tmp_path_factory.mktemp("clean") / "lake"
    assert len(ingest(lake, bucket)["deliveries"]) == 3
    return tables(lake)


def tables(lake: Path) -> dict[str, Counter[str]]:
    return {table: multiset(silver(lake, table), WHEN.get(table, ())) for table in SILVER}


@pytest.mark.kill
@pytest.mark.parametrize("point", POINTS)
def test_killed_and_run_again(
    point: str, bucket: Path, clean: dict[str, Counter[str]], tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    killed = command("ingest", "--lake", lake, "--source", bucket, "--json", FINLAKE_FAILPOINT=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ingest(lake, bucket)
    assert tables(lake) == clean
    settled = versions(lake)
    assert not ingest(lake, bucket)["changed"]
    assert versions(lake) == settled
    assert not any((lake / "landing").glob("*"))


def test_a_ledger_that_was_lost_is_restored(bucket: Path, tmp_path: Path) -> None:
    """The Delta logs are the truth: also authority, which is sticky, and the time of a decision come back."""
    lake = tmp_path / "lake"
    ingest(lake, bucket)
    before, rows = versions(lake), {table: multiset(silver(lake, table)) for table in SILVER}
    for file in (lake / "state").glob("ledger.sqlite*"):
        file.unlink()
    said = ingest(lake, bucket)
    assert not said["changed"] and said["unchanged"] == 3
    assert versions(lake) == before
    assert {table: multiset(silver(lake, table)) for table in SILVER} == rows


def test_the_source_copied_anew_is_nothing_new(
    bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other times of change, same content: same deliveries, and nothing is copied to see it."""
    lake = tmp_path / "lake"
    ingest(lake, bucket)
    before = versions(lake)
    shutil.copytree(bucket, tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.setattr(take_in, "fetch", None)
    said = ingest(lake, tmp_path / "copy")
    assert not said["changed"] and not said["deliveries"] and said["unchanged"] == 3
    assert versions(lake) == before


def test_other_content_under_the_same_names_and_sizes_is_another_delivery(
    bucket: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    tiny.cur1_parquet(bucket.parent / "same", [tiny.line("1.25")], "20260310T000000Z")
    first = ingest(lake, bucket.parent / "same")
    tiny.cur1_parquet(bucket.parent / "same", [tiny.line("1.35")], "20260311T000000Z")
    second = ingest(lake, bucket.parent / "same")
    assert [d["byte_count"] for d in first["deliveries"]] == [d["byte_count"] for d in second["deliveries"]]
    assert (
        second["changed"] and first["deliveries"][0]["delivery_id"] != second["deliveries"][0]["delivery_id"]
    )
