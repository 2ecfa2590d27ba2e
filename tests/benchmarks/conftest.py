"""Bills of the benchmark, as small as they come, made once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.data import bill_of
from benchmarks.results import Result, file_of, read
from tests.once import once

SIZE = 20_000
SEED = 7
Bench = Callable[..., list[Result]]


@pytest.fixture
def bench(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """`bench("--rounds", "1", layout="cur2")` runs the driver in a folder of the test; all results of that folder."""

    def make(folder: Path) -> None:
        for layout in ("cur2", "cur1"):
            bill_of(folder, layout, SIZE, SEED)

    (tmp_path / "data").symlink_to(once(tmp_path_factory, "benchmark-bills", make))

    def benched(*options: str, layout: str = "cur2") -> list[Result]:
        sizes = {"cur2": "--sizes", "cur1": "--csv-size"}
        asked = [part for each, name in sizes.items() for part in (name, str(SIZE) if each == layout else "")]
        assert run.main([*asked, "--spark-sizes", "", "--folder", str(tmp_path), *options]) == 0
        return read(file_of(tmp_path, SEED))

    return benched
