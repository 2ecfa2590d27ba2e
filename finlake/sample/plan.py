"""When the bills are delivered: editions of every payer and month, and the slots that they bill. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from finlake.sample import months
from finlake.sample.facts import STAGES, Organisation, Payer, Stage


@dataclass(frozen=True)
class Slot:
    """A charge period [start, end) of one hour or one day."""

    start: datetime
    hours: int

    @property
    def end(self) -> datetime:
        """End, exclusive."""
        return self.start + timedelta(hours=self.hours)


@dataclass(frozen=True)
class Request:
    """What the user asked for: seed, months, the newest one, its lines (0: as they come), days of metrics (0: none)."""

    seed: int
    months: int
    end_month: str
    rows: int = 0
    metric_days: int = 45


@dataclass(frozen=True)
class Edition:
    """One delivery of one month's bill, which holds the days 1..through."""

    seed: int
    payer: str
    end_month: str
    offset: int
    stage: Stage
    through: int
    hourly: bool
    delivered_at: datetime

    @property
    def month(self) -> str:
        """Billing period, YYYY-MM."""
        return months.shift(self.end_month, self.offset)

    @property
    def closed(self) -> bool:
        """True where AWS has finalised the month: invoice ids, tax and support are there."""
        return self.stage != "partial"

    @property
    def until(self) -> datetime:
        """End of the last billed day, exclusive."""
        return months.start(self.month, self.through) + timedelta(days=1)

    def reached(self, stage: Stage) -> bool:
        """True where this edition is of that stage or a later one."""
        return STAGES.index(self.stage) >= STAGES.index(stage)

    def slots(self, by_hour: bool) -> list[Slot]:
        """The charge periods of this edition, by hour or by day."""
        hours = 1 if by_hour else 24
        first = months.start(self.month)
        return [Slot(first + timedelta(hours=hours * n), hours) for n in range(self.through * 24 // hours)]


def editions(org: Organisation, request: Request) -> list[Edition]:
    """All deliveries of the sample in the order in which they arrive."""
    found = []
    for name in org.payers:
        for offset in range(1 - request.months, 1):
            found += _of_month(org, request, name, offset)
    return sorted(found, key=lambda each: (each.delivered_at, each.payer))


def payer_of(org: Organisation, edition: Edition) -> Payer:
    """The payer whose bill this is."""
    return org.payers[edition.payer]


def _of_month(org: Organisation, request: Request, payer: str, offset: int) -> list[Edition]:
    month = months.shift(request.end_month, offset)
    last = months.days(month) if offset < 0 else org.open_through_day

    def edition(stage: Stage, through: int, day: datetime, at: str) -> Edition:
        delivered = datetime.combine(day.date(), time.fromisoformat(at), tzinfo=day.tzinfo)
        hourly = offset > -org.hourly_months
        return Edition(request.seed, payer, request.end_month, offset, stage, through, hourly, delivered)

    found = []
    if offset < 0:
        found.append(
            edition("closing", last, months.start(months.shift(month, 1), org.close.day), org.close.time)
        )
    for extra in org.deliveries:
        if (extra.payer, extra.month) == (payer, offset):
            through = extra.through or last
            after = (
                months.start(months.shift(month, 1), extra.day)
                if extra.day
                else months.start(month, through) + timedelta(days=1)
            )
            found.append(edition(extra.stage, through, after, extra.time))
    return found
