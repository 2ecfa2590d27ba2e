"""The golden bill in silver, for tests of the jobs' rules."""

from tests.pipeline.conftest import cur2_parquet_lake, golden, totals

__all__ = ["cur2_parquet_lake", "golden", "totals"]
