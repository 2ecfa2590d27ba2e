"""The short version of the fault suite: the first cases of each kind, with the fixed seed. `make faults` runs all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.faults import disk
from tests.faults.kit import KINDS, SEED, Case
from tests.faults.run import FULL, load_kinds
from tests.faults.warm import Warm

load_kinds()
SHORT = {
    "ingest_kill": (0,),
    "corrupt": (0,),
    "delivery": (0,),
    "drift": (0,),
    "replaced": (0, 1),
    "half_overwritten": (0,),
    "disk_full_ingest": (1,),
    "writers": (0,),
    "clock": (0,),
}
CASES = [(kind, number) for kind, numbers in SHORT.items() for number in numbers]
pytestmark = pytest.mark.kill


@pytest.fixture(scope="module")
def scratch() -> dict[str, Any]:
    return {}


def test_every_kind_is_in_the_full_run() -> None:
    assert set(KINDS) == set(FULL) and set(SHORT) <= set(FULL)


@pytest.mark.parametrize(("kind", "number"), CASES, ids=[f"{kind}-{number}" for kind, number in CASES])
def test_fault(kind: str, number: int, warm: Warm, scratch: dict[str, Any], tmp_path: Path) -> None:
    if kind.startswith("disk_full") and not disk.can_mount():
        missing("the right to mount a small disk (tmpfs)")
    case = Case(kind, number, SEED, warm, tmp_path / "case", scratch)
    try:
        KINDS[kind](case)
    finally:
        warm.end_all()
    assert case.faults, "the case inflicted no fault"
    print(f"seed {SEED} {kind}/{number}: {dict(case.faults)}")
