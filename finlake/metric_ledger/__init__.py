"""The ledger of metric files: which were read under which name, which were refused, and which days of silver they touch.

It follows the log of bronze.metric_points: each commit there carries the files that it took (`MetricBatch`), so that it can be
made anew without opening a file. docs/decisions/0016-metric-streams.md
"""

from finlake.metric_ledger.base import MetricLedger
from finlake.metric_ledger.records import MetricBatch, MetricRefusal, TakenFile, fingerprints
from finlake.metric_ledger.sqlite import SqliteMetricLedger

__all__ = ["MetricBatch", "MetricLedger", "MetricRefusal", "SqliteMetricLedger", "TakenFile", "fingerprints"]
