"""The golden fixtures of the ingestion tests, for whole runs."""

from tests.pipeline.conftest import deliveries, golden, totals

__all__ = ["deliveries", "golden", "totals"]
