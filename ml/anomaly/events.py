"""From actual and expected of series to events: stretches of points that are out of the ordinary and matter in money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.anomaly.gauge import Flags, Floats, Gauge

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

    @property
    def excess(self) -> float:
        return self.actual - self.expected


@dataclass(frozen=True)
class Watched:
    """Times x series: log of actual to expected, score, running sums."""

    ratio: Floats
    score: Floats
    up: Floats
    down: Floats


def watch(
    actual: Floats, usual: Floats, seen: Flags, grain: str, config: Mapping[str, Any], least: float
) -> Watched:
    """How unusual the ratio of actual to expected is at each point, against the series' own ratios before."""
    ratio = np.where(seen, np.log((np.maximum(actual, 0) + least) / (np.maximum(usual, 0) + least)), 0.0)
    gauge = Gauge(ratio.shape[1], config["filter"], config["grains"][grain], YOUNG_SCALE)
    score, up, down = (np.zeros_like(ratio) for _ in range(3))
    for now in range(len(ratio)):
        score[now] = gauge.score(ratio[now])
        gauge.follow(ratio[now], seen[now])
        up[now], down[now] = gauge.up, gauge.down
    return Watched(ratio, np.where(seen, score, 0.0), up, down)


def events(
    level: str, watched: Watched, actual: Floats, usual: Floats, grain: str, config: Mapping[str, Any]
) -> list[Event]:
    """All events of all series of a level."""
    alert, alarm = config["alert"], config["filter"]["alarm"]
    far, enough = np.log(alert["day_ratio"]), alert["point_floor"][grain]
    found = []
    for sign, sums in ((1, watched.up), (-1, watched.down)):
        off = (sign * watched.ratio >= far) & (sign * (actual - usual) >= enough)
        told = off & (sums >= alarm)
        for series in np.flatnonzero(told.any(axis=0)):
            like = _alike(off[:, series], sign * watched.ratio[:, series], alert)
            for points in _stretches(like, told[:, series] & like, alert["gap"][grain]):
                event = _event(level, int(series), sign, points, told, watched, actual, usual, grain, alert)
                if event is not None:
                    found.append(event)
    return found


def _stretches(off: Flags, told: Flags, gap: int) -> Iterator[np.ndarray[Any, Any]]:
    """Points that are off, parted where more than `gap` ordinary points lie between, if the alarm was given within."""
    points = np.flatnonzero(off)
    for part in np.split(points, np.flatnonzero(np.diff(points) > gap + 1) + 1):
        if told[part].any():
            yield part


def _alike(off: Flags, size: Floats, alert: Mapping[str, Any]) -> Flags:
    """Points that are off, without those far weaker than their stretch so far: its echo, which is not of it."""
    like = off.copy()
    mean, count = 0.0, 0
    for now in range(len(off)):
        if not off[now]:
            count = 0 if now and not off[now - 1] else count
            continue
        if count and size[now] < alert["alike"] * mean:
            like[now] = False
            continue
        mean = (mean * count + size[now]) / (count + 1)
        count += 1
    return like


def _event(
    level: str,
    series: int,
    sign: int,
    points: np.ndarray[Any, Any],
    told: Flags,
    watched: Watched,
    actual: Floats,
    usual: Floats,
    grain: str,
    alert: Mapping[str, Any],
) -> Event | None:
    """The event of these points, once its money and ratio say so: on the first point at which both do."""
    came, was = np.cumsum(actual[points, series]), np.cumsum(usual[points, series])
    more, less = (came, was) if sign > 0 else (was, came)
    known = np.maximum.accumulate(told[points, series])
    says = known & (more - less >= alert["floor"]) & (more >= _needed(points, sign, grain, alert) * less)
    counts = np.arange(1, len(points) + 1)
    strength = np.cumsum(sign * watched.score[points, series]) / np.sqrt(counts)
    clear = more >= alert["clear_ratio"] * less
    says &= strength >= np.where(clear, alert["clear_strength"], alert["strength"])
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


def _needed(points: np.ndarray[Any, Any], sign: int, grain: str, alert: Mapping[str, Any]) -> Floats:
    """The ratio that an event needs at each of its points: less once it lasts."""
    lasts = points - points[0] >= alert["spike_most"][grain]
    return np.where(lasts, alert["least_ratio"], alert["short_ratio"] if sign > 0 else alert["drop_ratio"])
