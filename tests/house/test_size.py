"""Files stay small: a warning over 300 lines, a failure over 400. Generated files and data don't count."""

from __future__ import annotations

import warnings

from tests.house.tree import text_files

CODE = (".py", ".sql", ".sh", ".yml", ".yaml", ".toml", "Makefile", "run")
WARN, MOST = 300, 400


def test_no_file_is_too_long() -> None:
    too_long = []
    for name, text in text_files():
        generated = "generated" in text[:400].lower()
        if name.endswith(CODE) and not generated:
            lines = text.count("\n")
            if lines > MOST:
                too_long.append(f"{name}: {lines}")
            elif lines > WARN:
                warnings.warn(f"{name} has {lines} lines: split it before {MOST}", stacklevel=1)
    assert too_long == []
