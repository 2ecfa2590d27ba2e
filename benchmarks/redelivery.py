"""The same month delivered again: AWS has overwritten its files with the same content, under a new execution id."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

from benchmarks.data import Bill

IDS = ("executionId", "assemblyId")


def delivered_again(bill: Bill) -> Bill:
    """A copy of the source beside it, made once: same keys and bytes, other file times, another id in the manifests."""
    root = bill.root.with_name(f"{bill.root.name}-again")
    if not (root / "bill.json").exists():
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(
            bill.root, root, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("bill.json")
        )
        for manifest in root.rglob("*-Manifest.json"):
            _renamed(manifest, bill.root.name)
        shutil.copyfile(bill.root / "bill.json", root / "bill.json")
    files = tuple(root / file.relative_to(bill.root) for file in bill.files)
    return Bill(root, files, bill.lines, bill.byte_count)


def _renamed(manifest: Path, name: str) -> None:
    said = json.loads(manifest.read_text(encoding="utf-8"))
    new = str(uuid.uuid5(uuid.NAMESPACE_URL, f"finlake benchmark {name}"))
    said |= {key: new for key in IDS if key in said}
    manifest.write_text(json.dumps(said, indent=2), encoding="utf-8")
