"""Checks of the contracts themselves: each is valid ODCS, and none breaks what the last release promised.

`python -m expectations.contracts_ci` is the CI step; `--release` takes the present contracts as released.
Offline and without git: the baseline lies in models/.released/ (docs/decisions/0003-contract-baseline.md).
A breaking change (by `datacontract breaking`, from the reader's side) needs a higher major version of the
contract.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finlake.contracts import LAYERS, SUFFIX
from finlake.paths import CONTRACTS_DIR, PROJECT_ROOT
from finlake.yaml_text import read as read_yaml

RELEASED = ".released"
GRAVEYARD = PROJECT_ROOT / "docs" / "graveyard.md"


@dataclass(frozen=True)
class Finding:
    """One thing to tell of a contract: `error` fails the step, `allowed` is a break under a new version."""

    contract: str
    level: Literal["error", "allowed"]
    message: str

    def __str__(self) -> str:
        return f"{self.level:<8}{self.contract}: {self.message}"


def contract_files(root: Path = CONTRACTS_DIR) -> dict[str, Path]:
    """`layer/table` -> file, of the contracts under the root."""
    return {
        f"{layer}/{path.name.removesuffix(SUFFIX)}": path
        for layer in LAYERS
        for path in sorted((root / layer).glob(f"*{SUFFIX}"))
    }


def lint(files: dict[str, Path]) -> list[Finding]:
    """What `datacontract lint` says against each file; nothing is fetched."""
    from datacontract.data_contract import DataContract  # slow to import

    findings = []
    for name, path in files.items():
        run = DataContract(data_contract_file=str(path), inline_references=False, all_errors=True).lint()
        for check in run.checks or []:
            if check.result != "passed":
                findings.append(Finding(name, "error", f"{check.name}: {check.reason}"))
    return findings


def breaking(released: dict[str, Path], present: dict[str, Path], retired: str = "") -> list[Finding]:
    """Breaking changes of the present contracts against the released ones, for those who read the tables.

    `retired` is the text that names the tables (`layer/table`) given up on purpose.
    """
    findings = []
    for name, old in released.items():
        if name not in present:
            if name not in retired:
                findings.append(
                    Finding(name, "error", "was released and is gone: docs/graveyard.md must say why")
                )
            continue
        allowed = major(present[name]) > major(old)
        for message in _breaks(old, present[name]):
            findings.append(Finding(name, "allowed" if allowed else "error", message))
    return findings


def major(path: Path) -> int:
    """First number of the contract's own version."""
    version = read_yaml(path)["version"]
    return int(str(version).split(".")[0])


def _breaks(old: Path, new: Path) -> list[str]:
    from datacontract.data_contract import DataContract  # slow to import

    if old.read_bytes() == new.read_bytes():
        return []
    before, after = (
        DataContract(data_contract_file=str(path), inline_references=False) for path in (old, new)
    )
    result = before.breaking(after, perspective="consumer")
    return [entry.message or entry.path for entry in result.entries if entry.level.value == "error"]


def take_as_released(root: Path = CONTRACTS_DIR) -> int:
    """Copy the present contracts to the baseline, as the step of a release; returns how many."""
    baseline = root / RELEASED
    shutil.rmtree(baseline, ignore_errors=True)
    files = contract_files(root)
    for name, path in files.items():
        target = baseline / f"{name}{SUFFIX}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return len(files)


def check(root: Path = CONTRACTS_DIR) -> list[Finding]:
    """All findings about the contracts under the root."""
    present = contract_files(root)
    if not present:
        return [Finding(str(root), "error", "no contract found")]
    retired = GRAVEYARD.read_text(encoding="utf-8") if GRAVEYARD.is_file() else ""
    return lint(present) + breaking(contract_files(root / RELEASED), present, retired)


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; 1 when one of them is an error."""
    parser = argparse.ArgumentParser(prog="python -m expectations.contracts_ci", description=__doc__)
    parser.add_argument("--release", action="store_true", help="take the present contracts as released")
    chosen = parser.parse_args(arguments)
    logging.disable(logging.ERROR)  # the linter logs what it also returns
    if chosen.release:
        print(f"{take_as_released()} contracts taken as released")
        return 0
    findings = check()
    for finding in findings:
        print(finding)
    errors = sum(finding.level == "error" for finding in findings)
    released = len(contract_files(CONTRACTS_DIR / RELEASED))
    print(f"contracts: {len(contract_files())}, released: {released}, errors: {errors}")
    return int(errors > 0)


if __name__ == "__main__":
    sys.exit(main())
