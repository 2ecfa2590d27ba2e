"""Bills made for tests: series with their own random habits, and events planted in them. Not the golden generator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ml.frames import KEYS

START = pd.Timestamp("2024-01-01")
PRODUCTS = {
    "athena": ("AmazonAthena", "DataScannedInTB", "Terabytes"),
    "cloudfront": ("AmazonCloudFront", "US-DataTransfer-Out-Bytes", "GB"),
    "glue": ("AWSGlue", "ETL-DPU-Hour", "DPU-Hour"),
    "cloudwatch": ("AmazonCloudWatch", "DataProcessing-Bytes", "GB"),
    "sagemaker": ("AmazonSageMaker", "Train:ml.g5.xlarge", "Hrs"),
    "kinesis": ("AmazonKinesis", "Storage-ShardHour", "ShardHour"),
    "backup": ("AWSBackup", "WarmStorage-ByteHrs-EBS", "GB-Mo"),
    "lambda": ("AWSLambda", "Lambda-GB-Second", "Lambda-GB-Second"),
}
TRUTH = ["id", "account", "service", "region", "usage_type", "resource", "start", "end", "kind", "extra_cost"]


@dataclass
class Line:
    """One series of a bill: amounts by day, its price, and its keys."""

    amounts: np.ndarray[Any, Any]
    price: float | np.ndarray[Any, Any] = 1.0
    keys: dict[str, str] = field(default_factory=dict)
    first: int = 0

    def scale(self, start: int, days: int, factor: Any) -> None:
        self.amounts[start : start + days] = self.amounts[start : start + days] * factor


def habit(
    random: np.random.Generator, days: int, mean: float = 100.0, **habits: float
) -> np.ndarray[Any, Any]:
    """Daily amounts: weekend share, noise (heavy-tailed if `tails`), growth in the year, autocorrelation."""
    day = np.arange(days)
    weekend = np.where((START + pd.to_timedelta(day, "D")).dayofweek >= 5, habits.get("weekend", 0.6), 1.0)
    noise, memory = habits.get("noise", 0.08), habits.get("memory", 0.3)
    tails = habits.get("tails", 0.0)
    shocks = random.standard_t(tails, days) if tails else random.standard_normal(days)
    walk = np.zeros(days)
    for now in range(1, days):
        walk[now] = memory * walk[now - 1] + noise * shocks[now]
    return np.asarray(mean * weekend * np.exp(walk) * (1 + habits.get("growth", 0.0)) ** (day / 365))


def line(
    amounts: Any, service: str = "athena", account: str = "111111111111", price: Any = 1.0, **keys: str
) -> Line:
    """A series of a service with the service's own usage type and unit."""
    _, usage_type, unit = PRODUCTS[service]
    named = {
        "account_id": account,
        "service": service,
        "usage_type": usage_type,
        "unit": unit,
        "region": "us-east-1",
    }
    return Line(np.array(amounts, dtype=float), price, keys={**named, **keys})


def bill(lines: list[Line]) -> pd.DataFrame:
    """The frame ml.frames.BILL of these series; days before `first` and NaN amounts have no row."""
    frames = []
    for one in lines:
        days = START + pd.to_timedelta(np.arange(len(one.amounts)) + one.first, "D")
        fixed = dict.fromkeys(KEYS, "") | {
            "charge_category": "Usage",
            "charge_frequency": "Usage-Based",
            "currency": "USD",
        }
        frame = pd.DataFrame({"usage_date": days, **(fixed | one.keys)})
        frame["cost"], frame["usage"] = one.amounts * one.price, one.amounts
        frames.append(frame[np.isfinite(one.amounts)])
    return pd.concat(frames, ignore_index=True)


def organisation(seed: int, days: int = 420) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts x services with random habits, with planted events (as truth/anomalies.csv) and benign ones."""
    random = np.random.default_rng(seed)
    lines: list[Line] = []
    truth: list[dict[str, Any]] = []
    for number in range(5):
        for service in PRODUCTS:
            for region in ("us-east-1", "eu-west-1")[: 1 + int(random.random() < 0.4)]:
                one = line(_random_habit(random, days), service, f"{number + 1}" * 12, region=region)
                _benign(one, random, days)
                lines.append(one)
                if random.random() < 0.4:
                    truth.append(_plant(one, random, days, f"T{len(truth)}"))
        lines += _coming_and_going(random, days, f"{number + 1}" * 12)
    return bill(lines), pd.DataFrame(truth, columns=TRUTH)


def _random_habit(random: np.random.Generator, days: int) -> np.ndarray[Any, Any]:
    return habit(
        random,
        days,
        mean=float(np.exp(random.uniform(np.log(3), np.log(300)))),
        weekend=float(random.choice([1.0, 0.8, 0.5, 0.25])),
        noise=float(np.exp(random.uniform(np.log(0.01), np.log(0.22)))),
        memory=float(random.uniform(0, 0.6)),
        tails=float(random.choice([0.0, 0.0, 0.0, 4.0])),
        growth=float(random.uniform(-0.4, 1.0)),
    )


def _benign(one: Line, random: np.random.Generator, days: int) -> None:
    dates = START + pd.to_timedelta(np.arange(days), "D")
    if random.random() < 0.2:
        one.amounts *= np.where(dates.day >= dates.days_in_month - 1, random.uniform(1.3, 4), 1.0)
    if random.random() < 0.2:
        one.price = np.where(
            np.arange(days) < random.integers(60, days), 1.0, random.choice([0.6, 0.8, 1.3, 2.5])
        )


def _plant(one: Line, random: np.random.Generator, days: int, name: str) -> dict[str, Any]:
    kind = str(random.choice(["spike", "spike", "spike", "drop", "level_shift", "slow_leak"]))
    start = int(random.integers(70, days - 20))
    length = {"spike": (1, 4), "drop": (3, 7), "level_shift": (25, 70), "slow_leak": (28, 36)}[kind]
    long = min(int(random.integers(*length)), days - start)
    factor: Any = {
        "spike": random.uniform(2.0, 5.0),
        "drop": random.uniform(0.05, 0.3),
        "level_shift": random.uniform(1.4, 2.5),
        "slow_leak": np.linspace(1.0, random.uniform(1.6, 2.2), long),
    }[kind]
    before = (one.amounts * one.price)[start : start + long].sum()
    one.scale(start, long, factor)
    extra = (one.amounts * one.price)[start : start + long].sum() - before
    keys = one.keys
    place = {"account": keys["account_id"], "service": PRODUCTS[keys["service"]][0], "region": keys["region"]}
    dates = {"start": START + pd.Timedelta(days=start), "end": START + pd.Timedelta(days=start + long - 1)}
    return {"id": name, **place, "usage_type": "", "resource": "", **dates, "kind": kind, "extra_cost": extra}


def _coming_and_going(random: np.random.Generator, days: int, account: str) -> list[Line]:
    """Instances that begin and end when they like, and a planned launch that ramps up."""
    lines = []
    for number in range(6):
        start = int(random.integers(0, days // 2)) if number > 2 else 0
        end = int(random.integers(start + 20, days)) if number % 2 else days
        names = {
            "service": "ec2",
            "usage_type": "BoxUsage:m5.large",
            "unit": "Hrs",
            "resource_id": f"i-{account[0]}{number}",
        }
        hours = 24 * np.ones(end - start)
        lines.append(Line(hours, 0.096 * random.choice([1, 4, 16]), _keys(account, names), start))
    start = int(random.integers(60, days - 60))
    ramp = (
        np.minimum(np.arange(days - start) + 2, 6)
        / 6
        * 50
        * np.exp(0.05 * random.standard_normal(days - start))
    )
    names = {
        "service": "ecs",
        "usage_type": "Fargate-vCPU-Hours:perCPU",
        "unit": "hours",
        "resource_id": f"launch-{account[0]}",
    }
    lines.append(Line(ramp, 1.0, _keys(account, names), start))
    return lines


def _keys(account: str, names: dict[str, str]) -> dict[str, str]:
    return {"account_id": account, "region": "us-east-1", **names}
