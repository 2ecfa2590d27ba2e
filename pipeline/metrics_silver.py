"""Bring silver.resource_metrics to what bronze says: one commit for each day whose points changed."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from finlake.contracts import load_contract
from finlake.engines.protocol import Engine, Relation
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.messages import Said, message
from finlake.metric_ledger import MetricLedger, fingerprints
from finlake.metric_points import point_files
from finlake.partitions import commit_partition
from finlake.tables import open_table
from spark_jobs.code import code_fingerprint
from spark_jobs.silver import resource_metrics

METRICS = "resource_metrics"


class MetricsWriter:
    """Replaces days of silver; knows from the Delta log what is already there."""

    def __init__(
        self, lake: Lake, engine: Engine, ledger: MetricLedger, doing: Callable[[Said], None] = lambda _: None
    ) -> None:
        self.lake, self.engine, self.ledger, self.doing = lake, engine, ledger, doing
        self.contract = load_contract("silver", METRICS)

    def converge(self) -> dict[str, int]:
        """Write the days that are missing, changed or made by an older recipe. Returns day -> rows written."""
        written = {}
        for day in self.stale():
            self.doing(message("doing.silver_metrics", day=day))
            written[day] = self._write(day)
        return written

    def stale(self) -> list[str]:
        """Days that silver doesn't show as bronze has them, oldest first."""
        table = open_table(self.lake, "silver", METRICS)
        days = self.ledger.days()
        if table is None:
            return list(days)
        return [
            day
            for day, sequence in days.items()
            if table.transaction_version(f"metrics/{day}") != sequence
            or table.transaction_version(f"metrics-recipe/{day}") != resource_metrics.RECIPE
        ]

    def rows_of(self, day: str) -> Relation:
        """The rows of a day, made from bronze."""
        points = self.engine.stored(point_files(self.lake, day), {})
        names, places = zip(*self.ledger.contents_of(day), strict=True)
        contents = self.engine.rows(
            pa.table({"content_id": pa.array(names, pa.string()), "place": pa.array(places, pa.string())})
        )
        key = f"{METRICS} {resource_metrics.RECIPE} {code_fingerprint()}"
        return self.engine.apply(resource_metrics.transform, points, contents, key=key)

    def _write(self, day: str) -> int:
        def write(folder: str) -> None:
            self.engine.write(self.rows_of(day), self.contract, folder)
            reach("before_metrics_silver_commit")

        sequence = self.ledger.days()[day]
        rows = commit_partition(
            self.lake,
            self.contract,
            {"billing_period": day[:7], "usage_date": day},
            write,
            {f"metrics/{day}": sequence, f"metrics-recipe/{day}": resource_metrics.RECIPE},
            {"usage_date": day},
        )
        reach("after_metrics_silver_commit")
        return rows


def metric_fingerprints(ledger: MetricLedger) -> dict[str, str]:
    """Month (YYYY-MM) -> text that changes exactly when silver's metrics of the month were made anew."""
    months = fingerprints(ledger.days())
    return {month: f"recipe {resource_metrics.RECIPE} days {said}" for month, said in months.items()}


def days_of_silver(lake: Lake) -> list[str]:
    """The UTC days that silver.resource_metrics holds, in order, read from the Delta log alone."""
    table = open_table(lake, "silver", METRICS)
    if table is None:
        return []
    return sorted({str(partition["usage_date"]) for partition in table.partitions()})
