"""Tables on narrow terminals: columns are left out in their order and named; amounts and ids stay whole."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline.fitting import FittingTable

CELLS = ("2026-04", "900100000001", "1,234,567.89", "10,855", "2026-04-30")
HEADS = ("month", "payer", "unblended cost", "lines", "usage until")


def shown(width: int) -> str:
    table = FittingTable(HEADS, "en", right=frozenset({2, 3}), may_go=(3, 4))
    table.add_row(*CELLS)
    table.add_section()
    table.add_row("", "", "9.99", "", "", style="bold")
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("width", "gone"),
    [(100, ()), (60, ("lines",)), (50, ("lines", "usage until")), (44, ("lines", "usage until"))],
)
def test_the_least_important_columns_go_first(width: int, gone: tuple[str, ...]) -> None:
    said = " ".join(shown(width).split())
    left_out = [cell for head, cell in zip(HEADS, CELLS, strict=True) if head in gone]
    assert all((cell in said) != (cell in left_out) for cell in CELLS), said
    assert ("Left out" in said) == bool(gone) and all(name in said for name in gone)
    assert "9.99" in said


def test_what_must_stay_stays_on_the_narrowest() -> None:
    assert "unbl" in shown(20) and "Left out" in shown(20)
