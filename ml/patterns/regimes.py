"""Growth regimes: spend as pieces of steady growth, and the rate of the newest piece with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ml.patterns.inputs import SERIES_KEYS, Known, daily_table, largest
from ml.patterns.rows import Found, Percent, Place
from ml.patterns.seasons import name_of, place_of

WEEKS_PER_MONTH = 30.4375 / 7


@dataclass(frozen=True)
class Regime:
    """A piece of the series: weeks [start, end), growth a month with the interval's ends, share of variance that it explains."""

    start: int
    end: int
    monthly: float
    lower: float
    upper: float
    fit: float


def growths(given: Known) -> Iterator[Found]:
    """The newest growth regime of the organisation's and of each account × service's cost where it grows or shrinks."""
    rules = given.config["growth"]
    for keys in (["currency"], SERIES_KEYS):
        first, weekly = weekly_sums(given, keys, given.bill, "cost")
        for name in weekly.columns:
            found = regimes(weekly[name].to_numpy(), rules)
            if found and (keys == ["currency"] or moves(found[-1], rules)):
                yield growth_of(place_of(name), found, first, given, "cost")


def weekly_sums(
    given: Known, keys: list[str], lines: pd.DataFrame, value: str
) -> tuple[pd.Timestamp, pd.DataFrame]:
    """First day and sums of whole weeks that end on `as_of`, one column per series; the largest series only."""
    days = (given.as_of - given.bill.usage_date.min()).days + 1
    first = given.as_of - pd.Timedelta(days=days // 7 * 7 - 1)
    table = largest(daily_table(lines, keys, value, first, given.as_of), given.config)
    weeks = np.arange(len(table)) // 7
    return first, table.groupby(weeks).sum()


def moves(regime: Regime, rules: Mapping[str, Any]) -> bool:
    """The rate is beyond `least_monthly`, and its interval leaves out zero."""
    certain = regime.lower > 0 or regime.upper < 0
    return certain and abs(regime.monthly) >= rules["least_monthly"]


def growth_of(
    place: Place, found: list[Regime], first: pd.Timestamp, given: Known, measure: str, **more: Any
) -> Found:
    """A regime list as a pattern; `more` goes to Found (suggestion)."""
    newest, rules = found[-1], given.config["growth"]
    since = first + pd.Timedelta(weeks=newest.start)
    word = (
        "growth_steady" if not moves(newest, rules) else "growth_up" if newest.monthly > 0 else "growth_down"
    )
    values = {
        "place": name_of(place),
        "rate": Percent(abs(newest.monthly), 1),
        "lower": Percent(newest.lower, 1),
        "upper": Percent(newest.upper, 1),
        "since": since,
        "level": Percent(rules["level"]),
    }
    pieces = [
        {
            "first_day": first + pd.Timedelta(weeks=one.start),
            "last_day": first + pd.Timedelta(weeks=one.end) - pd.Timedelta(days=1),
            "monthly_growth": one.monthly,
            "lower": one.lower,
            "upper": one.upper,
        }
        for one in found
    ]
    details = {"measure": measure, "level": rules["level"], "regimes": pieces}
    return Found(
        place, "growth", newest.fit, since, given.as_of, details, (word, values), about=measure, **more
    )


def regimes(weekly: np.ndarray, rules: Mapping[str, Any]) -> list[Regime]:
    """The pieces of a weekly series, oldest first; [] where it is too short or not positive since its beginning.

    Least squares on the logarithm, pieces by optimal partitioning (Jackson et al. 2005) with `penalty` × BIC for the three values
    of a piece (level, slope, place). Weeks before the first with spend are left out; single weeks far off their neighbours
    are drawn in first (median of five, three scaled MADs), so that a spike isn't a regime.
    """
    positive = np.flatnonzero(weekly > 0)
    if not len(positive):
        return []
    offset = int(positive[0])
    values = weekly[offset:]
    if len(values) < rules["least_weeks"] or (values <= 0).any():
        return []
    logs = _without_spikes(np.log(values))
    cuts = _pieces(logs, rules["shortest_weeks"], rules["penalty"])
    return [_fitted(logs, start, end, rules["level"], offset) for start, end in cuts]


def _without_spikes(logs: np.ndarray) -> np.ndarray:
    middle = pd.Series(logs).rolling(5, center=True, min_periods=3).median().to_numpy()
    rest = logs - middle
    bound = max(3 * 1.4826 * float(np.median(np.abs(rest))), 0.02)
    return middle + np.clip(rest, -bound, bound)


def _pieces(logs: np.ndarray, shortest: int, penalty: float) -> list[tuple[int, int]]:
    """Bounds of the pieces that have the least squared error + penalty × 3 × variance × log(n)."""
    count = len(logs)
    errors = _errors(logs)
    price = penalty * 3 * _noise(logs) * np.log(count)
    best = np.full(count + 1, np.inf)
    best[0], before = -price, np.zeros(count + 1, dtype=int)
    for end in range(shortest, count + 1):
        starts = np.arange(0, end - shortest + 1)
        costs = best[starts] + errors[starts, end] + price
        before[end] = int(np.argmin(costs))
        best[end] = costs[before[end]]
    cuts, end = [], count
    while end > 0:
        cuts.append((int(before[end]), end))
        end = int(before[end])
    return cuts[::-1]


def _noise(logs: np.ndarray) -> float:
    """Long-run variance around the pieces, as of a first-order autoregression: from the first differences, which know no level.

    With echo p, differences have variance 2 s (1 - p) and autocorrelation -(1 - p) / 2 at lag 1; the sum of many weeks has the
    variance s (1 + p) / (1 - p) a week.
    """
    steps = np.diff(logs)
    spread = max(float(np.median(np.abs(steps - np.median(steps)))) / 0.6745, 0.004)
    drawn = np.clip(steps - np.median(steps), -3 * spread, 3 * spread)
    echo = min(max(1 + 2 * _echo(drawn, -0.5), 0.0), 0.7)
    return spread**2 / (2 * (1 - echo)) * (1 + echo) / (1 - echo)


def _echo(values: np.ndarray, otherwise: float) -> float:
    """Correlation with the value before; `otherwise` where nothing varies."""
    before, after = values[:-1], values[1:]
    if min(before.std(), after.std()) <= 1e-9:
        return otherwise
    return float(np.corrcoef(before, after)[0, 1])


def _errors(logs: np.ndarray) -> np.ndarray:
    """errors[i, j]: squared error of a line through logs[i:j], by running sums."""
    count = len(logs)
    x = np.arange(count, dtype=float)
    sums = [np.concatenate([[0.0], np.cumsum(one)]) for one in (x, logs, x * x, x * logs, logs * logs)]
    sx, sy, sxx, sxy, syy = (one[None, :] - one[:, None] for one in sums)
    size = np.maximum(np.arange(count + 1)[None, :] - np.arange(count + 1)[:, None], 1)
    cxx, cxy, cyy = sxx - sx * sx / size, sxy - sx * sy / size, syy - sy * sy / size
    slope_part = np.where(cxx > 1e-9, cxy * cxy / np.where(cxx > 1e-9, cxx, 1.0), 0.0)
    return np.maximum(cyy - slope_part, 0.0)


def _fitted(logs: np.ndarray, start: int, end: int, level: float, offset: int) -> Regime:
    """The slope a month with its interval: Student's t, weeks counted for less where each residual resembles the one before."""
    part, x = logs[start:end], np.arange(end - start, dtype=float)
    line = stats.linregress(x, part)
    rest = part - (line.intercept + line.slope * x)
    echo = min(max(_echo(rest, 0.0), 0.0), 0.9)
    effective = max(len(part) * (1 - echo) / (1 + echo), 3.0)
    error = line.stderr * np.sqrt((len(part) - 2) / max(effective - 2, 1.0))
    width = stats.t.ppf(0.5 + level / 2, max(effective - 2, 1.0)) * error
    monthly, lower, upper = (
        float(np.expm1(slope * WEEKS_PER_MONTH))
        for slope in (line.slope, line.slope - width, line.slope + width)
    )
    fit = float(line.rvalue**2) if part.std() > 1e-9 else 0.0
    return Regime(start + offset, end + offset, monthly, lower, upper, fit)
