"""The report of one run as JSON in the lake: what it did, how long each step took, rows and totals.

Grain: one file per command call, `<UTC yyyymmddThhmmss.ffffffZ>-<command>-<6 hex>.json`: names sort by the runs' starts. Written
at once when the run ends, also when it fails. Money is decimal strings with a currency beside it, times are seconds, instants
are UTC.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from finlake import __version__, interrupts
from finlake.clock import utc_now
from finlake.errors import FinlakeError
from finlake.logs import get_logger, without_secrets
from finlake.messages import Said
from finlake.objects import names, remove, write_atomically

REPORT = re.compile(r"\d{8}T\d{6}(\.\d{6})?Z-[a-z][a-z-]*-[0-9a-f]{6}\.json")
"""Names of reports: they sort by the runs' starts."""
FORMAT = 2
"""2: warnings are objects with a code, as errors are; in format 1 they were lines of text."""


@dataclass
class Step:
    """One step of a run. The code inside it sets `rows` and puts further facts into `details`."""

    name: str
    started_at: datetime
    seconds: float | None = None
    rows: int | None = None
    outcome: str = "running"
    details: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a part of the step that may come several times: `details.seconds` sums each."""
        interrupts.check()
        clock = time.perf_counter()
        try:
            yield
        finally:
            spent = self.details.setdefault("seconds", {})
            spent[name] = round(spent.get(name, 0.0) + time.perf_counter() - clock, 3)


class RunReport:
    """Context manager around a run; `folder` (a path or an s3:// address) is where the file goes (Lake.reports).

    >>> with RunReport("ingest", lake.reports, lake=lake.root) as report:
    ...     with report.step("bronze") as step:
    ...         step.rows = 120
    """

    def __init__(self, command: str, folder: Path | str, *, lake: str = "") -> None:
        self.command = command
        self.lake = lake
        self.started_at = utc_now()
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%S.%fZ}-{command}-{secrets.token_hex(3)}"
        self.path = f"{folder}/{self.run_id}.json"
        self.steps: list[Step] = []
        self.totals: list[dict[str, str | int | None]] = []
        self.warnings: list[dict[str, Any]] = []
        self.details: dict[str, Any] = {}
        self.cleanup: dict[str, Any] | None = None
        self.doing: Said | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.outcome = "running"
        self.error: dict[str, Any] | None = None
        self.seconds = 0.0
        self._clock = time.perf_counter()

    def __enter__(self) -> RunReport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(error)
        try:
            self.write()
        except OSError as problem:
            if error is None:
                raise _unwritable(self.path, problem) from problem

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time one step; an error inside marks it failed (or interrupted) and goes on to the caller."""
        interrupts.check()
        step = Step(name, utc_now())
        self.steps.append(step)
        self.tell(None)
        clock = time.perf_counter()
        try:
            yield step
            step.outcome = "ok"
        except BaseException as error:
            step.outcome = _outcome(error)
            raise
        finally:
            step.seconds = time.perf_counter() - clock
            get_logger(run_id=self.run_id).info(
                "step", step=name, outcome=step.outcome, seconds=round(step.seconds, 3), rows=step.rows
            )

    def add_total(self, **parts: str | int | Decimal | None) -> None:
        """One line of totals: keys (payer_id, billing_period, currency, cost) and amounts as Decimal.

        Raises TypeError for a float: money never goes through one.
        """
        wrong = [name for name, value in parts.items() if isinstance(value, float)]
        if wrong:
            raise TypeError(f"{', '.join(wrong)}: amounts are Decimal, never float")
        self.totals.append(
            {
                name: format(value, "f") if isinstance(value, Decimal) else value
                for name, value in parts.items()
            }
        )

    def tell(self, doing: Said | None) -> None:
        """What the present step is busy with, for whoever watches the run (`on_change`). Raises KeyboardInterrupt where the
        run was asked to stop and a library swallowed it."""
        interrupts.check()
        self.doing = doing
        self.on_change()

    def warn(self, warning: FinlakeError | Mapping[str, Any]) -> None:
        """Something a person should read though the run goes on: a Warned or its dict; an error that stopped only a part."""
        said = dict(warning) if isinstance(warning, Mapping) else warning.as_dict()
        self.warnings.append(said)
        get_logger(run_id=self.run_id).warning(
            "warning", **{name: said.get(name) for name in ("code", "where", "what")}
        )

    def finish(self, error: BaseException | None = None) -> None:
        """Note the end of the run and its outcome: ok, failed or interrupted."""
        self.seconds = time.perf_counter() - self._clock
        self.outcome = _outcome(error)
        if isinstance(error, FinlakeError):
            self.error = error.as_dict()
        elif error is not None:
            self.error = {"error": type(error).__name__, "what": str(error)}

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready parts; whatever looks like a secret is hidden."""
        plain: dict[str, Any] = without_secrets(
            {
                "format": FORMAT,
                "run_id": self.run_id,
                "command": self.command,
                "finlake": __version__,
                "lake": self.lake,
                "started_at": self.started_at,
                "seconds": round(self.seconds, 3),
                "outcome": self.outcome,
                "error": self.error,
                "steps": [_step_as_dict(step) for step in self.steps],
                "totals": self.totals,
                "warnings": self.warnings,
                "cleanup": self.cleanup,
                "details": self.details,
            }
        )
        return plain

    def write(self) -> str:
        """Write the file as a whole; returns its place. Raises OSError."""
        data = json.dumps(self.as_dict(), default=_plain, ensure_ascii=False, indent=1)
        write_atomically(self.path, data.encode("utf-8", "backslashreplace"))
        return self.path


def _step_as_dict(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "started_at": step.started_at,
        "seconds": None if step.seconds is None else round(step.seconds, 3),
        "rows": step.rows,
        "outcome": step.outcome,
        **({"details": step.details} if step.details else {}),
    }


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    return "failed" if isinstance(error, Exception) else "interrupted"


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def trim_reports(folder: str, most: int) -> None:
    """Remove the oldest reports, so that with the one to come there are `most`. Names that finlake doesn't give stay."""
    there = sorted(name for name in names(folder) if REPORT.fullmatch(name))
    for name in there[: max(0, len(there) - (most - 1))]:
        remove(f"{folder}/{name}")


def _unwritable(path: str, problem: OSError) -> FinlakeError:
    return FinlakeError.of("report_unwritable", where=path, detail=problem.strerror or str(problem))
