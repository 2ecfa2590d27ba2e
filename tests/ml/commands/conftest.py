"""A lake with a trained model, made once in a test run; each file of tests works on a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.once import once

FINLAKE = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
NOTHING_NEW = 99


class Commands:
    """`finlake` on one lake, each call a process of its own."""

    def __init__(self, root: Path) -> None:
        self.lake = root / "lake"
        self._environment = os.environ | {
            "FINLAKE_LAKE": str(self.lake),
            "FINLAKE_STATE_HOME": str(root / "state"),
        }
        self._environment.pop("FINLAKE_CI", None)

    def run(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The JSON account of a command that must end with `code`; empty for a killed one."""
        done = subprocess.run(
            [*FINLAKE, *arguments, "--json"],
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == code, done.stderr[-2000:]
        return dict(json.loads(done.stdout)) if done.stdout.strip().startswith("{") else {"all": done.stdout}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        said = self.run("query", sql)
        return list(said["rows"])


@pytest.fixture(scope="module")
def finlake(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A lake with four months of the sample, published, and a first version of the model; moved since."""
    made = once(tmp_path_factory, "trained", _trained)
    root = tmp_path_factory.mktemp("moved")
    shutil.copytree(made / "lake", root / "lake")
    return Commands(root)


def _trained(root: Path) -> None:
    commands = Commands(root)
    commands.run("sample", str(root / "sample"), "--months", "4", "--metric-days", "0")
    commands.run("run", "--source", str(root / "sample"))
    commands.run("score", code=7)
    first = commands.run("train", "--if-none")
    assert first["version"] == "1" and first["aliases"] == ["provisional"], (
        "its interval is too wide for a champion"
    )
