"""Coherence: forecasts of the levels are brought together so that children sum to their parents (Wickramasuriya et al. 2019).

Each level is forecast for itself and knows something: the organisation its trend, an account's service its launch. MinTrace
weighs them; the bottom level is then kept from falling below zero, and every other level is its sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ml.forecast.panel import BOTTOM


def summing(keys: pd.DataFrame, config: Mapping[str, Any]) -> sparse.csr_matrix:
    """The summing matrix: all series × bottom series, 1 where the bottom series is part of the series."""
    bottom = keys[keys["level"] == BOTTOM]
    rows, columns = [], []
    for level, names in config["levels"].items():
        at = np.flatnonzero((keys["level"] == level).to_numpy())
        if not len(at):
            continue
        place = _index(keys.iloc[at], names).get_indexer(_index(bottom, names))
        columns.append(np.flatnonzero(place >= 0))
        rows.append(at[place[place >= 0]])
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(keys), len(bottom)))


def coherent(said: np.ndarray, keys: pd.DataFrame, config: Mapping[str, Any]) -> np.ndarray:
    """Coherent forecasts, steps × series, from those of each series alone: MinTrace by structural scaling (a series' error
    grows with the number of its bottom series), by hierarchicalforecast. A bottom series that was never below zero stays
    so."""
    from hierarchicalforecast.methods import MinTraceSparse

    sums, bottom = summing(keys, config), np.flatnonzero((keys["level"] == BOTTOM).to_numpy())
    if len(bottom) == len(keys):
        return said
    order = np.concatenate([np.setdiff1d(np.arange(len(keys)), bottom), bottom])
    made = MinTraceSparse("wls_struct").fit_predict(S=sums[order], y_hat=said[:, order].T)["mean"]
    lowest = made[-len(bottom) :]
    floor = np.where((said[:, bottom] >= 0).all(axis=0), 0.0, -np.inf)
    return np.asarray(sums @ np.maximum(lowest, floor[:, None])).T


def _index(keys: pd.DataFrame, names: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(keys[names].assign(whole=""))
