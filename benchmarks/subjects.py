"""Who takes part: each a name, what it does, and its command for a bill, as a cold process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data import Bill
from benchmarks.totals import Totals, of_daily, of_silver

_FINLAKE = "import sys; from pipeline.cli import main; sys.argv[0] = 'finlake'; main()"
LAYOUTS = ("cur2", "cur1")
STEPS = {
    ("discover", ""): "discover",
    ("bronze", "compare"): "compare",
    ("bronze", "copy"): "copy",
    ("bronze", "check"): "check",
    ("bronze", "bronze commit"): "commit to bronze",
    ("bronze", ""): "commit to bronze",
    ("silver", "compile"): "silver: make the query",
    ("silver", "write billing_line_items"): "silver: lines",
    ("silver", "write delivery_costs"): "silver: delivery costs",
    ("silver", ""): "commit to silver",
    ("control", ""): "control tables",
    ("prepare", ""): "prepare the build",
    ("dbt", ""): "dbt",
    ("audit", ""): "expectations",
    ("publish", ""): "publish",
}
"""(step of a run's report, its part or '' for the rest of it) -> how it is called here."""


@dataclass(frozen=True)
class Told:
    """What a process said of itself: seconds by step; a finlake run's own seconds, without start-up; seconds by dbt model;
    whether the lake is another than before."""

    steps: dict[str, float]
    work: float | None = None
    models: dict[str, float] | None = None
    changed: bool = True


@dataclass(frozen=True)
class Subject:
    """One who takes part. `command(bill, target)`; `told(stdout)`; `totals(target)` where it makes tables of its own.

    `follows`: the subject whose target it works on; `redelivered`: its source is the bill delivered again; `rounded`: its
    sums are doubles.
    """

    name: str
    title: str
    command: Callable[[Bill, Path], list[str]]
    told: Callable[[str], Told]
    totals: Callable[[Path], Totals] | None = None
    layouts: tuple[str, ...] = LAYOUTS
    follows: str = ""
    redelivered: bool = False
    rounded: bool = False
    is_spark: bool = False


def _finlake(verb: str, engine: str = "duckdb") -> Callable[[Bill, Path], list[str]]:
    def command(bill: Bill, target: Path) -> list[str]:
        config = target / "finlake.yml"
        config.write_text(f"engine: {engine}\n")
        said = [
            verb,
            "--lake",
            str(target / "lake"),
            "--source",
            str(bill.root),
            "--config",
            str(config),
            "--json",
        ]
        return [sys.executable, "-c", _FINLAKE, *said]

    return command


def _of_finlake(stdout: str) -> Told:
    report: dict[str, Any] = json.loads(stdout)
    found: dict[str, float] = {}
    for step in report["steps"]:
        parts: dict[str, float] = step.get("details", {}).get("seconds", {})
        for part, seconds in {**parts, "": step["seconds"] - sum(parts.values())}.items():
            name = STEPS.get((step["name"], part), part or step["name"])
            found[name] = round(found.get(name, 0.0) + max(seconds, 0.0), 3)
    return Told(found, report["seconds"], report.get("models"), report["changed"])


def _peer(module: str, *more: str) -> Callable[[Bill, Path], list[str]]:
    script = [sys.executable, "-m", f"benchmarks.peers.{module}"]
    return lambda bill, target: [*script, str(bill.root), str(target), *more]


def _of_peer(stdout: str) -> Told:
    return Told({name: round(seconds, 3) for name, seconds in json.loads(stdout)["steps"].items()})


_LAKE, _TABLE = of_silver("lake/silver/billing_line_items"), of_silver("silver")
SUBJECTS = [
    Subject("finlake", "finlake run, engine duckdb", _finlake("run"), _of_finlake, _LAKE),
    Subject(
        "finlake-unchanged",
        "finlake run again: same source",
        _finlake("run"),
        _of_finlake,
        follows="finlake",
    ),
    Subject(
        "finlake-redelivered",
        "finlake run again: same content, files and manifest written anew",
        _finlake("run"),
        _of_finlake,
        follows="finlake",
        redelivered=True,
    ),
    Subject(
        "finlake-ingest", "finlake ingest (to silver), engine duckdb", _finlake("ingest"), _of_finlake, _LAKE
    ),
    Subject("duckdb-delta", "(b) DuckDB + delta-rs", _peer("duckdb_delta"), _of_peer, _TABLE),
    Subject(
        "duckdb-delta-silver",
        "(b) to silver only",
        _peer("duckdb_delta", "--silver-only"),
        _of_peer,
        _TABLE,
    ),
    Subject("duckdb-copy", "(b) with DuckDB's own writer", _peer("duckdb_delta", "--copy"), _of_peer, _TABLE),
    Subject(
        "duckdb-copy-silver",
        "(b) with DuckDB's own writer, to silver only",
        _peer("duckdb_delta", "--copy", "--silver-only"),
        _of_peer,
        _TABLE,
    ),
    Subject("pandas", "(a) pandas + delta-rs, all columns", _peer("pandas_delta"), _of_peer, _TABLE),
    Subject(
        "duckdb-direct",
        "(c) DuckDB straight to two marts",
        _peer("duckdb_direct"),
        _of_peer,
        of_daily,
        rounded=True,
    ),
    Subject(
        "finlake-spark",
        "finlake run, engine spark",
        _finlake("run", "spark"),
        _of_finlake,
        _LAKE,
        layouts=("cur2",),
        is_spark=True,
    ),
]
BY_NAME = {subject.name: subject for subject in SUBJECTS}
