"""Writes the results of the fault suite into docs/reliability.md: `python -m tests.faults.table [SEED]`."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.kit import SEED
from tests.faults.run import FULL, REPOSITORY, RESULTS

PAGE = REPOSITORY / "docs" / "reliability.md"
BEGIN, END = "<!-- results: made by `python -m tests.faults.table` -->", "<!-- end of results -->"


def latest(file: Path) -> list[dict[str, Any]]:
    """The last result of each case."""
    found = {said["case"]: said for said in map(json.loads, file.read_text().splitlines())}
    return list(found.values())


def rendered(seed: int, results: list[dict[str, Any]]) -> str:
    """The results as Markdown: cases by kind, faults by what was done, where and from which commits."""
    rows = ["| kind | cases run | of | passed | failed |", "|---|--:|--:|--:|--:|"]
    for kind, planned in FULL.items():
        outcomes = Counter(said["outcome"] for said in results if said["kind"] == kind)
        rows.append(
            f"| {kind} | {outcomes.total()} | {planned} | {outcomes['passed']} | {outcomes['failed']} |"
        )
    rows += ["", "| fault or outcome | times |", "|---|--:|"]
    faults = Counter[str]()
    for said in results:
        if said["outcome"] == "passed":
            faults.update(said["faults"])
    rows += [f"| {fault} | {count:,} |" for fault, count in sorted(faults.items())]
    commits = sorted({said["commit"] for said in results})
    hours = sum(said["seconds"] for said in results) / 3600
    rows += [
        "",
        f"Seed {seed}; commits {', '.join(commits)}; {hours:.1f} hours of cases, on {os.cpu_count()} cores of "
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}. Faults are those of passed cases.",
    ]
    failed = [said for said in results if said["outcome"] == "failed"]
    rows += [f"- failed: `{said['case']}`: {said['error'].splitlines()[0][:200]}" for said in failed]
    return "\n".join(rows)


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    results = rendered(seed, latest(RESULTS / f"results-{seed}.jsonl"))
    PAGE.write_text(f"{before}{BEGIN}\n{results}\n{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
