"""Publishing is one pointer: readers follow it, a rollback holds until something newer is built, old builds go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from finlake.errors import NotFound
from finlake.lake import create_or_open
from finlake.warehouse import Build, Warehouse, new_build_id

NOW = datetime(2026, 5, 7, 6, 1, 33, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(create_or_open(str(tmp_path / "lake")))


def build(warehouse: Warehouse, number: int) -> str:
    """Take over a finished workplace as build `number`; later numbers are newer."""
    warehouse.workplace.parent.mkdir(parents=True, exist_ok=True)
    warehouse.workplace.write_bytes(f"database {number}".encode())
    made = Build(
        f"b2026050{number}T000000Z-00000{number}", NOW.isoformat(), "p", {"2026-04": str(number)}, ["2026-04"]
    )
    warehouse.keep(made)
    return made.build_id


def test_nothing_is_published_before_something_is(warehouse: Warehouse) -> None:
    assert warehouse.published() is None and warehouse.candidate() is None and warehouse.builds() == []
    with pytest.raises(NotFound):
        warehouse.publish("b1", NOW, 3)


def test_a_build_is_none_without_its_sidecar(warehouse: Warehouse) -> None:
    first = build(warehouse, 1)
    Path(warehouse.lake.root, "warehouse", "builds", f"{first}.json").unlink()
    assert warehouse.builds() == []


def test_publishing_again_changes_nothing(warehouse: Warehouse) -> None:
    first = build(warehouse, 1)
    pointer = warehouse.publish(first, NOW, 3)
    assert warehouse.publish(first, datetime(2027, 1, 1, tzinfo=UTC), 3) == pointer


def test_the_former_build_is_one_command_away(warehouse: Warehouse) -> None:
    first, second = build(warehouse, 1), build(warehouse, 2)
    warehouse.publish(first, NOW, 3)
    assert list(warehouse.publish(second, NOW, 3).previous) == [first]
    back = warehouse.rollback(first, NOW, 3)
    assert back.build_id == first and warehouse.database(first).read_bytes() == b"database 1"


def test_a_rollback_holds_until_something_newer_is_built(warehouse: Warehouse) -> None:
    first, second = build(warehouse, 1), build(warehouse, 2)
    warehouse.publish(first, NOW, 3)
    warehouse.publish(second, NOW, 3)
    warehouse.rollback(first, NOW, 3)
    assert warehouse.candidate() == first, "the build that was taken back isn't published by itself"
    third = build(warehouse, 3)
    assert warehouse.candidate() == third
    assert list(warehouse.publish(third, NOW, 3).previous) == [first]


def test_what_was_taken_back_can_be_asked_for_by_name(warehouse: Warehouse) -> None:
    first, second = build(warehouse, 1), build(warehouse, 2)
    warehouse.publish(first, NOW, 3)
    warehouse.publish(second, NOW, 3)
    warehouse.rollback(first, NOW, 3)
    assert warehouse.publish(second, NOW, 3).build_id == second
    assert warehouse.candidate() == second


def test_only_so_many_ways_back_are_kept(warehouse: Warehouse) -> None:
    ids = [build(warehouse, number) for number in range(1, 6)]
    for build_id in ids:
        warehouse.publish(build_id, NOW, 2)
    pointer = warehouse.pointer()
    assert pointer is not None and list(pointer.previous) == [ids[3], ids[2]]


def test_build_ids_sort_by_time() -> None:
    assert new_build_id(NOW) < new_build_id(datetime(2026, 5, 7, 6, 1, 34, tzinfo=UTC))


def test_a_build_id_sorts_behind_the_newest_whatever_the_clock_says() -> None:
    newest = new_build_id(datetime(2026, 4, 3, 6, 0, tzinfo=UTC))
    for now in (datetime(2026, 4, 1, 18, 0, tzinfo=UTC), datetime(2026, 4, 3, 6, 0, tzinfo=UTC)):
        assert new_build_id(now, newest) > newest
