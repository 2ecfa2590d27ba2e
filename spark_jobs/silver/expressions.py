"""Small builders of SQL expressions that both engines parse alike. A CASE of hundreds of branches is said as text: built branch
by branch in the DataFrame API it costs seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def case(branches: Sequence[tuple[str, str]], otherwise: str, F: Any) -> Any:
    """`case when <condition> then <value> ... else <otherwise> end` over Spark SQL texts."""
    said = " ".join(f"when {condition} then {value}" for condition, value in branches)
    return F.expr(f"case {said} else {otherwise} end")


def quoted(text: str) -> str:
    """A SQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def one_of(column: str, values: Sequence[str]) -> str:
    """`column in ('a', 'b')`, or `false` for an empty list."""
    return f"{column} in ({', '.join(quoted(v) for v in values)})" if values else "false"
