"""Quarantine: why something delivered isn't loaded, kept where people look for it; the files themselves stay in the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from finlake import objects
from finlake.lake import Lake

LONGEST_NAME = 120


def keep_reason(lake: Lake, key: str, said: Mapping[str, Any]) -> None:
    """Write quarantine/<the key's last characters>/reason.json."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in key)[-LONGEST_NAME:].strip("-")
    objects.write_atomically(lake.uri("quarantine", name, "reason.json"), json.dumps(said, indent=1).encode())
