"""Prediction intervals by adaptive conformal inference over rolling windows.

Split conformal prediction (Vovk et al. 2005) takes quantiles of former errors; errors here are relative to a series' size at
the origin, so that windows of a growing series compare, and a series' own quantile is mixed with its level's. The nominal
level is adapted by what the windows in their order covered (Gibbs and Candes 2021, arxiv.org/abs/2106.00170).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ml.forecast.windows import buckets


def half_widths(
    errors: np.ndarray,
    scale: np.ndarray,
    levels_of: Sequence[str],
    config: Mapping[str, Any],
    ends: Sequence[int],
) -> dict[int, np.ndarray]:
    """Nominal level in % -> half width relative to a series' size, steps × series.

    `errors`: origins × steps × series, oldest first, NaN where the truth has not come; `scale`: origins × series.
    """
    relative = np.abs(errors) / scale[:, None, :]
    steps = errors.shape[1]
    level_of = np.asarray(levels_of)
    made = {}
    for nominal in config["intervals"]["levels"]:
        width = np.zeros(errors.shape[1:])
        for level in np.unique(level_of):
            at = level_of == level
            for bucket in buckets(ends, steps):
                width[bucket, at] = _adapted(relative[:, bucket][..., at], nominal / 100.0, config)
        made[nominal] = np.maximum.accumulate(_carried(width), axis=0)
    for smaller, larger in zip(sorted(made), sorted(made)[1:], strict=False):
        made[larger] = np.maximum(made[larger], made[smaller])
    return made


def _carried(width: np.ndarray) -> np.ndarray:
    """Steps that no window has reached yet: the last known width, growing by the root of the horizon as a random walk's
    does."""
    known = ~np.isnan(width)
    last = np.maximum.accumulate(np.where(known, np.arange(len(width))[:, None], -1), axis=0)
    carried = np.take_along_axis(width, np.maximum(last, 0), axis=0)
    growth = np.sqrt((np.arange(len(width))[:, None] + 1) / (np.maximum(last, 0) + 1))
    return np.where(last >= 0, carried * growth, np.nan)


def _adapted(scores: np.ndarray, nominal: float, config: Mapping[str, Any]) -> np.ndarray:
    """The quantile of each series (1 × series) at the level that the windows themselves ask for."""
    rules, least = config["intervals"], config["windows"]["least"]
    level = nominal
    for now in range(least, len(scores)):
        quantile = _quantiles(scores[:now], level, rules["prior_windows"])
        known = ~np.isnan(scores[now])
        if known.any():
            covered = (scores[now] <= quantile)[known].mean()
            level = float(np.clip(level + rules["adaptation"] * (nominal - covered), 0.02, 0.995))
    return _quantiles(scores, level, rules["prior_windows"])


def _quantiles(scores: np.ndarray, level: float, prior: float) -> np.ndarray:
    """Quantile of each series' scores (windows × steps × series), mixed with that of all series by n / (n + prior) windows."""
    windows = (~np.isnan(scores)).any(axis=1).sum(axis=0)
    flat = scores.reshape(-1, scores.shape[-1])
    pool = flat[~np.isnan(flat)]
    if not len(pool):
        return np.full((1, scores.shape[-1]), np.nan)
    count = np.maximum(windows, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = np.array(
            [
                np.nanquantile(column, min(1.0, level * (n + 1) / n)) if n else np.nan
                for column, n in zip(flat.T, count, strict=True)
            ]
        )
    # Errors of one origin go together: series count as their root.
    independent = max(float(windows.max()) * np.sqrt(max((windows > 0).sum(), 1)), 1.0)
    shared = np.quantile(pool, min(1.0, level * (independent + 1) / independent))
    trust = windows / (windows + prior)
    return np.where(np.isnan(own), shared, trust * np.nan_to_num(own) + (1 - trust) * shared)[None, :]
