"""The Numenta Anomaly Benchmark's scoring, written from its published definition.

Lavin and Ahmad (2015), "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark", and the benchmark's
documented scoring: each labelled window is worth one true positive, weighted by how early in the window the first detection
comes; each detection outside a window costs, less so right after one; a missed window costs. The first 15 % of a file (at most
750 rows) are probationary. One threshold for all files, chosen for the highest score; scores are scaled so that a detector
that says nothing gets 0 and a perfect one 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.anomaly.gauge import Floats

PROBATION_SHARE = 0.15
PROBATION_ROWS = 5000
FAR = 3.0
NO_THRESHOLD = 1.1


@dataclass(frozen=True)
class Profile:
    """What true positives, false positives and false negatives weigh for an application."""

    name: str
    hit: float
    false: float
    miss: float


PROFILES = (
    Profile("standard", 1.0, 0.11, 1.0),
    Profile("reward_low_FP", 1.0, 0.22, 1.0),
    Profile("reward_low_FN", 1.0, 0.11, 2.0),
)


@dataclass(frozen=True)
class File:
    """One data file with a detector's scores; `windows`: first and last time of each labelled window, by time."""

    name: str
    times: pd.DatetimeIndex
    scores: Floats
    windows: tuple[tuple[pd.Timestamp, pd.Timestamp], ...]


@dataclass(frozen=True)
class Points:
    """Points that count: score, unweighted worth, and the number of the window that holds each (-1: none)."""

    score: Floats
    worth: Floats
    window: np.ndarray[tuple[int], np.dtype[np.int64]]
    windows: int


def sigmoid(position: float) -> float:
    """Worth of a detection at a position relative to a window: -1 its start, 0 its end, beyond 3 as bad as can be."""
    return -1.0 if position > FAR else 2.0 / (1.0 + float(np.exp(5.0 * position))) - 1.0


def probation(rows: int) -> int:
    """Rows at the start of a file that are not scored."""
    return int(min(np.floor(PROBATION_SHARE * rows), PROBATION_SHARE * PROBATION_ROWS))


def points(files: Iterable[File]) -> Points:
    """The scored points of several files, as one list."""
    scores, worths, owners, count = [], [], [], 0
    for file in files:
        worth, owner = _worths(file)
        keep = np.arange(len(worth)) >= probation(len(worth))
        scores.append(file.scores[keep])
        worths.append(worth[keep])
        owners.append(np.where(owner[keep] >= 0, owner[keep] + count, -1))
        count += len(file.windows)
    return Points(np.concatenate(scores), np.concatenate(worths), np.concatenate(owners), count)


def _worths(file: File) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rows = len(file.times)
    worth, owner = np.full(rows, -1.0), np.full(rows, -1, dtype=np.int64)
    limits = [
        (file.times.searchsorted(start), file.times.searchsorted(end, side="right") - 1)
        for start, end in file.windows
    ]
    for number, (left, right) in enumerate(limits):
        width = right - left + 1
        after = limits[number + 1][0] if number + 1 < len(limits) else rows
        for row in range(left, right + 1):
            worth[row] = sigmoid(-(right - row + 1) / width) / sigmoid(-1.0)
            owner[row] = number
        for row in range(right + 1, after):
            worth[row] = sigmoid((row - right) / max(width - 1, 1))
    return worth, owner


def raw_score(part: Points, threshold: float, profile: Profile) -> float:
    """Sum over windows of their earliest and thus best detection (or the cost of a miss) and over false detections."""
    told = part.score >= threshold
    inside = told & (part.window >= 0)
    best = np.full(part.windows, -profile.miss)
    np.maximum.at(best, part.window[inside], part.worth[inside] * profile.hit)
    return float(best.sum() + (part.worth[told & (part.window < 0)] * profile.false).sum())


def best_threshold(part: Points, profile: Profile) -> float:
    """The threshold with the highest raw score among all scores that occur, and one above all of them."""
    order = np.argsort(-part.score, kind="stable")
    best_of = np.full(part.windows, -profile.miss)
    total, best, chosen = float(best_of.sum()), float(best_of.sum()), NO_THRESHOLD
    for place, at in enumerate(order):
        owner = part.window[at]
        if owner < 0:
            total += part.worth[at] * profile.false
        elif part.worth[at] * profile.hit > best_of[owner]:
            total += part.worth[at] * profile.hit - best_of[owner]
            best_of[owner] = part.worth[at] * profile.hit
        last = place + 1 == len(order) or part.score[order[place + 1]] != part.score[at]
        if last and total > best:
            best, chosen = total, float(part.score[at])
    return chosen


def scaled(raw: float, windows: int, profile: Profile) -> float:
    """0 for a detector that says nothing, 100 for a perfect one. NaN without windows."""
    if windows == 0:
        return float("nan")
    nothing, perfect = -profile.miss * windows, profile.hit * windows
    return 100.0 * (raw - nothing) / (perfect - nothing)


def table(files: Sequence[File], groups: Sequence[str], fixed: float) -> pd.DataFrame:
    """Scores by profile and group (and `all`): at the threshold chosen over all files as NAB does, and at the fixed one."""
    whole = points(files)
    rows = []
    for profile in PROFILES:
        chosen = best_threshold(whole, profile)
        for group in ("all", *sorted(set(groups))):
            members = [file for file, of in zip(files, groups, strict=True) if group in ("all", of)]
            part = points(members)
            row = {
                "profile": profile.name,
                "group": group,
                "files": len(members),
                "windows": part.windows,
                "threshold": chosen,
            }
            for name, threshold in (("nab", chosen), ("fixed", fixed)):
                row[f"{name}_score"] = scaled(raw_score(part, threshold, profile), part.windows, profile)
                row |= {f"{name}_{key}": value for key, value in _counts(part, threshold).items()}
            rows.append(row)
    return pd.DataFrame(rows)


def _counts(part: Points, threshold: float) -> dict[str, float]:
    """Windows found, false detections, precision by detection (each window counts once) and recall by window."""
    told = part.score >= threshold
    found = len(np.unique(part.window[told & (part.window >= 0)]))
    false = int((told & (part.window < 0)).sum())
    return {
        "found": found,
        "false": false,
        "precision": found / (found + false) if found + false else float("nan"),
        "recall": found / part.windows if part.windows else float("nan"),
    }
