"""What is odd in a delivery without being wrong: told as warnings, and counted as delivered."""

from __future__ import annotations

from collections.abc import Collection

from collect.exports.totals import Totals
from finlake.errors import Warned


def oddities(totals: Totals) -> list[Warned]:
    """Amounts that are no number where that is allowed, and several currencies."""
    said = [
        Warned.of("amounts_unread", count=count, column=totals.cells[cell][-1])
        for cell, count in sorted(totals.not_numbers.items())
    ]
    currencies = sorted({currency for _, currency in totals.lines})
    return [*said, *([Warned.of("several_currencies", currencies=currencies)] if len(currencies) > 1 else [])]


def lines_of_other_months(totals: Totals, period: str) -> list[Warned]:
    """Lines that name another billing period than the manifest's `period` (YYYY-MM): they count in the manifest's month."""
    others = sorted((name, count) for name, count in totals.periods.items() if name and name != period)
    return [
        Warned.of("lines_of_another_month", count=count, other=name, period=period) for name, count in others
    ]


def unknown_types(totals: Totals, known: Collection[str]) -> list[Warned]:
    """Line item types that no rule of silver knows; FOCUS has none."""
    types = sorted(set(totals.types) - set(known))
    return [Warned.of("line_types_unknown", types=types)] if types else []
