"""Exact decimals: money and rates have at most ten places, as AWS delivers them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

TEN_PLACES = Decimal("0.0000000001")
ZERO = Decimal(0)


def money(value: Decimal) -> Decimal:
    """The value with ten decimal places, rounded half up."""
    return value.quantize(TEN_PLACES, ROUND_HALF_UP)


def total(values: Iterable[Decimal]) -> Decimal:
    """Exact sum."""
    return sum(values, ZERO)


def text(value: Decimal) -> str:
    """The number as AWS writes it in CSV and in rate columns: 0.085, 12.0, and 4.0E-7 below a thousandth."""
    if not value:
        return "0.0"
    if value.copy_abs() < Decimal("0.001"):
        head, exponent = f"{value.normalize():E}".split("E")
        return f"{head if '.' in head else head + '.0'}E{int(exponent)}"
    plain = format(value.normalize(), "f")
    return plain if "." in plain else f"{plain}.0"


def split_exactly(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Share out by weight at ten places; the last one takes what rounding leaves: the sum is exact."""
    whole = total(weights)
    shares = [money(amount * weight / whole) for weight in weights[:-1]]
    return [*shares, amount - total(shares)]
