"""How unusual a residual is, for many series at once: robust scale, heavy tails, and a running sum for what lasts.

The scale follows Gelper, Fried and Croux (2010), "Robust forecasting with exponential and Holt-Winters smoothing": an
exponentially weighted mean of squared residuals, each bounded; the running sums are Page's two-sided CUSUM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NORMAL_KURTOSIS = 3.0
BOUNDED_SQUARE = 0.7737
"""Mean of min(u², 2²) of a standard normal u: makes the bounded scale that of a normal."""


class Gauge:
    """State of `size` series: scale, fourth moment, running sums up and down, and for how many points a sum has been running."""

    def __init__(
        self, size: int, rules: Mapping[str, Any], grain: Mapping[str, Any], scale: float = 0.1
    ) -> None:
        self.rules = rules
        self.rate = float(grain["scale_rate"])
        self.least = float(grain["least_scale"])
        self.scale = np.full(size, scale)
        self.fourth = np.full(size, NORMAL_KURTOSIS)
        self.up = np.zeros(size)
        self.down = np.zeros(size)
        self.run = np.zeros(size, dtype=np.int64)
        self.seen = np.zeros(size, dtype=np.int64)
        self.before = np.zeros(size)
        self.product, self.square = np.zeros(size), np.ones(size)

    def score(self, residual: Floats) -> Floats:
        """The residual in scales; smaller where little was seen so far, and where the series' tails are heavy (unless the point
        before was off as well)."""
        tails = np.maximum(1.0, (self.fourth / NORMAL_KURTOSIS) ** 0.25)
        young = 1.0 + self.rules["young"] / (self.seen + 1.0)
        return residual / (self.scale * young * np.where(self.run > 0, 1.0, tails))

    @property
    def memory(self) -> Floats:
        """How much one score resembles the one before: 0 for independent ones, at most `memory_most`."""
        return np.clip(self.product / self.square, 0.0, self.rules["memory_most"])

    def follow(self, residual: Floats, seen: Flags) -> None:
        """Take the residuals of one point in time into account, of the series seen then."""
        score = np.where(seen, self.score(residual), 0.0)
        self._remember(residual, seen)
        self._spread(residual, seen)
        self._sums(score, seen)

    def _remember(self, residual: Floats, seen: Flags) -> None:
        """Bounded scores beside the ones before them; what alarms is left out, since it is no habit."""
        bound = self.rules["clip"]
        score = np.clip(residual / self.scale, -bound, bound)
        usual = seen & (np.maximum(self.up, self.down) < self.rules["alarm"])
        self.product = np.where(
            usual, self.product + self.rate * (score * self.before - self.product), self.product
        )
        self.square = np.where(usual, self.square + self.rate * (score**2 - self.square), self.square)
        self.before = np.where(seen, score, self.before)
        self.seen = self.seen + seen

    def _sums(self, score: Floats, seen: Flags) -> None:
        most, slack, leave = self.rules["most"], self.rules["slack"], self.rules["leave"]
        for name, signed in (("up", score), ("down", -score)):
            before = getattr(self, name)
            step = np.minimum(signed, most) - slack
            after = np.where(step > 0, before + step, before * leave)
            after = np.where(after < 0.5, 0.0, np.minimum(after, self.rules["sum_most"]))
            setattr(self, name, np.where(seen, after, before))
        running = (self.up > 0) | (self.down > 0)
        self.run = np.where(seen, np.where(running, self.run + 1, 0), self.run)

    def _spread(self, residual: Floats, seen: Flags) -> None:
        """Scale and tails learn slowly while a sum runs, and nothing while it alarms, lest what lasts becomes ordinary."""
        told = np.maximum(self.up, self.down) >= self.rules["alarm"]
        rate = self.rate * np.where(told, 0.0, np.where(self.run > 0, self.rules["slow"], 1.0))
        plain = np.abs(residual) / self.scale
        bounded = np.minimum(plain, self.rules["clip"]) ** 2 / BOUNDED_SQUARE
        scale = self.scale * np.sqrt(1 - rate + rate * bounded)
        fourth = self.fourth + self.rules["tail_rate"] * rate * (
            np.minimum(plain, self.rules["tail_most"]) ** 4 - self.fourth
        )
        self.scale = np.where(seen, np.maximum(scale, self.least), self.scale)
        self.fourth = np.where(seen, np.maximum(fourth, NORMAL_KURTOSIS), self.fourth)

    def clear(self, which: Flags) -> None:
        """Forget the running sums of these series."""
        self.up = np.where(which, 0.0, self.up)
        self.down = np.where(which, 0.0, self.down)
        self.run = np.where(which, 0, self.run)
