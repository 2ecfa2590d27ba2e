"""Slow leaks: a level that climbs for weeks, far faster than the series used to, and step by step too small to stand out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.anomaly.core import Fit
from ml.anomaly.gauge import Flags, Floats

WEEKS = 4
LEAST_SPREAD = 0.02
"""Of a week's climb in the logarithm: series that never moved must not leak by a hair."""
PAST_WEEKS = 12


def without_leak(found: Fit, grain: str, config: Mapping[str, Any]) -> tuple[Floats, Flags]:
    """The base with the climb since a leak's start taken off while it lasts, and where it does. Known on the day itself."""
    rules = config["leak"]
    week = 7 * config["points_a_day"][grain]
    base, leaking = found.base.copy(), np.zeros(found.base.shape, dtype=bool)
    high = _climbed(found.climb, WEEKS * week) >= np.log(rules["least_ratio"])
    for series in np.flatnonzero(high.any(axis=0)):
        start = 0
        for now in np.flatnonzero(high[:, series]):
            if now >= start and _is_leak(found.climb[: now + 1, series], week, rules):
                start = _take_off(base, leaking, found.climb, int(now), int(series), week, rules)
    return base, leaking


def _climbed(climb: Floats, points: int) -> Floats:
    shift = np.full_like(climb, np.nan)
    shift[points:] = climb[:-points] if points < len(climb) else shift[points:]
    return np.nan_to_num(climb - shift)


def _is_leak(past: Floats, week: int, rules: Mapping[str, Any]) -> bool:
    """Whether the last four weeks climb steadily and by far more than the weeks before."""
    past = past[np.isfinite(past)]
    steps = np.diff(past[::-1][::week][: WEEKS + PAST_WEEKS + 1][::-1])
    if len(steps) < 2 * WEEKS:
        return False
    recent, before = steps[-WEEKS:], steps[:-WEEKS]
    middle = float(np.median(before))
    spread = max(float(np.median(np.abs(before - middle))) * 1.4826, LEAST_SPREAD)
    score = (recent.mean() - middle) / (spread / np.sqrt(WEEKS))
    rising = (recent > LEAST_SPREAD).mean()
    return bool(score >= rules["score"] and rising >= rules["rising"])


def _take_off(
    base: Floats, leaking: Flags, climb: Floats, now: int, series: int, week: int, rules: Mapping[str, Any]
) -> int:
    """Take the climb since the leak's start off the base, from `now` until it is gone or forgotten; where that is."""
    until = min(now + rules["forget_after"] * week // 7, len(base))
    origin = climb[max(now - WEEKS * week, 0), series]
    excess = climb[now:until, series] - origin
    gone = np.flatnonzero(excess < np.log(rules["least_ratio"]) / 2)
    end = now + int(gone[0]) if len(gone) else until
    base[now:end, series] *= np.exp(-(climb[now:end, series] - origin))
    leaking[now:end, series] = True
    return end
