"""Data checks of silver and the marts: suites derived from the contracts, and hand-written business checks.

`run` evaluates them with Great Expectations on DuckDB; a failed check of severity `error` stops a
publication, one of severity `warning` is told. Great Expectations itself is imported inside `run` only
(it takes seconds).
"""

from expectations.results import CheckResult
from expectations.runner import run

__all__ = ["CheckResult", "run"]
