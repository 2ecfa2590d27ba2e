"""A made bill: two accounts, three services, a team each, with weekly seasons, tax and a subscription. And a configuration
that is fast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.config import load
from ml.forecast.train import History, Trained, history_of, train
from ml.frames import checked

AS_OF = pd.Timestamp("2026-04-20")


def made_bill(last: str = "2026-04-22", days: int = 200, noise: float = 0.03, seed: int = 7) -> pd.DataFrame:
    """Rows of ml.frames.BILL, noise included, to the last day."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range(end=last, periods=days)
    parts = [
        ("111111111111", "ec2", "i-1", "web", 100.0),
        ("111111111111", "s3", "b-1", "web", 20.0),
        ("222222222222", "ec2", "i-2", "data", 60.0),
        ("222222222222", "rds", "db-1", "", 30.0),
    ]
    rows = []
    for account, service, resource, team, level in parts:
        weekly = np.where(dates.dayofweek < 5, 1.1, 0.75)
        cost = level * weekly * (1 + 0.001 * np.arange(days)) * rng.normal(1, noise, days)
        frame = pd.DataFrame({"usage_date": dates, "cost": cost, "usage": cost * 2})
        rows.append(
            frame.assign(
                account_id=account,
                service=service,
                resource_id=resource,
                team=team,
                region="us-east-1",
                usage_type=f"{service}-hours",
                unit="Hrs",
                pricing_category="Standard",
            )
        )
    usage = pd.concat(rows).assign(charge_category="Usage", charge_frequency="Usage-Based")
    return checked(_filled(pd.concat([usage, _fees(usage, dates)])))


def _fees(usage: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Tax of a tenth of the month before on the 1st, and a subscription of 15 on the 10th."""
    monthly = usage.groupby(usage["usage_date"].dt.to_period("M"))["cost"].sum()
    firsts = [day for day in dates if day.day == 1 and day.to_period("M") - 1 in monthly.index]
    tax = pd.DataFrame({"usage_date": firsts, "cost": [0.1 * monthly[day.to_period("M")] for day in firsts]})
    tax = tax.assign(charge_category="Tax", charge_frequency="Usage-Based", service="ec2")
    tenths = [day for day in dates if day.day == 10]
    fee = pd.DataFrame({"usage_date": tenths, "cost": 15.0})
    fee = fee.assign(charge_category="Purchase", charge_frequency="One-Time", service="marketplace")
    return pd.concat([tax, fee]).assign(account_id="111111111111", usage=np.nan)


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    blank = {name: "" for name in ("env", "app", "cost_center", "business_unit", "resource_type")}
    return frame.assign(**blank, currency="USD").reset_index(drop=True)


@pytest.fixture(scope="session")
def config() -> dict[str, Any]:
    """The real configuration with fewer windows and trees."""
    given = dict(load("forecast"))
    return given | {
        "lightgbm": {**given["lightgbm"], "trees": 50, "learning_rate": 0.1},
        "windows": {**given["windows"], "most": 7},
        "horizon_days": 62,
    }


@pytest.fixture(scope="session")
def bill() -> pd.DataFrame:
    return made_bill()


@pytest.fixture(scope="session")
def history(bill: pd.DataFrame, config: dict[str, Any]) -> History:
    return history_of(bill, AS_OF, config)


@pytest.fixture(scope="session")
def trained(history: History, config: dict[str, Any]) -> Trained:
    return train(history, AS_OF, config)
