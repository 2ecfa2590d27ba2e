"""Figures that the page makes out of a backtest or a history where they were not handed over."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import MSTL, STL

from ml.report.results import Results, there

BUCKETS = (7, 28, 90, 366)
"""Horizons are told together up to these."""
YEAR = 365


def accuracy(results: Results) -> pd.DataFrame | None:
    """`results.accuracy`, or 1 - WAPE of the backtest by level, model and horizon bucket (wanted: none)."""
    if there(results.accuracy) or not there(results.backtest):
        return results.accuracy
    rows = _bucketed(results.backtest)
    sums = rows.assign(wrong=(rows.y - rows.y_hat).abs(), size=rows.y.abs())
    sums = sums.groupby(["level", "horizon", "model"], as_index=False)[["wrong", "size"]].sum()
    made = sums[sums["size"] > 0].copy()
    made["accuracy"] = 1 - made.wrong / made["size"]
    return made.assign(wanted=np.nan)[["level", "model", "horizon", "accuracy", "wanted"]]


def coverage(results: Results) -> pd.DataFrame | None:
    """`results.coverage`, or the share of the backtest's days within each interval, by level, model and horizon bucket."""
    if there(results.coverage) or not there(results.backtest):
        return results.coverage
    return _covered(_bucketed(results.backtest), ["level", "horizon", "model"])


def calibration(results: Results) -> pd.DataFrame | None:
    """`results.calibration`, or nominal and actual coverage of the backtest by model over all levels and horizons."""
    if there(results.calibration) or not there(results.backtest):
        return results.calibration
    return _covered(results.backtest, ["model"])


def _bucketed(backtest: pd.DataFrame | None) -> pd.DataFrame:
    assert backtest is not None
    edges = np.asarray(BUCKETS)
    place = np.minimum(np.searchsorted(edges, backtest.horizon.to_numpy(dtype=float)), len(edges) - 1)
    return backtest.assign(horizon=edges[place])


def _covered(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    parts = []
    for level in (50, 80, 95):
        lower, upper = f"lower_{level}", f"upper_{level}"
        if lower not in rows or upper not in rows:
            continue
        known = rows[rows[lower].notna() & rows[upper].notna() & rows.y.notna()]
        inside = known.assign(actual=((known.y >= known[lower]) & (known.y <= known[upper])).astype(float))
        part = inside.groupby(keys, as_index=False).actual.mean()
        parts.append(part.assign(nominal=level / 100))
    if not parts:
        return pd.DataFrame(columns=[*keys, "actual", "nominal"])
    return pd.concat(parts, ignore_index=True).sort_values([*keys, "nominal"], ignore_index=True)


def decomposition(results: Results) -> pd.DataFrame | None:
    """`results.decomposition`, or that of the history's most expensive series, the whole organisation before all others.

    STL by weeks, robust (Cleveland et al. 1990); MSTL by weeks and years (Bandara et al. 2021) from three years of days on: with
    two, a season of a year explains everything. None where there are less than five weeks.
    """
    if there(results.decomposition) or not there(results.history):
        return results.decomposition
    assert results.history is not None
    whole = results.history[results.history.level == "organisation"]
    rows = whole if len(whole) else results.history
    totals = rows.groupby("series_id").cost.sum().sort_values(kind="stable")
    chosen = rows[rows.series_id == totals.index[-1]].groupby("ds").cost.sum().asfreq("D").fillna(0.0)
    if len(chosen) < 35:
        return None
    if len(chosen) >= 3 * YEAR:
        made = MSTL(chosen, periods=(7, YEAR), stl_kwargs={"robust": True}).fit()
        season = made.seasonal.sum(axis=1)
    else:
        made = STL(chosen, period=7, robust=True).fit()
        season = made.seasonal
    parts = {"observed": chosen, "trend": made.trend, "season": season, "remainder": made.resid}
    return pd.DataFrame(parts).rename_axis("ds").reset_index()
