"""Tax follows the spend, a subscription its amount, and what came once does not come again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml.forecast.schedule import charged_so_far, scheduled_ahead, schedules, still_due
from ml.forecast.score import score
from ml.forecast.train import Trained
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


def test_tax_and_fees_that_are_dated_before_today_and_have_not_come_are_still_due(
    bill: pd.DataFrame, config: dict[str, Any], trained: Trained
) -> None:
    """AWS delivers the tax of a month, dated on its first, with the invoice: the month's forecast holds it, no day ahead does."""
    first = AS_OF.replace(day=1)
    undelivered = bill[(bill["charge_category"] != "Tax") | (bill["usage_date"] < first)]
    found = {name: score(rows, AS_OF, trained) for name, rows in {"all": bill, "some": undelivered}.items()}
    tax = bill[(bill["charge_category"] == "Tax") & (bill["usage_date"] == first)]["cost"].sum()
    month = {n: _of_top(rows, "month", "scheduled_cost")[first] for n, rows in found.items()}
    whole = _of_top(found["some"], "month", "modeled_cost")[first]
    assert tax > 0
    assert month["some"] == pytest.approx(month["all"] - tax + 0.1 * whole, rel=0.01)
    day = {n: _of_top(rows, "day", "scheduled_cost") for n, rows in found.items()}
    assert (
        day["some"]
        .loc[: first + pd.offsets.MonthEnd(0)]
        .equals(day["all"].loc[: first + pd.offsets.MonthEnd(0)])
    )


def test_what_comes_every_day_is_not_due_for_days_that_are_over() -> None:
    days = pd.date_range("2026-06-01", "2026-06-30")
    daily = pd.DataFrame(
        {"usage_date": days, "account_id": "1", "service": "x", "charge_category": "Credit", "cost": -1.0}
    )
    tax = daily.head(1).assign(charge_category="Tax", cost=5.0)
    due = still_due(pd.concat([daily, tax], ignore_index=True), daily.head(0), pd.Timestamp("2026-06-10"))
    assert due["cost"].sum() == 5.0 - 20 and due["usage_date"].min() == days[0]


def _of_top(rows: pd.DataFrame, grain: str, column: str) -> pd.Series:
    top = rows[(rows["level"] == "organisation") & (rows["grain"] == grain)]
    return top.set_index(pd.to_datetime(top["period_start"]))[column].astype(float)
