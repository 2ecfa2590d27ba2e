"""What each leaf of a bill was expected to cost, at the price of the day: so that a moved price is no anomaly, moved use is.

Where the bill delivers amounts, the filter runs on them and the expected cost is the expected amount at the day's own price
(cost by amount): list price steps, discounts, commitments that start or end move the price while the amount stays. Leaves that
are too young are taken as they are: a resource's ordinary start is no excess. A second new resource of the same fleet soon after
another one is an excess: a fleet that grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.core import fit
from ml.anomaly.gauge import Flags, Floats
from ml.anomaly.leak import without_leak
from ml.anomaly.leaves import PLACE, Leaves, without_gaps

FLEET = PLACE[:-1]


@dataclass(frozen=True)
class Expected:
    """Times x leaves: `actual` and `expected` cost (0 where there is nothing), and where a leaf is old enough to be judged."""

    actual: Floats
    expected: Floats
    judged: Flags
    leaking: Flags
    amount: Floats
    expected_amount: Floats


def expected(part: Leaves, grain: str, config: Mapping[str, Any]) -> Expected:
    """Expected cost of every leaf at every point, from earlier points only."""
    metered = part.metered
    amounts = np.where(metered, part.usage, part.cost)
    values = without_gaps(part, amounts, config["leaves"])
    found = fit(values, part.times, grain, config)
    base, leaking = without_leak(values, found, grain, config)
    judged = np.isfinite(base)
    price = np.where(metered, _price(part), 1.0)
    actual = np.nan_to_num(part.cost)
    cost = np.where(judged, np.nan_to_num(base * price), actual)
    crowd = _crowded(part, judged, grain, config)
    cost = np.where(crowd, 0.0, cost)
    amount = np.where(metered, np.nan_to_num(values), 0.0)
    usual = np.where(metered, np.where(judged, np.nan_to_num(base), amount), 0.0)
    return Expected(actual, cost, judged | crowd, leaking, amount, np.where(crowd, 0.0, usual))


def _price(part: Leaves) -> Floats:
    """Cost by amount, the last known one where nothing was used."""
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(part.usage > 0, part.cost / part.usage, np.nan)
    at = np.where(np.isfinite(price), np.arange(len(price))[:, None], -1)
    last = np.maximum.accumulate(at, axis=0)
    carried = np.take_along_axis(price, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, carried, 0.0)


def _crowded(part: Leaves, judged: Flags, grain: str, config: Mapping[str, Any]) -> Flags:
    """New resources of a fleet that come close upon one another, for as long as they are no ordinary part of it."""
    rules = config["resources"]
    points = config["points_a_day"][grain]
    there = np.isfinite(part.cost)
    born = np.where(there.any(axis=0), there.argmax(axis=0), len(there))
    fleets = part.keys.groupby(FLEET, sort=True).indices
    crowd = np.zeros(there.shape, dtype=bool)
    for members in fleets.values():
        named = members[part.keys["resource_id"].to_numpy()[members] != ""]
        young = named[born[named] > 0]
        if len(named) < rules["fleet_least"] or len(young) < rules["several_least"]:
            continue
        for leaf, since in _soon_after_another(young, born, rules["several_within"] * points):
            grown = judged[max(since - 1, 0), named].sum()
            if grown >= rules["fleet_least"]:
                crowd[since : born[leaf] + rules["known_after"] * points, leaf] = True
    return crowd & there


def _soon_after_another(young: Any, born: Any, within: int) -> list[tuple[int, int]]:
    """Leaves born within `within` points of one another, each with the point since which that is known."""
    order = pd.Series(born[young], index=young).sort_values(kind="stable")
    names, points = order.index.to_numpy(), order.to_numpy()
    close = np.diff(points) <= within
    found = []
    for at in range(len(names)):
        if at > 0 and close[at - 1]:
            found.append((int(names[at]), int(points[at])))
        elif at < len(close) and close[at]:
            found.append((int(names[at]), int(points[at + 1])))
    return found
