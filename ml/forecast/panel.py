"""The bill as daily series along the hierarchy: one column a series, one row a UTC day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.signs import Sums, signs_of, sums_of

BOTTOM = "account_service"
COLUMNS = ("account_id", "service", "organizational_unit", "team", "env", "resource_group")


@dataclass(frozen=True)
class Panel:
    """Daily series. `values`: days × unique_id, in the bill's currency, NaN before a series' first charge. `keys`: index
    unique_id, columns level, series_id and those of COLUMNS, "" where the level has none. `signs`: of coming changes, each days
    × unique_id (signs.py); none where nothing but the values is known."""

    values: pd.DataFrame
    keys: pd.DataFrame
    signs: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def until(self, day: pd.Timestamp) -> Panel:
        """What was known at the end of a day: series that began later are not there."""
        values = self.values.loc[:day]
        known = values.columns[values.notna().any()]
        signs = {name: frame.loc[:day, known] for name, frame in self.signs.items()}
        return Panel(values[known], self.keys.loc[known], signs)

    def of(self, ids: Sequence[str]) -> Panel:
        """Some series."""
        signs = {name: frame[ids] for name, frame in self.signs.items()}
        return Panel(self.values[ids], self.keys.loc[ids], signs)

    def at(self, *levels: str) -> list[str]:
        """The unique_ids of levels, in the panel's order."""
        return list(self.keys.index[self.keys["level"].isin(levels)])

    def by_spend(self, level: str, days: int = 56) -> list[str]:
        """The unique_ids of a level, the most expensive of the last days first."""
        ids = self.at(level)
        spend = self.values[ids].iloc[-days:].abs().sum()
        return list(spend.sort_values(ascending=False, kind="stable").index)


def is_modeled(bill: pd.DataFrame) -> pd.Series:
    """Rows that follow usage: usage itself and recurring commitment fees, whose unused part is their net amortised cost.

    Tax, credits, refunds and one-off fees follow a calendar of their own (schedule.py).
    """
    recurring = (bill["charge_category"] == "Purchase") & (bill["charge_frequency"] == "Recurring")
    return (bill["charge_category"] == "Usage") | recurring


def last_trusted_day(bill: pd.DataFrame, late_days: int) -> pd.Timestamp:
    """The last day that a later delivery no longer makes grow: `late_days` before the newest day with usage."""
    usage = bill.loc[is_modeled(bill), "usage_date"]
    return pd.Timestamp(usage.max()).normalize() - pd.Timedelta(days=late_days)


def panel_of(
    bill: pd.DataFrame,
    as_of: date | pd.Timestamp,
    config: Mapping[str, Any],
    units: Mapping[str, str] | None = None,
) -> Panel:
    """The modeled cost to the end of `as_of` at every level of the configuration. `units`: account -> organisational unit;
    without any, that level has no series."""
    modeled = bill[is_modeled(bill) & (bill["usage_date"] <= pd.Timestamp(as_of))]
    days = pd.date_range(modeled["usage_date"].min(), pd.Timestamp(as_of), freq="D", name="ds")
    # Versions that were trained before there were signs go on scoring without.
    rules = config["lightgbm"].get("signs")
    sums = sums_of(modeled, days, rules) if rules else {}
    rows = modeled.groupby(["usage_date", "account_id", "service"], as_index=False, sort=True)["cost"].sum()
    rows["organizational_unit"] = rows["account_id"].map(dict(units or {})).fillna("")
    levels = {level: keys for level, keys in config["levels"].items() if _has(rows, keys)}
    return joined([_level(rows, days, level, keys, sums, units or {}) for level, keys in levels.items()])


def joined(parts: Sequence[Panel]) -> Panel:
    """Several levels as one panel."""
    signs = {name: pd.concat([part.signs[name] for part in parts], axis=1) for name in parts[0].signs}
    return Panel(
        pd.concat([part.values for part in parts], axis=1), pd.concat([part.keys for part in parts]), signs
    )


def series_id(names: Mapping[str, str]) -> str:
    """`account=1234/service=ec2`; `organisation` where nothing narrows it."""
    short = {"account_id": "account", "organizational_unit": "unit"}
    return "/".join(f"{short.get(name, name)}={value}" for name, value in names.items()) or "organisation"


def _has(rows: pd.DataFrame, keys: Sequence[str]) -> bool:
    return all((rows[key] != "").any() for key in keys)


def _labels(sums: Sums, level: str, keys: Sequence[str], units: Mapping[str, str]) -> list[str]:
    """The unique_id at a level of each account × service of the sums."""
    known = [
        {"account_id": account, "service": service, "organizational_unit": units.get(account, "")}
        for account, service in sums["recent"].columns
    ]
    return [f"{level}|{series_id({key: names[key] for key in keys})}" for names in known]


def _level(
    rows: pd.DataFrame,
    days: pd.DatetimeIndex,
    level: str,
    keys: Sequence[str],
    sums: Sums,
    units: Mapping[str, str],
) -> Panel:
    """The series of one level: zero on days without a charge, NaN before the first."""
    if keys:
        table = rows.pivot_table(
            index="usage_date", columns=list(keys), values="cost", aggfunc="sum", sort=True
        )
    else:
        table = rows.groupby("usage_date")["cost"].sum().to_frame()
        table.columns = pd.MultiIndex.from_tuples([("",)])
    table = table.reindex(days)
    tuples = [key if isinstance(key, tuple) else (key,) for key in table.columns]
    named = [dict(zip(keys, key, strict=False)) for key in tuples]
    ids = [f"{level}|{series_id(names)}" for names in named]
    values = table.to_numpy(dtype=float)
    begun = np.logical_or.accumulate(~np.isnan(values), axis=0)
    values = np.where(begun, np.nan_to_num(values), np.nan)
    made = pd.DataFrame(
        [
            {"level": level, "series_id": series_id(names)} | {c: names.get(c, "") for c in COLUMNS}
            for names in named
        ],
        index=pd.Index(ids, name="unique_id"),
    )
    columns = pd.Index(ids, name="unique_id")
    signs = signs_of(sums, _labels(sums, level, keys, units)) if sums else {}
    return Panel(
        pd.DataFrame(values, index=days, columns=columns),
        made,
        {name: frame.reindex(columns=columns) for name, frame in signs.items()},
    )
