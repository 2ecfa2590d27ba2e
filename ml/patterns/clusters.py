"""Resources that behave alike: clusters of their daily cost's behaviour, not of what they are or what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ml.patterns.inputs import RESOURCE_KEYS, Known, daily_table, largest, strength
from ml.patterns.rows import Found, Percent, Place

FEATURES = ("active_days", "weekend_level", "weekday_strength", "variation", "monthly_growth", "spikes")
SAMPLE = 2000
"""Resources of which the silhouette is taken: it compares each with each."""


def clusters(given: Known) -> Iterator[Found]:
    """One row per cluster of each currency's resources; nothing where resources are few or no cluster stands out."""
    rules = given.config["clusters"]
    first = given.as_of - pd.Timedelta(days=rules["days"] - 1)
    lines = given.bill[given.bill.resource_id != ""]
    born = lines.groupby(RESOURCE_KEYS).usage_date.min()
    old = born[born <= given.as_of - pd.Timedelta(days=rules["least_days"] - 1)].index
    for currency, part in lines.groupby("currency"):
        table = daily_table(part, RESOURCE_KEYS, "cost", first, given.as_of)
        table = largest(table[[name for name in table.columns if name in old]], given.config)
        if len(table.columns) < rules["least_resources"]:
            continue
        shapes = behaviour(table)
        labels, silhouette = grouped(shapes, rules, int(given.config["seed"]))
        if silhouette >= rules["silhouette"]:
            yield from _rows(str(currency), shapes, labels, silhouette, (first, given.as_of), rules)


def behaviour(table: pd.DataFrame) -> pd.DataFrame:
    """FEATURES of each column of a daily table, none of which knows how much it costs.

    active_days: share of days with cost; weekend_level: weekend to weekday mean, at most 3; weekday_strength: share of variance
    that weekdays explain; variation: coefficient of variation, at most 3; monthly_growth: last half to first half, as a monthly
    logarithm between -2 and 2; spikes: greatest day to median active day, as a logarithm, at most 5.
    """
    weekend = np.asarray(table.index.dayofweek >= 5)
    rows = {
        name: _features(table[name].to_numpy(), weekend, table.index.dayofweek.to_numpy()) for name in table
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(FEATURES))
    frame.index = pd.MultiIndex.from_tuples(list(rows), names=list(table.columns.names))
    return frame.round(6)


def _features(values: np.ndarray, weekend: np.ndarray, weekday: np.ndarray) -> list[float]:
    half = len(values) // 2
    mean = values.mean()
    active = values[values > 0]
    working = values[~weekend].mean()
    months = half / 30.4375
    early, late = max(values[:half].mean(), 0.01 * mean), max(values[half:].mean(), 0.01 * mean)
    return [
        float((values > 0).mean()),
        min(float(values[weekend].mean() / working), 3.0) if working > 0 else 3.0,
        strength(values, weekday),
        min(float(values.std() / mean), 3.0),
        float(np.clip(np.log(late / early) / months, -2, 2)),
        float(np.clip(np.log(active.max() / np.median(active)), 0, 5)),
    ]


def grouped(shapes: pd.DataFrame, rules: Mapping[str, Any], seed: int) -> tuple[np.ndarray, float]:
    """A label for each row and the mean silhouette of the best number of k-means clusters (Rousseeuw 1987).

    One thread, so that sums are added in one order and a second run gives the same labels.
    """
    scaled = StandardScaler().fit_transform(shapes.to_numpy()).round(9)
    distinct = len(np.unique(scaled, axis=0))
    best, chosen = -1.0, np.zeros(len(scaled), dtype=int)
    with threadpool_limits(limits=1):
        for count in range(2, min(rules["most_clusters"], distinct - 1, len(scaled) - 1) + 1):
            labels = KMeans(count, n_init=10, random_state=seed).fit_predict(scaled)
            score = silhouette_score(scaled, labels, sample_size=min(SAMPLE, len(scaled)), random_state=seed)
            if score > best + 1e-9:
                best, chosen = float(score), labels
    return chosen, best


def _rows(
    currency: str,
    shapes: pd.DataFrame,
    labels: np.ndarray,
    silhouette: float,
    days: tuple[pd.Timestamp, pd.Timestamp],
    rules: Mapping[str, Any],
) -> Iterator[Found]:
    whole = shapes.mean()
    spread = shapes.std().replace(0, np.nan)
    for label in sorted(set(labels), key=lambda one: -int((labels == one).sum())):
        part = shapes[labels == label]
        if len(part) < rules["least_members"]:
            continue
        centre = part.mean()
        offset = ((centre - whole) / spread).fillna(0.0)
        traits = _traits(centre)
        members = sorted(part.index.get_level_values("resource_id"))
        details = {
            "resources": len(part),
            "members": members[: rules["members_shown"]],
            "centre": centre.to_dict(),
            "telling": list(offset.abs().sort_values(ascending=False, kind="stable").index[:3]),
            "services": part.index.get_level_values("service").value_counts().sort_index().to_dict(),
            "silhouette": silhouette,
        }
        values = {
            "resources": len(part),
            "share": Percent(len(part) / len(shapes)),
            "traits": [f"@trait_{name}" for name in traits],
        }
        yield Found(
            Place("cluster", currency),
            "cluster",
            silhouette,
            *days,
            details,
            ("cluster", values),
            about=members[0],
        )


def _traits(centre: pd.Series) -> list[str]:
    """Words for a cluster's centre, most telling first."""
    rules = (
        ("part_time", centre.active_days < 0.5),
        ("weekdays", centre.weekend_level < 0.3),
        ("weekends", centre.weekend_level > 1.7),
        ("growing", centre.monthly_growth > 0.08),
        ("shrinking", centre.monthly_growth < -0.08),
        ("spiky", centre.spikes > 1.5),
        ("quiet_weekends", 0.3 <= centre.weekend_level < 0.85 and centre.weekday_strength > 0.3),
        ("uneven", centre.variation > 0.5 and centre.spikes <= 1.5),
    )
    return [name for name, holds in rules if holds] or ["steady"]
