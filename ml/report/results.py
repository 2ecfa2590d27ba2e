"""What the page shows: frames as scoring and backtests give them. Whatever is None is told as missing on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

BASELINES = ("seasonal_naive", "straight_line", "run_rate")
"""Models that the others have to beat; shown beside them always."""


@dataclass(frozen=True)
class Results:
    """Frames of one scoring run and its backtest.

    - forecasts, anomalies, patterns: rows of silver.forecasts, silver.anomalies, silver.patterns;
    - history: level, series_id, ds, cost (daily);
    - backtest: level, series_id, model, origin, horizon (days), ds, y, y_hat, lower_80, upper_80 (50 and 95 where they are);
    - accuracy: level, model, horizon (days, `next_month` or `12_months`), accuracy (1 - WAPE), wanted (NaN: none);
    - coverage: level, model, horizon, nominal, actual (shares), wanted_lower, wanted_upper (absent or NaN: none);
    - calibration: model, nominal, actual (shares);
    - decomposition: ds, observed, trend, season, remainder;
    - growth: columns of ml.growth;
    - model_card: facts by name; versions: build_id, config_hash, seeds, model_version, origin_date and whatever else made this.

    Without accuracy, coverage or calibration they are taken from the backtest, a decomposition is made of the history.
    """

    forecasts: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    backtest: pd.DataFrame | None = None
    accuracy: pd.DataFrame | None = None
    coverage: pd.DataFrame | None = None
    calibration: pd.DataFrame | None = None
    anomalies: pd.DataFrame | None = None
    decomposition: pd.DataFrame | None = None
    patterns: pd.DataFrame | None = None
    growth: pd.DataFrame | None = None
    model_card: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)


def there(frame: pd.DataFrame | None) -> bool:
    """Is there anything to show?"""
    return frame is not None and len(frame) > 0
