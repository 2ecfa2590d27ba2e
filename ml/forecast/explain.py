"""Drivers and a plain sentence for every month of every series, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from finlake.messages import LANGUAGES, message, number, text
from ml.forecast.actual import actual
from ml.forecast.drivers import DRIVERS, daily_rates, last_month
from ml.forecast.panel import COLUMNS, series_id

_COLUMN_OF = {"en": "explanation_en", "pt-BR": "explanation_pt_br"}
_RATES = ["launch", "price", "commitment"]


def explained(
    rows: pd.DataFrame,
    bill: pd.DataFrame,
    as_of: pd.Timestamp,
    config: Mapping[str, Any],
    currency: str,
    units: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The forecasts with drivers and sentences at grain month; null at grain day.

    The drivers sum to the forecast less the last complete month's cost. Money in whole hundredths, as people read it.
    """
    month = last_month(as_of)
    monthly = rows["grain"] == "month"
    before = actual(bill[bill["usage_date"].dt.to_period("M") == month], config, units)
    before = before[before["grain"] == "month"].set_index(["level", "series_id"])["y"]
    rates = _by_series(daily_rates(bill, as_of, config), bill, as_of, config, units)
    made = rows.copy()
    for column in (*DRIVERS, *_COLUMN_OF.values()):
        made[column] = pd.Series([None] * len(made), index=made.index, dtype=object)
    part = made[monthly]
    key = pd.MultiIndex.from_frame(part[["level", "series_id"]])
    last = before.reindex(key).fillna(0.0).to_numpy()
    rate = rates.reindex(key).fillna(0.0).to_numpy()
    amounts = _amounts(part, last, rate, month.days_in_month)
    for name in DRIVERS:
        made.loc[monthly, name] = np.asarray([_cents(v) for v in amounts[name]], dtype=object)
    for language in LANGUAGES:
        sentences = [
            _sentence(row, amount, was, month, currency, language)
            for row, amount, was in zip(
                part.to_dict("records"), amounts.to_dict("records"), last.tolist(), strict=True
            )
        ]
        made.loc[monthly, _COLUMN_OF[language]] = np.asarray(sentences, dtype=object)
    return made


def _by_series(
    rates: pd.DataFrame,
    bill: pd.DataFrame,
    as_of: pd.Timestamp,
    config: Mapping[str, Any],
    units: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Rates of account × service by every series that holds them; parts take theirs by their share of the last days."""
    rates = rates.assign(organizational_unit=rates["account_id"].map(dict(units or {})).fillna(""))
    made = []
    for level, names in config["levels"].items():
        made.append(_summed(rates, level, list(names), list(names)))
    recent = bill[bill["usage_date"] > as_of - pd.Timedelta(days=config["share_days"])]
    for part, column in config["parts"].items():
        cost = recent.groupby(["account_id", "service", column])["cost"].sum().rename("of_part").reset_index()
        whole = cost.groupby(["account_id", "service"])["of_part"].transform("sum")
        cost["share"] = cost["of_part"] / whole.where(whole.abs() > 1e-9)
        shared = rates.merge(cost, on=["account_id", "service"])
        shared[_RATES] = shared[_RATES].mul(shared["share"].fillna(0.0), axis=0)
        made.append(_summed(shared, part, [column], [part]))
    return pd.concat(made)


def _summed(rates: pd.DataFrame, level: str, columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    by = rates[columns].to_numpy(dtype=object)
    ids = [series_id(dict(zip(names, map(str, row), strict=True))) for row in by]
    index = pd.MultiIndex.from_arrays([[level] * len(ids), ids], names=["level", "series_id"])
    return rates[_RATES].set_axis(index).groupby(level=[0, 1]).sum()


def _amounts(part: pd.DataFrame, last: np.ndarray, rate: np.ndarray, last_days: int) -> pd.DataFrame:
    """The drivers as money of the month; what has none of them is trend."""
    days = pd.DatetimeIndex(part["period_start"]).days_in_month.to_numpy()
    cost = part["cost"].astype(float).to_numpy()
    scheduled = part["scheduled_cost"].astype(float).to_numpy()
    made = pd.DataFrame({f"driver_{name}": rate[:, n] * days for n, name in enumerate(_RATES)})
    made["driver_season"] = np.where(
        scheduled < last, (last - scheduled) * (days - last_days) / last_days, 0.0
    )
    made = made.round(2)
    made["driver_trend"] = (cost - last).round(2) - made.sum(axis=1)
    return made


def _sentence(
    row: Mapping[str, Any],
    amounts: Mapping[str, float],
    last: float,
    month: pd.Period,
    currency: str,
    language: str,
) -> str:
    cost = row["cost"]
    who = {c: row[c] or text("forecast.nobody", language) for c in COLUMNS}
    change = float(cost) / last - 1 if last > 0 else None
    named = {"last": str(month)}
    if change is None:
        said = message("forecast.new", **named)
    elif abs(change) < 0.005:
        said = message("forecast.same", **named)
    else:
        key = "forecast.above" if change > 0 else "forecast.below"
        said = message(key, percent=number(Decimal(str(abs(change) * 100)), language, 1), **named)
    return text(
        "forecast.month",
        language,
        who=message(f"forecast.{row['level']}", **who),
        month=pd.Timestamp(row["period_start"]).strftime("%Y-%m"),
        cost=number(cost, language, 2),
        currency=currency,
        between=_between(row, language),
        change=said,
        drivers=_mostly(amounts, float(cost), language),
    )


def _between(row: Mapping[str, Any], language: str) -> str:
    """The 80 % interval in words; nothing where no former window gave one."""
    if row["lower_80"] is None:
        return ""
    bounds = {name: number(row[f"{name}_80"], language, 2) for name in ("lower", "upper")}
    return text("forecast.between", language, **bounds)


def _mostly(amounts: Mapping[str, float], cost: float, language: str) -> str:
    """The drivers that matter, the largest first: at least a hundredth of the cost, three at most."""
    largest = sorted(DRIVERS, key=lambda name: -abs(amounts[name]))[:3]
    told = [name for name in largest if abs(amounts[name]) >= max(abs(cost) / 100, 0.01)]
    if not told:
        return ""
    words = [text(f"forecast.{name}", language, amount=_signed(amounts[name], language)) for name in told]
    return text("forecast.mostly", language, drivers=words)


def _signed(amount: float, language: str) -> str:
    return ("+" if amount > 0 else "−") + number(Decimal(str(abs(amount))), language, 2)


def _cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))
