"""The page's charts: each gives one SVG text, drawn from a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.report.svg import BOTTOM, RIGHT, TOP, WIDTH, Plot, day_ticks, number_of, ticks
from ml.report.words import Words

SHOWN_DAYS = 180
SHAPES = {"spike": "up", "drop": "down", "level_shift": "square", "slow_leak": "circle"}


def _framed(plot: Plot, words: Words, money: bool = True, places: int = 0) -> None:
    for value in ticks(*plot.y_span):
        height = plot.y(value)
        plot.marks.append(f'<path class="grid" d="M{plot.left} {height:g}H{WIDTH - RIGHT}"/>')
        told = words.number(value, places) if money else words.percent(value, 0)
        plot.text(plot.left - 8, height + 4, told, anchor="end")


def _days(plot: Plot, first: pd.Timestamp, last: pd.Timestamp) -> None:
    months = (last - first).days > 62
    for day in day_ticks(first, last):
        place = plot.x(number_of([day])[0])
        plot.marks.append(f'<path class="axis" d="M{place:g} {plot.height - BOTTOM}v5"/>')
        plot.text(place, plot.height - 10, f"{day:%Y-%m}" if months else f"{day:%m-%d}")


def _span(values: Sequence[float], zero: bool = True) -> tuple[float, float]:
    known = np.asarray([one for one in values if np.isfinite(one)] or [0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    low = min(low, 0.0) if zero else low
    room = (high - low or abs(high) or 1.0) * 0.06
    return (low if zero and low == 0 else low - room), high + room


def forecast(name: str, title: str, past: pd.DataFrame, ahead: pd.DataFrame, words: Words) -> str:
    """Daily history (`ds`, `cost`) and forecast (`period_start`, `cost`, bounds of 50, 80 and 95 %)."""
    past = past[past.ds > ahead.period_start.min() - pd.Timedelta(days=SHOWN_DAYS)] if len(past) else past
    bounds = [one for level in (50, 80, 95) for one in (f"lower_{level}", f"upper_{level}")]
    first = min([ahead.period_start.min(), *past.ds.head(1)])
    x_span = (number_of([first])[0], number_of([ahead.period_start.max()])[0])
    values = [*past.cost, *ahead.cost, *ahead[bounds].to_numpy(dtype=float).ravel()]
    plot = Plot(x_span, _span(values))
    _framed(plot, words)
    _days(plot, first, ahead.period_start.max())
    xs = number_of(ahead.period_start)
    for level in (95, 80, 50):
        plot.band(xs, list(ahead[f"lower_{level}"]), list(ahead[f"upper_{level}"]), f"band b{level}")
    plot.line(number_of(past.ds), list(past.cost), "past")
    plot.line(xs, list(ahead.cost), "ahead")
    told = words.raw(
        "alt_forecast",
        first=words.day(ahead.period_start.min()),
        last=words.day(ahead.period_start.max()),
        total=words.number(ahead.cost.sum()),
        past=words.number(past.cost.mean() if len(past) else None),
        ahead=words.number(ahead.cost.mean()),
    )
    return plot.drawn(name, title, told)


def calibration(name: str, title: str, points: pd.DataFrame, words: Words) -> str:
    """Nominal against actual coverage (`model`, `nominal`, `actual`), on the diagonal where they are the same."""
    plot = Plot((0.4, 1.0), (min(0.4, float(points.actual.min()) - 0.05), 1.02), height=300)
    _framed(plot, words, money=False)
    for value in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        anchor = "end" if value == 1.0 else "middle"
        plot.text(plot.x(value), plot.height - 10, words.percent(value, 0), anchor=anchor)
    plot.line([0.4, 1.0], [0.4, 1.0], "guide")
    shapes = ("circle", "square", "up", "down")
    models = list(dict.fromkeys(points.model))
    for place, model in enumerate(models):
        part = points[points.model == model].sort_values("nominal")
        style = f"c{place % 5}"
        plot.line(list(part.nominal), list(part.actual), f"series {style}")
        for nominal, actual in zip(part.nominal, part.actual, strict=True):
            plot.point(nominal, actual, f"mark {style}", shapes[place % 4])
        plot.point(0.42, plot.y_span[1] - 0.04 * (place + 1.2), f"mark {style}", shapes[place % 4])
        plot.text(
            plot.x(0.42) + 12, plot.y(plot.y_span[1] - 0.04 * (place + 1.2)) + 4, str(model), anchor="start"
        )
    return plot.drawn(name, title, words.raw("alt_calibration", models=", ".join(map(str, models))))


def anomalies(name: str, title: str, past: pd.DataFrame, found: pd.DataFrame, words: Words) -> str:
    """A series (`ds`, `cost`) with the stripes and marks of its anomalies (`started_at`, `ended_at`, `kind`)."""
    last = max(past.ds.max(), found.ended_at.max())
    first = max(past.ds.min(), min(found.started_at.min(), last - pd.Timedelta(days=SHOWN_DAYS)))
    past = past[past.ds >= first]
    plot = Plot((number_of([first])[0], number_of([last])[0]), _span(list(past.cost)), height=210)
    _framed(plot, words)
    _days(plot, first, last)
    for row in found.itertuples():
        start, end = number_of([row.started_at.normalize(), row.ended_at.normalize()])
        plot.span(start - 0.5, end + 0.5, "stripe")
    plot.line(number_of(past.ds), list(past.cost), "past")
    by_day = past.set_index("ds").cost
    for row in found.itertuples():
        day = row.started_at.normalize()
        height = float(by_day.get(day, by_day.iloc[-1]))
        plot.point(number_of([day])[0], height, "mark alarm", SHAPES.get(str(row.kind), "circle"))
    told = [f"{words.raw('kind_' + str(one.kind))} {words.day(one.started_at)}" for one in found.itertuples()]
    return plot.drawn(name, title, words.raw("alt_anomalies", anomalies=told))


def decomposition(name: str, title: str, parts: pd.DataFrame, words: Words) -> str:
    """Four strips over one time axis: observed, trend, season, remainder."""
    first, last = parts.ds.min(), parts.ds.max()
    strips = []
    for column in ("observed", "trend", "season", "remainder"):
        plot = Plot(
            (number_of([first])[0], number_of([last])[0]),
            _span(list(parts[column]), zero=column in ("season", "remainder")),
            height=120,
        )
        for value in ticks(*plot.y_span, count=2):
            height = plot.y(value)
            plot.marks.append(f'<path class="grid" d="M{plot.left} {height:g}H{WIDTH - RIGHT}"/>')
            plot.text(plot.left - 8, height + 4, words.number(value), anchor="end")
        plot.line(number_of(parts.ds), list(parts[column]), "past" if column == "observed" else "ahead solid")
        plot.text(plot.left + 6, TOP + 12, words.raw(f"part_{column}"), "label", "start")
        if column == "remainder":
            _days(plot, first, last)
        told = words.raw(
            "alt_part", part=words.raw(f"part_{column}"), deviation=words.number(parts[column].std())
        )
        strips.append(plot.drawn(f"{name}-{column}", f"{title}: {words.raw('part_' + column)}", told))
    return "".join(strips)


def growth(name: str, title: str, rows: pd.DataFrame, words: Words) -> str:
    """A kind's months (`month`, `usage`, bounds, `method`): delivered bars, predicted line with its band."""
    rows = rows.sort_values("month")
    months = list(range(len(rows)))
    values = [*rows.usage, *rows.upper_80.fillna(0), *rows.lower_80.fillna(0)]
    plot = Plot((-0.6, len(rows) - 0.4), _span(values), height=220, left=100)
    _framed(plot, words)
    every = -(-len(rows) // 9)
    past = (rows.method == "delivered").to_numpy()
    for place, row, known in zip(months, rows.itertuples(), past, strict=True):
        if known:
            plot.bar(place - 0.35, place + 0.35, row.usage, "bar")
        if place % every == 0:
            plot.text(plot.x(place), plot.height - 10, f"{row.month:%Y-%m}")
    ahead = rows[~past]
    xs = [float(place) for place, known in zip(months, past, strict=True) if not known]
    plot.band(xs, list(ahead.lower_80), list(ahead.upper_80), "band b80")
    plot.line(xs, list(ahead.usage), "ahead")
    told = words.raw(
        "alt_growth",
        last=words.number(rows[past].usage.iloc[-1] if past.any() else None),
        end=words.number(ahead.usage.iloc[-1] if len(ahead) else None),
        month=words.month(rows.month.iloc[-1]),
    )
    return plot.drawn(name, title, told)


def weekdays(name: str, title: str, profile: Mapping[str, float], words: Words) -> str:
    """Bars of the weekday factors of a weekly grid."""
    plot = Plot((-0.6, 6.6), _span(list(profile.values())), height=180)
    _framed(plot, words, money=False)
    for place, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun")):
        plot.bar(place - 0.35, place + 0.35, profile.get(day, 0.0), "bar")
        plot.text(plot.x(place), plot.height - 10, words.raw(f"day_{day}"))
    told = [f"{words.raw('day_' + day)} {words.percent(value, 0)}" for day, value in _in_order(profile)]
    return plot.drawn(name, title, words.raw("alt_weekdays", days=told))


def _in_order(profile: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [
        (day, profile[day]) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if day in profile
    ]
