"""Signs of change: new prices, commitments and launches are seen on the days after them, and never before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.forecast.gradient_boosting import lightgbm
from ml.forecast.panel import panel_of
from ml.forecast.signs import COMMITMENT, LAUNCH, PRICE
from tests.ml.conftest import AS_OF

EC2 = "account_service|account=111111111111/service=ec2"
S3 = "account_service|account=111111111111/service=s3"
DAY = AS_OF - pd.Timedelta(days=5)


def changed(bill: pd.DataFrame, day: pd.Timestamp = DAY, **values: Any) -> pd.DataFrame:
    """The bill, its EC2 of the first account with other values from a day on."""
    at = (bill["usage_date"] >= day) & (bill["service"] == "ec2") & (bill["account_id"] == "111111111111")
    at &= bill["charge_category"] == "Usage"
    made = bill.copy()
    for name, value in values.items():
        made.loc[at, name] = value if isinstance(value, str) else made.loc[at, name] * value
    return made


def signs(bill: pd.DataFrame, config: dict[str, Any], name: str) -> pd.DataFrame:
    return panel_of(bill, AS_OF, config).signs[name]


def test_an_even_bill_shows_no_change(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    assert all((frame == 0).all().all() for frame in panel_of(bill, AS_OF, config).signs.values())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (PRICE, {"cost": 0.8}),
        (COMMITMENT, {"pricing_category": "Committed"}),
        (LAUNCH, {"resource_id": "i-9"}),
    ],
)
def test_a_change_shows_from_its_day_on_in_its_series_and_above(
    bill: pd.DataFrame, config: dict[str, Any], name: str, values: dict[str, Any]
) -> None:
    found = signs(changed(bill, **values), config, name)
    assert (found.loc[: DAY - pd.Timedelta(days=1)] == 0).all().all()
    assert (found.loc[DAY:, EC2] != 0).all()
    assert (found[S3] == 0).all()
    above = found.loc[AS_OF, "organisation|organisation"]
    assert 0 < abs(above) < abs(found.loc[AS_OF, EC2])


def test_a_lower_price_is_told_by_its_logarithm(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    week = changed(bill, AS_OF - pd.Timedelta(days=6), cost=0.8)
    assert signs(week, config, PRICE).loc[AS_OF, EC2] == pytest.approx(np.log(0.8), abs=1e-6)


def test_more_use_at_the_same_price_is_no_new_price(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    assert (signs(changed(bill, cost=3.0, usage=3.0), config, PRICE) == 0).all().all()


def test_everything_is_new_only_after_four_weeks_of_bill(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    short = bill[bill["usage_date"] > AS_OF - pd.Timedelta(days=20)]
    assert (signs(short, config, LAUNCH) == 0).all().all()


def test_what_comes_later_changes_no_sign(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    whole = changed(bill, cost=0.7, pricing_category="Committed", resource_id="i-9")
    early = AS_OF - pd.Timedelta(days=3)
    for name, frame in panel_of(whole, AS_OF, config).until(early).signs.items():
        pd.testing.assert_frame_equal(panel_of(whole, early, config).signs[name], frame, check_freq=False)


def test_a_version_from_before_there_were_signs_goes_on_without(
    bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    before = {name: value for name, value in config["lightgbm"].items() if name != "signs"}
    assert panel_of(bill, AS_OF, config | {"lightgbm": before}).until(DAY).signs == {}


def test_the_model_takes_signs_and_does_without(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    panel = panel_of(changed(bill, resource_id="i-9"), AS_OF, config)
    with_signs = lightgbm(panel.values, 14, config, panel.signs)
    without = lightgbm(panel.values, 14, config)
    assert with_signs.shape == without.shape == (14, panel.values.shape[1])
    assert np.isfinite(with_signs.to_numpy()).all()
