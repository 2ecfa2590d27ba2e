"""`finlake authority`: whose figures count where several exports deliver one payer's month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

if TYPE_CHECKING:
    from rich.console import Console

    from finlake.settings import Settings

commands = typer.Typer(
    help="Whose figures count where several exports deliver one payer's month.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add `authority` to the command line."""
    app.add_typer(commands, name="authority")


@commands.command("list")
def list_authority(lake: LakeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List for each payer and month the export whose figures count, since when and why, and the other ones.

    CUR 2.0 comes before the legacy CUR, that before FOCUS; the payer's own export before a member account's.
    Once decided it stays, until `finlake authority set`.
    """
    settings = resolve_settings(config, lake=lake)
    rows = decisions(settings)
    Output(json).emit({"authority": rows}, lambda console: _show(console, rows, settings.language))


@commands.command("set")
def set_authority(
    payer: Annotated[str, typer.Argument(metavar="PAYER", help="Payer account, 12 digits.")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="Month of the bill, YYYY-MM.")],
    export: Annotated[str, typer.Argument(metavar="EXPORT", help="Export whose figures shall count.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept beside the decision.")],
    lake: LakeOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Let another export's figures count for a payer and month. The marts follow with the next build."""
    settings = resolve_settings(config, lake=lake)
    payload = run_set(settings, payer, period, export, _reason(reason), wait)
    Output(json).emit(payload, lambda console: _tell(console, payload, settings.language))


def decisions(settings: Settings) -> list[dict[str, Any]]:
    """Each decision with the other exports that have lines of that payer and month. Only reads."""
    from finlake.lake import open_lake
    from pipeline.authority import choices
    from pipeline.status import read_ledger

    records, _, authority = read_ledger(open_lake(settings.lake))
    possible = choices(records)
    return [
        vars(a) | {"others": sorted({*possible.get((a.payer_id, a.billing_period), {})} - {a.export_id})}
        for a in authority
    ]


def run_set(
    settings: Settings, payer: str, period: str, export: str, reason: str, wait: float = 0.0
) -> dict[str, Any]:
    """Change a decision in ledger and silver under the writer lock. Returns the run's account."""
    from contextlib import closing

    from pipeline import steps
    from pipeline.authority import change
    from pipeline.control import write_control_tables
    from pipeline.ingest import open_ledger

    with steps.writing(settings, "authority", wait) as (lake, report), report.step("authority"):
        with closing(open_ledger(lake)) as ledger:
            before, now = change(ledger, payer, period, export, reason)
            write_control_tables(lake, ledger)
        report.details |= {
            "changed": before != now,
            "authority": vars(now),
            "before": vars(before) if before else None,
        }
    return steps.account(report)


def _reason(text: str) -> str:
    from finlake.errors import UsageError

    if not text.strip():
        raise UsageError.of("reason_empty")
    return " ".join(text.split())


def _show(console: Console, rows: list[dict[str, Any]], language: str) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from finlake.messages import text
    from pipeline.authority import told_reason

    if not rows:
        console.print(text("authority.none", language))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("period", "payer", "export", "others", "since", "reason"):
        table.add_column(text(f"authority.{name}", language), overflow="fold")
    for row in rows:
        since = row["decided_at"][:16].replace("T", " ")
        cells = (row["billing_period"], row["payer_id"], row["export_id"], "\n".join(row["others"]), since)
        table.add_row(*cells, escape(told_reason(row, language)))
    console.print(table)


def _tell(console: Console, payload: dict[str, Any], language: str) -> None:
    from finlake.messages import text

    now, before = payload["authority"], payload["before"]
    values = {"export": now["export_id"], "payer": now["payer_id"], "period": now["billing_period"]}
    if not payload["changed"]:
        console.print(text("authority.same", language, **values), markup=False)
        return
    former = before["export_id"] if before else "-"
    console.print(text("authority.changed", language, before=former, **values), markup=False)
    console.print(text("authority.next", language))
