"""SQL kept between processes: found again for the same job on the same columns, never for another, and never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from finlake.engines import compiled, duckdb_engine
from finlake.engines.duckdb_engine import DuckDBEngine

ROWS = pa.table({"cost": pa.array([1, 2], pa.int64())})


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "finlake" / "compiled-sql"


def doubled(frame: Any, F: Any) -> Any:
    return frame.select((F.col("cost") * F.lit(2)).alias("cost"))


def run(job: Any, rows: pa.Table = ROWS, key: str = "doubled") -> list[int]:
    """As a new process would: nothing in memory."""
    duckdb_engine._COMPILED.clear()
    engine = DuckDBEngine()
    try:
        found: list[int] = engine.fetch(engine.apply(job, engine.rows(rows), key=key))["cost"].to_pylist()
        return found
    finally:
        engine.close()


def never(*_: Any) -> Any:
    raise AssertionError("compiled again")


def test_another_process_compiles_nothing(own_cache: Path) -> None:
    assert run(doubled) == [2, 4]
    assert run(never) == [2, 4]
    assert own_cache.stat().st_mode & 0o077 == 0


def test_other_columns_or_another_key_are_another_query() -> None:
    run(doubled)
    with pytest.raises(AssertionError, match="compiled again"):
        run(never, pa.table({"cost": pa.array([1], pa.int32())}))
    with pytest.raises(AssertionError, match="compiled again"):
        run(never, key="another")


def test_another_finlake_or_library_compiles_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    run(doubled)
    monkeypatch.setattr(compiled, "_makers", lambda: ["another"])
    with pytest.raises(AssertionError, match="compiled again"):
        run(never)


@pytest.mark.parametrize(
    "damage", [b"", b"no hash\n{}", b"\xff\xfe", b"0" * 64 + b'\n{"query": "select 1 as cost"}']
)
def test_a_damaged_file_is_made_anew(own_cache: Path, damage: bytes) -> None:
    run(doubled)
    (file,) = own_cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert run(doubled) == [2, 4]
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_made_costs_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert run(doubled) == [2, 4]


def test_the_oldest_go(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "KEPT", 2)
    for key in ("a", "b", "c"):
        run(doubled, key=key)
    assert len(list(own_cache.iterdir())) == 2
    assert run(never, key="c") == [2, 4]
