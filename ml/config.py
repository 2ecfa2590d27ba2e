"""Configuration of the models: YAML beside the code, and its hash, by which a result says what made it.

A configuration is frozen by committing its hash (ml/frozen.yml) before data that nobody here made is scored with it: see
docs/decisions/0026-honest-models.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "config"


@cache
def load(name: str) -> Mapping[str, Any]:
    """The configuration `forecast`, `anomaly` or `patterns` (ml/config/NAME.yml)."""
    return MappingProxyType(yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")))


def config_hash(config: Mapping[str, Any]) -> str:
    """Twelve hex digits over the values, whatever the order of keys and the comments."""
    text = json.dumps(dict(config), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
