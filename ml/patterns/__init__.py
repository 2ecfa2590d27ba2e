"""Patterns of a bill and suggestions from them: `find`. Suggestions are proposals with evidence; nothing here acts on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ml.patterns.clusters import clusters
from ml.patterns.commitment import commitments
from ml.patterns.inputs import METRICS, PRICING, known
from ml.patterns.lifecycle import lifecycles
from ml.patterns.regimes import growths
from ml.patterns.right_size import right_sizes
from ml.patterns.rows import COLUMNS, as_frame
from ml.patterns.schedules import schedules
from ml.patterns.seasons import seasons

__all__ = ["COLUMNS", "METRICS", "PRICING", "find"]

SEARCHES = (seasons, schedules, growths, clusters, commitments, right_sizes, lifecycles)


def find(
    bill: pd.DataFrame,
    as_of: date,
    config: Mapping[str, Any],
    *,
    metrics: pd.DataFrame | None = None,
    hourly: pd.DataFrame | None = None,
    pricing: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Patterns known on `as_of` (the last usage day that is trusted), one row each with COLUMNS.

    `bill` is ml.frames.BILL; `hourly` the same with the moment in `hour` (UTC) and resources, where the bill is by hour (one
    that has all lines at midnight is by day); `metrics` and `pricing` are METRICS and PRICING. What is None was not delivered:
    what would need it is not found, or has no saving and says why. Savings are a month's, in `currency`, NaN where the
    delivered figures give none: `saving_basis` is the reason, a code of the catalogue (patterns.basis_<code>). `config` is
    ml.config.load("patterns"). Raises ValueError naming a missing column.
    """
    given = known(bill, as_of, config, metrics, hourly, pricing)
    if given.bill.empty:
        return as_frame([])
    return as_frame(found for search in SEARCHES for found in search(given))
