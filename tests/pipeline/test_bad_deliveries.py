"""Broken deliveries: refused with file and reason, the former month intact, other months go on, told again at the next run."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import tiny
from tests.pipeline.ingesting import Bucket, command, ingest, multiset, query, silver, versions

MONTH, EXPORT = "cur/finops-hourly/20260301-20260401", "cur1_csv_versions"
GOOD = f"{MONTH}/5aed0db7-46d1-aa85-5094-f56bdc91128d/finops-hourly-Manifest.json"
MAY = "cur/finops-hourly/20260501-20260601/20260513T044441Z/finops-hourly-Manifest.json"
REASONS = {
    "truncated_gz": ("finops-hourly-2.csv.gz", "cut off"),
    "absent_file": ("finops-hourly-Manifest.json", "finops-hourly-3.csv.gz"),
    "wrong_column_count": ("finops-hourly-2.csv.gz", "10 rows don't fit the header"),
    "impossible_period": ("finops-hourly-Manifest.json", "there is no month 13"),
}


@pytest.fixture(scope="module")
def good_month(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `bucket` and `lake`: the golden March, loaded. Copied by each test."""
    root = tmp_path_factory.mktemp("good")
    Bucket(golden / EXPORT, root / "bucket").deliver(GOOD)
    ingest(root / "lake", root / "bucket")
    return root


@pytest.fixture
def place(good_month: Path, tmp_path: Path) -> Path:
    shutil.copytree(good_month, tmp_path / "p")
    return tmp_path / "p"


def lines_of_march(lake: Path) -> Counter[str]:
    table = silver(lake, "billing_line_items")
    return multiset(table.filter([period == "2026-03" for period in table["billing_period"].to_pylist()]))


def add(bucket: Path, golden: Path, case: str) -> None:
    """The bad delivery arrives: its files, and its manifest in place of the month's."""
    shutil.copytree(golden / "bad" / case, bucket, dirs_exist_ok=True, copy_function=shutil.copyfile)


@pytest.mark.parametrize("case", sorted(REASONS))
def test_refused_and_the_former_month_stays(case: str, place: Path, golden: Path) -> None:
    before = lines_of_march(place / "lake")
    add(place / "bucket", golden, case)
    Bucket(golden / EXPORT, place / "bucket").deliver(MAY)
    first = ingest(place / "lake", place / "bucket")
    assert [d["billing_period"] for d in first["deliveries"]] == ["2026-05"]
    assert_refused(first, *REASONS[case])
    assert lines_of_march(place / "lake") == before
    settled = versions(place / "lake")
    second = ingest(place / "lake", place / "bucket")
    assert second["refused"] == first["refused"] and not second["changed"]
    assert versions(place / "lake") == settled and lines_of_march(place / "lake") == before
    assert not any((place / "lake" / "landing").glob("*/*"))


def assert_refused(said: dict[str, Any], where: str, reason: str) -> None:
    assert len(said["refused"]) == 1, said["refused"]
    refusal = said["refused"][0]
    assert where in refusal["where"] and reason in refusal["what"], refusal
    assert refusal["intact"] and refusal["next_step"]


def test_wrong_column_count_names_line_and_direction(place: Path, golden: Path) -> None:
    add(place / "bucket", golden, "wrong_column_count")
    what = ingest(place / "lake", place / "bucket")["refused"][0]["what"]
    assert "7 too many" in what and "3 too few" in what and "first: line " in what


def test_truncated_parquet_leaves_the_month_of_its_export(place: Path, golden: Path, tmp_path: Path) -> None:
    bucket, lake = tmp_path / "parquet", tmp_path / "parquet-lake"
    shutil.copytree(golden / "cur1_parquet_overwrite" / "asof_S3", bucket, copy_function=shutil.copyfile)
    ingest(lake, bucket)
    before, april = lines_of_march(lake), silver(lake, "billing_line_items").num_rows
    add(bucket, golden, "truncated_parquet")
    first = ingest(lake, bucket)
    assert_refused(first, "finops-hourly-00002.snappy.parquet", "cut off or damaged")
    assert lines_of_march(lake) == before and silver(lake, "billing_line_items").num_rows == april
    settled = versions(lake)
    assert ingest(lake, bucket)["refused"] == first["refused"] and versions(lake) == settled


def test_header_only_over_a_loaded_month_is_held(place: Path, golden: Path) -> None:
    before = lines_of_march(place / "lake")
    add(place / "bucket", golden, "header_only")
    said = ingest(place / "lake", place / "bucket")
    assert not said["refused"] and not said["deliveries"] and len(said["held"]) == 1
    assert any("held back" in warning for warning in said["warnings"])
    assert lines_of_march(place / "lake") == before
    states = Counter(silver(place / "lake", "deliveries")["state"].to_pylist())
    assert states == {"loaded": 1, "held": 1}
    settled = versions(place / "lake")
    assert not ingest(place / "lake", place / "bucket")["changed"] and versions(place / "lake") == settled


def test_header_only_alone_is_an_empty_month(golden: Path, tmp_path: Path) -> None:
    shutil.copytree(golden / "bad" / "header_only", tmp_path / "bucket")
    said = ingest(tmp_path / "lake", tmp_path / "bucket")
    assert not said["refused"] and said["deliveries"][0]["line_count"] == 0


def test_two_currencies_are_never_one_number(golden: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert not ingest(lake, golden / "bad" / "mixed_currency")["refused"]
    expected = json.loads((golden / "bad" / "expected_mixed_currency.json").read_text())[
        "unblended_cost_by_currency"
    ]
    for table in ("billing_line_items", "delivery_costs", "source_totals"):
        rows = query("select currency, sum(unblended_cost) from t group by currency", t=silver(lake, table))
        assert {currency: total for currency, total in rows} == {k: Decimal(v) for k, v in expected.items()}


def test_two_currencies_in_one_delivery_are_told_and_kept_apart(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1.5"), tiny.line("2.5", currency="BRL")], "v1")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert any("BRL, USD" in warning for warning in said["warnings"])
    assert {t["currency"]: Decimal(t["unblended_cost"]) for t in said["totals"]} == {
        "USD": Decimal("1.5"),
        "BRL": Decimal("2.5"),
    }


def test_the_command_says_it_and_exits_with_3(place: Path, golden: Path) -> None:
    add(place / "bucket", golden, "truncated_gz")
    arguments = ("ingest", "--lake", place / "lake", "--source", place / "bucket")
    for _ in range(2):
        done = command(*arguments)
        assert done.returncode == 3
        assert (
            "finops-hourly-2.csv.gz" in done.stdout
            and "cut off" in done.stdout
            and "Traceback" not in done.stderr
        )
    assert command(*arguments, "--accept-refused").returncode == 0
