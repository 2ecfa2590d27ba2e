"""Used amounts by resource kind go on as they did, within their interval; what is too short or unknown isn't predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.config import load
from ml.frames import BILL
from ml.growth import COLUMNS, growth

CONFIG = load("patterns")
LAST = pd.Timestamp("2025-03-31")


def lines(usage: Any, last: pd.Timestamp = LAST, days: int = 540, **keys: str) -> pd.DataFrame:
    index = pd.date_range(last - pd.Timedelta(days=days - 1), last)
    texts = {name: "" for name, kind in BILL.items() if kind == "str"} | {"charge_category": "Usage"} | keys
    frame = pd.DataFrame({"usage_date": index, **texts})
    return frame.assign(cost=1.0, usage=usage(index) if callable(usage) else usage)


def storage(monthly: float, own_months: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(1)

    def usage(index: pd.DatetimeIndex) -> np.ndarray:
        stored = 1000 * (1 + monthly) ** (np.arange(len(index)) / 30.4375) * rng.normal(1, 0.001, len(index))
        return stored / (index.days_in_month if own_months else 30.4375)

    return lines(usage, unit="GB-Mo", usage_type="TimedStorage-ByteHrs")


def ahead(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame.method != "delivered"]


@pytest.mark.parametrize("own_months", [True, False])
def test_growing_storage_goes_on_growing(own_months: bool) -> None:
    made = growth(storage(0.03, own_months), LAST.date(), 6, CONFIG)
    assert list(made.columns) == list(COLUMNS) and set(made.kind) == {"storage"}
    told = ahead(made)
    assert list(told.month) == list(pd.date_range("2025-04-01", periods=6, freq="MS"))
    true = 1000 * 1.03 ** ((540 + 15 + 30.4375 * np.arange(6)) / 30.4375)
    if not own_months:
        true = true * told.month.dt.days_in_month.to_numpy() / 30.4375
    assert told.usage.to_numpy() == pytest.approx(true, rel=0.05)
    assert told.monthly_growth.mean() == pytest.approx(0.03, abs=0.01)
    assert ((told.lower_80 <= told.usage) & (told.usage <= told.upper_80)).all()


def test_delivered_months_are_told_as_they_were() -> None:
    bill = lines(24.0, unit="Hrs", usage_type="BoxUsage:m5.large")
    made = growth(bill, LAST.date(), 2, CONFIG)
    past = made[made.method == "delivered"]
    assert len(past) == 12 and past.usage.tolist() == pytest.approx(
        (24.0 * past.month.dt.days_in_month).tolist()
    )
    assert past[["lower_80", "upper_80"]].isna().all().all()
    assert ahead(made).usage.tolist() == pytest.approx([720.0, 744.0])
    assert ahead(made).monthly_growth.tolist() == pytest.approx([0.0, 0.0])


def test_the_open_month_keeps_what_was_delivered_of_it() -> None:
    day = pd.Timestamp("2025-03-20")
    bill = lines(
        lambda i: np.where(i >= "2025-03-01", 48.0, 24.0), last=day, unit="Hrs", usage_type="BoxUsage:x"
    )
    told = ahead(growth(bill, day.date(), 2, CONFIG))
    assert list(told.month.dt.month) == [3, 4]
    assert told.usage.iloc[0] == pytest.approx(48 * 20 + 24 * 11, rel=0.02)
    assert told.lower_80.iloc[0] >= 48 * 20


def test_kinds_and_units_stay_apart() -> None:
    bill = pd.concat(
        [
            storage(0.01),
            lines(24.0, unit="hours", usage_type="InstanceUsage:db.m5.large"),
            lines(24.0, unit="Hrs", usage_type="BoxUsage:m5.large"),
            lines(24.0, unit="Hrs", usage_type="NatGateway-Hours"),
            lines(1e6, unit="Requests", usage_type="Requests-Tier1"),
            lines(1e6, unit="Queries", usage_type="DNS-Queries"),
            lines(1e6, unit="GB", usage_type="DataTransfer-Out-Bytes"),
            lines(np.nan, unit="Requests", usage_type="Requests-Tier1"),
            lines(5.0, unit="Requests", usage_type="Requests-Tier1", charge_category="Credit"),
        ]
    )
    made = growth(bill, LAST.date(), 1, CONFIG)
    told = ahead(made).set_index(["kind", "unit"]).usage
    assert set(told.index) == {
        ("storage", "GB-Mo"),
        ("instances", "Hrs"),
        ("requests", "Requests"),
        ("requests", "Queries"),
    }
    assert told["instances", "Hrs"] == pytest.approx(48 * 30), "NAT gateways are no instances"
    assert told["requests", "Requests"] == pytest.approx(30e6), "unknown amounts and credits count nowhere"


def test_half_a_year_is_predicted_from_weeks_and_a_month_not_at_all() -> None:
    rng = np.random.default_rng(2)
    half = lines(lambda i: rng.normal(100, 5, len(i)), days=150, unit="Requests", usage_type="Requests-Tier1")
    told = ahead(growth(half, LAST.date(), 3, CONFIG))
    assert told.method.str.endswith("_by_week").all() and told.usage.tolist() == pytest.approx(
        [3000, 3100, 3000], rel=0.05
    )
    short = lines(100.0, days=40, unit="Requests", usage_type="Requests-Tier1")
    told = ahead(growth(short, LAST.date(), 2, CONFIG))
    assert set(told.method) == {"too_short"} and told.usage.isna().all()


def test_the_interval_of_noisy_requests_covers_about_four_in_five() -> None:
    covered = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        months = pd.period_range("2023-07", "2025-04", freq="M")
        level = dict(zip(months, 1000 * np.exp(np.cumsum(rng.normal(0.01, 0.05, len(months)))), strict=True))
        bill = lines(
            lambda i, level=level: i.to_period("M").map(level).astype(float),
            last=pd.Timestamp("2025-04-30"),
            days=660,
            unit="Requests",
            usage_type="Requests-Tier1",
        )
        told = ahead(growth(bill[bill.usage_date <= LAST], LAST.date(), 1, CONFIG)).iloc[0]
        covered.append(told.lower_80 <= level[pd.Period("2025-04")] * 30 <= told.upper_80)
    assert 0.6 <= np.mean(covered) <= 1.0


def test_the_same_bill_gives_the_same_rows_and_later_days_change_nothing() -> None:
    bill = storage(0.02)
    day = (LAST - pd.Timedelta(days=40)).date()
    first = growth(bill, day, 3, CONFIG)
    later = bill.assign(usage=bill.usage.where(bill.usage_date <= pd.Timestamp(day), 9e9))
    pd.testing.assert_frame_equal(first, growth(later.sample(frac=1, random_state=3), day, 3, CONFIG))
    assert growth(bill[:0], day, 3, CONFIG).empty
