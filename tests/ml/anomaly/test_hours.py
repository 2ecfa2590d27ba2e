"""Hours beside days: which part of a bill is hourly, and that a cause is told once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.anomaly.detect import detect
from ml.anomaly.hours import beside, hourly_part
from ml.config import load
from tests.ml.anomaly.made import START, bill, line

CONFIG = load("anomaly")


def hourly(days: int, burst: slice = slice(0), times: float = 4.0) -> pd.DataFrame:
    """A bill of one series by the hour, ten dollars each, with a burst."""
    amounts = 10 * np.exp(0.05 * np.random.default_rng(5).standard_normal(24 * days))
    amounts[burst] *= times
    made = bill([line(amounts)])
    return made.assign(usage_date=START + pd.to_timedelta(np.arange(24 * days), "h"))


def found(frame: pd.DataFrame, grain: str) -> pd.DataFrame:
    last = frame["usage_date"].max().normalize().date()
    if grain == "day":
        days = frame.assign(usage_date=frame["usage_date"].dt.normalize())
        keys = [name for name in days if name not in ("cost", "usage")]
        frame = days.groupby(keys, as_index=False)[["cost", "usage"]].sum()
    return detect(frame, last, CONFIG, grain=grain)


def test_a_bill_by_day_has_no_hours() -> None:
    assert hourly_part(bill([line(np.full(60, 240.0))]), CONFIG).empty


def test_a_report_that_changed_to_hours_is_watched_from_then_on() -> None:
    days = bill([line(np.full(20, 240.0))])
    later = hourly(20).assign(usage_date=lambda rows: rows["usage_date"] + pd.Timedelta(days=20))
    part = hourly_part(pd.concat([days, later], ignore_index=True), CONFIG)
    assert part["usage_date"].min() == START + pd.Timedelta(days=20) and len(part) == len(later)


def test_a_last_day_that_has_just_begun_counts_as_hourly() -> None:
    begun = hourly(31)
    begun = begun[begun["usage_date"] < START + pd.Timedelta(days=30, hours=2)]
    assert len(hourly_part(begun, CONFIG)) == len(begun)


def test_two_weeks_are_too_few_to_tell_hours() -> None:
    assert hourly_part(hourly(14), CONFIG).empty


def test_a_burst_that_the_day_hides_is_told_by_its_hours() -> None:
    frame = hourly(40, slice(24 * 30 + 8, 24 * 30 + 11), times=3.0)
    days, hours = found(frame, "day"), found(frame, "hour")
    assert days.empty and len(hours) == 1
    told = beside(days, hours)
    assert list(told["grain"]) == ["hour"]
    assert told.iloc[0]["started_at"] == START + pd.Timedelta(days=30, hours=8)


def test_what_the_day_tells_the_hours_do_not_tell_again() -> None:
    frame = hourly(40, slice(24 * 24 + 2, 24 * 24 + 22))
    days, hours = found(frame, "day"), found(frame, "hour")
    assert len(days) == 1 and len(hours) == 1
    assert list(beside(days, hours)["grain"]) == ["day"]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, 1),
        ({"account_id": None, "service": None}, 1),
        ({"service": "rds"}, 2),
        ({"currency": "BRL"}, 2),
        ({"started_at": pd.Timestamp("2024-02-03"), "ended_at": pd.Timestamp("2024-02-03")}, 2),
    ],
)
def test_a_cause_is_the_same_where_place_and_time_meet(change: dict[str, Any], kept: int) -> None:
    base = {"account_id": "1", "service": "ec2", "currency": "USD", "anomaly_id": "d", "grain": "day"}
    day = base | {"started_at": pd.Timestamp("2024-02-01"), "ended_at": pd.Timestamp("2024-02-01")} | change
    at = pd.Timestamp("2024-02-01 20:00")
    hour = base | {"anomaly_id": "h", "grain": "hour", "started_at": at, "ended_at": at}
    assert len(beside(pd.DataFrame([day]), pd.DataFrame([hour]))) == kept
