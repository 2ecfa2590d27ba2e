"""The finest series of a bill: account, service, region, usage type and resource; costs and amounts as times x leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.gauge import Flags, Floats

PLACE = ["account_id", "service", "region", "usage_type", "resource_id"]
TAGS = ["team", "env", "app"]
ORDINARY = "Usage"
BY_SCHEDULE = ("Recurring", "One-Time")
STEP = {"day": "D", "hour": "h"}


@dataclass(frozen=True)
class Leaves:
    """`keys`: one row a leaf with place, tags and unit; `cost`, `usage`: times x leaves, NaN where the bill has no row."""

    keys: pd.DataFrame
    times: pd.DatetimeIndex
    cost: Floats
    usage: Floats

    @property
    def metered(self) -> Flags:
        """Leaves whose amounts were delivered, so that their price can be told from their use."""
        has_unit = self.keys["unit"].to_numpy() != ""
        return np.asarray(has_unit & np.isfinite(self.usage).any(axis=0))


def leaves(bill: pd.DataFrame, last: pd.Timestamp, grain: str) -> Leaves:
    """What is used, of one currency, up to `last`: no tax, purchases, fees by schedule, credits."""
    ordinary = bill["charge_category"].eq(ORDINARY) & ~bill["charge_frequency"].isin(BY_SCHEDULE)
    rows = bill[ordinary & (bill["usage_date"] <= last)]
    rows = rows.sort_values([*PLACE, "usage_date", "unit", *TAGS], kind="stable")
    leaf = rows.groupby(PLACE, sort=True).ngroup().to_numpy()
    keys = rows.groupby(PLACE, sort=True)[["unit", *TAGS]].first().reset_index()
    first = rows["usage_date"].min() if len(rows) else last
    times = pd.date_range(first, last, freq=STEP[grain])
    at = times.get_indexer(pd.DatetimeIndex(rows["usage_date"]))
    return Leaves(
        keys,
        times,
        _matrix(at, leaf, rows["cost"].to_numpy(), (len(times), len(keys))),
        _matrix(at, leaf, rows["usage"].to_numpy(), (len(times), len(keys))),
    )


def _matrix(at: Any, leaf: Any, values: Any, shape: tuple[int, int]) -> Floats:
    flat = at * shape[1] + leaf
    there = np.isfinite(values)
    total = np.bincount(flat[there], weights=values[there], minlength=shape[0] * shape[1])
    count = np.bincount(flat[there], minlength=shape[0] * shape[1])
    return np.where(count > 0, total, np.nan).reshape(shape)


def without_gaps(part: Leaves, values: Floats, rules: Mapping[str, Any]) -> Floats:
    """Silence as 0 where it says that nothing was used: of what has no resource id, and had rows on most points before.

    A resource without rows has ended, which is not a drop; it stays NaN.
    """
    there = np.isfinite(values)
    window = rules["silence_after"]
    counts = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), there]), axis=0)
    start = np.maximum(np.arange(len(values)) - window, 0)
    before = counts[np.arange(len(values))] - counts[start]
    unnamed = part.keys["resource_id"].to_numpy() == ""
    silent = ~there & unnamed & (before >= rules["silence_share"] * window)
    return np.where(silent, 0.0, values)
