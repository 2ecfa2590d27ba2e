"""Housekeeping drops what no retained version needs, and nothing that a reader or bronze's memory needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from finlake.lake import create_or_open
from finlake.maintenance import RETENTION_HOURS, keep_house


@pytest.fixture
def lake_of_two_versions(tmp_path: Path) -> Path:
    """A lake whose one silver table was replaced once, and whose bronze folder holds a file that was never committed."""
    root = tmp_path / "lake"
    create_or_open(str(root))
    for number in (1, 2):
        write_deltalake(root / "silver" / "numbers", pa.table({"n": [number]}), mode="overwrite")
    bronze = root / "bronze" / "cur2_parquet" / "g1"
    write_deltalake(bronze, pa.table({"n": [1]}))
    (bronze / "left-by-a-kill.parquet").write_bytes(b"x")
    return root


def age(root: Path) -> None:
    """Make every data file as old as a replaced version has to be."""
    old = time.time() - (RETENTION_HOURS + 24) * 3600
    for file in root.rglob("*.parquet"):
        os.utime(file, (old, old))


def data_files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.parquet") if "_delta_log" not in path.parts)


def test_nothing_young_goes(lake_of_two_versions: Path) -> None:
    files = data_files(lake_of_two_versions)
    assert sum(t.files_removed for t in keep_house(create_or_open(str(lake_of_two_versions)))) == 0
    assert data_files(lake_of_two_versions) == files


def test_a_dry_run_removes_nothing(lake_of_two_versions: Path) -> None:
    age(lake_of_two_versions)
    before = sorted(lake_of_two_versions.rglob("*"))
    keep_house(create_or_open(str(lake_of_two_versions)), dry_run=True)
    assert sorted(lake_of_two_versions.rglob("*")) == before


def test_what_the_newest_version_shows_stays(lake_of_two_versions: Path) -> None:
    age(lake_of_two_versions)
    done = {t.table: t for t in keep_house(create_or_open(str(lake_of_two_versions)))}
    assert set(done) == {"silver/numbers", "bronze/cur2_parquet/g1"}
    assert DeltaTable(lake_of_two_versions / "silver" / "numbers").to_pyarrow_table()["n"].to_pylist() == [2]
    assert DeltaTable(lake_of_two_versions / "bronze/cur2_parquet/g1").to_pyarrow_table()[
        "n"
    ].to_pylist() == [1]
    assert not (lake_of_two_versions / "bronze/cur2_parquet/g1/left-by-a-kill.parquet").exists()
