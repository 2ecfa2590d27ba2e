"""A bill's month in memory: what a lake must show after any sequence of deliveries. No table, no file, no engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

RANK = ("cur2", "cur1")
"""The better format first: whose lines count where several exports of the payer have them."""


@dataclass(frozen=True)
class Export:
    """One export into the bucket: its format and the account that it belongs to."""

    source_format: str
    account: str


@dataclass(frozen=True)
class Sent:
    """A version of the month at the source: its day (AWS's own time), its costs, and whether its file is cut off."""

    day: int
    costs: tuple[Decimal, ...]
    damaged: bool = False


@dataclass
class Model:
    """The source, and the lake as it must be after the last ingest. States are those of silver.deliveries."""

    payer: str
    sent: dict[tuple[Export, int], Sent] = field(default_factory=dict)
    kept: dict[tuple[Export, Sent], str] = field(default_factory=dict)
    authority: Export | None = None

    def send(self, export: Export, sent: Sent) -> None:
        self.sent[export, sent.day] = sent

    def repair(self, export: Export, day: int) -> Sent:
        self.sent[export, day] = replace(self.sent[export, day], damaged=False)
        return self.sent[export, day]

    @property
    def damaged(self) -> list[tuple[Export, int]]:
        return [at for at, sent in self.sent.items() if sent.damaged]

    def new(self) -> bool:
        """Whether an ingest would find something that it can store or hold."""
        return any(not s.damaged and (e, s) not in self.kept for (e, _), s in self.sent.items())

    def ingest(self) -> None:
        """Take in what is at the source, export by export, oldest first."""
        for (export, _), sent in sorted(self.sent.items(), key=lambda item: (str(item[0][0]), item[0][1])):
            if sent.damaged:
                self.kept[export, sent] = "refused"
            elif (export, sent) not in self.kept:
                empty_after_lines = not sent.costs and bool(self.with_lines(export))
                self.kept[export, sent] = "held" if empty_after_lines else "stored"
        possible = [e for e in self.exports() if self.with_lines(e)]
        if self.authority is None and possible:
            self.authority = min(
                possible, key=lambda e: (e.account != self.payer, RANK.index(e.source_format))
            )

    def forget_the_ledger(self) -> None:
        """Only what bronze holds is remembered: refusals, and deliveries without a line, are met anew."""
        self.kept = {at: state for at, state in self.kept.items() if state == "stored" and at[1].costs}

    def exports(self) -> list[Export]:
        return sorted({export for export, _ in self.kept}, key=str)

    def stored(self, export: Export) -> list[Sent]:
        found = [s for (e, s), state in self.kept.items() if e == export and state == "stored"]
        return sorted(found, key=lambda s: s.day)

    def with_lines(self, export: Export) -> list[Sent]:
        return [sent for sent in self.stored(export) if sent.costs]

    def shown(self, export: Export) -> Sent | None:
        """The newest with lines; one without only where there is no other."""
        return (self.with_lines(export) or self.stored(export) or [None])[-1]

    def lines(self) -> Counter[tuple[Export, Decimal]]:
        """Silver's lines: (export, unblended cost) of what each export shows."""
        now = {export: self.shown(export) for export in self.exports()}
        return Counter((export, cost) for export, sent in now.items() if sent for cost in sent.costs)

    def totals(self) -> Counter[tuple[Export, int, Decimal]]:
        """(export, lines, unblended cost) of every delivery stored with lines."""
        found = [(e, s) for e in self.exports() for s in self.with_lines(e)]
        return Counter((export, len(sent.costs), sum(sent.costs, Decimal(0))) for export, sent in found)

    def states(self) -> Counter[tuple[Export, str]]:
        """How many deliveries of each export are in which state."""
        found = Counter((e, state) for (e, _), state in self.kept.items() if state != "stored")
        for export in self.exports():
            for sent in self.stored(export):
                found[export, "loaded" if sent == self.shown(export) else "superseded"] += 1
        return found
