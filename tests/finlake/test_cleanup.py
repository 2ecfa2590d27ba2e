"""The clean-up removes what a run leaves behind, by age and size, and keeps what is needed."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from finlake.settings import CleanupSettings
from tests.finlake.cleanup_kit import NOW, clean, files, publish, put, reasons

DATA = "bronze/cur2/g1/part-0.parquet.tmp"

# What goes ----------------------------------------------------------------------------------------


def test_no_tmp_and_no_bkp_is_left_in_our_folders(empty_lake: Path) -> None:
    leftovers = [
        "state/ledger.sqlite.tmp",
        "state/ledger.bkp",
        "reports/.x.json.ab12.tmp",
        "cache/deep/er/file.tmp",
        "logs/a.bkp",
        "quarantine/0123456789abcdef/.reason.json.1f.tmp",
        "warehouse/.published.json.ab.tmp",
        "landing/0123456789abcdef/part.bkp",
        ".finlake-lake.json.0a1b2c3d.tmp",
    ]
    for name in leftovers:
        put(empty_lake, name, size=7)
    report = clean(empty_lake)
    assert files(empty_lake) == {"finlake-lake.json"}
    assert report.kinds["temporary"] == {"files": 9, "bytes": 63}
    assert report.skipped == []


def test_a_temporary_folder_goes_with_all_it_holds(empty_lake: Path) -> None:
    put(empty_lake, "warehouse/dbt.tmp/a/b/c.bin")
    report = clean(empty_lake)
    assert not (empty_lake / "warehouse/dbt.tmp").exists()
    assert report.folders == 3


def test_data_the_ledger_and_what_users_put_there_stay(empty_lake: Path) -> None:
    kept = {
        DATA,
        "silver/billing_line_items/_delta_log/0.json.tmp",
        "silver/x.bkp",
        "state/ledger.sqlite",
        "state/ledger.sqlite-wal",
        "state/lake.lock",
        "quarantine/0123456789abcdef/reason.json",
        "my-notes.tmp",
        "someone-elses/file.bkp",
        "reports/readme.json",
        "logs/finlake.jsonl",
        "warehouse/builds/readme.txt",
    }
    for name in kept:
        put(empty_lake, name, days_old=900)
    clean(empty_lake)
    assert files(empty_lake) == kept | {"finlake-lake.json"}


def test_landing_without_a_claim_goes_and_a_claimed_one_stays(empty_lake: Path) -> None:
    put(empty_lake, "landing/aaaaaaaaaaaaaaaa/data/part-0.parquet", size=100)
    put(empty_lake, "landing/bbbbbbbbbbbbbbbb/data/part-0.parquet.tmp")
    report = clean(empty_lake, keep_landing={"bbbbbbbbbbbbbbbb"})
    assert files(empty_lake / "landing") == {"bbbbbbbbbbbbbbbb/data/part-0.parquet.tmp"}
    assert not (empty_lake / "landing/aaaaaaaaaaaaaaaa").exists()
    assert report.kinds == {"landing": {"files": 1, "bytes": 100}}


def test_cache_goes_by_age(empty_lake: Path) -> None:
    put(empty_lake, "cache/old", days_old=7.1)
    put(empty_lake, "cache/young", days_old=6.9)
    clean(empty_lake)
    assert files(empty_lake / "cache") == {"young"}


def test_cache_goes_by_size_the_oldest_first(empty_lake: Path) -> None:
    for name, days in (("a", 1), ("b", 3), ("c", 2)):
        put(empty_lake, f"cache/{name}", size=400_000, days_old=days)
    report = clean(empty_lake, CleanupSettings(max_cache_mb=1))
    assert files(empty_lake / "cache") == {"a", "c"}
    assert report.bytes == 400_000


def test_a_cache_of_no_size_is_emptied(empty_lake: Path) -> None:
    put(empty_lake, "cache/x/y")
    clean(empty_lake, CleanupSettings(max_cache_mb=0))
    assert files(empty_lake / "cache") == set()


def test_reports_beyond_the_limit_go_with_room_for_the_one_to_come(empty_lake: Path) -> None:
    for day in range(1, 6):
        put(empty_lake, f"reports/2026050{day}T000000Z-run-abcdef.json")
    clean(empty_lake, CleanupSettings(max_reports=3))
    assert files(empty_lake / "reports") == {
        "20260504T000000Z-run-abcdef.json",
        "20260505T000000Z-run-abcdef.json",
    }


def test_rotated_logs_go_by_age_and_the_present_one_stays(empty_lake: Path) -> None:
    for name, days in (("finlake.jsonl", 99), ("finlake.jsonl.1", 29), ("finlake.jsonl.2", 31)):
        put(empty_lake, f"logs/{name}", days_old=days)
    clean(empty_lake)
    assert files(empty_lake / "logs") == {"finlake.jsonl", "finlake.jsonl.1"}


# Builds -------------------------------------------------------------------------------------------

BUILDS = [f"b202605{day:02d}T000000Z-abcdef" for day in range(1, 11)]


def builds_left(lake: Path) -> set[str]:
    return {path.name.split(".")[0][1:9] for path in (lake / "warehouse/builds").glob("*.duckdb")}


@pytest.fixture
def built(empty_lake: Path) -> Path:
    for build in BUILDS:
        for kind in ("duckdb", "json"):
            put(empty_lake, f"warehouse/builds/{build}.{kind}")
    return empty_lake


def test_builds_stay_when_published_on_the_way_back_or_young(built: Path) -> None:
    publish(built, BUILDS[2], [BUILDS[1], {"build_id": BUILDS[0]}])
    report = clean(built)
    young = {"20260509", "20260510"}
    assert builds_left(built) == {"20260501", "20260502", "20260503"} | young
    assert report.kinds["builds"]["files"] == 2 * 5


def test_without_a_pointer_only_age_counts(built: Path) -> None:
    clean(built)
    assert builds_left(built) == {"20260509", "20260510"}


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"previous": []}', '{"build_id": "b", "previous": 3}']
)
def test_a_pointer_that_cannot_be_read_protects_every_build(built: Path, content: str) -> None:
    put(built, "warehouse/published.json").write_text(content)
    report = clean(built)
    assert len(builds_left(built)) == len(BUILDS)
    assert "published.json can't be read" in reasons(report)["warehouse/builds"]


def test_a_pointer_that_is_a_link_protects_every_build(built: Path, tmp_path: Path) -> None:
    (tmp_path / "evil.json").write_text(json.dumps({"build_id": "none"}))
    (built / "warehouse/published.json").symlink_to(tmp_path / "evil.json")
    clean(built)
    assert len(builds_left(built)) == len(BUILDS)


def test_the_spill_of_a_running_query_on_a_published_build_stays_for_an_hour(built: Path) -> None:
    publish(built, BUILDS[0], [])
    spill = put(built, f"warehouse/builds/{BUILDS[0]}.duckdb.tmp/1.block").parent
    orphan = put(built, f"warehouse/builds/{BUILDS[8]}.duckdb.tmp/1.block").parent
    for folder in (spill, orphan):
        os.utime(folder, (NOW.timestamp(), NOW.timestamp()))
    report = clean(built)
    assert spill.exists() and not orphan.exists()
    assert reasons(report) == {f"warehouse/builds/{BUILDS[0]}.duckdb.tmp": "may belong to a running query"}
    past = (NOW - timedelta(hours=2)).timestamp()
    os.utime(spill, (past, past))
    clean(built)
    assert not spill.exists()


def test_a_build_of_a_day_that_does_not_exist_stays(empty_lake: Path) -> None:
    odd = put(empty_lake, "warehouse/builds/b20260231T000000Z-abcdef.duckdb", days_old=900)
    clean(empty_lake)
    assert odd.exists()
