"""Every scoring of data that nobody here made leaves a line: with which configuration, on which bytes, and what came out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import yaml

from ml.config import config_hash, load

FROZEN = Path(__file__).parent.parent / "frozen.yml"
LOG = Path(__file__).parent.parent / "evaluations.jsonl"


def frozen(name: str) -> str:
    """The hash of a configuration as it is. Raises SystemExit where it was not frozen (ml/frozen.yml) before."""
    entries = yaml.safe_load(FROZEN.read_text(encoding="utf-8")) or []
    found = config_hash(load(name))
    if found not in [entry["hash"] for entry in entries if entry["config"] == name]:
        raise SystemExit(f"configuration {name} {found} is not frozen (ml/frozen.yml): nothing was scored")
    return found


def note_run(
    log: Path, name: str, data_set: str, data: Path, table: pd.DataFrame, day: str, note: str
) -> None:
    """Append one line: the day, configuration and hash, the data set with the SHA-256 of its files, and the table."""
    entry = {
        "date": day,
        "config": name,
        "config_hash": config_hash(load(name)),
        "data_set": data_set,
        "note": note,
        "sha256": folder_hash(data),
        "figures": json.loads(table.round(6).to_json(orient="records")),
    }
    with log.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")


def folder_hash(folder: Path) -> str:
    """SHA-256 over names and bytes of all files of a folder."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()
