"""Rolling origins: what each candidate said at former days, and what came. Weights and intervals are learned from nothing
else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ml.forecast.candidates import TOGETHER, forecasts
from ml.forecast.panel import BOTTOM, Panel
from ml.forecast.tame import tame

Local = Callable[[pd.DataFrame, int, Mapping[str, Any], Collection[str], Collection[str]], dict[str, Any]]
"""(values, horizon, config, expensive series, candidate names) -> forecasts: how those that work series by series are run."""


@dataclass(frozen=True)
class Windows:
    """Forecasts of several origins. `origins`: their last known days; `names`: candidates; `ids`: series; `said`: origins ×
    candidates × steps × series, `came`: origins × steps × series, both money, NaN where not asked or not yet known; `scale`:
    origins × series, the size of a series at the origin, by which errors are compared; `monthly`: steps are
    months, and money a month's."""

    origins: Sequence[pd.Timestamp]
    names: Sequence[str]
    ids: Sequence[str]
    said: np.ndarray
    came: np.ndarray
    scale: np.ndarray
    monthly: bool = False

    def before(self, day: pd.Timestamp, most: int) -> Windows:
        """What was known at the end of a day: the last `most` origins before it, and of their truth only what had come."""
        kept = [number for number, origin in enumerate(self.origins) if origin < day][-most:]
        came = self.came[kept].copy()
        for place, number in enumerate(kept):
            came[place, self.steps_over(self.origins[number], day) :] = np.nan
        origins = [self.origins[number] for number in kept]
        return replace(self, origins=origins, said=self.said[kept], came=came, scale=self.scale[kept])

    def of(self, ids: Sequence[str]) -> Windows:
        """The windows of some series."""
        place = {name: number for number, name in enumerate(self.ids)}
        at = [place[name] for name in ids]
        return replace(
            self, ids=list(ids), said=self.said[..., at], came=self.came[..., at], scale=self.scale[:, at]
        )

    def at(self, number: int) -> Windows:
        """One origin alone."""
        one = slice(number, number + 1)
        return replace(
            self, origins=self.origins[one], said=self.said[one], came=self.came[one], scale=self.scale[one]
        )

    def steps_over(self, origin: pd.Timestamp, day: pd.Timestamp) -> int:
        """How many steps of an origin's forecast are over at the end of a day: days, or whole months where steps are months."""
        if not self.monthly:
            return int((day - origin).days)
        later, first = day + pd.Timedelta(days=1), origin + pd.Timedelta(days=1)
        return int((later.year - first.year) * 12 + later.month - first.month)


def origins_before(first: pd.Timestamp, last: pd.Timestamp, most: int) -> list[pd.Timestamp]:
    """The 15th and the last day of each month, before `last` and not before `first`; the newest `most`, oldest first."""
    days = pd.date_range(first, last - pd.Timedelta(days=1), freq="D")
    return list(days[(days.day == 15) | days.is_month_end])[-most:]


def expensive_of(panel: Panel, config: Mapping[str, Any]) -> list[str]:
    """The series that get the expensive candidates: all that are above account × service, and the largest of these."""
    above = [name for name in panel.values.columns if panel.keys.at[name, "level"] != BOTTOM]
    return [*above, *panel.by_spend(BOTTOM)[: config["expensive_series"]]]


def said_at(
    panel: Panel,
    origin: pd.Timestamp,
    config: Mapping[str, Any],
    local: Local | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Each candidate's forecast with what was known at the end of `origin`: days ahead × series, never below zero where the
    history never was."""
    known = panel.until(origin)
    tamed = tame(known.values, config)
    horizon, wanted = config["horizon_days"], list(names or config["candidates"])
    alone = [name for name in wanted if name not in TOGETHER]
    expensive = expensive_of(known, config)
    run = local or (lambda v, h, c, e, n: forecasts(v, h, c, expensive=e, names=n))
    made = run(tamed.values, horizon, config, expensive, alone)
    together = [name for name in wanted if name in TOGETHER]
    made |= forecasts(tamed.values, horizon, config, expensive=expensive, names=together, signs=known.signs)
    floor = np.where(known.values.min().to_numpy() >= 0, 0.0, -np.inf)
    days = made[wanted[0]].index
    effects = tamed.ahead(days)
    ready = {name: (frame + effects).clip(lower=floor, axis=1) for name, frame in made.items()}
    return {name: clamped(frame, known.values, config) for name, frame in ready.items()}


def clamped(frame: pd.DataFrame, history: pd.DataFrame, config: Mapping[str, Any]) -> pd.DataFrame:
    """No forecast beyond so many times the highest recent week's daily mean and the highest recent day, growing by the root
    of the horizon."""
    rules = config["clamp"]
    recent = history.iloc[-rules["days"] :].abs()
    highest = np.fmax(recent.rolling(7, min_periods=1).mean().max(), recent.max() / rules["times"]).to_numpy()
    ahead = np.sqrt(np.arange(1, len(frame) + 1) / 90.0)[:, None]
    limit = highest * (rules["times"] + (rules["times_at_90_days"] - rules["times"]) * ahead)
    return frame.clip(lower=-limit, upper=limit)


def windows_of(
    panel: Panel,
    origins: Sequence[pd.Timestamp],
    config: Mapping[str, Any],
    local: Local | None = None,
    progress: Callable[[pd.Timestamp], None] | None = None,
    names: Sequence[str] | None = None,
) -> Windows:
    """Run all candidates at all origins. The cost of this is origins × series; every other step is small."""
    names, ids = list(names or config["candidates"]), list(panel.values.columns)
    said, came, scale = [], [], []
    for origin in origins:
        if progress:
            progress(origin)
        made = said_at(panel, origin, config, local, names)
        said.append(np.stack([made[name].reindex(columns=ids).to_numpy() for name in names]))
        came.append(_truth(panel.values, origin, config["horizon_days"]))
        scale.append(size(panel.until(origin).values).reindex(ids).to_numpy())
    shape = (0, len(names), config["horizon_days"], len(ids))
    return Windows(
        list(origins),
        names,
        ids,
        np.stack(said).astype(np.float32) if said else np.empty(shape, np.float32),
        np.stack(came) if came else np.empty((0, shape[2], shape[3])),
        np.stack(scale) if scale else np.empty((0, shape[3])),
    )


def size(values: pd.DataFrame) -> pd.Series:
    """How large a series is, money a day: the mean of its last 28 days' absolute values, at least a tenth of that of 182
    days."""
    recent, long = values.iloc[-28:].abs().mean(), values.iloc[-182:].abs().mean()
    return np.maximum(recent, 0.1 * long).clip(lower=1e-6)


def _truth(values: pd.DataFrame, origin: pd.Timestamp, horizon: int) -> np.ndarray:
    days = pd.date_range(origin + pd.Timedelta(days=1), periods=horizon, freq="D")
    return values.reindex(days).to_numpy(dtype=float)


def buckets(ends: Sequence[int], steps: int) -> Iterator[slice]:
    """The steps ahead in groups: [7, 14, …] means 1–7, 8–14, …"""
    start = 0
    for end in [*ends, steps]:
        if start < min(end, steps):
            yield slice(start, min(end, steps))
            start = min(end, steps)
