"""Charts drawn as SVG text: colours are classes of the page's style, so that light and dark both work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 820, 64, 14, 12, 30


@dataclass
class Plot:
    """One chart: x from `x_span`, y from `y_span` to its box; marks are added in drawing order."""

    x_span: tuple[float, float]
    y_span: tuple[float, float]
    height: int = 260
    left: int = LEFT
    marks: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Pixels from the left."""
        low, high = self.x_span
        return round(self.left + (value - low) / ((high - low) or 1) * (WIDTH - self.left - RIGHT), 1)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        low, high = self.y_span
        inner = self.height - TOP - BOTTOM
        return round(TOP + inner - (value - low) / ((high - low) or 1) * inner, 1)

    def line(self, xs: Iterable[float], ys: Iterable[float], style: str) -> None:
        """A line through the points; a gap where y is NaN."""
        pieces: list[list[str]] = [[]]
        for x, y in zip(xs, ys, strict=True):
            if np.isfinite(y):
                pieces[-1].append(f"{self.x(x):g},{self.y(y):g}")
            elif pieces[-1]:
                pieces.append([])
        for piece in pieces:
            if len(piece) > 1:
                self.marks.append(f'<polyline class="{style}" points="{" ".join(piece)}"/>')
            elif piece:
                x_text, y_text = piece[0].split(",")
                self.marks.append(_dot(x_text, y_text, style))

    def band(self, xs: Sequence[float], lower: Sequence[float], upper: Sequence[float], style: str) -> None:
        """The area between two lines, where both are known."""
        fine = np.isfinite(np.asarray(lower, dtype=float)) & np.isfinite(np.asarray(upper, dtype=float))
        there = [(x, low, high) for x, low, high, ok in zip(xs, lower, upper, fine, strict=True) if ok]
        if len(there) < 2:
            return
        up = [f"{self.x(x):g},{self.y(high):g}" for x, _, high in there]
        down = [f"{self.x(x):g},{self.y(low):g}" for x, low, _ in reversed(there)]
        self.marks.append(f'<polygon class="{style}" points="{" ".join(up + down)}"/>')

    def span(self, start: float, end: float, style: str) -> None:
        """A vertical stripe over the whole height, at least two pixels wide."""
        left, right = self.x(start), self.x(end)
        width = max(round(right - left, 1), 2)
        box = f'x="{left:g}" y="{TOP}" width="{width:g}" height="{self.height - TOP - BOTTOM}"'
        self.marks.append(f'<rect class="{style}" {box}/>')

    def bar(self, start: float, end: float, value: float, style: str) -> None:
        """A bar from zero to a value."""
        top, base = sorted((self.y(value), self.y(0)))
        box = f'x="{self.x(start):g}" y="{top:g}" width="{round(self.x(end) - self.x(start), 1):g}"'
        self.marks.append(f'<rect class="{style}" {box} height="{round(base - top, 1):g}"/>')

    def point(self, x: float, y: float, style: str, shape: str = "circle") -> None:
        """A mark that its shape tells apart as well as its colour."""
        px, py = self.x(x), self.y(y)
        if shape == "circle":
            self.marks.append(f'<circle class="{style}" cx="{px:g}" cy="{py:g}" r="4"/>')
        elif shape == "up":
            self.marks.append(f'<path class="{style}" d="M{px:g} {py - 6:g}l6 11h-12z"/>')
        elif shape == "down":
            self.marks.append(f'<path class="{style}" d="M{px:g} {py + 6:g}l6 -11h-12z"/>')
        else:
            self.marks.append(f'<rect class="{style}" x="{px - 4:g}" y="{py - 4:g}" width="8" height="8"/>')

    def text(self, x: float, y: float, words: str, style: str = "tick", anchor: str = "middle") -> None:
        """Words at pixels."""
        place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
        self.marks.append(f'<text class="{style}" {place}>{escape(words)}</text>')

    def drawn(self, name: str, title: str, told: str) -> str:
        """The SVG with its title and description, by which screen readers tell it. `name` is unique on the page."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {self.height}" role="img" aria-labelledby="{name}-t {name}-d">'
            f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>'
            f"{''.join(self.marks)}</svg>"
        )


def _dot(x: str, y: str, style: str) -> str:
    return f'<circle class="{style} dot" cx="{x}" cy="{y}" r="2"/>'


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values between two ends, about `count` of them: steps of 1, 2, 2.5 or 5 times a power of ten."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10 ** np.floor(np.log10(raw))
    step = min((one * power for one in (1, 2, 2.5, 5, 10)), key=lambda one: abs(one - raw))
    first = np.ceil(low / step - 1e-9)
    return [float(step * n) + 0.0 for n in np.arange(first, np.floor(high / step + 1e-9) + 1)]


def day_ticks(first: pd.Timestamp, last: pd.Timestamp, most: int = 9) -> list[pd.Timestamp]:
    """First days of months, as many as fit; days of the week where it is about less than two months."""
    months = pd.date_range(first.normalize().replace(day=1), last, freq="MS")
    months = months[months >= first]
    if len(months) < 2:
        return list(pd.date_range(first, last, periods=min(5, max((last - first).days + 1, 2))).normalize())
    return list(months[:: -(-len(months) // most)])


def number_of(days: Iterable[pd.Timestamp]) -> list[float]:
    """Days as numbers for the x axis."""
    return [pd.Timestamp(day).value / 86_400e9 for day in days]
