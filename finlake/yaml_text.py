"""YAML of the project's files and of the user's settings: safe tags only, by libyaml, ten times faster than PyYAML's parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's safe loader on libyaml where PyYAML was built with it (its wheels are)."""


def parse(text: str) -> Any:
    """The content of a YAML text. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=SafeLoader)  # nosec B506 - a safe loader


def read(path: Path) -> Any:
    """The content of a YAML file. Raises OSError, UnicodeDecodeError and yaml.YAMLError."""
    return parse(path.read_text(encoding="utf-8"))
