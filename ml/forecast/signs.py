"""What the bill shows of a coming change before the daily cost does: new prices, moved commitments, launches.

Shares of the last days' cost, per day and series: 0 means that nothing changes. Each day's value uses nothing after that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

PRICE, COMMITMENT, LAUNCH = "price_change", "commitment_change", "launched"
_MOST = 0.7
_COMMITTED = "Committed"
_CHUNK = 2_000
_KEY = ["account_id", "service"]

Sums = Mapping[str, pd.DataFrame]
"""Money over rolling days, days × (account_id, service): additive, so that a level's are the sum of its parts'."""


def sums_of(rows: pd.DataFrame, days: pd.DatetimeIndex, rules: Mapping[str, Any]) -> Sums:
    """The amounts that the signs are ratios of, from modeled rows of the bill (ml.frames.BILL). `rules`: of the configuration."""
    cost = _daily(rows, days)
    committed = _daily(rows[rows["pricing_category"] == _COMMITTED], days).reindex(columns=cost.columns)
    new = _daily(rows[_is_new(rows, rules["new_days"])], days).reindex(columns=cost.columns)
    committed, new = committed.fillna(0.0), new.fillna(0.0)
    return {
        "recent": _recent(cost, rules),
        "before": _before(cost, rules),
        "committed_recent": _recent(committed, rules),
        "committed_before": _before(committed, rules),
        "new": _recent(new, rules),
        "repriced": _repriced(rows, days, rules).reindex(columns=cost.columns).fillna(0.0),
    }


def signs_of(sums: Sums, labels: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The signs of one level, days × series. `labels`: to which series each column of the sums belongs."""
    total = {name: frame.T.groupby(np.asarray(labels), sort=False).sum().T for name, frame in sums.items()}
    recent, before = total["recent"], total["before"]
    known = before > 0
    shares = _ratio(total["committed_recent"], recent) - _ratio(total["committed_before"], before)
    return {
        PRICE: _ratio(total["repriced"], recent).clip(-_MOST, _MOST),
        COMMITMENT: shares.where(known, 0.0).clip(-1.0, 1.0),
        LAUNCH: _ratio(total["new"], recent).clip(0.0, 1.0),
    }


def _daily(rows: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    table = rows.pivot_table(index="usage_date", columns=_KEY, values="cost", aggfunc="sum", sort=True)
    return table.reindex(days).fillna(0.0)


def _recent(daily: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    return daily.rolling(rules["recent_days"], min_periods=1).sum()


def _before(daily: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    return daily.rolling(rules["before_days"], min_periods=1).sum().shift(rules["recent_days"]).fillna(0.0)


def _is_new(rows: pd.DataFrame, days: int) -> pd.Series:
    """Rows of resources (or, without any, of services in an account) first seen in the last days, once the bill is longer
    than these."""
    first = rows.groupby([*_KEY, "resource_id"])["usage_date"].transform("min")
    begin = rows["usage_date"].min() + pd.Timedelta(days=days)
    return (rows["usage_date"] - first < pd.Timedelta(days=days)) & (first >= begin)


def _repriced(rows: pd.DataFrame, days: pd.DatetimeIndex, rules: Mapping[str, Any]) -> pd.DataFrame:
    """Cost of the last days × the logarithm of what a unit costs now over what it cost before, per usage type and pricing
    category; a smaller step than `least_step` is rounding."""
    key = [*_KEY, "usage_type", "unit", "pricing_category"]
    used = rows[(rows["usage"] > 0) & (rows["cost"] > 0)]
    made = [pd.DataFrame(index=days, columns=pd.MultiIndex.from_arrays([[], []], names=_KEY), dtype=float)]
    for part in _chunks(used, key):
        table = part.pivot_table(index="usage_date", columns=key, values=["cost", "usage"], aggfunc="sum")
        cost, usage = (table[name].reindex(days).fillna(0.0) for name in ("cost", "usage"))
        recent = _recent(cost, rules)
        now, then = _ratio(recent, _recent(usage, rules)), _ratio(_before(cost, rules), _before(usage, rules))
        step = np.log(_ratio(now, then, np.nan).clip(lower=1e-9))
        moved = (recent * step.where(step.abs() >= rules["least_step"])).fillna(0.0)
        made.append(moved.T.groupby(level=_KEY).sum().T)
    return pd.concat(made, axis=1)


def _chunks(rows: pd.DataFrame, key: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The rows account by service, so many price keys at a time: a wide bill doesn't become one wide table."""
    pairs = rows.groupby(_KEY, sort=True).ngroup()
    width = rows[list(key)].drop_duplicates().groupby(_KEY, sort=True).size().cumsum()
    place = pd.Series((width.to_numpy() - 1) // _CHUNK)
    yield from (part for _, part in rows.groupby(pairs.map(place), sort=True))


def _ratio(top: pd.DataFrame, bottom: pd.DataFrame, without: float = 0.0) -> pd.DataFrame:
    """A quotient, `without` where there is nothing to divide by (rolling sums leave crumbs)."""
    return (top / bottom.where(bottom > 1e-9)).fillna(without)
