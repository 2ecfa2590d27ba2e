"""Two exports of one payer: both are kept, one counts, and it goes on counting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, silver

MEMBER = "012345000045"
EXECUTION = "2026-04-04T05-12-11.000Z-abc"


def authority(lake: Path) -> list[tuple[Any, ...]]:
    rows = silver(lake, "billing_authority").to_pylist()
    return sorted(
        (r["payer_id"], r["billing_period"], r["source_format"], r["export_id"].split("-")[1]) for r in rows
    )


def test_cur2_counts_before_legacy_cur_and_both_are_kept(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1")
    tiny.cur2_parquet(tmp_path / "b", [tiny.line("1")], EXECUTION)
    ingest(tmp_path / "lake", tmp_path / "b")
    assert authority(tmp_path / "lake") == [(tiny.PAYER, "2026-03", "cur2", tiny.PAYER)]
    assert silver(tmp_path / "lake", "billing_line_items").num_rows == 2
    assert set(silver(tmp_path / "lake", "deliveries")["is_current"].to_pylist()) == {True}


def test_a_decision_is_sticky_also_when_the_ledger_is_lost(tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1")], "v1")
    ingest(lake, source)
    tiny.cur2_parquet(source, [tiny.line("1")], EXECUTION)
    tiny.cur2_parquet(source, [tiny.line("1")], EXECUTION, period="2026-04")
    ingest(lake, source)
    wanted = [(tiny.PAYER, "2026-03", "cur1", tiny.PAYER), (tiny.PAYER, "2026-04", "cur2", tiny.PAYER)]
    assert authority(lake) == wanted
    for file in (lake / "state").glob("ledger.sqlite*"):
        file.unlink()
    ingest(lake, source)
    assert authority(lake) == wanted


def test_a_members_own_export_never_counts_beside_its_payers(tmp_path: Path) -> None:
    """Also where the member has the better format; and a name that holds the payer's number makes no payer of it."""
    tiny.cur2_parquet(tmp_path / "b", [tiny.line("1")], EXECUTION, account=MEMBER, name=f"x-{tiny.PAYER}-y")
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1")
    ingest(tmp_path / "lake", tmp_path / "b")
    assert authority(tmp_path / "lake") == [(tiny.PAYER, "2026-03", "cur1", tiny.PAYER)]


def test_two_payers_in_one_bucket_each_count(tmp_path: Path) -> None:
    other = "900200000001"
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1")], "v1", name="one")
    tiny.cur1_csv(
        tmp_path / "b", [tiny.line("1", payer=other, currency="BRL")], "v1", name="two", account=other
    )
    ingest(tmp_path / "lake", tmp_path / "b")
    assert [row[0] for row in authority(tmp_path / "lake")] == [tiny.PAYER, other]
