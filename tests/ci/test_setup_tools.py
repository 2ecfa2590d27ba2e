"""tools/find_python.sh takes a Python 3.11 or 3.12 that can make environments, or says what installs one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def find_python(python: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the script with one candidate."""
    return subprocess.run(
        ["sh", "tools/find_python.sh"],
        cwd=PROJECT,
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(folder: Path, *, without: str) -> Path:
    """The real interpreter, but for programs that mention `without`: they fail."""
    path = folder / "python3.11"
    path.write_text(
        f'#!/bin/sh\ncase "$2" in *{without}*) exit 1;; esac\nexec "{sys.executable}" "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_a_fitting_python_is_given_by_its_own_path() -> None:
    done = find_python(sys.executable)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


def test_a_wrong_version_is_refused_with_the_commands_that_install_one(tmp_path: Path) -> None:
    done = find_python(fake_python(tmp_path, without="version_info"))
    assert done.returncode == 1 and done.stdout == ""
    for part in (
        "Python 3.11 or 3.12 is needed",
        "apt-get install -y python3.11",
        "brew install python@3.11",
    ):
        assert part in done.stderr
    assert "Nothing was changed" in done.stderr


def test_a_python_without_venv_is_told_from_none_at_all(tmp_path: Path) -> None:
    done = find_python(fake_python(tmp_path, without="ensurepip"))
    assert done.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert "cannot make virtual environments" in done.stderr
    assert f"apt-get install -y python{version}-venv" in done.stderr


def test_make_lists_every_target() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for target in ("setup", "run", "test", "lint", "lock", "ui", "docs", "clean"):
        assert f"make {target} " in done.stdout
