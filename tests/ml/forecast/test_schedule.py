"""Tax follows the spend, a subscription its amount, and what came once does not come again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml.forecast.schedule import charged_so_far, scheduled_ahead, schedules
from tests.ml.conftest import AS_OF, made_bill

MAY, JUNE = pd.Period("2026-05"), pd.Period("2026-06")


def test_tax_follows_the_spend_and_a_subscription_its_amount(
    bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    plan = schedules(bill, AS_OF, config).set_index("charge_category")
    assert plan.loc["Tax", "ratio"] == pytest.approx(0.1, rel=0.02)
    assert plan.loc["Tax", "day"] == 1
    assert pd.isna(plan.loc["Purchase", "ratio"])
    assert plan.loc["Purchase", "amount"] == 15.0


def test_planned_charges_fall_on_their_days(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    days = pd.date_range("2026-04-21", "2026-06-30")
    made = scheduled_ahead(schedules(bill, AS_OF, config), days, {MAY: 6000.0, JUNE: 7000.0})
    said = made.set_index(["usage_date", "service"])["cost"]
    assert said[pd.Timestamp("2026-05-01"), "ec2"] == pytest.approx(600.0, rel=0.02)
    assert said[pd.Timestamp("2026-06-01"), "ec2"] == pytest.approx(700.0, rel=0.02)
    assert said[pd.Timestamp("2026-05-10"), "marketplace"] == 15.0
    assert len(made) == 4


def test_a_refund_of_one_month_is_not_planned(config: dict[str, Any]) -> None:
    bill = made_bill()
    refund = bill.iloc[[0]].assign(
        usage_date=pd.Timestamp("2026-03-05"),
        charge_category="Adjustment",
        charge_frequency="One-Time",
        cost=-500.0,
    )
    plan = schedules(pd.concat([bill, refund]), AS_OF, config)
    assert "Adjustment" not in set(plan["charge_category"])


def test_a_charge_of_the_31st_falls_on_a_shorter_months_last_day(config: dict[str, Any]) -> None:
    plan = pd.DataFrame(
        {
            "account_id": ["1"],
            "service": ["x"],
            "charge_category": ["Tax"],
            "day": [31],
            "amount": [9.0],
            "ratio": [float("nan")],
        }
    )
    made = scheduled_ahead(plan, pd.date_range("2026-06-01", "2026-06-30"), {JUNE: 1.0})
    assert made["usage_date"].tolist() == [pd.Timestamp("2026-06-30")]


def test_what_the_month_was_charged_already_is_counted_once(bill: pd.DataFrame) -> None:
    assert charged_so_far(bill, AS_OF)["service"].tolist() == ["ec2", "marketplace"]
