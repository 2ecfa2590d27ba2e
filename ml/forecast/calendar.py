"""Calendar features of a day: what people and billing do by weekday, month and holiday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import holidays
import numpy as np
import pandas as pd

_YEARS = range(2015, 2041)


def features(countries: Sequence[str]) -> list[Callable[[pd.DatetimeIndex], np.ndarray]]:
    """Functions of days, named for the model: weekday, day of the month, days to its end, and per country holidays and the
    days about them (Carnival and Thanksgiving move whole weeks)."""
    return [
        day_of_week,
        day_of_month,
        days_to_month_end,
        *[_named(_is_holiday, c) for c in countries],
        *[_named(_near_holiday, c) for c in countries],
    ]


def day_of_week(days: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(days.dayofweek)


def day_of_month(days: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(days.day)


def days_to_month_end(days: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(days.days_in_month - days.day)


def _is_holiday(country: str, days: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(days.normalize().isin(_holidays(country))).astype(int)


def _near_holiday(country: str, days: pd.DatetimeIndex) -> np.ndarray:
    around = [days.normalize() + pd.Timedelta(days=shift) for shift in (-1, 1)]
    return np.any([day.isin(_holidays(country)) for day in around], axis=0).astype(int)


@cache
def _holidays(country: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(sorted(holidays.country_holidays(country, years=_YEARS))))


def _named(
    function: Callable[[str, pd.DatetimeIndex], np.ndarray], country: str
) -> Callable[[pd.DatetimeIndex], np.ndarray]:
    def feature(days: pd.DatetimeIndex) -> np.ndarray:
        return function(country, days)

    feature.__name__ = f"{function.__name__.strip('_')}_{country.lower()}"
    return feature
