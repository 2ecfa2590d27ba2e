"""What ingest, build, publish and run tell people, in the words of finlake/messages/run.yml."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finlake.error_words import in_words, told
from finlake.messages import number, text
from pipeline.metrics_view import MetricsView

Payload = dict[str, Any]
BILLED, NET = "unblended_cost", "net_unblended_cost"


class RunView:
    """Prints the accounts of steps in one language."""

    def __init__(self, console: Console, language: str) -> None:
        self.console, self.language = console, language

    def words(self, name: str, **values: Any) -> str:
        return text(f"run.{name}", self.language, **values)

    def say(self, name: str, **values: Any) -> None:
        self.console.print(escape(self.words(name, **values)))

    def ingested(self, payload: Payload) -> None:
        """What was taken in, held and refused."""
        loaded = payload["deliveries"]
        if loaded:
            lines = sum(d["line_count"] or 0 for d in loaded)
            self.say(
                "loaded",
                count=len(loaded),
                lines=lines,
                months=self._months(d["billing_period"] for d in loaded),
            )
        elif payload["completed"]:
            self.say("completed", count=payload["completed"])
        else:
            self.say("none_loaded" if payload["refused"] else "nothing_new", count=payload["unchanged"])
        self.warned(payload["warnings"])
        for key in payload["unsupported"]:
            unread = self.words("unsupported", manifest=key)
            self.console.print(f"[yellow]{self.words('not_loaded')}[/] {escape(unread)}")
        for refused in payload["refused"]:
            self.refusal("refused", refused)
            said = told(refused, self.language)
            for part, name in (("intact", "intact"), ("next_step", "next")):
                self.console.print(f"  {self.words(name)}: {escape(said[part])}")

    def previewed(self, payload: Payload) -> None:
        """What an ingest would take in."""
        self.say("preview", count=len(payload["new"]), unchanged=payload["unchanged"])
        for delivery in payload["new"]:
            self.say(
                "preview_line",
                period=delivery["billing_period"],
                export=delivery["export_id"],
                files=delivery["files"],
                megabytes=f"{delivery['byte_count'] / 1e6:.1f}",
            )
        for refused in payload["refused"]:
            self.refusal("would_refuse", refused)

    def refusal(self, name: str, refused: Payload) -> None:
        said = told(refused, self.language)
        self.console.print(f"[red]{self.words(name)}[/] {escape(said['where'])}\n  {escape(said['what'])}")

    def built(self, payload: Payload) -> None:
        """What was built and what the checks found."""
        if not payload["changed"]:
            self.say("nothing_to_build", build=payload["build_id"])
            return
        periods = payload["periods"]
        if periods:
            self.say("built", build=payload["build_id"], count=len(periods), months=self._months(periods))
        else:
            self.say("built_without_months", build=payload["build_id"])
        rows = [row for row in payload["reconciliation"] if row["total_basis"] == "delivered"]
        self.say("reconciled", equal=sum(row["is_reconciled"] for row in rows), all=len(rows))
        self.warned(payload["warnings"])

    def published(self, payload: Payload) -> None:
        """What readers see now."""
        if not payload["changed"]:
            self.say("nothing_to_publish", build=payload["build_id"])
            return
        self.say("published", build=payload["build_id"], marts=", ".join(payload["marts"]))
        self.say("where", database=payload["database"])
        if payload["previous"]:
            self.say("way_back", build=payload["previous"][0])

    def whole_run(self, payload: Payload) -> None:
        """What was loaded, that each month's total is the delivered one, and what readers see now."""
        self.ingested(payload)
        if "metrics" in payload:
            MetricsView(self.console, self.language).ingested(payload["metrics"])
        heads = ("month", "payer", "currency", "at_source", "in_marts", "difference")
        table = Table(box=None, header_style="bold", title=self.words("unblended"), title_justify="left")
        for place, head in enumerate(heads):
            table.add_column(self.words(head), justify="right" if place >= 3 else "left", no_wrap=True)
        for row in _one_each(payload["reconciliation"]):
            table.add_row(*self._proof(row), style=None if row["is_reconciled"] else "red")
        self.console.print(table)
        where = {"build": payload["build_id"], "database": payload["database"]}
        if payload["changed"]:
            self.say("done", seconds=round(payload["seconds"]), **where)
        else:
            self.say("unchanged", **where)
        if payload["refused"]:
            self.console.print(
                f"[red]{escape(self.words('refused_count', count=len(payload['refused'])))}[/]"
            )

    def warned(self, warnings: list[Payload]) -> None:
        for warning in warnings:
            line, advice = in_words(warning, self.language)
            self.console.print(f"[yellow]{self.words('warning')}[/] {escape(line)}")
            if advice:
                self.console.print(f"  {self.words('next')}: {escape(advice)}")

    def _billed(self, row: Payload, amount: str) -> str:
        return amount if row["measure"] == BILLED else self.words("net", amount=amount)

    def _proof(self, row: Payload) -> list[str]:
        def amount(name: str) -> str:
            return "-" if row[name] is None else number(row[name], self.language, 2)

        off = row["cost_monthly_difference"]
        difference = "-" if off is None else format(off.normalize(), "f")
        return [
            row["billing_period"],
            row["payer_id"],
            row["currency"],
            self._billed(row, amount("source_total")),
            self._billed(row, amount("cost_monthly_total")),
            difference,
        ]

    def _months(self, periods: Any) -> str:
        found = sorted(set(periods))
        return found[0] if len(found) == 1 else self.words("months", first=found[0], last=found[-1])


def _one_each(rows: list[Payload]) -> list[Payload]:
    """Of each month, payer and currency the proof of what is billed: unblended cost, or net where only that is delivered."""
    key = itemgetter("billing_period", "payer_id", "currency")
    lacking = {key(row) for row in rows if row["measure"] == BILLED and row["total_basis"] == "not_delivered"}
    return [row for row in rows if row["measure"] == (NET if key(row) in lacking else BILLED)]
