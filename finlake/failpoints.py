"""Named points at which a test may kill the process, to prove that a kill anywhere loses and doubles nothing.

Set FINLAKE_FAILPOINT=<name> (or <name>:<n> for the n-th time) and the process receives SIGKILL there. Nothing else reads it.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

POINTS = (
    "after_claim",
    "after_copy",
    "after_check",
    "before_bronze_commit",
    "after_bronze_commit",
    "after_ledger_stored",
    "before_silver_commit",
    "after_silver_commit",
    "after_costs_commit",
    "after_control_tables",
    "after_build_copy",
    "after_dbt",
    "after_audit",
    "before_publish",
    "after_publish",
)
METRIC_POINTS = (
    "before_metrics_bronze_commit",
    "after_metrics_bronze_commit",
    "after_metrics_ledger",
    "before_metrics_silver_commit",
    "after_metrics_silver_commit",
)
BEFORE_RESULTS = ("after_scoring",)
"""Of `finlake score`, before it writes anything."""
SCORING_POINTS = (
    "after_run_withdrawn",
    "after_forecasts_commit",
    "after_anomalies_commit",
    "after_patterns_commit",
)
_reached: Counter[str] = Counter()


def reach(point: str) -> None:
    """Mark that a point was reached; dies here when the environment says so."""
    assert point in POINTS + METRIC_POINTS + BEFORE_RESULTS + SCORING_POINTS, point
    wanted, _, nth = os.environ.get("FINLAKE_FAILPOINT", "").partition(":")
    if wanted != point:
        return
    _reached[point] += 1
    if _reached[point] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
