"""A folder that tests share is made by one worker, and made again where making it failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import once
from tests.suites import ROOT

FILE = """
import os
import pytest
from tests.once import once

@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    def make(folder):
        with open({log!r}, "a") as log:
            log.write("made\\n")
        (folder / "it").write_text("whole")
    return once(tmp_path_factory, "thing", make)

@pytest.mark.parametrize("number", range(6))
def test_reads(folder, number):
    assert (folder / "it").read_text() == "whole"
"""


def test_several_workers_make_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "test_it.py").write_text(FILE.format(log=str(log)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "-c", "/dev/null"]
    options = ["--rootdir", str(tmp_path), "--basetemp", str(tmp_path / "base"), str(tmp_path / "test_it.py")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert log.read_text() == "made\n"


def test_what_failed_is_made_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(_: Path) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        once(tmp_path_factory, "broken", fail)
    folder = once(tmp_path_factory, "broken", lambda folder: (folder / "it").write_text("whole"))
    assert (folder / "it").read_text() == "whole"
    assert once(tmp_path_factory, "broken", fail) == folder
