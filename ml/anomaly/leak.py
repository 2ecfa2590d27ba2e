"""Slow leaks: a series that climbs week by week, far faster than it used to, each step too small to stand out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.anomaly.core import Fit
from ml.anomaly.gauge import Flags, Floats

WEEKS = 4
PAST_WEEKS = 12
LEAST_SPREAD = 0.02
"""Of a week's climb in the logarithm: series that never moved must not leak by a hair."""


def without_leak(values: Floats, found: Fit, grain: str, config: Mapping[str, Any]) -> tuple[Floats, Flags]:
    """The base with the climb since a leak's start taken off while it lasts, and where it does. Known on the day itself."""
    rules = config["leak"]
    week = 7 * config["points_a_day"][grain]
    base, leaking = found.base.copy(), np.zeros(found.base.shape, dtype=bool)
    weekly = _weekly(values, week)
    steps = [weekly - _earlier(weekly, week)] + [
        _earlier(weekly - _earlier(weekly, week), k * week) for k in (1, 2, 3)
    ]
    with np.errstate(invalid="ignore"):
        rising = np.all([step >= rules["least_step"] for step in steps], axis=0)
        high = (
            rising
            & (weekly - _earlier(weekly, WEEKS * week) >= np.log(rules["least_ratio"]))
            & np.isfinite(base)
        )
    for series in np.flatnonzero(high.any(axis=0)):
        end = 0
        for now in np.flatnonzero(high[:, series]):
            if now >= end and _is_unusual(weekly[: now + 1, series], week, rules):
                end = _take_off(base, leaking, found.climb, weekly, (int(now), int(series)), week, rules)
    return base, leaking


def _weekly(values: Floats, week: int) -> Floats:
    """Logarithm of the mean of the week up to each point; NaN where less than half of it has values, or nothing was used."""
    there = np.isfinite(values)
    sums = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), np.where(there, values, 0.0)]), axis=0)
    counts = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), there]), axis=0)
    start = np.maximum(np.arange(len(values)) + 1 - week, 0)
    count = counts[1:] - counts[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sums[1:] - sums[start]) / count
        return np.where((count >= week / 2) & (mean > 0), np.log(mean), np.nan)


def _earlier(table: Floats, points: int) -> Floats:
    shifted = np.full_like(table, np.nan)
    if points < len(table):
        shifted[points:] = table[:-points]
    return shifted


def _is_unusual(weekly: Floats, week: int, rules: Mapping[str, Any]) -> bool:
    """Whether the last four weeks climb by far more than the weeks before them did, given how those scattered."""
    past = weekly[::-1][::week][: WEEKS + PAST_WEEKS + 1][::-1]
    steps = np.diff(past[np.isfinite(past)])
    if len(steps) < 2 * WEEKS:
        return False
    recent, before = steps[-WEEKS:], steps[:-WEEKS]
    middle = float(np.median(before))
    spread = max(float(np.median(np.abs(before - middle))) * 1.4826, LEAST_SPREAD)
    score = (recent.mean() - middle) / (spread / np.sqrt(WEEKS))
    return bool(score >= rules["score"])


def _take_off(
    base: Floats,
    leaking: Flags,
    climb: Floats,
    weekly: Floats,
    at: tuple[int, int],
    week: int,
    rules: Mapping[str, Any],
) -> int:
    """Take the climb since the leak's start off the base, from now until the series is back or the leak forgotten: where."""
    now, series = at
    start = now - WEEKS * week
    until = min(now + rules["forget_after"] * week // 7, len(base))
    back = np.flatnonzero(
        weekly[now:until, series] - weekly[start, series] < np.log(rules["least_ratio"]) / 2
    )
    end = now + int(back[0]) if len(back) else until
    climbed = np.nan_to_num(climb[now:end, series] - climb[start, series])
    base[now:end, series] *= np.exp(-np.maximum(climbed, 0.0))
    leaking[now:end, series] = True
    return end
