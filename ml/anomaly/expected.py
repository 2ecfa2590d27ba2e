"""What each leaf of a bill was expected to cost, at the price of the day: so that a moved price is no anomaly, moved use is.

Where the bill delivers amounts, the filter runs on them and the expected cost is the expected amount at the day's own price
(cost by amount): list price steps, discounts, commitments that start or end move the price while the amount stays. Leaves that
are too young are taken as they are: a resource's ordinary start is no excess. New resources of one fleet that
come together are an excess: a fleet that grows.
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
    amount = np.nan_to_num(values)
    usual = np.where(judged, np.nan_to_num(base), amount)
    crowd = _crowded(part, judged, grain, config)
    cost, usual = np.where(crowd, 0.0, cost), np.where(crowd, 0.0, usual)
    restless = _restless(part, values, grain, config)
    cost = np.where(np.isfinite(restless), actual * np.nan_to_num(restless), cost)
    usual = np.where(np.isfinite(restless), amount * np.nan_to_num(restless), usual)
    judged = judged | crowd | np.isfinite(restless)
    return Expected(
        actual, cost, judged, leaking, np.where(metered, amount, 0.0), np.where(metered, usual, 0.0)
    )


def _price(part: Leaves) -> Floats:
    """Cost by amount, the last known one where nothing was used."""
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(part.usage > 0, part.cost / part.usage, np.nan)
    at = np.where(np.isfinite(price), np.arange(len(price))[:, None], -1)
    last = np.maximum.accumulate(at, axis=0)
    carried = np.take_along_axis(price, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, carried, 0.0)


def _restless(part: Leaves, values: Floats, grain: str, config: Mapping[str, Any]) -> Floats:
    """Expected to actual of fleets whose resources come and go all the time: such a fleet is watched as one. NaN elsewhere."""
    rules = config["resources"]
    window, points = rules["restless_within"] * config["points_a_day"][grain], len(values)
    there = np.isfinite(values)
    born = np.where(there.any(axis=0), there.argmax(axis=0), points)
    share = np.full(values.shape, np.nan)
    for members in part.keys.groupby(FLEET, sort=True).indices.values():
        births = np.bincount(born[members][(born[members] > 0) & (born[members] < points)], minlength=points)
        if births.sum() < rules["restless_births"]:
            continue
        before = np.cumsum(births) - births
        lately = before - np.concatenate([np.zeros(window), before])[:points]
        total = np.nansum(np.where(there[:, members], values[:, members], 0.0), axis=1)
        whole = fit(
            np.where(there[:, members].any(axis=1), total, np.nan)[:, None], part.times, grain, config
        ).base[:, 0]
        known = (lately >= rules["restless_births"]) & np.isfinite(whole) & (total > 0)
        ratio = np.where(known, whole / np.where(total > 0, total, 1.0), np.nan)
        share[:, members] = np.where(there[:, members], ratio[:, None], np.nan)
    return share


def _crowded(part: Leaves, judged: Flags, grain: str, config: Mapping[str, Any]) -> Flags:
    """New resources of a fleet that come close upon one another, for as long as they are no ordinary part of it."""
    rules = config["resources"]
    points = config["points_a_day"][grain]
    there = np.isfinite(part.cost)
    born = np.where(there.any(axis=0), there.argmax(axis=0), len(there))
    fleets = part.keys.groupby(FLEET, sort=True).indices
    rollout = _rollouts(part, born, rules["rollout_services"])
    crowd = np.zeros(there.shape, dtype=bool)
    for members in fleets.values():
        named = members[part.keys["resource_id"].to_numpy()[members] != ""]
        young = named[(born[named] > 0) & ~rollout[np.minimum(born[named], len(there) - 1)]]
        if len(named) < rules["fleet_least"] or len(young) < 2:
            continue
        for leaf, since in _soon_after_another(young, born, rules["several_within"] * points):
            grown = judged[max(since - 1, 0), named].sum()
            if grown >= rules["fleet_least"]:
                crowd[since : born[leaf] + rules["known_after"] * points, leaf] = True
    return crowd & there


def _rollouts(part: Leaves, born: Any, services: int) -> Flags:
    """Points at which new resources of so many services begin together: a deployment, as ordinary as a single start."""
    made = pd.DataFrame({"at": born, "service": part.keys["service"].to_numpy()})
    made = made[(born > 0) & (born < len(part.cost)) & (part.keys["resource_id"].to_numpy() != "")]
    counts = made.groupby("at")["service"].nunique()
    flags = np.zeros(len(part.cost), dtype=bool)
    flags[counts.index[counts >= services].to_numpy(dtype=int)] = True
    return flags


def _soon_after_another(young: Any, born: Any, within: int) -> list[tuple[int, int]]:
    """Leaves born with another at the same point, or as one of three within `within` points; each with when that is known."""
    order = pd.Series(born[young], index=young).sort_values(kind="stable")
    names, points = order.index.to_numpy(), order.to_numpy()
    since: dict[int, int] = {}
    for at in range(len(names)):
        for size, apart in ((2, 0), (3, within)):
            group = slice(at, at + size)
            if len(points[group]) == size and points[group][-1] - points[at] <= apart:
                for name in names[group]:
                    since.setdefault(int(name), int(points[group][-1]))
    return list(since.items())
