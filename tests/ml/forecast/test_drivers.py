"""Prices, commitments and launches are told apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ml.forecast.drivers import daily_rates
from tests.ml.conftest import AS_OF, made_bill

EC2 = ("111111111111", "ec2")


def steady() -> pd.DataFrame:
    """Every day costs 100 for 200 hours of each service."""
    bill = made_bill(noise=0.0)
    bill = bill[bill["charge_category"] == "Usage"]
    return bill.assign(cost=100.0, usage=200.0)


def rates(bill: pd.DataFrame, config: dict[str, Any]) -> pd.Series:
    return daily_rates(bill, AS_OF, config).set_index(["account_id", "service"]).loc[EC2]


def test_a_price_step_is_price_alone(config: dict[str, Any]) -> None:
    bill = steady()
    dearer = (bill["service"] == "ec2") & (bill["usage_date"] >= "2026-04-10")
    said = rates(bill.assign(cost=bill["cost"].where(~dearer, 120.0)), config)
    assert said["price"] == pytest.approx(20.0)
    assert said["commitment"] == pytest.approx(0.0)
    assert said["launch"] == pytest.approx(0.0)


def test_more_usage_at_the_same_price_is_no_price(config: dict[str, Any]) -> None:
    bill = steady()
    more = (bill["service"] == "ec2") & (bill["usage_date"] >= "2026-04-10")
    said = rates(
        bill.assign(cost=bill["cost"].where(~more, 150.0), usage=bill["usage"].where(~more, 300.0)), config
    )
    assert said["price"] == pytest.approx(0.0)


def test_usage_that_moves_under_a_commitment_is_commitment(config: dict[str, Any]) -> None:
    bill = steady()
    at = (bill["service"] == "ec2") & (bill["account_id"] == EC2[0])
    half = bill[at].assign(cost=50.0, usage=100.0)
    covered = half.assign(pricing_category="Committed", cost=30.0)
    before = half[half["usage_date"] < "2026-04-10"]
    mixed = [bill[~at], half.assign(usage=150.0, cost=75.0)[half["usage_date"] < "2026-04-10"]]
    mixed.append(before.assign(usage=50.0, cost=15.0, pricing_category="Committed"))
    mixed += [half[half["usage_date"] >= "2026-04-10"], covered[covered["usage_date"] >= "2026-04-10"]]
    said = rates(pd.concat(mixed), config)
    # 50 of 200 hours a day move from 0.50 to 0.30 each.
    assert said["commitment"] == pytest.approx(-10.0)
    assert said["price"] == pytest.approx(0.0)


def test_a_new_resource_is_a_launch(config: dict[str, Any]) -> None:
    bill = steady()
    new = bill[(bill["resource_id"] == "i-1") & (bill["usage_date"] >= "2026-04-05")]
    said = rates(pd.concat([bill, new.assign(resource_id="i-new")]), config)
    assert said["launch"] == pytest.approx(100.0)
    assert said["price"] == pytest.approx(0.0)
