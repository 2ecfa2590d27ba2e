"""A table that fits its terminal: where the columns need more room than there is, the least important ones are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from finlake.messages import text

_WIDE = 10_000
Cell = str | Text


@dataclass
class FittingTable:
    """`heads` of the columns, the places of those set to the `right`, and the places that may go, least important first.

    Rows are added as with rich's Table. Money and ids are never broken over two lines; what is left out is said below.
    """

    heads: Sequence[str]
    language: str
    right: frozenset[int] = frozenset()
    may_go: Sequence[int] = ()
    rows: list[tuple[Sequence[Cell], str | None]] = field(default_factory=list)
    sections: set[int] = field(default_factory=set)

    def add_row(self, *cells: Cell, style: str | None = None) -> None:
        self.rows.append((cells, style))

    def add_section(self) -> None:
        """A line below the rows so far."""
        self.sections.add(len(self.rows))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        dropped: list[int] = []
        while self._width(console, options, dropped) > options.max_width and len(dropped) < len(self.may_go):
            dropped.append(self.may_go[len(dropped)])
        yield self._table(dropped)
        if dropped:
            names = ", ".join(self.heads[place] for place in sorted(dropped))
            yield Text(text("run.left_out", self.language, names=names), style="dim")

    def _width(self, console: Console, options: ConsoleOptions, dropped: Sequence[int]) -> int:
        """The room that the table takes when nothing in it is broken."""
        return console.measure(self._table(dropped), options=options.update(width=_WIDE)).maximum

    def _table(self, dropped: Sequence[int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        kept = [place for place in range(len(self.heads)) if place not in dropped]
        for place in kept:
            justify = "right" if place in self.right else "left"
            table.add_column(self.heads[place], justify=justify, overflow="fold")  # type: ignore[arg-type]
        for number, (cells, style) in enumerate(self.rows):
            if number in self.sections:
                table.add_section()
            table.add_row(*(cells[place] for place in kept), style=style)
        return table
