"""What came: the bill's own cost by day and by month, at every level that is forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ml.forecast.panel import series_id


def actual(
    bill: pd.DataFrame, config: Mapping[str, Any], units: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """What came, all charges: grain, level, series_id, period_start, y."""
    rows = bill.assign(organizational_unit=bill["account_id"].map(dict(units or {})).fillna(""))
    made = []
    levels = config["levels"] | {part: [column] for part, column in config["parts"].items()}
    for level, columns in levels.items():
        named = [level] if level in config["parts"] else list(columns)
        for grain in ("day", "month"):
            starts = (
                rows["usage_date"]
                if grain == "day"
                else rows["usage_date"].dt.to_period("M").dt.to_timestamp()
            )
            total = rows.groupby([starts.rename("period_start"), *columns])["cost"].sum().reset_index()
            ids = [
                series_id(dict(zip(named, key, strict=True)))
                for key in total[list(columns)].itertuples(index=False)
            ]
            made.append(
                pd.DataFrame(
                    {
                        "grain": grain,
                        "level": level,
                        "series_id": ids if columns else "organisation",
                        "period_start": total["period_start"],
                        "y": total["cost"],
                    }
                )
            )
    return pd.concat(made, ignore_index=True)
