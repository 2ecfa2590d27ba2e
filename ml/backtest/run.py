"""A backtest of whole forecasts through the code that scores: every level, with its intervals, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ml.forecast.actual import actual
from ml.forecast.candidates import forecasts
from ml.forecast.monthly import months_after
from ml.forecast.panel import BOTTOM, COLUMNS, Panel, panel_of
from ml.forecast.score import score
from ml.forecast.train import History, train

FINLAKE = "finlake"
KEY = ["grain", "level", "series_id", "period_start"]


def backtest(
    bill: pd.DataFrame,
    history: History,
    origins: Sequence[pd.Timestamp],
    config: Mapping[str, Any],
    units: Mapping[str, str] | None = None,
    progress: Callable[[pd.Timestamp], None] | None = None,
) -> pd.DataFrame:
    """At each origin: learn from what was known, score, and lay beside it what came.

    Rows: model (finlake and the baselines), origin, grain, level, series_id, period_start, horizon, y (all charges of the
    period, scheduled or not), y_hat, and finlake's bounds. Periods that are not complete in the bill have no row.
    """
    last = bill["usage_date"].max()
    made = []
    for origin in origins:
        if progress:
            progress(origin)
        known = bill[bill["usage_date"] <= origin]
        trained = train(history, origin, config)
        rows = score(known, origin, trained, units, said=_said(history, origin))
        rows = rows.assign(model=FINLAKE)
        others = _baselines(known, origin, config, units)
        made.append(pd.concat([rows, others]).assign(origin=origin))
    said = pd.concat(made, ignore_index=True).rename(columns={"cost": "y_hat"})
    bounds = [column for column in said if column.startswith(("lower_", "upper_"))]
    said[["y_hat", *bounds]] = said[["y_hat", *bounds]].astype(float)
    joined = said.merge(actual(bill, config, units), on=KEY, how="left")
    ends = joined["period_start"].where(
        joined["grain"] == "day", joined["period_start"] + pd.offsets.MonthEnd(0)
    )
    joined = joined[ends <= last].fillna({"y": 0.0})
    return joined[["model", "origin", *KEY, "horizon", "y", "y_hat", *bounds]].reset_index(drop=True)


def _said(history: History, origin: pd.Timestamp) -> dict[str, pd.DataFrame] | None:
    """The candidates' forecasts of an origin that the history already ran."""
    windows = history.days
    if origin not in windows.origins:
        return None
    number = list(windows.origins).index(origin)
    days = pd.date_range(origin + pd.Timedelta(days=1), periods=windows.said.shape[2], freq="D")
    return {
        name: pd.DataFrame(windows.said[number, place].astype(float), index=days, columns=windows.ids)
        for place, name in enumerate(windows.names)
    }


def _baselines(
    bill: pd.DataFrame, origin: pd.Timestamp, config: Mapping[str, Any], units: Mapping[str, str] | None
) -> pd.DataFrame:
    """What the baselines say of all charges, to the end of the 12th month: organisation and account × service."""
    everything = panel_of(
        bill.assign(charge_category="Usage"),
        origin,
        {**config, "levels": {k: v for k, v in config["levels"].items() if k in ("organisation", BOTTOM)}},
        units,
    )
    months = months_after(origin, config["horizon_months"])
    steps = (months[-1] + pd.offsets.MonthEnd(0) - origin).days
    said = forecasts(everything.values, steps, config, expensive=[], names=config["baselines"])
    made = []
    for name, frame in said.items():
        frame = frame.fillna(0.0)
        made.append(_rows(everything, frame.iloc[: config["horizon_days"]], "day").assign(model=name))
        monthly = frame.resample("MS").sum()
        monthly = monthly[monthly.index.isin(months)]
        monthly.iloc[0] += everything.values.loc[months[0] :].sum()
        made.append(_rows(everything, monthly, "month").assign(model=name))
    return pd.concat(made, ignore_index=True)


def _rows(panel: Panel, frame: pd.DataFrame, grain: str) -> pd.DataFrame:
    long = frame.rename_axis(index="period_start", columns="unique_id").unstack().rename("cost").reset_index()
    long["horizon"] = long.groupby("unique_id").cumcount() + 1
    return long.join(panel.keys[["level", "series_id", *COLUMNS]], on="unique_id").assign(grain=grain)
