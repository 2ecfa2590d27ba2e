"""Scale and shape of a series in the logarithm: transform, robust spread, profile of a season."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.anomaly.gauge import Flags, Floats
from ml.anomaly.seasons import Slots


def to_log(values: Floats, softness: Any) -> Floats:
    """A logarithm for any number: odd, straight near 0, and log(2 x / softness) far from it."""
    return np.asarray(np.arcsinh(values / (2 * softness)))


def from_log(logs: Floats, softness: Floats) -> Floats:
    """Back from `to_log`."""
    return np.sinh(np.clip(logs, -60, 60)) * 2 * softness


def spread_of(values: Floats) -> float:
    """Median absolute deviation, as the standard deviation of a normal."""
    return float(np.median(np.abs(values - np.median(values)))) * 1.4826


def profile(left: Floats, slot: Slots, length: int, smooth: int) -> tuple[Floats, Floats, float]:
    """What each slot of a season adds, shrunk to what is more than noise; visits of each slot; scale of what is left."""
    counts = np.bincount(slot, minlength=length).astype(float)
    means = np.bincount(slot, weights=left, minlength=length) / np.maximum(counts, 1)
    means = _smoothed(means, counts > 0, smooth)
    spread = spread_of(left - means[slot]) * (np.sqrt(2.0) if counts.max() > 1 else 1.0)
    return (
        means * _shrunk(means, spread, float(np.median(counts[counts > 0])) * (2 * smooth + 1)),
        counts,
        spread,
    )


def _smoothed(means: Floats, seen: Flags, width: int) -> Floats:
    """Means over neighbouring slots of a season, around its end too; slots never seen get their neighbours'."""
    if width == 0:
        return means
    total, count = np.zeros_like(means), np.zeros_like(means)
    for offset in range(-width, width + 1):
        total += np.roll(np.where(seen, means, 0.0), offset)
        count += np.roll(seen, offset)
    return total / np.maximum(count, 1)


def _shrunk(means: Floats, spread: float, visits: float) -> float:
    """James and Stein's factor: how much of a season's spread is more than the noise of its means."""
    variance = float(np.var(means))
    return max(0.0, 1.0 - spread**2 / max(visits, 1.0) / variance) if variance > 0 else 0.0
