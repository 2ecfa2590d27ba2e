"""What CSV and Parquet have in common at the door: the columns that a delivery must have, and the adding up of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from collect.exports.totals import INSTANTS, BadCell, Totals
from finlake.errors import DeliveryRefused


def require(key: str, names: Sequence[str], totals: Totals) -> None:
    missing = [totals.cells[c][0] for c in totals.required if not set(totals.cells[c]) & set(names)]
    if missing:
        raise DeliveryRefused.of("columns_missing", where=key, columns=", ".join(missing))


def cells_of(names: Sequence[str], totals: Totals) -> dict[str, str]:
    """Cell -> the column that carries it here."""
    have = set(names)
    choices = totals.cells.items()
    return {cell: found[0] for cell, named in choices if (found := [name for name in named if name in have])}


def add(key: str, arrays: dict[str, pa.Array], cells: dict[str, str], totals: Totals, before: int) -> int:
    count = len(arrays[totals.required[0]])
    if not count:
        return 0
    try:
        totals.add(arrays)
    except BadCell as bad:
        column, row = cells[bad.column], before + bad.row + 1
        if bad.value is None:
            raise DeliveryRefused.of("cell_blank", where=key, column=column, row=row) from None
        cell: dict[str, Any] = {"where": key, "column": column, "row": row, "value": repr(bad.value)}
        if bad.column in INSTANTS:
            raise DeliveryRefused.of("cell_no_instant", **cell) from None
        raise DeliveryRefused.of("cell_no_amount", **cell) from None
    return count


def short(error: Exception) -> str:
    """An error's words in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__
