"""How far metrics are loaded, and which of their files are refused. Only looks."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from finlake.lake import Lake
from finlake.ledgers import metric_ledger_to_look
from finlake.metric_ledger import MetricRefusal
from pipeline.metrics_silver import days_of_silver


def metrics_state(lake: Lake) -> dict[str, Any]:
    """How far metrics are loaded and which files are refused, JSON-ready; without the writer's lock."""
    days = days_of_silver(lake)
    said: dict[str, Any] = {
        "first_day": min(days, default=None),
        "newest_day": max(days, default=None),
        "days": len(days),
        "refused": [],
    }
    if (ledger := metric_ledger_to_look(lake)) is not None:
        with closing(ledger):
            said["refused"] = [refused(r) for r in ledger.refusals()]
    return said


def refused(refusal: MetricRefusal) -> dict[str, Any]:
    """A refusal as reports and `finlake status` show it."""
    return refusal.error | {"manifest": refusal.key, "refused_at": refusal.refused_at}
