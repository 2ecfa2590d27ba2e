"""A lake with a trained model, made once in a test run; each file of tests works on a copy."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from pipeline.cli import main
from tests.once import once

FINLAKE = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
NOTHING_NEW = 99


class Commands:
    """`finlake` on one lake. A command that shall be killed is a process of its own; the others spare its imports."""

    def __init__(self, root: Path) -> None:
        self.lake = root / "lake"
        self._environment = {"FINLAKE_LAKE": str(self.lake), "FINLAKE_STATE_HOME": str(root / "state")}

    def run(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The JSON account of a command that must end with `code`; empty for a killed one."""
        call = self._process if code < 0 else self._here
        ended, out, errors = call([*arguments, "--json"], self._environment | environment)
        assert ended == code, errors[-2000:]
        return dict(json.loads(out)) if out.strip().startswith("{") else {"all": out}

    def _here(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
        out, errors = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(errors):
            os.environ.pop("FINLAKE_CI", None)
            code = main(arguments)
        return code, out.getvalue(), errors.getvalue()

    def _process(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
        done = subprocess.run(
            [*FINLAKE, *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout, done.stderr

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
