"""The one detector of all series: what a point was expected to be from its past only, and how far off it is.

A robust exponential filter of level, trend and seasons in the logarithm (Holt-Winters with bounded residuals: Gelper, Fried
and Croux, 2010). Its level waits while points are out of the ordinary; when they stay so, it steps to them and remembers the
step, so that `base` still says what was expected without it, until the series comes back or the step has become its ordinary
level. A month's edges learn their own effect. All series of a frame go through time together, vectorised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.anomaly.gauge import Flags, Floats, Gauge
from ml.anomaly.seasons import NO_EDGE, Slots, edges, slots
from ml.anomaly.shapes import from_log, profile, spread_of, to_log

LOWEST_PARTS = 8
CHUNK = 4_000
"""Series that go through time together: bounds the memory."""


@dataclass(frozen=True)
class Fit:
    """What the filter says of each point (times x series); NaN where a series is too young or has no value."""

    expected: Floats
    """Expected value with every step taken so far."""
    base: Floats
    """Expected value without the step that is still open."""
    score: Floats
    """Residual from `expected` in robust scales, signed."""
    sum_up: Floats
    sum_down: Floats
    climb: Floats
    """Sum of what the level has moved by itself so far, in the logarithm: without steps."""


def fit(
    values: Floats,
    times: pd.DatetimeIndex,
    grain: str,
    config: Mapping[str, Any],
    *,
    slack: Floats | None = None,
) -> Fit:
    """Filter `values` (times x series, NaN = no value). `slack`, per series: an amount so small that it doesn't matter."""
    rules, kind = config["filter"], config["grains"][grain]
    where = slots(times, grain, kind["seasons"])
    month = edges(times, rules["edge_days"]) if kind["calendar"] else np.full(len(times), NO_EDGE)
    parts = []
    for start in range(0, max(values.shape[1], 1), CHUNK):
        part = slice(start, start + CHUNK)
        least = np.zeros(values[:, part].shape[1]) if slack is None else slack[part]
        parts.append(_Filter(values[:, part], where, month, rules, kind, least).run())
    return Fit(*(np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True)))


class _Filter:
    """The filter's state for the series of one chunk."""

    def __init__(
        self,
        values: Floats,
        where: Slots,
        month: Slots,
        rules: Mapping[str, Any],
        kind: Mapping[str, Any],
        least: Floats,
    ) -> None:
        self.values, self.where, self.month, self.rules, self.kind, self.least = (
            values,
            where,
            month,
            rules,
            kind,
            least,
        )
        size = values.shape[1]
        self.gauge = Gauge(size, rules, kind)
        self.level, self.trend, self.step = np.zeros(size), np.zeros(size), np.zeros(size)
        self.climb, self.softness = np.zeros(size), np.ones(size)
        self.age = np.zeros(size, dtype=np.int64)
        self.step_age = np.zeros(size, dtype=np.int64)
        self.favour = np.zeros(size)
        self.lowest = np.full((LOWEST_PARTS, size), np.inf)
        self.waiting = np.zeros(size)
        self.waited = np.zeros(size, dtype=np.int64)
        self.seasons = [np.zeros((length, size)) for length in kind["seasons"]]
        self.visits = [np.zeros((length, size)) for length in kind["seasons"]]
        self.before = [np.zeros((length, size)) for length in kind["seasons"][1:]]
        self.effects = np.zeros((2 * rules["edge_days"], size))
        self.known = np.zeros((2 * rules["edge_days"], size), dtype=np.int64)

    def run(self) -> tuple[Floats, ...]:
        """The columns of Fit, times x series."""
        shape = self.values.shape
        outs = tuple(np.full(shape, np.nan) for _ in range(6))
        for now in range(shape[0]):
            seen = np.isfinite(self.values[now])
            self.age += seen
            ripe = self.age > self.kind["warm_up"]
            if (seen & ripe).any():
                for out, column in zip(outs, self._point(now, seen & ripe), strict=True):
                    out[now] = column
            for series in np.flatnonzero(seen & (self.age == self.kind["warm_up"])):
                self._begin(int(series), now)
        return outs

    def _begin(self, series: int, now: int) -> None:
        """Level, seasons and scale of a series from its first values, with which it is old enough.

        The first season needs but one round, the others two.
        """
        past = self.values[: now + 1, series]
        at = np.flatnonzero(np.isfinite(past))
        sizes = np.abs(past[at])
        middle = float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 0.0
        self.softness[series] = max(self.kind["softness"] * middle, self.least[series], 1e-9)
        logs = to_log(past[at], self.softness[series])
        self.level[series] = float(np.median(logs))
        left = logs - self.level[series]
        spread = spread_of(left)
        for table, visits, slot in zip(self.seasons, self.visits, self.where[at].T, strict=True):
            if table is self.seasons[0] or len(left) >= 2 * len(table):
                means, counts, spread = profile(left, slot, len(table), self.kind["smooth"])
                table[:, series], visits[:, series] = means, counts
                left = left - means[slot]
        self.gauge.scale[series] = max(spread, spread_of(left), self.kind["least_scale"])

    def _point(self, now: int, seen: Flags) -> tuple[Floats, ...]:
        logs = to_log(np.nan_to_num(self.values[now]), self.softness)
        season = sum(table[slot] for table, slot in zip(self.seasons, self.where[now], strict=True))
        self.level = np.where(seen, self.level + self.trend, self.level)
        self.climb = np.where(seen, self.climb + self.trend, self.climb)
        plain = self.level + season
        self._come_back(logs - plain, seen)
        edge = self._edge(logs - self.level - season, now)
        mean = self.level + season + edge
        residual = logs - mean
        score = self.gauge.score(residual)
        self._learn_edge(residual + edge, now, seen)
        self.gauge.follow(residual, seen)
        out = (
            from_log(mean, self.softness),
            from_log(mean - self.step, self.softness),
            score,
            self.gauge.up.copy(),
            self.gauge.down.copy(),
            self.climb.copy(),
        )
        self._learn(residual, score, now, seen)
        self._remember_lowest(now, seen)
        return tuple(np.where(seen, column, np.nan) for column in out)

    def _come_back(self, residual: Floats, seen: Flags) -> None:
        """Series that lie with the level before the open step go back to it; a step that lasts is forgotten.

        Wald's sequential test between the two levels: a running log-likelihood ratio in favour of the one before.
        """
        former = self._former()
        gain = (residual**2 - (residual + former) ** 2) / (2 * self.gauge.scale**2)
        gain = np.clip(gain, -self.rules["return_most"], self.rules["return_most"])
        favour = np.where(former != 0, np.maximum(self.favour + gain, 0.0), 0.0)
        self.favour = np.where(seen, favour, self.favour)
        back = seen & (self.favour >= self.rules["return_at"])
        self.level = np.where(back, self.level - former, self.level)
        self.step = np.where(back, 0.0, self.step)
        self.favour = np.where(back, 0.0, self.favour)
        self.waiting = np.where(back, 0.0, self.waiting)
        self.waited = np.where(back, 0, self.waited)
        self.gauge.clear(back)
        self.step_age += seen
        limit = np.where(self.step < 0, self.kind["forget_drop_after"], self.kind["forget_after"])
        self.step = np.where(self.step_age > limit, 0.0, self.step)

    def _former(self) -> Floats:
        """How far the level lies above where the series may go back to: the open step, or its climb of late."""
        climbed = np.minimum.reduce(self.lowest)
        climbed = np.where(np.isfinite(climbed), self.level - climbed, 0.0)
        far = np.maximum(self.rules["climb_least"], self.rules["hold"] * self.gauge.scale)
        return np.where(self.step != 0, self.step, np.where(climbed > far, climbed, 0.0))

    def _remember_lowest(self, now: int, seen: Flags) -> None:
        """The lowest level without open steps of each part of the last `lowest_over` points."""
        length = max(self.kind["lowest_over"] // len(self.lowest), 1)
        part = now // length % len(self.lowest)
        if now % length == 0:
            self.lowest[part] = np.inf
        level = np.where(seen, self.level - self.step, np.inf)
        self.lowest[part] = np.minimum(self.lowest[part], level)

    def _edge(self, residual: Floats, now: int) -> Floats:
        """The part of a residual that a month's edge explains: up to its known effect, or any rise where none was ever seen."""
        slot = self.month[now]
        if slot == NO_EDGE:
            return np.zeros_like(residual)
        known, effect = self.known[slot], self.effects[slot]
        margin = np.where(np.abs(effect) > 0, self.gauge.scale, 0.0)
        low, high = np.minimum(effect - margin, 0.0), np.maximum(effect + margin, 0.0)
        return np.where(known > 0, np.clip(residual, low, high), np.maximum(residual, 0.0))

    def _learn_edge(self, residual: Floats, now: int, seen: Flags) -> None:
        slot = self.month[now]
        if slot == NO_EDGE:
            return
        clear = np.where(np.abs(residual) > self.rules["hold"] * self.gauge.scale, residual, 0.0)
        fresh = self.effects[slot] + 0.5 * (clear - self.effects[slot])
        effect = np.where(self.known[slot] > 0, fresh, clear)
        effect = np.where(np.abs(effect) < self.gauge.scale, 0.0, effect)
        self.effects[slot] = np.where(seen, effect, self.effects[slot])
        self.known[slot] += seen

    def _learn(self, residual: Floats, score: Floats, now: int, seen: Flags) -> None:
        hold = seen & (np.abs(score) > self.rules["hold"])
        free = seen & ~hold
        bound = self.rules["clip"] * self.gauge.scale
        step = np.where(free, np.clip(residual, -bound, bound), 0.0)
        self.level = self.level + self.kind["level_rate"] * step
        self.climb = self.climb + self.kind["level_rate"] * step
        self.trend = self.trend + self.kind["level_rate"] * self.kind["trend_rate"] * step
        for table, visits, slot in zip(self.seasons, self.visits, self.where[now], strict=True):
            self._learn_season(table, visits, int(slot), step, free)
        for table, before, slot in zip(self.seasons[1:], self.before, self.where[now][1:], strict=True):
            self._learn_habit(table, before, int(slot), residual, hold, seen)
        self._wait(residual, hold, seen)

    def _learn_season(self, table: Floats, visits: Floats, slot: int, step: Floats, free: Flags) -> None:
        visits[slot] += free
        rate = np.maximum(self.kind["season_rate"], 1.0 / (visits[slot] + 2.0))
        width = min(self.kind["smooth"], (len(table) - 1) // 2)
        for offset in range(-width, width + 1):
            weight = 1.0 - abs(offset) / (width + 1)
            table[(slot + offset) % len(table)] += weight / (width + 1) * rate * step

    @staticmethod
    def _learn_habit(
        table: Floats, before: Floats, slot: int, residual: Floats, hold: Flags, seen: Flags
    ) -> None:
        """What was as far off in the same slot a round ago (a weekend among hours) is a habit of the series."""
        last = before[slot]
        alike = np.minimum(np.abs(last), np.abs(residual)) >= 0.5 * np.maximum(np.abs(last), np.abs(residual))
        habit = seen & hold & alike & (np.sign(last) == np.sign(residual))
        learnt = np.where(habit, (last + residual) / 2, 0.0)
        table[slot] += learnt
        before[slot] = np.where(seen, residual - learnt, last)

    def _wait(self, residual: Floats, hold: Flags, seen: Flags) -> None:
        """Sum up what waits; take the step when a whole stretch of points lies off to one side."""
        side = np.sign(residual) == np.sign(np.where(self.waited > 0, self.waiting, residual))
        goes_on = seen & side & (self.gauge.run > 0) & (hold | (self.waited > 0))
        self.waiting = np.where(seen, np.where(goes_on, self.waiting + residual, 0.0), self.waiting)
        self.waited = np.where(seen, np.where(goes_on, self.waited + 1, 0), self.waited)
        steps = self.waited >= self.kind["adopt_after"]
        if not steps.any():
            return
        mean = np.where(steps, self.waiting / np.maximum(self.waited, 1), 0.0)
        self.level = self.level + mean
        self.step_age = np.where(steps & (self.step == 0), 0, self.step_age)
        step = self.step + mean
        self.step = np.where(steps & (np.abs(step) < self.rules["clip"] * self.gauge.scale), 0.0, step)
        self.gauge.clear(steps)
        self.waiting = np.where(steps, 0.0, self.waiting)
        self.waited = np.where(steps, 0, self.waited)
