"""`finlake sample` as a person calls it: what it prints, refuses and leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finlake.errors import ExitCode
from pipeline.cli import main


def call(*arguments: str | Path) -> int:
    return main(["sample", *map(str, arguments)])


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_writes_a_sample_and_changes_nothing_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "sample"
    assert call(target, "--months", "1", "--json") == ExitCode.OK
    first = json.loads(capsys.readouterr().out)
    assert first["synthetic"] is True and first["already_there"] is False
    assert first["first_month"] == first["last_month"] == "2026-10" and first["lines"] > 0
    before = snapshot(target)
    assert call(target, "--months", "1") == ExitCode.OK
    said = capsys.readouterr().out
    assert "already there" in said and "Nothing was changed" in said
    assert snapshot(target) == before


def test_refuses_a_folder_with_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    assert call(tmp_path) == ExitCode.USAGE
    assert "isn't a finlake sample" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_refuses_a_sample_of_other_parameters_and_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path / "a", "--months", "1", "--json") == ExitCode.OK
    before = snapshot(tmp_path)
    assert call(tmp_path / "a", "--months", "1", "--seed", "8") == ExitCode.USAGE
    assert call(tmp_path / "a" / "truth.json") == ExitCode.USAGE
    assert "other parameters" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


def test_an_interrupted_sample_is_finished_by_the_next_call(tmp_path: Path) -> None:
    target = tmp_path / "sample"
    assert call(target, "--months", "1", "--json") == ExitCode.OK
    marker = target / "sample.json"
    marker.write_text(marker.read_text().replace('"complete": true', '"complete": false'), encoding="utf-8")
    lost = next(target.rglob("*.parquet"))
    lost.unlink()
    assert call(target, "--months", "1", "--json") == ExitCode.OK
    assert lost.exists() and json.loads(marker.read_text())["complete"] is True


@pytest.mark.parametrize(
    "wrong",
    [("--end", "2026-13"), ("--end", "october"), ("--months", "0"), ("--months", "61"), ("--rows", "-1")],
)
def test_refuses_wrong_values_before_writing(tmp_path: Path, wrong: tuple[str, str]) -> None:
    assert call(tmp_path / "new", *wrong) == ExitCode.USAGE
    assert not (tmp_path / "new").exists()


def test_the_newest_month_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "s", "--months", "1", "--end", "2024-02", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["last_month"] == "2024-02"
