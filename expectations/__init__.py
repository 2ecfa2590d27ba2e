"""Data checks of silver and the marts: suites derived from the contracts, and hand-written business checks.

`run` counts on DuckDB what breaks them, and lets Great Expectations (imported only then: it takes seconds) judge each table
where something was found. A failed check of severity `error` stops a publication, one of severity `warning` is told.
"""

from expectations.results import CheckResult
from expectations.runner import run

__all__ = ["CheckResult", "run"]
