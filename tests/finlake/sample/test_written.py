"""The files of the sample: layouts, manifests, times, types; and what is in them is what truth.json says."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from finlake.engines.duckdb import connect
from finlake.sample import cur2_parquet
from finlake.sample.generate import write_sample
from finlake.sample.plan import Request


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return connect(extensions=())


def data_files(root: Path, entry: dict[str, Any]) -> list[Path]:
    """The files that a delivery's manifest names."""
    manifest = json.loads((root / entry["manifest"]).read_text(encoding="utf-8"))
    keys = manifest.get("reportKeys") or [uri.split("/", 3)[3] for uri in manifest["dataFiles"]]
    return [root / entry["payer"] / key for key in keys]


def parquet_totals(con: duckdb.DuckDBPyConnection, files: list[Path]) -> tuple[int, Decimal, Decimal]:
    """Lines, unblended and net unblended cost: DOUBLE through its shortest text, as the lake must read it."""
    money = "sum(cast(cast({} as varchar) as decimal(28,12)))"
    cost = "line_item_unblended_cost"
    net = f"coalesce(line_item_net_unblended_cost, {cost})"
    sql = f"select count(*), {money.format(cost)}, {money.format(net)}"
    found = con.execute(f"{sql} from read_parquet(?)", [[str(path) for path in files]]).fetchone()
    assert found is not None
    return found


def csv_rows(files: list[Path]) -> list[dict[str, str]]:
    rows = []
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as held:
            rows += list(csv.DictReader(held))
    return rows


def test_every_delivery_holds_what_the_truth_file_says(
    written: Path, truth: dict[str, Any], con: duckdb.DuckDBPyConnection
) -> None:
    for entry in truth["deliveries"]:
        files = data_files(written, entry)
        if entry["format"] == "cur2":
            lines, cost, net = parquet_totals(con, files)
        else:
            rows = csv_rows(files)
            lines, cost = len(rows), sum(Decimal(row["lineItem/UnblendedCost"]) for row in rows)
            net = sum(
                Decimal(row.get("lineItem/NetUnblendedCost") or row["lineItem/UnblendedCost"]) for row in rows
            )
        assert lines == entry["lines"]
        assert cost == Decimal(entry["unblended_cost"])
        assert net == Decimal(entry["net_unblended_cost"])


def test_manifest_above_is_a_copy_of_the_newest_one(written: Path, truth: dict[str, Any]) -> None:
    newest = {(each["payer"], each["billing_period"]): each for each in truth["deliveries"]}
    for entry in newest.values():
        own = written / entry["manifest"]
        top = own.parent.parent / own.name
        assert top.read_bytes() == own.read_bytes()
        assert entry["current"]
    assert sum(each["current"] for each in truth["deliveries"]) == len(newest)


def test_file_times_are_those_of_the_delivery(written: Path, truth: dict[str, Any]) -> None:
    for entry in truth["deliveries"]:
        at = datetime.fromisoformat(entry["delivered_at"])
        assert datetime.fromtimestamp((written / entry["manifest"]).stat().st_mtime, UTC) == at
        for path in data_files(written, entry):
            assert datetime.fromtimestamp(path.stat().st_mtime, UTC) < at


def test_cur2_has_the_layout_and_types_of_the_reference(
    written: Path, truth: dict[str, Any], shared_data: Path
) -> None:
    like = shared_data / "golden" / "billing" / "cur2_parquet" / "exports" / "finops-cur2"
    entry = next(each for each in truth["deliveries"] if each["format"] == "cur2")
    ours = pq.read_schema(data_files(written, entry)[0])
    theirs = pq.read_schema(next(like.rglob("*.parquet")))
    assert ours.names == theirs.names
    assert [str(each).split(" (")[0] for each in ours.types] == [
        str(each).split(" (")[0] for each in theirs.types
    ]
    manifest = json.loads((written / entry["manifest"]).read_text(encoding="utf-8"))
    reference = json.loads(next(like.rglob("*-Manifest.json")).read_text(encoding="utf-8"))
    assert manifest.keys() == reference.keys()
    assert manifest["columns"] == reference["columns"]


def test_legacy_cur_has_columns_of_the_reference_and_only_those_in_use(
    written: Path, truth: dict[str, Any], shared_data: Path
) -> None:
    like = shared_data / "golden" / "billing" / "cur1_csv_versions"
    reference = [json.loads(path.read_text(encoding="utf-8")) for path in like.rglob("*-Manifest.json")]
    known = {f"{each['category']}/{each['name']}" for one in reference for each in one["columns"]}
    for entry in truth["deliveries"]:
        if entry["format"] == "cur1":
            manifest = json.loads((written / entry["manifest"]).read_text(encoding="utf-8"))
            assert manifest.keys() == reference[0].keys()
            header = [f"{each['category']}/{each['name']}" for each in manifest["columns"]]
            rows = csv_rows(data_files(written, entry))
            assert list(rows[0]) == header
            assert set(header) <= known
            assert ("lineItem/NetUnblendedCost" in header) == entry["net_columns"]


def test_same_seed_gives_the_same_content(written: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "one", Request(11, 1, "2026-10"))
    write_sample(tmp_path / "two", Request(11, 1, "2026-10"))
    ones = sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(ones) >= 10
    for one in ones:
        two = tmp_path / "two" / one.relative_to(tmp_path / "one")
        if one.suffix == ".parquet":
            assert pq.read_table(one).equals(pq.read_table(two))
        else:
            assert one.read_bytes() == two.read_bytes()


def test_rows_scale_the_newest_delivery_over_several_files_and_stay_exact(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cur2_parquet, "ROWS_A_FILE", 30_000)
    monkeypatch.setattr(cur2_parquet, "ROWS_A_GROUP", 10_000)
    write_sample(tmp_path / "large", Request(7, 1, "2026-10", rows=80_000))
    truth = json.loads((tmp_path / "large" / "truth.json").read_text(encoding="utf-8"))
    entry = next(each for each in truth["deliveries"] if each["current"] and each["format"] == "cur2")
    files = data_files(tmp_path / "large", entry)
    lines, cost, net = parquet_totals(con, files)
    assert abs(lines - 80_000) < 8_000 and len(files) >= 2
    assert (lines, cost, net) == (
        entry["lines"],
        Decimal(entry["unblended_cost"]),
        Decimal(entry["net_unblended_cost"]),
    )
    sql = "select count(distinct (identity_line_item_id, identity_time_interval)) from read_parquet(?)"
    assert con.execute(sql, [[str(path) for path in files]]).fetchone() == (lines,)


def test_everything_says_that_it_is_synthetic(written: Path) -> None:
    for name in ("README.txt", "truth.json", "sample.json"):
        assert "SYNTHETIC" in (written / name).read_text(encoding="utf-8")
    rows = list(csv.DictReader((written / "organization.csv").open(encoding="utf-8")))
    assert len(rows) == 12 and all(row["account_name"].startswith("sample-") for row in rows)
    assert sum(row["is_payer"] == "true" for row in rows) == 2
