"""Checks of the machine: Python, packages, DuckDB's extensions, time, tools."""

from __future__ import annotations

import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from pipeline.doctor.checks import Finding, Say

PYTHONS = ((3, 11), (3, 12))
PYTHON_INSTALL = {
    "debian": "sudo apt-get install -y python3.11 python3.11-venv",
    "macos": "brew install python@3.11",
}
TOOLS = {"make": {"debian": "sudo apt-get install -y make", "macos": "xcode-select --install"}}
UTC_MIDNIGHT = "2026-01-01 00:00:00+00"


def python(say: Say, found: tuple[int, int] | None = None) -> Finding:
    """The interpreter is one that finlake is tested with."""
    here = found or sys.version_info[:2]
    words = {"version": ".".join(map(str, here))}
    if here in PYTHONS:
        return Finding("python", "ok", words["version"])
    finding = say.fail("python", "python", "python_advice", **PYTHON_INSTALL)
    return Finding("python", "fail", words["version"], finding.advice)


def packages(say: Say, wanted: list[str] | None = None) -> Finding:
    """Every package that finlake declares is installed in a version that it takes."""
    needed = [Requirement(line) for line in (requires("finlake") or [] if wanted is None else wanted)]
    needed = [item for item in needed if item.marker is None or item.marker.evaluate()]
    wrong = [str(item) for item in needed if not _installed(item)]
    if wrong:
        return say.fail("packages", "packages_missing", "packages_advice", names=", ".join(wrong))
    return say.ok("packages", "packages_ok", total=len(needed))


def _installed(item: Requirement) -> bool:
    try:
        return item.specifier.contains(version(item.name), prereleases=True)
    except PackageNotFoundError:
        return False


def extensions(say: Say) -> Finding:
    """DuckDB opens and loads its extensions from the installed packages."""
    import duckdb

    from finlake.engines.duckdb import NEEDED_EXTENSIONS, connect

    try:
        connect(extensions=NEEDED_EXTENSIONS).close()
    except (duckdb.Error, ImportError, IndexError, OSError) as error:
        return say.fail("extensions", "broken", "extensions_advice", error=error)
    return say.ok(
        "extensions", "extensions_ok", names=", ".join(NEEDED_EXTENSIONS), version=duckdb.__version__
    )


def time_zone(say: Say) -> Finding:
    """A connection of ours counts in UTC, whatever zone the machine is in."""
    from finlake.engines.duckdb import connect

    with connect(extensions=()) as con:
        row = con.execute(f"SELECT CAST(TIMESTAMPTZ '{UTC_MIDNIGHT}' AS VARCHAR)").fetchone()
    found = str(row[0]) if row else "?"
    if found != UTC_MIDNIGHT:
        return say.fail("time_zone", "time_zone_wrong", "time_zone_advice", found=found)
    return say.ok("time_zone", "time_zone_ok", zone=time.tzname[0])


def tools(say: Say) -> Finding:
    """Tools that are no Python packages, each with the command that installs it."""
    gone = [name for name in TOOLS if shutil.which(name) is None]
    if not gone:
        return Finding("tools", "ok", ", ".join(TOOLS))
    commands = {system: " && ".join(TOOLS[name][system] for name in gone) for system in ("debian", "macos")}
    return say.warn("tools", "tools_missing", "tools_advice", names=", ".join(gone), **commands)
