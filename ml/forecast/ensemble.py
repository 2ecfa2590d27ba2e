"""The candidates' forecasts as one: weights from rolling windows, a series' own experience beside that of its level."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ml.forecast.windows import Windows, buckets


def weights(
    windows: Windows, levels: Sequence[str], config: Mapping[str, Any], ends: Sequence[int], steps: int
) -> np.ndarray:
    """Weight of each candidate, candidates × steps × series; they sum to 1 over the candidates that were asked.

    ∝ (1 / relative error)^power; the error is the absolute error over the actual cost (WAPE) of the windows, a series' own
    mixed with its level's by n / (n + prior_windows), n = the windows whose truth is known. A candidate much worse than the
    best is left out.
    """
    rules = config["ensemble"]
    made = np.full((len(windows.names), steps, len(windows.ids)), np.nan)
    level_of = np.asarray(levels)
    for bucket in buckets(ends, steps):
        if not len(windows.origins):
            made[:, bucket] = 1.0
            continue
        error, cost, count = _errors(windows, bucket)
        mixed = np.full(error.shape, np.nan)
        for level in np.unique(level_of):
            at = level_of == level
            pooled = _ratio(np.nansum(error[:, at], axis=1), np.nansum(cost[:, at], axis=1))[:, None]
            own = _ratio(error[:, at], cost[:, at])
            trust = count[:, at] / (count[:, at] + rules["prior_windows"])
            shared = np.where(
                np.isnan(pooled), np.nanmax(pooled) if np.isfinite(pooled).any() else 1.0, pooled
            )
            mixed[:, at] = np.where(np.isnan(own), shared, trust * np.nan_to_num(own) + (1 - trust) * shared)
        best = np.nanmin(np.clip(mixed, 1e-6, None), axis=0)
        mixed = np.clip(mixed, np.maximum(best, 1e-3), None)
        weight = np.where(mixed <= best * rules["leave_out"] + 1e-3, mixed ** -rules["power"], 0.0)
        made[:, bucket] = weight[:, None, :]
    return made


def combined(said: np.ndarray, weight: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """One forecast of the candidates' (… × candidates × steps × series): the weighted mean of those that were asked,
    `fallback` where none was."""
    there = ~np.isnan(said)
    use = np.where(there, weight, 0.0)
    # Where only candidates of weight zero were asked, they count alike.
    use = np.where(use.sum(axis=-3, keepdims=True) > 0, use, there.astype(float))
    total = use.sum(axis=-3)
    summed = (np.nan_to_num(said) * use).sum(axis=-3)
    return np.where(total > 0, np.divide(summed, total, out=np.zeros_like(summed), where=total > 0), fallback)


def method_of(weight: np.ndarray, asked: np.ndarray, names: Sequence[str]) -> list[str]:
    """For each series the candidates that make it, the weightiest first: `auto_ets 0.41 + lightgbm 0.35 + …`; `run_rate`
    without any."""
    use = np.where(asked, weight.mean(axis=1), 0.0)
    share = np.divide(use, use.sum(axis=0), out=np.zeros_like(use), where=use.sum(axis=0) > 0)
    said = []
    for column in share.T:
        order = np.argsort(-column, kind="stable")
        parts = [f"{names[n]} {column[n]:.2f}" for n in order if column[n] >= 0.005]
        said.append(" + ".join(parts) or "run_rate 1.00")
    return said


def _errors(windows: Windows, bucket: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Absolute error and cost of candidates × series over a bucket's steps, and in how many windows their truth is known.

    Of the bucket the sum over its steps counts half, the steps themselves half: both a day's and a month's figure must be
    right.
    """
    said, came = windows.said[:, :, bucket], windows.came[:, None, bucket]
    known = ~np.isnan(said) & ~np.isnan(came)
    off = np.where(known, said - came, 0.0)
    daily = np.abs(off).sum(axis=(0, 2))
    together = np.abs(off.sum(axis=2)).sum(axis=0)
    cost = np.where(known, np.abs(came), 0.0).sum(axis=(0, 2))
    return (daily + together) / 2, cost, known.any(axis=2).sum(axis=0)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
