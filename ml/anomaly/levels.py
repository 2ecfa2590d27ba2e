"""The levels at which a bill is watched: which leaves each series of a level sums up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.anomaly.gauge import Floats
from ml.anomaly.leaves import PLACE, TAGS

SERVICE = ["account_id", "service"]
FINE: tuple[tuple[str, list[str]], ...] = (
    ("resource", PLACE),
    ("usage_type", PLACE[:-1]),
    ("region", PLACE[:-2]),
    ("account_service", SERVICE),
)
"""Finest first; each sums up the one before."""


@dataclass(frozen=True)
class Level:
    """`names`: one row a series; `group`: the series of each leaf, -1 for a leaf that has none here."""

    name: str
    names: pd.DataFrame
    group: NDArray[np.int64]

    def total(self, leaves: Floats) -> Floats:
        """Times x leaves summed to times x series."""
        inside = self.group >= 0
        order = np.argsort(self.group[inside], kind="stable")
        sorted_leaves = leaves[:, np.flatnonzero(inside)[order]]
        starts = np.searchsorted(self.group[inside][order], np.arange(len(self.names)))
        if not len(starts):
            return np.zeros((len(leaves), 0))
        return np.asarray(np.add.reduceat(sorted_leaves, starts, axis=1))

    def members(self, series: int) -> NDArray[np.int64]:
        """The leaves of a series."""
        return np.flatnonzero(self.group == series)


def levels(keys: pd.DataFrame) -> list[Level]:
    """All levels of these leaves, the tags' ones last."""
    found = []
    for name, columns in FINE:
        counts = keys["resource_id"] != "" if name == "resource" else pd.Series(True, index=keys.index)
        found.append(_level(name, keys, columns, counts))
    for tag in TAGS:
        found.append(_level(f"tag:{tag}", keys, [tag], keys[tag] != ""))
    return found


def _level(name: str, keys: pd.DataFrame, columns: list[str], counts: pd.Series) -> Level:
    part = keys.loc[counts, columns]
    grouped = part.groupby(columns, sort=True)
    group = np.full(len(keys), -1, dtype=np.int64)
    group[counts.to_numpy()] = grouped.ngroup().to_numpy()
    return Level(name, part.drop_duplicates().sort_values(columns).reset_index(drop=True), group)
