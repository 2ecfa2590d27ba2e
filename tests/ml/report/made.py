"""Results of every part, generated: what a page needs to show all that it can show."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from ml.config import load
from ml.growth import growth
from ml.patterns import find
from ml.report import Results
from tests.ml.patterns.bills import AS_OF, LAST, bill, instance, lines, metric, prices, weekend

SERIES = "account=111111111111/service=ec2"
MODELS = {"ensemble": 0.04, "lightgbm": 0.05, "seasonal_naive": 0.09, "run_rate": 0.12, "straight_line": 0.15}


def daily(days: int = 400) -> pd.Series:
    index = pd.date_range(LAST - pd.Timedelta(days=days - 1), LAST)
    noise = np.random.default_rng(1).normal(1, 0.03, days)
    return pd.Series(np.where(weekend(index), 700.0, 1000.0) * 1.001 ** np.arange(days) * noise, index=index)


def history() -> pd.DataFrame:
    whole = daily()
    part = whole * 0.4
    part.iloc[-30:-27] *= 3
    rows = [("organisation", "organisation", whole), ("account_service", SERIES, part)]
    return pd.concat(
        [
            pd.DataFrame({"level": level, "series_id": name, "ds": cost.index, "cost": cost.to_numpy()})
            for level, name, cost in rows
        ],
        ignore_index=True,
    )


def forecasts(currency: str = "USD") -> pd.DataFrame:
    ahead = pd.date_range(LAST + pd.Timedelta(days=1), periods=90)
    months = pd.date_range("2025-04-01", periods=12, freq="MS")
    parts = []
    for grain, starts, cost in (
        ("day", ahead, np.where(weekend(ahead), 1000.0, 1450.0)),
        ("month", months, np.linspace(40_000, 52_000, 12)),
    ):
        spread = cost * (0.02 + 0.001 * np.arange(len(cost)))
        frame = pd.DataFrame(
            {"grain": grain, "level": "organisation", "series_id": "organisation"}, index=starts
        )
        frame = frame.assign(horizon=np.arange(1, len(cost) + 1), cost=cost, currency=currency)
        for level, width in ((50, 0.67), (80, 1.28), (95, 1.96)):
            frame[f"lower_{level}"], frame[f"upper_{level}"] = cost - width * spread, cost + width * spread
        frame["explanation_en"] = "Trend adds USD 900, season takes <USD 100>." if grain == "month" else None
        frame["explanation_pt_br"] = "A tendência soma USD 900." if grain == "month" else None
        parts.append(frame.rename_axis("period_start").reset_index())
    return pd.concat(parts, ignore_index=True)


def backtest() -> pd.DataFrame:
    truth, rows = daily(), []
    rng = np.random.default_rng(2)
    for model, error in MODELS.items():
        for origin in range(8):
            y = truth.to_numpy()[-28 * (origin + 1) : len(truth) - 28 * origin]
            told = y * rng.normal(1, error, 28)
            frame = pd.DataFrame({"horizon": np.arange(1, 29), "y": y, "y_hat": told})
            for level, width in ((50, 0.67), (80, 1.28), (95, 1.96)):
                frame[f"lower_{level}"] = told * (1 - width * error)
                frame[f"upper_{level}"] = told * (1 + width * error)
            start = truth.index[-28 * (origin + 1)] - pd.Timedelta(days=1)
            rows.append(
                frame.assign(
                    model=model,
                    origin=start,
                    ds=start + pd.to_timedelta(frame.horizon, unit="D"),
                    level="organisation",
                )
            )
    return pd.concat(rows, ignore_index=True).assign(series_id="organisation")


def accuracy() -> pd.DataFrame:
    rows = [
        (level, model, horizon, 1 - error * factor, wanted)
        for level, horizon, wanted, factor in (
            ("organisation", "28", 0.88, 1.0),
            ("organisation", "next_month", 0.93, 1.5),
            ("account_service", "next_month", 0.85, 2.5),
            ("organisation", "12_months", 0.85, 4.0),
        )
        for model, error in MODELS.items()
    ]
    return pd.DataFrame(rows, columns=["level", "model", "horizon", "accuracy", "wanted"])


def anomalies() -> pd.DataFrame:
    rows = [
        (
            "a1",
            "spike",
            "ec2",
            LAST - pd.Timedelta(days=29),
            LAST - pd.Timedelta(days=27),
            400.0,
            1200.0,
            "high",
        ),
        ("a2", "slow_leak", "s3", LAST - pd.Timedelta(days=60), LAST, 50.0, 90.0, "low"),
    ]
    names = [
        "anomaly_id",
        "kind",
        "service",
        "started_at",
        "ended_at",
        "expected_cost",
        "actual_cost",
        "severity",
    ]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(
        account_id="111111111111",
        level="account_service",
        measure="cost",
        currency="USD",
        impact=frame.actual_cost - frame.expected_cost,
        sentence_en="EC2 cost <3> times what was expected.",
        sentence_pt_br="O EC2 custou <3> vezes o esperado.",
    )


def usage_bill() -> pd.DataFrame:
    steady = instance(env="prod", price=0.2)
    smaller = instance(env="prod", usage_type="BoxUsage:m5.large", resource_id="i-2")
    stored = lines(
        lambda i: 200 + 0.5 * np.arange(len(i)),
        count=400,
        usage=lambda i: (9000 + 20 * np.arange(len(i))) / i.days_in_month,
        service="s3",
        usage_type="TimedStorage-ByteHrs",
        unit="GB-Mo",
        resource_id="logs",
    )
    rhythm = lines(lambda i: np.where(weekend(i), 300.0, 500.0), service="lambda")
    return bill(steady, smaller, stored, rhythm)


@cache
def everything() -> Results:
    given = usage_bill()
    found = find(given, AS_OF, load("patterns"), metrics=metric("cpu", 12.0), pricing=prices(given))
    return Results(
        forecasts=forecasts(),
        history=history(),
        backtest=backtest(),
        accuracy=accuracy(),
        anomalies=anomalies(),
        patterns=found,
        growth=growth(given, AS_OF, 6, load("patterns")),
        model_card={"champion": "v3", "trained_on": ["2024-03-01", "2025-03-30"], "windows": 8},
        versions={
            "build_id": "b20250331T020000Z-1c59be",
            "config_hash": "0123456789ab",
            "seeds": [20250401],
            "model_version": "v3",
            "origin_date": "2025-03-30",
        },
    )
