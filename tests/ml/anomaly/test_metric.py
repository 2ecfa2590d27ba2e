"""CloudWatch metrics: told without money, and seldom."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.anomaly.detect import detect
from ml.config import load
from tests.ml.anomaly.made import bill, habit, line

CONFIG = load("anomaly")
DAYS = 45
DATES = pd.date_range("2024-01-01", periods=DAYS, freq="D")
UNTIL = date(2024, 2, 14)


def metric(values: np.ndarray, name: str = "Invocations") -> pd.DataFrame:
    keys = {
        "account_id": "111111111111",
        "region": "us-east-1",
        "resource_id": "fn-1",
        "namespace": "AWS/Lambda",
    }
    return pd.DataFrame({"usage_date": DATES, **keys, "metric_name": name, "unit": "Count", "value": values})


def told(*frames: pd.DataFrame) -> pd.DataFrame:
    silent = bill([line(habit(np.random.default_rng(9), DAYS))])
    return detect(silent, UNTIL, CONFIG, metrics=pd.concat(frames))


def test_a_metric_far_off_is_told_without_money():
    values = habit(np.random.default_rng(1), DAYS)
    values[35:37] *= 6
    alert = told(metric(values)).iloc[0]
    assert alert["measure"] == "metric"
    assert alert["metric_name"] == "Invocations"
    assert alert["kind"] == "spike"
    assert np.isnan(alert["impact"])
    assert alert["actual_value"] == pytest.approx(values[35:37].mean())
    assert alert["sentence_en"].startswith(
        "Invocations of fn-1, account 111111111111: from 5 February to 6 February 2024"
    )
    assert "vezes o esperado" in alert["sentence_pt_br"]


def test_ordinary_metrics_are_silent():
    frames = [metric(habit(np.random.default_rng(seed), DAYS, noise=0.3), f"m{seed}") for seed in range(10)]
    assert told(*frames).empty


def test_values_after_the_trusted_day_are_left_out():
    values = habit(np.random.default_rng(1), DAYS)
    values[-1] *= 20
    silent = bill([line(habit(np.random.default_rng(9), DAYS))])
    assert detect(silent, date(2024, 2, 13), CONFIG, metrics=metric(values)).empty
