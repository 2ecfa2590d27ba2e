"""How `finlake demo` looks: live progress on stderr while Airflow works, and the summary at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from finlake.messages import number, text
from pipeline.airflow_run import TaskView
from pipeline.console import Output, stderr_console
from pipeline.demo_report import CurrencyTotal, PeriodProof, Published, currency_totals

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.table import Table

SIGNS = {
    "success": ("✓", "green"),
    "skipped": ("–", "cyan"),
    "failed": ("✗", "red"),
    "upstream_failed": ("✗", "red"),
    "up_for_retry": ("✗", "red"),
    "running": ("▶", "yellow"),
}
WAITING = ("·", "dim")
COLUMNS = ("period", "deliveries", "lines", "at_source", "published", "difference")


@dataclass
class Timed:
    """One line of the table of times: what, in which state it ended (may be empty), seconds."""

    name: str
    seconds: float
    state: str = ""


@dataclass
class Summary:
    """All that the last screen says. Amounts are unblended cost per currency."""

    nothing_new: bool
    refused: bool
    synthetic: bool
    lake: str
    proofs: list[PeriodProof]
    totals: list[CurrencyTotal]
    published: Published
    times: list[Timed]
    next_commands: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reconciled(self) -> bool:
        """Whether every measure of every period is the same at source and in every mart."""
        return bool(self.proofs) and all(proof.is_reconciled for proof in self.proofs)


class Progress:
    """What is going on, for a person who waits: a live display; one line per change where it is piped."""

    def __init__(self, out: Output, language: str) -> None:
        self._out = out
        self._language = language
        self._live: Live | None = None
        self._told: set[str] = set()
        self._hidden = False
        self._tasks: list[TaskView] = []

    @contextmanager
    def shown(self) -> Iterator[Progress]:
        """Show it; whatever way this ends, the terminal is put right."""
        console = stderr_console()
        if self._out.json or not console.is_terminal:
            yield self
            return
        from rich.live import Live

        with Live(console=console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield self
            finally:
                self._live = None

    def hide(self) -> None:
        """Take the live display away; what `watch` hears from now on is not shown."""
        self._hidden = True
        if self._live is not None:
            self._live.stop()

    def watch(self, doing: str, tasks: list[TaskView], count: str = "", /, **values: str) -> None:
        """Called all the time with what is going on (a key of `messages/demo.yml`) and the tasks so far."""
        if self._hidden:
            return
        self._tasks = tasks = tasks or self._tasks
        words = text(f"demo.{doing}", self._language, **values)
        if self._live is not None:
            self._live.update(_screen(f"{words}  {count}", tasks))
            return
        for line in [words, *(f"  {task.name}: {task.state}" for task in tasks if task.state)]:
            if line not in self._told:
                self._told.add(line)
                self._out.note(line)


def _screen(doing: str, tasks: list[TaskView]) -> RenderableType:
    from rich.console import Group
    from rich.spinner import Spinner

    return Group(Spinner("dots", text=f" {doing}"), *_task_lines(tasks))


def _task_lines(tasks: list[TaskView]) -> list[RenderableType]:
    from rich.text import Text

    lines: list[RenderableType] = []
    for task in tasks:
        sign, style = SIGNS.get(task.state, WAITING)
        spent = f"{task.seconds:6.1f} s" if task.state in SIGNS else ""
        lines.append(
            Text.assemble(f"   {sign} ", f"{task.name:<26}", f"{task.state:<16}", spent, style=style)
        )
    return lines


def show_summary(console: Console, summary: Summary, language: str) -> None:
    """Print the summary: proofs per period, totals per currency, times, where it is and what to try next."""

    def say(key: str, **values: str) -> str:
        return text(f"demo.{key}", language, **values)

    console.print()
    console.print(_title(summary, say("title_loaded"), say("title_nothing_new"), say("title_not_reconciled")))
    if summary.refused:
        console.print(say("refused"), style="bold yellow")
    console.print(say("holds", **_sizes(summary, language)))
    for table in _proof_tables(summary, language):
        console.print(table)
    console.print("\n" + say("measures"), style="dim")
    console.print()
    console.print(_time_table(summary.times, language))
    where = summary.published
    console.print(
        say(
            "where", build=where.build_id, at=where.published_at[:19], file=str(where.file), lake=summary.lake
        ),
        soft_wrap=True,
    )
    if summary.synthetic:
        console.print(say("synthetic"), style="dim")
    console.print(f"\n[bold]{say('next')}[/bold]")
    for command, meaning in summary.next_commands:
        console.print(f"  [cyan]{command}[/cyan]\n      {meaning}", soft_wrap=True)


def _title(summary: Summary, loaded: str, nothing_new: str, not_reconciled: str) -> RenderableType:
    from rich.rule import Rule

    if not summary.reconciled:
        return Rule(f"[bold red]{not_reconciled}[/bold red]", style="red")
    return Rule(f"[bold green]{nothing_new if summary.nothing_new else loaded}[/bold green]", style="green")


def _sizes(summary: Summary, language: str) -> dict[str, str]:
    counts = {
        "deliveries": sum(total.deliveries for total in summary.totals),
        "periods": sum(total.periods for total in summary.totals),
        "lines": sum(total.line_count for total in summary.totals),
    }
    return {name: number(count, language) for name, count in counts.items()}


def _proof_tables(summary: Summary, language: str) -> Iterator[Table]:
    """One table per payer and currency, narrow enough for a terminal of 80 columns."""
    from rich.table import Table

    groups: dict[tuple[str, str], list[PeriodProof]] = {}
    for proof in summary.proofs:
        groups.setdefault((proof.payer_id, proof.currency), []).append(proof)
    for (payer, currency), proofs in groups.items():
        title = f"\n{text('demo.payer', language)} {payer}, {currency}"
        table = Table(box=None, title=title, title_justify="left", title_style="bold", show_footer=True)
        total = currency_totals(proofs)[0]
        cells = _cells(text("demo.total", language), total, language)
        for key, footer in zip(COLUMNS, cells, strict=True):
            justify: Literal["left", "right"] = "left" if key == "period" else "right"
            table.add_column(text(f"demo.{key}", language), footer, justify=justify, no_wrap=True)
        for proof in proofs:
            style = "" if proof.is_reconciled else "bold red"
            table.add_row(*_cells(proof.billing_period, proof, language), style=style)
        yield table


def _cells(label: str, of: PeriodProof | CurrencyTotal, language: str) -> list[str]:
    deliveries = of.delivery_count if isinstance(of, PeriodProof) else of.deliveries
    amounts = _amounts(of.at_source, of.published, of.difference, language)
    return [label, _count(deliveries, language), _count(of.line_count, language), *amounts]


def _amounts(
    source: Decimal | None, published: Decimal | None, difference: Decimal | None, language: str
) -> list[str]:
    """Totals to the cent; the difference to its last decimal, so that "0" means exactly 0."""
    shown = ["?" if amount is None else number(amount, language, places=2) for amount in (source, published)]
    if difference is None:
        return [*shown, "?"]
    return [*shown, "0" if difference == 0 else number(difference.normalize(), language)]


def _count(value: int | None, language: str) -> str:
    return "?" if value is None else number(value, language)


def _time_table(times: list[Timed], language: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(text("demo.step", language))
    table.add_column(text("demo.state", language))
    table.add_column(text("demo.seconds", language), justify="right")
    for timed in times:
        _, style = SIGNS.get(timed.state, WAITING)
        seconds = number(Decimal(str(timed.seconds)), language, places=1)
        table.add_row(timed.name, f"[{style}]{timed.state}[/{style}]", seconds)
    return table
