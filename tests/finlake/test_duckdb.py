"""Connections to DuckDB: what they trust."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from finlake.engines import duckdb as engine


def unsigned_allowed(con: duckdb.DuckDBPyConnection) -> bool:
    found = con.execute("select current_setting('allow_unsigned_extensions')").fetchone()
    return bool(found and found[0])


@pytest.fixture(autouse=True)
def nothing_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_CHECKED", set())


def test_the_first_connection_of_a_process_checks_the_signature_of_an_extension() -> None:
    with engine.connect() as con:
        assert not unsigned_allowed(con)
    with engine.connect() as con:
        assert unsigned_allowed(con)
    with engine.connect(extensions=("delta", "httpfs")) as con:
        assert not unsigned_allowed(con), "one of them was never checked"


def test_without_extensions_nothing_unsigned_is_allowed() -> None:
    engine.connect().close()
    with engine.connect(extensions=()) as con:
        assert not unsigned_allowed(con)


def test_a_file_can_be_opened_twice_whatever_was_checked(tmp_path: Path) -> None:
    with (
        engine.connect(str(tmp_path / "a.duckdb")) as first,
        engine.connect(str(tmp_path / "a.duckdb")) as second,
    ):
        assert not unsigned_allowed(first) and not unsigned_allowed(second)


def test_an_extension_that_was_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "delta.duckdb_extension"
    content = bytearray(Path(engine.extension_file("delta")).read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    monkeypatch.setattr(engine, "extension_file", lambda name: str(changed))
    with pytest.raises(duckdb.Error, match="signature"):
        engine.connect()
