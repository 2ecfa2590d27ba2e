"""Small generated bills: one resource or service at a time, shaped as a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ml.frames import BILL
from ml.patterns import PRICING

LAST = pd.Timestamp("2025-03-30")  # a Sunday
AS_OF = LAST.date()

Shape = Callable[[pd.DatetimeIndex], np.ndarray]


def days(count: int, last: pd.Timestamp = LAST) -> pd.DatetimeIndex:
    return pd.date_range(last - pd.Timedelta(days=count - 1), last)


def lines(
    cost: Shape | float, count: int = 112, usage: Shape | float | None = None, **keys: Any
) -> pd.DataFrame:
    """Daily usage lines of one series; `cost` and `usage` are a function of the days or the same on all."""
    index = days(count)
    texts = {name: "" for name, kind in BILL.items() if kind == "str"}
    texts |= {"account_id": "111111111111", "service": "ec2", "region": "us-east-1", "currency": "USD"}
    texts |= {"charge_category": "Usage", "charge_frequency": "Usage-Based"} | keys
    frame = pd.DataFrame({"usage_date": index, **texts})
    frame["cost"] = cost(index) if callable(cost) else cost
    amount = np.nan if usage is None else usage
    frame["usage"] = amount(index) if callable(amount) else amount
    return frame


def instance(hours: Shape | float = 24.0, price: float = 0.1, **keys: Any) -> pd.DataFrame:
    """An instance of which `hours` a day are billed."""
    index = days(112)
    billed = hours(index) if callable(hours) else np.full(len(index), hours)
    named = {"usage_type": "BoxUsage:m5.xlarge", "unit": "Hrs", "resource_id": "i-1", "env": "dev"} | keys
    return lines(lambda _: billed * price, usage=lambda _: billed, **named)


def bill(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


def metric(name: str, values: Shape | float, count: int = 28, resource_id: str = "i-1") -> pd.DataFrame:
    """A metric of whole days."""
    index = days(count)
    told = values(index) if callable(values) else np.full(len(index), values)
    return _metric(name, told, resource_id).assign(usage_date=index)


def hourly_metric(name: str, values: Shape, count: int = 28, resource_id: str = "i-1") -> pd.DataFrame:
    """A metric by hour; `values` is a function of the UTC hours."""
    index = pd.date_range(LAST - pd.Timedelta(days=count - 1), periods=24 * count, freq="h")
    return _metric(name, values(index), resource_id).assign(hour=index)


def _metric(name: str, told: np.ndarray, resource_id: str) -> pd.DataFrame:
    frame = pd.DataFrame({"metric_value": told, "maximum": told, "total": told})
    return frame.assign(account_id="111111111111", resource_id=resource_id, metric=name)


def prices(frame: pd.DataFrame, category: str = "Standard", discount: float | None = None) -> pd.DataFrame:
    """What `find` is told about coverage: the usage lines of a bill frame, all of one pricing category."""
    made = frame.assign(pricing_category=category, list_cost=np.nan)
    if discount is not None:
        made["list_cost"] = made.cost / (1 - discount)
    return made[list(PRICING)]


def weekend(index: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(index.dayofweek >= 5)
