"""What a check is and what it found: plain values, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]
EVIDENCE_ROWS = 20
# Kind of the checks that are SQL: the rows that it selects break the check.
ROWS = "UnexpectedRowsExpectation"


@dataclass(frozen=True)
class Check:
    """One check of a table, still to be run.

    `kind` names the Great Expectations class and `arguments` its parameters. `offending_sql` selects the rows
    that break the check: it counts them and shows some, and is run only when the check fails.
    """

    table: str
    name: str
    severity: Severity
    kind: str
    offending_sql: str
    arguments: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    layer: str = ""
    """Of a check written by hand: the layer of its table, since a mart may have the name of a table of silver."""


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check.

    `observed` says in words what was found ("3 offending rows"), `row_count` how many rows those are where rows were
    counted; `evidence_rows` holds at most 20 offending rows or groups. A check that could not be evaluated counts as
    failed and `observed` says why.
    """

    table: str
    check: str
    severity: Severity
    passed: bool
    observed: str
    evidence_rows: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    row_count: int | None = None

    @property
    def stops(self) -> bool:
        """True when this result forbids a publication."""
        return not self.passed and self.severity == "error"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form: decimals, dates and other values of the evidence as text."""
        rows = [{key: _plain(value) for key, value in row.items()} for row in self.evidence_rows]
        return {
            "table": self.table,
            "check": self.check,
            "severity": self.severity,
            "passed": self.passed,
            "observed": self.observed,
            "evidence_rows": rows,
            "reason": self.reason,
        }


def outcome_of(
    check: Check,
    failed: str = "",
    row_count: int | None = None,
    evidence_rows: Sequence[dict[str, Any]] = (),
) -> CheckResult:
    """The outcome of a check that nothing breaks, or of one that `failed`, in words."""
    return CheckResult(
        table=check.table,
        check=check.name,
        severity=check.severity,
        passed=not failed,
        observed=failed or "as expected",
        evidence_rows=list(evidence_rows),
        reason=check.reason,
        row_count=row_count,
    )


def offending(rows: int) -> str:
    """How many rows break a check, in words."""
    return f"{rows} offending row{'' if rows == 1 else 's'}"


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
