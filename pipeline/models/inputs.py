"""What training and scoring read of the published build: the bill, metrics, prices; each as a whole at one build."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from finlake.errors import NotFound, UsageError
from finlake.lake import Lake
from finlake.settings import Settings
from ml.forecast.panel import last_trusted_day
from pipeline.ml_inputs import Version, read_bill, read_metrics
from pipeline.published import published

LOOK_BACK_DAYS = 95
"""How far back the search for patterns looks at single resources and prices."""


@dataclass(frozen=True)
class Inputs:
    """The bill by currency (ml.frames.BILL), where it came from, and the day that counts as the last: what is newer still
    grows."""

    bills: Mapping[str, pd.DataFrame]
    version: Version
    as_of: pd.Timestamp


def inputs_of(lake: Lake, settings: Settings, late_days: int, as_of: date | None = None) -> Inputs:
    """Read the published bill. `as_of`: the last day to use; by default the last that later deliveries no longer make grow.

    Raises NotFound where nothing is published or nothing was used, UsageError for a day beyond the bill.
    """
    bills, version = read_bill(lake, settings)
    bills = {currency: bill for currency, bill in bills.items() if len(bill)}
    if not bills:
        raise NotFound.of("models_without_usage", where=lake.root)
    trusted = max(last_trusted_day(bill, late_days) for bill in bills.values())
    day = pd.Timestamp(as_of) if as_of else trusted
    first = min(bill["usage_date"].min() for bill in bills.values())
    if not first < day <= trusted + pd.Timedelta(days=late_days):
        raise UsageError.of("as_of_outside", day=day.date(), first=first.date(), last=trusted.date())
    return Inputs(bills, version, day)


def metrics_of(lake: Lake, settings: Settings, as_of: pd.Timestamp) -> pd.DataFrame:
    """CloudWatch values by day for the search for anomalies: empty where none were delivered."""
    frame, _ = read_metrics(lake, settings, until=as_of.date())
    return frame


def pattern_metrics(lake: Lake, settings: Settings, as_of: pd.Timestamp) -> pd.DataFrame | None:
    """Metrics as ml.patterns.METRICS; None where CloudWatch delivered nothing."""
    sql = (
        "select usage_date, account_id, resource_id, metric, max(metric_value) as metric_value, "
        "max(maximum) as maximum, max(total) as total from {mart} "
        "where metric_value is not null and {days} group by usage_date, account_id, resource_id, metric"
    )
    frame = _frame(
        lake, settings, "resource_metrics_daily", sql, as_of, ("usage_date", "resource_id", "metric")
    )
    return frame if len(frame) else None


def pattern_prices(lake: Lake, settings: Settings, as_of: pd.Timestamp, currency: str) -> pd.DataFrame | None:
    """Usage lines as ml.patterns.PRICING in one currency; None where there are none."""
    texts = "account_id, service, coalesce(region, '') as region, coalesce(usage_type, '') as usage_type, "
    texts += "coalesce(resource_id, '') as resource_id, coalesce(pricing_category, '') as pricing_category"
    sql = (
        f"select usage_date, {texts}, currency, cast(sum(net_amortized_cost) as double) as cost, "
        "cast(sum(list_cost) as double) as list_cost, cast(sum(usage_amount) as double) as usage_ "
        "from {mart} where charge_category = 'Usage' and {days} group by usage_date, account_id, service, "
        "coalesce(region, ''), coalesce(usage_type, ''), coalesce(resource_id, ''), "
        "coalesce(pricing_category, ''), currency"
    )
    frame = _frame(lake, settings, "usage_daily", sql, as_of, ("usage_date", "resource_id", "usage_type"))
    frame = frame.rename(columns={"usage_": "usage"})
    frame = frame[frame["currency"] == currency] if len(frame) else frame
    return frame if len(frame) else None


def data_version(inputs: Inputs, *others: Any) -> str:
    """One text for all that a scoring run is made from: the data that was read, and the models and labels beside it."""
    more = hashlib.sha256(repr((inputs.as_of.date().isoformat(), *others)).encode()).hexdigest()[:8]
    return f"{inputs.version.data}-{more}"


def _frame(
    lake: Lake, settings: Settings, mart: str, sql: str, as_of: pd.Timestamp, order: tuple[str, ...]
) -> pd.DataFrame:
    first = as_of.date() - timedelta(days=LOOK_BACK_DAYS)
    days = f"usage_date between date '{first}' and date '{as_of.date()}'"
    with published(lake, settings) as source:
        parts = list(source.batches(sql.format(mart=source.mart(mart), days=days), order))
    return pd.concat([part.to_pandas() for part in parts], ignore_index=True) if parts else pd.DataFrame()
