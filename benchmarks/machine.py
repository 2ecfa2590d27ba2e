"""The machine and the versions that a figure was measured with."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "duckdb",
    "deltalake",
    "pyarrow",
    "pandas",
    "awswrangler",
    "dbt-duckdb",
    "great-expectations",
    "pyspark",
)
MEASURED = (
    "benchmarks",
    "collect",
    "dbt",
    "expectations",
    "finlake",
    "models",
    "pipeline",
    "spark_jobs",
    "requirements.lock",
)
"""What a figure depends on: a commit that touches none of it (a page, a test) changes no figure."""


@cache
def facts() -> dict[str, Any]:
    """Cores that this process may use, bytes of memory, CPU, system, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "cpu": _cpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }


def _cpu() -> str:
    """The CPU's model as the system calls it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"


def commit() -> str:
    """The last commit that touched what is measured, with `+` where it was changed since; `unknown` without git."""
    found = _git("log", "-1", "--format=%h", "--", *MEASURED)
    return f"{found}{'+' if _git('status', '--porcelain', '--', *MEASURED) else ''}" if found else "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
