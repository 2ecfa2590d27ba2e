"""Drift: whether what came since departs from what the champion was measured on, so that it should be trained anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Drift:
    """One sign of drift, as a key of finlake/messages/models.yml with its values: `error`, `coverage` or `data`."""

    sign: str
    values: Mapping[str, Any]


def drift(
    accuracy: pd.DataFrame,
    spend: pd.Series,
    known: frozenset[str],
    expected_accuracy: float | None,
    rules: Mapping[str, Any],
) -> list[Drift]:
    """Signs of drift, none where there are none.

    `accuracy`: rows of gold.forecast_accuracy at grain day of the champion's own forecasts at level organisation, of the last
    days (forecast_cost, actual_cost, in_80). `spend`: unique_id of account × service -> money of the last 28 days. `known`:
    those that it learned from. `expected_accuracy`: what it was measured at, None where it never was.
    """
    found = []
    if len(accuracy) >= rules["least_days"]:
        error = (accuracy["forecast_cost"] - accuracy["actual_cost"]).abs().sum()
        wape = float(error / max(accuracy["actual_cost"].abs().sum(), 1e-9))
        limit = max((1 - (expected_accuracy or 0.0)) * rules["error_times"], rules["least_error"])
        if expected_accuracy is not None and wape > limit:
            found.append(Drift("error", {"error": f"{100 * wape:.1f} %", "limit": f"{100 * limit:.1f} %"}))
        inside = accuracy["in_80"].dropna().astype(float)
        if len(inside) and inside.mean() < rules["least_coverage"]:
            covered, least = f"{100 * inside.mean():.0f} %", f"{100 * rules['least_coverage']:.0f} %"
            found.append(Drift("coverage", {"covered": covered, "least": least}))
    total = float(spend.abs().sum())
    new = float(spend[[name not in known for name in spend.index]].abs().sum())
    if total > 0 and new / total > rules["new_spend"]:
        share, limit_share = f"{100 * new / total:.0f} %", f"{100 * rules['new_spend']:.0f} %"
        found.append(Drift("data", {"share": share, "limit": limit_share}))
    return found
