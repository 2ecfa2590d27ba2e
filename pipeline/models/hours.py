"""Anomalies by the hour, where the bill is hourly: the newest weeks of silver's lines beside what the days tell."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from finlake.lake import Lake
from finlake.settings import Settings
from ml.anomaly.detect import detect
from ml.anomaly.hours import beside, hourly_part
from ml.anomaly.leaves import PLACE
from ml.anomaly.rows import COLUMNS
from ml.config import load
from pipeline.ml_inputs import read_hours
from pipeline.ml_tables import read_results

LOOK_BACK_DAYS = 70
"""Two months by the hour after two weeks of learning; hours of a year would be as many rows as days of 24 years."""
_KEYS = (*PLACE, "charge_category", "charge_frequency", "unit")


def with_hours(
    lake: Lake, settings: Settings, daily: pd.DataFrame, as_of: date, labels: pd.DataFrame
) -> pd.DataFrame:
    """The daily rows, and of the hours what these don't tell. Rows of hours that lie too far back to be looked at again stay
    as the last run told them, unless somebody has called them expected or a false alarm since."""
    config = load("anomaly")
    since = as_of - timedelta(days=LOOK_BACK_DAYS)
    frames, _ = read_hours(lake, settings, since=since, by=_KEYS)
    bills = [hourly_part(frame.rename(columns={"hour": "usage_date"}), config) for frame in frames.values()]
    found = [detect(bill, as_of, config, labels=labels, grain="hour") for bill in bills if len(bill)]
    earlier = _earlier(
        lake, pd.Timestamp(since) + pd.Timedelta(hours=config["grains"]["hour"]["warm_up"]), labels
    )
    for rows in [*found, earlier]:
        daily = beside(daily, rows)
    return daily


def _earlier(lake: Lake, before: pd.Timestamp, labels: pd.DataFrame) -> pd.DataFrame:
    """What the last run told of hours that ended before."""
    rows = read_results(lake, "anomalies")
    rows = rows[(rows["grain"] == "hour") & (rows["ended_at"] < before.tz_localize("UTC"))]
    unwanted = labels.loc[labels["label"].isin(["false_alarm", "expected"]), "anomaly_id"]
    rows = rows.loc[~rows["anomaly_id"].isin(unwanted), list(COLUMNS)]
    for name in ("started_at", "ended_at"):
        rows[name] = rows[name].dt.tz_localize(None)
    return rows
