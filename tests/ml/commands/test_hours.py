"""Hours of a real lake: a burst that its day hides, and what an earlier run told of hours that are no longer looked at."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from finlake.lake import open_lake
from finlake.settings import Settings, load_settings
from ml.anomaly.detect import detect
from ml.anomaly.rows import COLUMNS
from ml.config import load
from pipeline.ml_inputs import read_bill
from pipeline.ml_tables import labels, write_run
from pipeline.models.hours import LOOK_BACK_DAYS, with_hours
from tests.e2e.whole_run import whole_run
from tests.pipeline import tiny
from tests.pipeline.ml_results import anomalies

AS_OF = date(2026, 3, 29)
BURST = pd.Timestamp("2026-03-26T08:00")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published month by the hour, ten dollars each, thirty in three hours of the 26th."""
    root = tmp_path_factory.mktemp("hours")
    hours = pd.date_range("2026-03-01", "2026-03-31T23:00", freq="h")
    cost = 10 * np.exp(0.05 * np.random.default_rng(5).standard_normal(len(hours)))
    cost[(hours >= BURST) & (hours < BURST + pd.Timedelta(hours=3))] *= 3
    lines = [
        tiny.line(f"{value:.6f}", start=f"{hour:%Y-%m-%dT%H}:00:00.000Z")
        | {"lineItem/UsageEndDate": f"{hour + pd.Timedelta(hours=1):%Y-%m-%dT%H}:00:00.000Z"}
        for hour, value in zip(hours, cost, strict=True)
    ]
    tiny.cur1_csv(root / "source", lines, "20260402T000000Z")
    whole_run(root / "lake", root / "source")
    return load_settings(lake=str(root / "lake"))


def told(settings: Settings) -> pd.DataFrame:
    lake = open_lake(settings.lake)
    bills, _ = read_bill(lake, settings)
    days = detect(bills["USD"], AS_OF, load("anomaly"))
    assert days.empty
    return with_hours(lake, settings, days, AS_OF, labels(lake))


def test_a_burst_that_its_day_hides_is_told(settings: Settings) -> None:
    rows = told(settings)
    assert list(rows["grain"]) == ["hour"] and list(rows["started_at"]) == [BURST]
    assert list(rows["service"]) == ["ec2"] and rows["impact"].iloc[0] == pytest.approx(60, rel=0.2)


def test_hours_of_long_ago_stay_told_until_somebody_calls_them_expected(settings: Settings) -> None:
    lake, before = open_lake(settings.lake), AS_OF - timedelta(days=7)
    old = pd.Timestamp(AS_OF) - pd.Timedelta(days=LOOK_BACK_DAYS + 1)
    rows = anomalies(before, "old", "new").assign(
        grain="hour", started_at=[old, BURST], ended_at=[old, BURST]
    )
    write_run(lake, before, {"anomalies": rows}, build_id="b", data_version="d")
    found = told(settings)
    assert list(found.columns) == list(COLUMNS) and list(found["started_at"]) == [old, BURST]
    assert found["anomaly_id"].iloc[0] == rows["anomaly_id"].iloc[0] != found["anomaly_id"].iloc[1]
