"""`finlake backtest`: what would have been said at the ends of former months, through the code that scores, beside the
baselines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from finlake.errors import UsageError
from finlake.lake import open_lake
from finlake.messages import message
from finlake.report import RunReport
from finlake.settings import Settings
from ml.backtest.run import FINLAKE, backtest
from ml.backtest.tables import accuracy_table, coverage_table
from ml.config import config_hash, load
from ml.forecast.monthly import month_origins
from ml.forecast.train import history_of
from pipeline.models.inputs import Inputs, inputs_of
from pipeline.models.train import engine_of
from pipeline.models.units import units_of
from pipeline.steps import account, bar_progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


def run_backtest(
    settings: Settings, bar: Bar, *, first: date | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Score every month end from `first` (by default the configuration's `designed_before`) and compare with what came.

    The rows behind the tables are written to `folder` where one is given: backtest_CURRENCY.parquet. Raises UsageError where
    no month end has a month behind it.
    """
    lake, config = open_lake(settings.lake), load("forecast")
    with RunReport("backtest", lake.reports, lake=lake.root) as report:
        progress = bar_progress(bar, "backtest", report, settings.language)
        inputs = inputs_of(lake, settings, config["late_days"])
        start = pd.Timestamp(first or config["designed_before"]) - pd.Timedelta(days=1)
        origins = _origins(inputs, start)
        if not origins:
            raise UsageError.of("too_short_to_backtest", first=start.date())
        tables = {}
        with engine_of(lake, settings) as local:
            for currency, bill in inputs.bills.items():
                rows = _rows(bill, inputs, origins, config, settings, local, progress)
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
                    rows.to_parquet(folder / f"backtest_{currency}.parquet", index=False)
                tables[currency] = {
                    "accuracy": accuracy_table(rows).to_dict("records"),
                    "coverage": coverage_table(rows[rows["model"] == FINLAKE], config).to_dict("records"),
                }
        report.details |= {
            "made_from": {
                "origins": len(origins),
                "first": origins[0].date().isoformat(),
                "last": origins[-1].date().isoformat(),
                "data": inputs.version.data,
                "config": config_hash(config),
                "seed": str(config["seed"]),
            },
            "tables": tables,
        }
    return account(report)


def _origins(inputs: Inputs, start: pd.Timestamp) -> list[pd.Timestamp]:
    """Month ends with at least a month behind and two months before them."""
    begun = min(bill["usage_date"].min() for bill in inputs.bills.values()) + pd.Timedelta(days=60)
    return month_origins(max(start, begun), inputs.as_of - pd.Timedelta(days=26), 240)


def _rows(
    bill: pd.DataFrame,
    inputs: Inputs,
    origins: list[pd.Timestamp],
    config: Mapping[str, Any],
    settings: Settings,
    local: Any,
    progress: Any,
) -> pd.DataFrame:
    def tell(origin: pd.Timestamp) -> None:
        progress.doing(message("models.doing_window", day=origin.date().isoformat()))
        progress.advance()

    units = units_of(settings)
    earlier = config["windows"]["most"]
    # Two origins a month, and as many before the first as training looks back.
    months = (inputs.as_of.to_period("M") - origins[0].to_period("M")).n
    progress.total(2 * months + earlier + len(origins))
    history = history_of(
        bill, inputs.as_of, config, units, most=2 * months + 2 + earlier, local=local, progress=tell
    )
    return backtest(bill, history, origins, config, units, progress=tell)
