"""Any sequence of deliveries, restatements, damage, lost ledgers and ingests leaves the lake as a small model says."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from finlake.lake import open_lake
from pipeline.authority import change, choices
from pipeline.ingest import open_ledger
from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, query, silver
from tests.properties.model import Export, Model, Sent
from tests.properties.profile import tries

MEMBER = "012345000045"
LEGACY, MODERN, MEMBERS = Export("cur1", tiny.PAYER), Export("cur2", tiny.PAYER), Export("cur1", MEMBER)
EXPORTS = st.sampled_from([LEGACY, MODERN, MEMBERS])
DAYS = st.integers(1, 28)
COSTS = st.lists(st.decimals(-99, 99, places=6), min_size=1, max_size=3).map(tuple)


class Restatements(RuleBasedStateMachine):
    """The source as files, the lake by real ingests, and the model beside them."""

    @initialize()
    def an_empty_source(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="restatements-"))
        self.source, self.lake = self.root / "bucket", self.root / "lake"
        self.model = Model(tiny.PAYER)
        self.deliver(LEGACY, 1, (Decimal(1),))

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)

    @rule(export=EXPORTS, day=DAYS, costs=COSTS)
    def deliver(self, export: Export, day: int, costs: tuple[Decimal, ...]) -> None:
        """A first version, a restatement, a late older copy, another export: whatever the day makes of it."""
        if (export, day) not in self.model.sent:
            self._send(export, Sent(day, costs))

    @rule(export=st.sampled_from([LEGACY, MEMBERS]), day=DAYS)
    def deliver_without_a_line(self, export: Export, day: int) -> None:
        if (export, day) not in self.model.sent:
            self._send(export, Sent(day, ()))

    @rule(export=EXPORTS, day=DAYS, costs=COSTS)
    def deliver_damaged(self, export: Export, day: int, costs: tuple[Decimal, ...]) -> None:
        if (export, day) not in self.model.sent:
            self._send(export, Sent(day, costs, damaged=True))

    @precondition(lambda self: self.model.damaged)
    @rule(data=st.data())
    def repair(self, data: st.DataObject) -> None:
        export, day = data.draw(st.sampled_from(self.model.damaged))
        self._send(export, self.model.repair(export, day))

    @rule(data=st.data())
    def deliver_the_same_again(self, data: st.DataObject) -> None:
        export, day = data.draw(st.sampled_from(sorted(self.model.sent, key=str)))
        self._send(export, self.model.sent[export, day])

    @precondition(lambda self: self.model.kept)
    @rule()
    def lose_the_ledger(self) -> None:
        for file in (self.lake / "state").glob("ledger.sqlite*"):
            file.unlink()
        self.model.forget_the_ledger()

    @precondition(lambda self: self.model.authority is not None)
    @rule(data=st.data())
    def change_authority(self, data: st.DataObject) -> None:
        opened = open_lake(str(self.lake))
        with closing(open_ledger(opened)) as ledger:
            possible = sorted(choices(ledger.deliveries())[tiny.PAYER, "2026-03"])
            chosen = data.draw(st.sampled_from(possible))
            change(ledger, tiny.PAYER, "2026-03", chosen, "because")
        self.model.authority = export_of(chosen)

    @rule()
    def take_in(self) -> None:
        new = self.model.new()
        said = ingest(self.lake, self.source)
        self.model.ingest()
        assert sorted(str(export_of_key(r["manifest"])) for r in said["refused"]) == sorted(
            str(export) for export, _ in self.model.damaged
        )
        assert new or (not said["deliveries"] and not said["held"])
        self._compare()

    def _compare(self) -> None:
        lines = self._rows("billing_line_items", "export_id, unblended_cost")
        assert Counter((export_of(e), cost) for e, cost in lines) == self.model.lines()
        deliveries = self._rows("deliveries", "export_id, state")
        assert Counter((export_of(e), state) for e, state in deliveries) == self.model.states()
        for table in ("delivery_costs", "source_totals"):
            sums = "export_id, sum(line_count), sum(unblended_cost)"
            found = self._rows(table, sums, "group by export_id, delivery_id")
            assert Counter((export_of(e), int(n), cost) for e, n, cost in found) == self.model.totals(), table
        counts = [export_of(e) for (e,) in self._rows("billing_authority", "export_id")]
        assert counts == ([self.model.authority] if self.model.authority else [])

    def _rows(self, table: str, columns: str, tail: str = "") -> list[tuple[Any, ...]]:
        if not (self.lake / "silver" / table).exists():
            return []
        return query(f"select {columns} from t {tail}", t=silver(self.lake, table))

    def _send(self, export: Export, sent: Sent) -> None:
        self.model.send(export, sent)
        lines = [tiny.line(f"{cost:f}") for cost in sent.costs]
        if export.source_format == "cur2":
            execution = f"2026-04-{sent.day:02}T05-12-11.000Z-{sent.day:04}"
            manifest = tiny.cur2_parquet(self.source, lines, execution)
            file = next((self.source / "exports/tiny2/data").rglob(f"{execution}/*.parquet"))
        else:
            version, name = f"202604{sent.day:02}T051211Z", f"cur1of{export.account}"
            header = sorted(tiny.line())
            manifest = tiny.cur1_csv(
                self.source, lines, version, columns=header, account=export.account, name=name
            )
            file = (self.source / manifest).parent / f"{name}-1.csv.gz"
        if sent.damaged:
            content = file.read_bytes()
            file.write_bytes(content[: len(content) * 6 // 10])


def export_of(export_id: str) -> Export:
    """cur1-900100000001-name-digest -> its format and account."""
    source_format, account, *_ = export_id.split("-")
    return Export(source_format, account)


def export_of_key(manifest: str) -> Export:
    if manifest.startswith("exports/"):
        return MODERN
    return LEGACY if f"cur1of{tiny.PAYER}/" in manifest else MEMBERS


TestRestatements = Restatements.TestCase
TestRestatements.settings = tries(few=3, many=60, steps=(10, 30))
