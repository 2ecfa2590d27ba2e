"""Who takes part: each a name, what it does, and its command for a bill, as a cold process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data import Bill

_FINLAKE = "import sys; from pipeline.cli import main; sys.argv[0] = 'finlake'; main()"
STEP_NAMES = {
    "discover": "discover",
    "control": "control tables",
    "prepare": "prepare build",
    "audit": "expectations",
}


@dataclass(frozen=True)
class Subject:
    """One who takes part. `command(bill, target)`; `steps(stdout)` -> seconds by step."""

    name: str
    title: str
    command: Callable[[Bill, Path], list[str]]
    steps: Callable[[str], dict[str, float]]
    layouts: tuple[str, ...] = ("cur2",)


def _finlake(verb: str, engine: str) -> Callable[[Bill, Path], list[str]]:
    def command(bill: Bill, target: Path) -> list[str]:
        said = [verb, "--lake", str(target / "lake"), "--source", str(bill.root), "--json"]
        if engine != "duckdb":
            config = target / "finlake.yml"
            config.write_text(f"engine: {engine}\n")
            said += ["--config", str(config)]
        return [sys.executable, "-c", _FINLAKE, *said]

    return command


def _finlake_steps(stdout: str) -> dict[str, float]:
    report = json.loads(stdout)
    found: dict[str, float] = {}
    for step in report["steps"]:
        parts = {k: v for k, v in step.get("details", {}).get("seconds", {}).items()}
        for name, seconds in parts.items():
            found[name] = found.get(name, 0.0) + seconds
        rest = step["seconds"] - sum(parts.values())
        found[STEP_NAMES.get(step["name"], step["name"])] = max(rest, 0.0)
    found["_run"] = report["seconds"]
    return found


def _peer(module: str, *more: str) -> Callable[[Bill, Path], list[str]]:
    return lambda bill, target: [
        sys.executable,
        "-m",
        f"benchmarks.peers.{module}",
        str(bill.root),
        str(target),
        *more,
    ]


def _peer_steps(stdout: str) -> dict[str, float]:
    steps: dict[str, Any] = json.loads(stdout)["steps"]
    return steps


SUBJECTS = [
    Subject(
        "finlake", "finlake run, engine duckdb", _finlake("run", "duckdb"), _finlake_steps, ("cur2", "cur1")
    ),
    Subject(
        "finlake-ingest",
        "finlake ingest, engine duckdb",
        _finlake("ingest", "duckdb"),
        _finlake_steps,
        ("cur2", "cur1"),
    ),
    Subject("duckdb-delta", "(b) DuckDB + delta-rs, silver and marts", _peer("duckdb_delta"), _peer_steps),
    Subject("duckdb-delta-silver", "(b) silver only", _peer("duckdb_delta", "--silver-only"), _peer_steps),
    Subject("pandas", "(a) pandas + delta-rs, all columns", _peer("pandas_delta"), _peer_steps),
    Subject("duckdb-direct", "(c) DuckDB straight to two marts", _peer("duckdb_direct"), _peer_steps),
    Subject("finlake-spark", "finlake run, engine spark", _finlake("run", "spark"), _finlake_steps),
    Subject("finlake-unchanged", "finlake run again, nothing new", _finlake("run", "duckdb"), _finlake_steps),
]
