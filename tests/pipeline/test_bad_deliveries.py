"""Broken deliveries: refused with file and reason, the former month intact, other months go on, told again at the next run."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finlake.errors import ExitCode
from pipeline.cli import main
from tests.pipeline import tiny
from tests.pipeline.ingesting import Bucket, command, ingest, multiset, query, silver, versions

MONTH, EXPORT = "cur/finops-hourly/20260301-20260401", "cur1_csv_versions"
GOOD = f"{MONTH}/5aed0db7-46d1-aa85-5094-f56bdc91128d/finops-hourly-Manifest.json"
MAY = "cur/finops-hourly/20260501-20260601/20260513T044441Z/finops-hourly-Manifest.json"
REASONS = {
    "truncated_gz": ("finops-hourly-2.csv.gz", "ends in the middle of the compressed stream", "gzip_cut_off"),
    "absent_file": ("finops-hourly-Manifest.json", "finops-hourly-3.csv.gz", "files_absent"),
    "wrong_column_count": ("finops-hourly-2.csv.gz", "10 rows don't fit the header", "rows_of_other_width"),
    "impossible_period": ("finops-hourly-Manifest.json", "there is no month 13", "period_no_month"),
}
LIBRARIES = ("arrow", "parquet magic", "zlib", "duckdb", "traceback", "exception", "error -3")


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


def say(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """A `finlake` command as a person gives it: its exit code and all that it said, as one line."""
    code = main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return code, " ".join((told.out + told.err).split())


@pytest.mark.parametrize("case", sorted(REASONS))
def test_refused_and_the_former_month_stays(
    case: str, place: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """EXPECTED.md's general rule, by the command: file and reason named, nothing of it loaded, exit code 3, May loads."""
    lake, bucket, (file, reason, code) = place / "lake", place / "bucket", REASONS[case]
    before = lines_of_march(lake)
    add(bucket, golden, case)
    Bucket(golden / EXPORT, bucket).deliver(MAY)
    exit_code, said = say(capsys, "ingest", "--lake", lake, "--source", bucket)
    assert exit_code == ExitCode.DELIVERY_REFUSED
    assert file in said and reason in said and "stays as it was" in said and "2026-05" in said
    assert not any(word in said.lower() for word in LIBRARIES), said
    assert lines_of_march(lake) == before
    assert set(silver(lake, "billing_line_items")["billing_period"].to_pylist()) == {"2026-03", "2026-05"}
    assert not any("2026-13" in str(path) for path in lake.rglob("*"))
    settled = versions(lake)
    second = ingest(lake, bucket)
    assert_refused(second, file, reason, code)
    assert not second["changed"] and versions(lake) == settled
    assert not any((lake / "landing").glob("*/*"))
    kept = [json.loads(path.read_text()) for path in (lake / "quarantine").glob("*/reason.json")]
    assert [(one["code"], bool(one["next_step"])) for one in kept] == [(code, True)]


def assert_refused(said: dict[str, Any], where: str, reason: str, code: str) -> None:
    assert len(said["refused"]) == 1, said["refused"]
    refusal = said["refused"][0]
    assert where in refusal["where"] and reason in refusal["what"] and refusal["code"] == code, refusal
    assert refusal["intact"] and refusal["next_step"]


@pytest.mark.parametrize("case", ["truncated_gz", "absent_file", "wrong_column_count"])
def test_nothing_of_it_is_loaded_into_an_empty_lake(
    case: str, golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither its sound files alone nor the rows that would still unpack."""
    code, said = say(capsys, "ingest", "--lake", tmp_path / "lake", "--source", golden / "bad" / case)
    assert code == ExitCode.DELIVERY_REFUSED and REASONS[case][0] in said
    assert not (tmp_path / "lake" / "bronze").exists()
    status, shown = say(capsys, "status", "--lake", tmp_path / "lake", "--fail-on-refused")
    assert status == ExitCode.DELIVERY_REFUSED and REASONS[case][0] in shown


def test_wrong_column_count_names_line_and_direction(place: Path, golden: Path) -> None:
    add(place / "bucket", golden, "wrong_column_count")
    what = ingest(place / "lake", place / "bucket")["refused"][0]["what"]
    assert "7 too many" in what and "3 too few" in what and "first: line " in what


def test_truncated_parquet_leaves_the_month_of_its_export(
    place: Path, golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket, lake = tmp_path / "parquet", tmp_path / "parquet-lake"
    shutil.copytree(golden / "cur1_parquet_overwrite" / "asof_S3", bucket, copy_function=shutil.copyfile)
    ingest(lake, bucket)
    before, april = lines_of_march(lake), silver(lake, "billing_line_items").num_rows
    add(bucket, golden, "truncated_parquet")
    code, told = say(capsys, "ingest", "--lake", lake, "--source", bucket)
    assert code == ExitCode.DELIVERY_REFUSED and "finops-hourly-00002.snappy.parquet" in told
    assert "at its end what it holds" in told and not any(word in told.lower() for word in LIBRARIES)
    assert lines_of_march(lake) == before and silver(lake, "billing_line_items").num_rows == april
    settled, again = versions(lake), ingest(lake, bucket)
    assert_refused(again, "00002.snappy.parquet", "cut off or damaged", "parquet_cut_off")
    assert "magic bytes" in again["refused"][0]["detail"] and versions(lake) == settled


def test_header_only_over_a_loaded_month_is_held(
    place: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines_of_march(place / "lake")
    add(place / "bucket", golden, "header_only")
    code, said = say(capsys, "ingest", "--lake", place / "lake", "--source", place / "bucket")
    assert code == ExitCode.OK and "warning" in said and "held back" in said
    assert "finops-hourly-Manifest.json" in said
    assert lines_of_march(place / "lake") == before
    states = Counter(silver(place / "lake", "deliveries")["state"].to_pylist())
    assert states == {"loaded": 1, "held": 1}
    settled = versions(place / "lake")
    assert not ingest(place / "lake", place / "bucket")["changed"] and versions(place / "lake") == settled


def test_header_only_alone_is_an_empty_month(golden: Path, tmp_path: Path) -> None:
    shutil.copytree(golden / "bad" / "header_only", tmp_path / "bucket")
    said = ingest(tmp_path / "lake", tmp_path / "bucket")
    assert not said["refused"] and said["deliveries"][0]["line_count"] == 0


def test_two_currencies_are_never_one_number(
    golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = tmp_path / "lake"
    code, said = say(capsys, "ingest", "--lake", lake, "--source", golden / "bad" / "mixed_currency")
    assert code == ExitCode.OK and "warning" not in said
    expected = json.loads((golden / "bad" / "expected_mixed_currency.json").read_text())[
        "unblended_cost_by_currency"
    ]
    for table in ("billing_line_items", "delivery_costs", "source_totals"):
        rows = query("select currency, sum(unblended_cost) from t group by currency", t=silver(lake, table))
        assert {currency: total for currency, total in rows} == {k: Decimal(v) for k, v in expected.items()}


def test_two_currencies_in_one_delivery_are_told_and_kept_apart(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1.5"), tiny.line("2.5", currency="BRL")], "v1")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert [warning["values"] for warning in said["warnings"]] == [{"currencies": ["BRL", "USD"]}]
    assert {t["currency"]: Decimal(t["unblended_cost"]) for t in said["totals"]} == {
        "USD": Decimal("1.5"),
        "BRL": Decimal("2.5"),
    }


def test_the_refusal_is_told_in_portuguese_also_later(
    place: Path, golden: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINLAKE_LANGUAGE", "pt-BR")
    add(place / "bucket", golden, "truncated_gz")
    arguments = ("ingest", "--lake", place / "lake", "--source", place / "bucket")
    for words in (arguments, arguments, ("status", "--lake", place / "lake")):
        code, said = say(capsys, *words)
        assert code == (ExitCode.OK if words[0] == "status" else ExitCode.DELIVERY_REFUSED)
        assert "finops-hourly-2.csv.gz" in said and "termina no meio do fluxo comprimido" in said
        assert "verifique o que a AWS entregou" in said and "cut off" not in said


def test_the_command_says_it_and_exits_with_3(place: Path, golden: Path) -> None:
    """In a process of its own, as cron calls it."""
    add(place / "bucket", golden, "truncated_gz")
    arguments = ("ingest", "--lake", place / "lake", "--source", place / "bucket")
    done = command(*arguments)
    assert done.returncode == 3 and "finops-hourly-2.csv.gz" in done.stdout
    assert "Traceback" not in done.stderr
    assert command(*arguments, "--accept-refused").returncode == 0
