"""Teams, environments and resource groups: each account × service forecast is split by who caused its last days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ml.forecast.panel import BOTTOM, COLUMNS, Panel, is_modeled, series_id


@dataclass(frozen=True)
class Parts:
    """The bill by parts. `panel`: daily series of each part, as those of the hierarchy; `cost`: account_id, service, part,
    value, usage_date, cost, of which the shares of a day are made."""

    panel: Panel
    cost: pd.DataFrame


def parts_of(bill: pd.DataFrame, as_of: pd.Timestamp, config: Mapping[str, Any]) -> Parts:
    """Every configured dimension that has at least one value. Cost without a value is a series of its own (`team=`)."""
    rows = bill[is_modeled(bill) & (bill["usage_date"] <= pd.Timestamp(as_of))]
    days = pd.date_range(rows["usage_date"].min(), pd.Timestamp(as_of), freq="D", name="ds")
    costs, values, keys = [], [], []
    for part, column in config["parts"].items():
        if not (rows[column] != "").any():
            continue
        cost = rows.groupby(["usage_date", "account_id", "service", column], as_index=False)["cost"].sum()
        cost = cost.rename(columns={column: "value"}).assign(part=part)
        table = cost.pivot_table(index="usage_date", columns="value", values="cost", aggfunc="sum").reindex(
            days
        )
        begun = table.notna().cummax()
        named = [{part: str(value)} for value in table.columns]
        ids = [_id(part, str(value)) for value in table.columns]
        values.append(table.fillna(0.0).where(begun).set_axis(ids, axis=1))
        keys.append(
            pd.DataFrame(
                [
                    {"level": part, "series_id": series_id(n)} | {c: n.get(c, "") for c in COLUMNS}
                    for n in named
                ],
                index=pd.Index(ids, name="unique_id"),
            )
        )
        costs.append(cost)
    if not costs:
        empty = pd.DataFrame(columns=["level", "series_id", *COLUMNS], dtype=object)
        return Parts(Panel(pd.DataFrame(index=days), empty), pd.DataFrame(columns=["usage_date"]))
    return Parts(Panel(pd.concat(values, axis=1), pd.concat(keys)), pd.concat(costs, ignore_index=True))


def shares(
    parts: Parts, as_of: pd.Timestamp, keys: pd.DataFrame, config: Mapping[str, Any]
) -> sparse.csr_matrix:
    """Bottom series × parts: the share of each part in the last days of an account × service. Of each dimension the shares of
    a row sum to 1; an account × service that cost nothing in them belongs to what has no value, or to the first part."""
    bottom = keys[keys["level"] == BOTTOM]
    place = {key: n for n, key in enumerate(zip(bottom["account_id"], bottom["service"], strict=True))}
    column = {name: n for n, name in enumerate(parts.panel.keys.index)}
    made = sparse.lil_matrix((len(bottom), len(column)))
    if not column:
        return made.tocsr()
    since = pd.Timestamp(as_of) - pd.Timedelta(days=config["share_days"] - 1)
    recent = parts.cost[parts.cost["usage_date"].between(since, pd.Timestamp(as_of))]
    cost = recent.groupby(["part", "account_id", "service", "value"])["cost"].sum()
    total = cost.groupby(level=[0, 1, 2]).transform("sum")
    share = (cost / total.where(total.abs() > 1e-9)).dropna()
    for (part, account, service, value), amount in share.items():
        row = place.get((account, service))
        if row is not None:
            made[row, column[_id(part, value)]] = amount
    for part in sorted(set(parts.panel.keys["level"])):
        of_part = np.flatnonzero((parts.panel.keys["level"] == part).to_numpy())
        empty = np.asarray(made.tocsr()[:, of_part].sum(axis=1)).ravel() == 0
        made[np.flatnonzero(empty), column.get(_id(part, ""), int(of_part[0]))] = 1.0
    return made.tocsr()


def _id(part: str, value: str) -> str:
    return f"{part}|{series_id({part: value})}"
