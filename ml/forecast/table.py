"""Forecasts as rows. They are whole millionths of the currency, and every parent is the sum of its children to the last of
them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ml.forecast.model import Learned
from ml.forecast.panel import BOTTOM, COLUMNS, Panel, series_id
from ml.forecast.parts import Parts, shares
from ml.forecast.reconcile import summing
from ml.forecast.windows import size

MICRO = 1_000_000
MONEY = ("cost", "modeled_cost", "scheduled_cost")


@dataclass(frozen=True)
class Ahead:
    """One grain's forecasts. `modeled`: periods × series, money; `width`: nominal level in % -> half widths of the same
    shape; `method`: what made each series; `days`: days of a period, by which widths grow; `left`: the share of each period
    that is still to come."""

    modeled: pd.DataFrame
    width: Mapping[int, np.ndarray]
    method: Mapping[str, str]
    days: float
    left: np.ndarray


def rows_of(
    panel: Panel,
    parts: Parts,
    as_of: pd.Timestamp,
    ahead: Ahead,
    learned: Learned,
    fixed: pd.DataFrame,
    config: Mapping[str, Any],
    units: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Rows of silver.forecasts of one grain, without `grain`. `fixed`: scheduled charges by period_start, account_id,
    service."""
    keys = _with_fixed(panel.keys, fixed, config, units or {})
    bottom = keys[keys["level"] == BOTTOM]
    modeled = _micro(ahead.modeled.reindex(columns=bottom.index).fillna(0.0).to_numpy())
    scheduled = _micro(_fixed_table(fixed, ahead.modeled.index, bottom))
    sums = summing(keys, config)
    width = {
        nominal: pd.DataFrame(values, columns=ahead.modeled.columns)
        .reindex(columns=keys.index, fill_value=0.0)
        .to_numpy()
        for nominal, values in ahead.width.items()
    }
    method = [ahead.method.get(name, "schedule") for name in keys.index]
    made = [_long(keys, ahead.modeled.index, _sum(modeled, sums), _sum(scheduled, sums), width, method)]
    if not parts.panel.keys.empty:
        matrix = shares(parts, as_of, keys, config)
        part_keys = parts.panel.keys
        scale = size(parts.panel.values).to_numpy() * ahead.days * ahead.left[:, None]
        ids, levels = list(part_keys.index), list(part_keys["level"])
        part_width = {n: w * scale for n, w in learned.width_of(ids, levels).items()}
        of_parts = [_split(values, matrix, part_keys["level"]) for values in (modeled, scheduled)]
        methods = ["shares"] * len(ids)
        made.append(_long(part_keys, ahead.modeled.index, of_parts[0], of_parts[1], part_width, methods))
    return pd.concat(made, ignore_index=True)


def by_period(fixed: pd.DataFrame, periods: pd.Index, grain: str) -> pd.DataFrame:
    """Scheduled charges by period_start, account_id and service, within the periods."""
    days = pd.to_datetime(fixed["usage_date"])
    starts = days if grain == "day" else days.dt.to_period("M").dt.to_timestamp()
    made = fixed.assign(period_start=starts)
    made = made[made["period_start"].isin(periods)]
    return made.groupby(["period_start", "account_id", "service"], as_index=False)["cost"].sum()


def _with_fixed(
    keys: pd.DataFrame, fixed: pd.DataFrame, config: Mapping[str, Any], units: Mapping[str, str]
) -> pd.DataFrame:
    """The keys, and those of accounts and services that have scheduled charges only."""
    pairs = fixed[["account_id", "service"]].drop_duplicates()
    pairs = pairs.assign(organizational_unit=pairs["account_id"].map(dict(units)).fillna(""))
    made = []
    for level, names in config["levels"].items():
        if not (keys["level"] == level).any():
            continue
        for values in pairs[names].drop_duplicates().to_numpy(dtype=object):
            named = dict(zip(names, map(str, values), strict=True))
            row = {"level": level, "series_id": series_id(named)} | {c: named.get(c, "") for c in COLUMNS}
            made.append(row | {"unique_id": f"{level}|{series_id(named)}"})
    if not made:
        return keys
    more = pd.DataFrame(made).set_index("unique_id")
    return pd.concat([keys, more[~more.index.isin(keys.index)]])


def _fixed_table(fixed: pd.DataFrame, periods: pd.Index, bottom: pd.DataFrame) -> np.ndarray:
    """Scheduled charges, periods × bottom series."""
    pairs = pd.MultiIndex.from_frame(bottom[["account_id", "service"]])
    made = np.zeros((len(periods), len(bottom)))
    at = pairs.get_indexer(pd.MultiIndex.from_frame(fixed[["account_id", "service"]]))
    np.add.at(made, (periods.get_indexer(fixed["period_start"]), at), fixed["cost"].to_numpy(dtype=float))
    return made


def _micro(money: np.ndarray) -> np.ndarray:
    return np.rint(money * MICRO).astype(np.int64)


def _sum(values: np.ndarray, sums: sparse.csr_matrix) -> np.ndarray:
    return np.asarray((sums.astype(np.int64) @ values.T).T)


def _split(values: np.ndarray, matrix: sparse.csr_matrix, part_of: pd.Series) -> np.ndarray:
    """Bottom values in millionths by parts; of each dimension the last part of a series takes what rounding left."""
    made = np.zeros((len(values), matrix.shape[1]), dtype=np.int64)
    for part in part_of.unique():
        columns = np.flatnonzero((part_of == part).to_numpy())
        block = matrix[:, columns].tocsr()
        for row in range(block.shape[0]):
            at = slice(block.indptr[row], block.indptr[row + 1])
            share, of = block.data[at], columns[block.indices[at]]
            given = np.rint(values[:, [row]] * share).astype(np.int64)
            given[:, -1] = values[:, row] - given[:, :-1].sum(axis=1)
            made[:, of] += given
    return made


def _long(
    keys: pd.DataFrame,
    periods: pd.Index,
    modeled: np.ndarray,
    scheduled: np.ndarray,
    width: Mapping[int, np.ndarray],
    method: list[str],
) -> pd.DataFrame:
    """Series × periods as rows; bounds lie about the cost, and never below what is scheduled where the forecast is not. Without
    windows to learn a width from there are none."""
    count, steps = len(keys), len(periods)
    made = {
        name: np.repeat(keys[name].to_numpy(dtype=object), steps) for name in ("level", "series_id", *COLUMNS)
    }
    made["period_start"] = np.tile(periods.to_numpy(), count)
    made["horizon"] = np.tile(np.arange(1, steps + 1), count)
    cost = modeled + scheduled
    for name, values in zip(MONEY, (cost, modeled, scheduled), strict=True):
        made[name] = _decimals(values)
    floor = np.where(modeled >= 0, scheduled, np.iinfo(np.int64).min)
    for nominal, half in width.items():
        reach, unknown = _micro(np.nan_to_num(half)), np.isnan(half).T.ravel()
        for name, bound in (("lower", np.maximum(cost - reach, floor)), ("upper", cost + reach)):
            made[f"{name}_{nominal}"] = _decimals(bound)
            made[f"{name}_{nominal}"][unknown] = None
    made["method"] = np.repeat(np.asarray(method, dtype=object), steps)
    return pd.DataFrame(made)


def _decimals(values: np.ndarray) -> np.ndarray:
    """Millionths, periods × series, as decimals, series after series."""
    flat = values.T.ravel().tolist()
    return np.asarray([Decimal(value).scaleb(-6) for value in flat], dtype=object)
