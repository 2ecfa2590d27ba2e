"""Months as text (`YYYY-MM`): arithmetic and bounds, UTC. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from finlake.errors import UsageError

_FORM = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def checked(month: str) -> str:
    """The month if it is written YYYY-MM. Raises UsageError otherwise."""
    if not _FORM.match(month):
        raise UsageError.of("month_wrong", where="--end", month=repr(month))
    return month


def shift(month: str, by: int) -> str:
    """The month `by` months later (earlier if negative)."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def start(month: str, day: int = 1) -> datetime:
    """Midnight UTC that begins the given day of the month."""
    return datetime(int(month[:4]), int(month[5:]), day, tzinfo=UTC)


def end(month: str) -> datetime:
    """Midnight UTC that ends the month (exclusive)."""
    return start(shift(month, 1))


def days(month: str) -> int:
    """Number of days of the month."""
    return (end(month) - start(month)) // timedelta(days=1)


def anniversary(moment: datetime, years: int) -> datetime:
    """The same day `years` later."""
    return moment.replace(year=moment.year + years)
