"""The model card: what a version is, from what it was made, how it did, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def card(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], limits: Sequence[str]) -> str:
    """Markdown: facts as a list, each table under its title, limits as sentences (after Mitchell et al. 2019)."""
    lines = [
        f"# {facts['name']}",
        "",
        *[f"- {key}: {value}" for key, value in facts.items() if key != "name"],
    ]
    for title, table in tables.items():
        lines += ["", f"## {title}", "", *markdown(table)]
    lines += ["", "## Limits", "", *[f"- {limit}" for limit in limits], ""]
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> list[str]:
    """A frame as a Markdown table, figures with four digits."""
    if table.empty:
        return ["No rows."]
    rows = [[_shown(value) for value in row] for row in table.itertuples(index=False)]
    head = [str(column) for column in table.columns]
    return [_line(head), _line(["---"] * len(head)), *[_line(row) for row in rows]]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return str(value)
