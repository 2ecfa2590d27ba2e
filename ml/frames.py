"""The frames that the models take: which columns, of which kind, checked once at the door.

`bill`: one row per UTC day, account, service, region, usage type, resource, charge category and frequency, unit, values of
the five dimensions and currency, made from the published mart `usage_daily`. `cost` is the net amortised cost in `currency` and
`usage` the amount in `unit`; both are float64, since what is made of them is an estimate (money that is reported stays
decimal in the marts). Text that AWS did not deliver is "" here, so that it groups; an amount that it did not deliver is NaN.

`series`: the long form of Nixtla's libraries: `unique_id`, `ds` (UTC, without zone), `y`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

KEYS = (
    "account_id",
    "service",
    "region",
    "usage_type",
    "resource_id",
    "resource_type",
    "charge_category",
    "charge_frequency",
    "pricing_category",
    "unit",
    "env",
    "team",
    "app",
    "cost_center",
    "business_unit",
    "currency",
)
BILL: Mapping[str, str] = {
    "usage_date": "datetime64[ns]",
    **dict.fromkeys(KEYS, "str"),
    "cost": "float64",
    "usage": "float64",
}
SERIES: Mapping[str, str] = {"unique_id": "str", "ds": "datetime64[ns]", "y": "float64"}


def checked(frame: pd.DataFrame, columns: Mapping[str, str] = BILL, name: str = "bill") -> pd.DataFrame:
    """The frame with exactly these columns and kinds. Raises ValueError naming what is missing."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"{name}: columns missing: {', '.join(missing)}")
    made = {}
    for column, kind in columns.items():
        values = frame[column]
        if kind == "str":
            made[column] = values.astype("object").where(values.notna(), "").astype(str)
        else:
            made[column] = values.astype(kind)
    return pd.DataFrame(made).reset_index(drop=True)
