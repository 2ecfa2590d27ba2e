"""Single series by the minute or five minutes: a score of each point between 0 and 1, through the same filter as the bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.core import fit
from ml.anomaly.gauge import Floats


def point_scores(values: Floats, times: pd.DatetimeIndex, grain: str, config: Mapping[str, Any]) -> Floats:
    """Anomaly score in [0, 1) of each point, known at that point: |score| / (1 + |score|) of the filter.

    A point that hardly exceeds what lay within the last `quiet` points scores 0, so that one cause is told once.
    """
    found = fit(values[:, None], times, grain, config)
    size = np.abs(np.nan_to_num(found.score[:, 0]))
    before = _highest_before(size, config["points"]["quiet"][grain])
    news = np.where(size > config["points"]["news"] * before, size, 0.0)
    return np.asarray(news / (1.0 + news))


def fixed_threshold(config: Mapping[str, Any]) -> float:
    """The score from which on a point is told, on the scale of `point_scores`."""
    least = float(config["points"]["threshold"])
    return least / (1.0 + least)


def _highest_before(size: Floats, window: int) -> Floats:
    """The highest of the `window` values before each, 0 for the first."""
    padded = np.concatenate([np.zeros(window), size[:-1]])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, window).max(axis=1))
