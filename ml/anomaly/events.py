"""From actual and expected of series to events: stretches of points that are out of the ordinary and matter in money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.anomaly.gauge import Flags, Floats, Gauge

Points = NDArray[np.int64]
YOUNG_SCALE = 0.1


@dataclass(frozen=True)
class Event:
    """One stretch of one series; `first`, `last`, `detected` are points in time, amounts sums over the stretch's points."""

    level: str
    series: int
    sign: int
    first: int
    last: int
    detected: int
    actual: float
    expected: float
    score: float


@dataclass(frozen=True)
class Watched:
    """Times x series of one level.

    `leaking`: points whose excess is a leak's, which was weighed when it was found; `ratio`: log of actual to expected;
    `memory`: how much scores resemble the ones before; `up`, `down`: running sums.
    """

    actual: Floats
    expected: Floats
    leaking: Flags
    ratio: Floats
    score: Floats
    memory: Floats
    up: Floats
    down: Floats


def watch(
    actual: Floats, usual: Floats, seen: Flags, leaking: Flags, grain: str, config: Mapping[str, Any]
) -> Watched:
    """How unusual the ratio of actual to expected is at each point, against the series' own ratios before."""
    least = config["alert"]["point_floor"][grain]
    ratio = np.where(seen, np.log((np.maximum(actual, 0) + least) / (np.maximum(usual, 0) + least)), 0.0)
    gauge = Gauge(ratio.shape[1], config["filter"], config["grains"][grain], YOUNG_SCALE)
    score, memory, up, down = (np.zeros_like(ratio) for _ in range(4))
    for now in range(len(ratio)):
        score[now], memory[now] = gauge.score(ratio[now]), gauge.memory
        gauge.follow(ratio[now], seen[now])
        up[now], down[now] = gauge.up, gauge.down
    return Watched(actual, usual, leaking, ratio, np.where(seen, score, 0.0), memory, up, down)


def events(level: str, watched: Watched, grain: str, config: Mapping[str, Any]) -> list[Event]:
    """All events of all series of a level."""
    alert, alarm = config["alert"], config["filter"]["alarm"]
    far, enough = np.log(alert["day_ratio"]), alert["point_floor"][grain]
    found = []
    for sign, sums in ((1, watched.up), (-1, watched.down)):
        size = sign * watched.ratio
        off = (size >= far) & (sign * (watched.actual - watched.expected) >= enough)
        told = off & (sums >= alarm)
        for series in np.flatnonzero(told.any(axis=0)):
            for points in _stretches(off[:, series], told[:, series], size[:, series], grain, alert):
                event = _event(
                    level, (int(series), sign), points, told[points, series], watched, grain, alert
                )
                if event is not None:
                    found.append(event)
    return found


def _stretches(
    off: Flags, told: Flags, size: Floats, grain: str, alert: Mapping[str, Any]
) -> Iterator[Points]:
    """Points that are off, by stretch, where the alarm was given within.

    More than `gap` ordinary points part two stretches. A point far weaker than those of its stretch so far is their echo and left
    out; one far stronger begins a stretch of its own, as long as the one before is short.
    """
    stretch: list[int] = []
    mean = 0.0
    for now in np.flatnonzero(off):
        apart = bool(stretch) and now - stretch[-1] > alert["gap"][grain] + 1
        outgrown = len(stretch) in range(1, alert["spike_most"][grain]) and size[now] * alert["alike"] > mean
        if apart or outgrown:
            if told[stretch].any():
                yield np.array(stretch)
            stretch, mean = [], 0.0
        if size[now] >= alert["alike"] * mean:
            mean = (mean * len(stretch) + size[now]) / (len(stretch) + 1)
            stretch.append(int(now))
    if stretch and told[stretch].any():
        yield np.array(stretch)


def _event(
    level: str,
    which: tuple[int, int],
    points: Points,
    told: Flags,
    watched: Watched,
    grain: str,
    alert: Mapping[str, Any],
) -> Event | None:
    """The event of these points, from the first one on at which its money, its ratio and its strength say so."""
    series, sign = which
    came = np.cumsum(watched.actual[points, series])
    was = np.cumsum(watched.expected[points, series])
    more, less = (came, was) if sign > 0 else (was, came)
    leaks = np.maximum.accumulate(watched.leaking[points, series]) & (sign > 0)
    strength = _strength(sign * watched.score[points, series], float(watched.memory[points[0], series]))
    says = np.maximum.accumulate(told) & (more - less >= alert["floor"])
    says &= more >= _needed_ratio(points, sign, leaks, grain, alert) * less
    says &= strength >= _needed_strength(more, less, leaks, alert)
    if not says.any():
        return None
    return Event(
        level=level,
        series=series,
        sign=sign,
        first=int(points[0]),
        last=int(points[-1]),
        detected=int(points[says.argmax()]),
        actual=float(came[-1]),
        expected=float(was[-1]),
        score=float(strength.max()),
    )


def _strength(scores: Floats, memory: float) -> Floats:
    """Sum of scores up to each point, by its standard deviation for a series whose points resemble the ones before so much."""
    spread = 1.0 + np.arange(len(scores)) * (1 + memory) / (1 - memory)
    return np.asarray(np.cumsum(scores) / np.sqrt(spread))


def _needed_ratio(points: Points, sign: int, leaks: Flags, grain: str, alert: Mapping[str, Any]) -> Floats:
    """The ratio that an event needs at each of its points: less for a rise once it lasts, and for a leak."""
    if sign < 0:
        return np.full(len(points), float(alert["drop_ratio"]))
    lasts = points - points[0] >= alert["spike_most"][grain]
    return np.where(lasts | leaks, alert["least_ratio"], alert["short_ratio"])


def _needed_strength(more: Floats, less: Floats, leaks: Flags, alert: Mapping[str, Any]) -> Floats:
    clear = np.where(more >= alert["clear_ratio"] * less, alert["clear_strength"], alert["strength"])
    return np.where(leaks, np.minimum(clear, alert["leak_strength"]), clear)
