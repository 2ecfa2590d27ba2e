"""Deliveries in any order, late, or twice: a month ends in the state of its newest."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finlake.ledger import DeliveryRecord
from pipeline.silver import current_of
from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, query, silver, versions

TIMES = ["20260310T000000Z", "20260320T000000Z", "20260401T000000Z", "20260412T000000Z"]


def record(sequence: int, day: int, *, dated: bool = True, lines: int = 1) -> DeliveryRecord:
    return DeliveryRecord(
        delivery_id=f"{day:016x}", export_id="cur1-1-x-abcdef", source_format="cur1", billing_period="2026-03",
        sequence=sequence, state="stored", manifest="m", version_id=str(day), dated=dated, file_count=1, byte_count=1,
        delivered_at=f"2026-04-{day:02}T00:00:00+00:00", line_count=lines,
    )  # fmt: skip


@given(st.permutations(range(1, 8)))
def test_aws_own_times_decide_in_any_order(days: list[int]) -> None:
    current = current_of(record(sequence, day) for sequence, day in enumerate(days))
    assert current is not None and current.version_id == "7"


@given(st.permutations(range(1, 8)), st.sets(st.integers(1, 7)))
def test_without_times_the_last_to_arrive_counts(days: list[int], undated: set[int]) -> None:
    """Where some have no time: never a dated one older than a dated one that was there before it."""
    known = [record(sequence, day, dated=day not in undated) for sequence, day in enumerate(days)]
    current = current_of(known)
    assert current is not None
    later = [r for r in known if r.sequence > current.sequence]
    assert all(r.dated for r in later)
    before = [r.delivered_at or "" for r in known if r.dated and r.sequence <= current.sequence]
    assert all(any((r.delivered_at or "") < at for at in before) for r in later)


@given(st.permutations(range(1, 5)), st.integers(1, 4))
def test_an_empty_delivery_never_hides_lines(days: list[int], empty: int) -> None:
    current = current_of(record(s, day, lines=0 if day == empty else 1) for s, day in enumerate(days))
    assert current is not None and current.line_count == 1


def cost_shown(lake: Path) -> Decimal:
    [(total,)] = query("select sum(unblended_cost) from t", t=silver(lake, "billing_line_items"))
    return Decimal(total)


@settings(max_examples=5)
@given(order=st.permutations(range(4)), repeated=st.integers(0, 3))
def test_any_order_of_arrival(
    order: list[int], repeated: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each run finds one delivery only, in any order, one of them again at the end."""
    place = tmp_path_factory.mktemp("any-order")
    lake, arrived = place / "lake", [-1]
    for number in [*order, repeated]:
        source = place / "bucket"
        shutil.rmtree(source, ignore_errors=True)
        tiny.cur1_csv(source, [tiny.line(str(number + 1))], TIMES[number])
        ingest(lake, source)
        arrived.append(number)
        assert cost_shown(lake) == max(arrived) + 1
    assert silver(lake, "delivery_costs").num_rows == 4
    current = [row["delivery_id"] for row in silver(lake, "deliveries").to_pylist() if row["is_current"]]
    assert len(current) == 1 and set(silver(lake, "billing_line_items")["delivery_id"].to_pylist()) == set(
        current
    )


def test_a_late_old_manifest_in_the_months_folder_turns_nothing_back(tmp_path: Path) -> None:
    """An old copy of the month's own manifest arrives after the new delivery."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    old = tiny.cur1_csv(source, [tiny.line("1")], TIMES[0])
    tiny.cur1_csv(source, [tiny.line("2")], TIMES[1])
    shutil.copyfile(source / old, source / Path(old).parent.parent / "tiny-Manifest.json")
    ingest(lake, source)
    assert cost_shown(lake) == 2


def test_a_month_overwritten_in_place_with_what_it_was_before_shows_that(tmp_path: Path) -> None:
    """The same files as an earlier delivery are that delivery, and the month's manifest names it: as AWS shows it, whatever
    finlake saw in between, also where the ledger is lost."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    warned = []
    for cost in ("1", "2", "1"):
        tiny.cur1_parquet(source, [tiny.line(cost)], f"v{cost}")
        warned.append([warning["code"] for warning in ingest(lake, source)["warnings"]])
        assert cost_shown(lake) == Decimal(cost)
    assert warned == [[], [], ["month_follows_manifest"]]
    before = versions(lake)
    assert not ingest(lake, source)["changed"] and versions(lake) == before
    for file in (lake / "state").glob("ledger.sqlite*"):
        file.unlink()
    assert not ingest(lake, source)["changed"]
    assert cost_shown(lake) == 1 and silver(lake, "deliveries").num_rows == 2


def test_an_older_version_whose_file_comes_late_turns_nothing_back(tmp_path: Path) -> None:
    """Legacy CUR with assembly ids that say no time: the first lacks a file, the second is loaded, then the file turns up."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    first, second = "0b3c1f9e-aaaa-4b60-8f9d-111111111111", "0a3c1f9e-bbbb-4b60-8f9d-222222222222"
    tiny.cur1_csv(source, [tiny.line("1")], first)
    [file] = source.glob(f"cur/tiny/*/{first}/*.csv.gz")
    missing = file.read_bytes()
    file.unlink()
    assert len(ingest(lake, source)["refused"]) == 1
    tiny.cur1_csv(source, [tiny.line("2")], second)
    ingest(lake, source)
    file.write_bytes(missing)
    said = ingest(lake, source)
    assert len(said["deliveries"]) == 1 and not said["refused"]
    assert cost_shown(lake) == 2 and silver(lake, "delivery_costs").num_rows == 2
    assert not ingest(lake, source)["changed"]


def test_killed_between_the_placing_and_the_ledger_it_is_placed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    for cost in ("1", "2"):
        tiny.cur1_parquet(source, [tiny.line(cost)], f"v{cost}")
        ingest(lake, source)
    tiny.cur1_parquet(source, [tiny.line("1")], "v1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("finlake.ledger.sqlite.SqliteLedger.put", killed)
        ingest(lake, source)
    ingest(lake, source)
    assert cost_shown(lake) == 1
    numbers = [row["sequence"] for row in silver(lake, "deliveries").to_pylist()]
    assert sorted(numbers) == [2, 3]


def test_the_same_files_under_another_name_are_the_same_delivery(tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_parquet(source, [tiny.line("1")], "an-assembly")
    ingest(lake, source)
    before = versions(lake)
    tiny.cur1_parquet(source, [tiny.line("1")], "another-assembly")
    assert not ingest(lake, source)["changed"] and versions(lake) == before
