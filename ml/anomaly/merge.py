"""One alert per cause: events that share what moved, at whatever level, are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.anomaly.events import Event
from ml.anomaly.gauge import Floats
from ml.anomaly.levels import Level

SHARED = 0.5
"""Share of the smaller event's excess that two events have in common to be one."""


@dataclass(frozen=True)
class Cause:
    """Events that are one cause. `anchor` was known first, the finest of those; it gives the cause its name for good."""

    events: tuple[Event, ...]
    leaves: frozenset[int]

    @property
    def anchor(self) -> Event:
        return self.events[0]

    @property
    def first(self) -> int:
        return min(event.first for event in self.events if event.detected <= self.anchor.detected)

    @property
    def last(self) -> int:
        return max(event.last for event in self.events)


def causes(
    found: Sequence[Event], places: Sequence[Level], excess: Floats, products: Sequence[str], same_start: int
) -> list[Cause]:
    """Group events: those of places by what they share or, within an account's product, by their start; those of tags join them.

    `excess`: times x leaves; `products`: account and AWS product of each leaf.
    """
    rank = {level.name: number for number, level in enumerate(places)}
    by_name = {level.name: level for level in places}
    ordered = sorted(found, key=lambda one: (one.detected, rank[one.level], one.first, one.series, -one.sign))
    sizes = [_by_leaf(event, by_name[event.level], excess) for event in ordered]
    fine = [at for at, event in enumerate(ordered) if not event.level.startswith("tag:")]
    groups = _linked(ordered, sizes, fine, products, same_start)
    for at, event in enumerate(ordered):
        if event.level.startswith("tag:"):
            _join(at, event, groups, ordered, sizes)
    return sorted(
        (_cause(group, ordered, sizes) for group in groups), key=lambda one: (one.first, sorted(one.leaves))
    )


def _by_leaf(event: Event, level: Level, excess: Floats) -> dict[int, float]:
    """The excess of each leaf during the event, in the event's direction; what goes the other way is left out."""
    members = level.members(event.series)
    sums = event.sign * excess[event.first : event.last + 1, members].sum(axis=0)
    return {int(leaf): float(size) for leaf, size in zip(members, sums, strict=True) if size > 0}


def _linked(
    ordered: Sequence[Event],
    sizes: Sequence[Mapping[int, float]],
    fine: Sequence[int],
    products: Sequence[str],
    same_start: int,
) -> list[list[int]]:
    parent = {at: at for at in fine}

    def root(at: int) -> int:
        while parent[at] != at:
            at = parent[at]
        return at

    by_start = sorted(fine, key=lambda at: (ordered[at].first, at))
    for number, at in enumerate(by_start):
        for other in by_start[number + 1 :]:
            if ordered[other].first > ordered[at].last + 1:
                break
            if root(at) != root(other) and _one(
                ordered[at], ordered[other], sizes[at], sizes[other], products, same_start
            ):
                low, high = sorted((root(at), root(other)))
                parent[high] = low
    groups: dict[int, list[int]] = {}
    for at in fine:
        groups.setdefault(root(at), []).append(at)
    return list(groups.values())


def _one(
    one: Event,
    other: Event,
    here: Mapping[int, float],
    there: Mapping[int, float],
    products: Sequence[str],
    same_start: int,
) -> bool:
    if one.sign != other.sign or not here or not there:
        return False
    if _common(here, there) >= SHARED:
        return True
    together = (
        abs(one.first - other.first) <= same_start and abs(one.detected - other.detected) <= 2 * same_start
    )
    return together and products[next(iter(here))] == products[next(iter(there))]


def _common(here: Mapping[int, float], there: Mapping[int, float]) -> float:
    both = here.keys() & there.keys()
    shares = (sum(sizes[leaf] for leaf in both) / sum(sizes.values()) for sizes in (here, there))
    return max(shares, default=0.0) if both else 0.0


def _join(
    at: int,
    event: Event,
    groups: list[list[int]],
    ordered: Sequence[Event],
    sizes: Sequence[Mapping[int, float]],
) -> None:
    """A tag's event belongs to the cause that holds most of it; alone it is one itself."""
    best, share = None, 0.0
    for group in groups:
        near = [
            one
            for one in group
            if ordered[one].first <= event.last + 1 and event.first <= ordered[one].last + 1
        ]
        leaves = set().union(*(sizes[one].keys() for one in near if ordered[one].sign == event.sign))
        held = sum(size for leaf, size in sizes[at].items() if leaf in leaves) / max(
            sum(sizes[at].values()), 1e-12
        )
        if held > share:
            best, share = group, held
    if best is not None and share >= SHARED / 2:
        best.append(at)
    elif sizes[at]:
        groups.append([at])


def _cause(group: Sequence[int], ordered: Sequence[Event], sizes: Sequence[Mapping[int, float]]) -> Cause:
    members = sorted(group)
    places = [at for at in members if not ordered[at].level.startswith("tag:")] or members
    leaves = frozenset(leaf for at in places for leaf in sizes[at])
    first = places[0]
    return Cause((ordered[first], *(ordered[at] for at in members if at != first)), leaves)


def kind_of(
    event_days: Floats, sign: int, length: int, spike_most: int, leaking: bool, rules: Mapping[str, Any]
) -> str:
    """spike or drop when short; else a shift, or a slow leak where the excess grew from little over the whole stretch."""
    if leaking and sign > 0:
        return "slow_leak"
    if length <= spike_most:
        return "spike" if sign > 0 else "drop"
    third = max(len(event_days) // 3, 1)
    start, end = float(np.mean(event_days[:third])), float(np.mean(event_days[-third:]))
    return "slow_leak" if sign > 0 and end >= rules["grows"] * start else "level_shift"
