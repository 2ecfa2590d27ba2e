"""Prints what .ci/run measured: each suite's time against its budget, tests by folder, coverage with money and ledger code apart.

Reads the JUnit files of `make test` (<suite>.xml), the steps' times (<step>.seconds), tests/suites.yml and `.coverage`.
"""

from __future__ import annotations

import fnmatch
import json
import subprocess
import sys
import xml.etree.ElementTree as ET  # reads only our own pytest's report
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml

BUDGETS = Path(__file__).resolve().parent.parent / "tests" / "suites.yml"
LENIENCE = 1.2
"""A suite fails when it takes more than its budget times this."""
# Code where a missed branch can lose or double money: shown apart, by branch.
MONEY = ("spark_jobs/silver/*.py", "collect/exports/totals.py", "finlake/engines/bill.py")
LEDGER = (
    "finlake/ledger/*.py",
    "finlake/metric_ledger/*.py",
    "finlake/dynamo.py",
    "finlake/lease.py",
    "finlake/lake.py",
    "finlake/bronze.py",
    "finlake/tables.py",
    "finlake/warehouse.py",
    "pipeline/authority.py",
    "pipeline/build.py",
    "pipeline/ingest.py",
    "pipeline/silver.py",
    "pipeline/take_in.py",
)


@dataclass
class Suite:
    """One folder of tests: how many, how many did not pass, and their summed time in seconds."""

    tests: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Timed:
    """A suite or step as it ran: wall seconds (None: it didn't), its budget in seconds, its tests (None: a step)."""

    name: str
    seconds: float | None
    budget: float
    tests: int | None

    @property
    def verdict(self) -> str:
        """`ok`, or what is wrong with it."""
        if self.seconds is None or self.tests == 0:
            return "DID NOT RUN"
        over = self.seconds / self.budget - 1
        return "ok" if self.seconds <= self.budget * LENIENCE else f"{over:.0%} OVER BUDGET"


def timed(reports: Path, budgets: Path = BUDGETS) -> list[Timed]:
    """Every suite and step that has a budget, in the order of the file."""
    said = yaml.safe_load(budgets.read_text(encoding="utf-8"))
    found = []
    for name, wanted in said["suites"].items():
        report = reports / f"{name}.xml"
        runs = list(ET.parse(report).getroot().iter("testsuite")) if report.is_file() else []
        wall = sum(float(run.get("time", "0")) for run in runs) if runs else None
        tests = sum(1 for run in runs for _ in run.iter("testcase"))
        found.append(Timed(name, wall, 60 * wanted["minutes"], tests))
    for name, wanted in said["steps"].items():
        clock = reports / f"{name}.seconds"
        seconds = float(clock.read_text()) if clock.is_file() else None
        found.append(Timed(name, seconds, 60 * wanted["minutes"], None))
    return found


def budget_table(found: list[Timed]) -> str:
    """Each suite and step: tests, wall time, budget, verdict."""
    rows = [f"  {'suite':<12}{'tests':>7}{'seconds':>10}{'budget':>8}  verdict"]
    for one in found:
        tests = "" if one.tests is None else str(one.tests)
        seconds = "-" if one.seconds is None else f"{one.seconds:.0f}"
        rows.append(f"  {one.name:<12}{tests:>7}{seconds:>10}{one.budget:>8.0f}  {one.verdict}")
    return "\n".join(rows)


@dataclass(frozen=True)
class Cover:
    """Lines and branches of a group of files: covered and total."""

    lines: int
    line_total: int
    branches: int
    branch_total: int


def suites(reports: Path) -> dict[str, Suite]:
    """Tests by folder (the first under tests/) of all JUnit files."""
    found: dict[str, Suite] = defaultdict(Suite)
    for report in sorted(reports.glob("*.xml")):
        for case in ET.parse(report).getroot().iter("testcase"):
            suite = found[suite_name(case.get("classname", ""))]
            suite.tests += 1
            suite.seconds += float(case.get("time", "0"))
            suite.failed += any(case.find(kind) is not None for kind in ("failure", "error"))
            suite.skipped += case.find("skipped") is not None
    return dict(found)


def suite_name(classname: str) -> str:
    """`tests.dbt.test_x.TestY` -> `dbt`; a module directly in tests/ -> its own name."""
    parts = [part for part in classname.split(".") if part]
    return parts[1] if len(parts) > 1 and parts[0] == "tests" else (parts[0] if parts else "(collection)")


def cover(files: dict[str, dict[str, dict[str, int]]], patterns: tuple[str, ...]) -> Cover:
    """Coverage of the files that match one of the patterns."""
    chosen = [f["summary"] for name, f in files.items() if any(fnmatch.fnmatch(name, p) for p in patterns)]
    return Cover(
        lines=sum(s["covered_lines"] for s in chosen),
        line_total=sum(s["num_statements"] for s in chosen),
        branches=sum(s.get("covered_branches", 0) for s in chosen),
        branch_total=sum(s.get("num_branches", 0) for s in chosen),
    )


def share(part: int, whole: int) -> str:
    """`87.5%`, or `-` where there is nothing to cover."""
    return f"{100 * part / whole:.1f}%" if whole else "-"


def suite_table(found: dict[str, Suite]) -> str:
    """The suites, slowest first."""
    rows = [f"  {'folder':<24}{'tests':>7}{'failed':>8}{'skipped':>9}{'seconds':>10}"]
    for name, suite in sorted(found.items(), key=lambda item: -item[1].seconds):
        rows.append(f"  {name:<24}{suite.tests:>7}{suite.failed:>8}{suite.skipped:>9}{suite.seconds:>10.1f}")
    return "\n".join(rows)


def coverage_table(files: dict[str, dict[str, dict[str, int]]]) -> str:
    """Coverage of all code, of each room, and of money and ledger code apart."""
    groups: dict[str, tuple[str, ...]] = {"all": ("*",)}
    groups |= {room: (f"{room}/*",) for room in sorted({name.split("/")[0] for name in files})}
    groups |= {"money code": MONEY, "ledger and commits": LEDGER}
    rows = [f"  {'coverage':<24}{'lines':>8}{'branches':>10}"]
    for name, patterns in groups.items():
        c = cover(files, patterns)
        rows.append(f"  {name:<24}{share(c.lines, c.line_total):>8}{share(c.branches, c.branch_total):>10}")
    return "\n".join(rows)


def read_coverage(target: Path) -> dict[str, dict[str, dict[str, int]]]:
    """Per-file coverage from `.coverage`, by way of coverage's own JSON report."""
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(target)]
    subprocess.run(command, check=True)
    files: dict[str, dict[str, dict[str, int]]] = json.loads(target.read_text(encoding="utf-8"))["files"]
    return files


def main(reports: Path) -> int:
    """Print the tables; 1 where no test ran, or a suite or step took more than it may."""
    found = suites(reports)
    if not found:
        print(f"no test report in {reports}", file=sys.stderr)
        return 1
    times = timed(reports)
    print(budget_table(times), suite_table(found), sep="\n\n")
    print()
    print(coverage_table(read_coverage(reports / "coverage.json")))
    late = [one for one in times if one.verdict != "ok"]
    for one in late:
        print(f"{one.name}: {one.verdict} (budget in tests/suites.yml)", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
