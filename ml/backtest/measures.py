"""Measures of forecasts. Accuracy = 1 − WAPE, so that what is dear counts more: sum of absolute errors over the sum of actual
cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def accuracy(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """accuracy, bias (sum of errors over the actual cost), points and actual cost of each group of rows with y and y_hat."""
    error = frame["y_hat"] - frame["y"]
    worked = frame.assign(absolute=error.abs(), error=error, size=frame["y"].abs())
    grouped = worked.groupby(list(by), as_index=False, sort=False)
    made = grouped.agg(
        absolute=("absolute", "sum"), error=("error", "sum"), size=("size", "sum"), points=("y", "count")
    )
    made["accuracy"] = 1 - made["absolute"] / made["size"].where(made["size"] > 0)
    made["bias"] = made["error"] / made["size"].where(made["size"] > 0)
    return made.rename(columns={"size": "actual"})[[*by, "accuracy", "bias", "points", "actual"]]


def coverage(frame: pd.DataFrame, by: Sequence[str], nominals: Sequence[int]) -> pd.DataFrame:
    """Share of the actual values inside each interval, in the order by × nominal level: by…, nominal (%), covered, points."""
    made = []
    for nominal in nominals:
        inside = (frame["y"] >= frame[f"lower_{nominal}"]) & (frame["y"] <= frame[f"upper_{nominal}"])
        part = frame.assign(inside=inside).groupby(list(by), as_index=False, sort=False)
        made.append(part.agg(covered=("inside", "mean"), points=("inside", "count")).assign(nominal=nominal))
    return pd.concat(made, ignore_index=True)[[*by, "nominal", "covered", "points"]]


def smape(y: np.ndarray, y_hat: np.ndarray) -> float:
    """Symmetric mean absolute percentage error as M4 and NN5 define it, 0 to 2."""
    total = np.abs(y) + np.abs(y_hat)
    return float(np.mean(np.where(total > 0, 2 * np.abs(y - y_hat) / np.where(total > 0, total, 1), 0.0)))


def mase(y: np.ndarray, y_hat: np.ndarray, history: np.ndarray, season: int) -> float:
    """Mean absolute scaled error: in units of the seasonal naive's error within the history (Hyndman and Koehler 2006)."""
    scale = np.mean(np.abs(history[season:] - history[:-season]))
    return float(np.mean(np.abs(y - y_hat)) / scale)
