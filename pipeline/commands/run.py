"""`finlake run`: ingest, build and publish in order, without Airflow."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from finlake.errors import ExitCode
from pipeline.commands import ingest as ingest_command
from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, SourceOption, resolve_settings


def register(app: typer.Typer) -> None:
    """Add `run` to the command line."""
    app.command("run")(run)


def run(
    lake: LakeOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Ingest, build and publish: from what AWS delivered to published marts. No Airflow needed."""
    from pipeline import steps

    settings = resolve_settings(config, lake=lake, source=source)
    out = Output(json)
    with out.progress() as bar:
        payload = steps.run_all(settings, bar, wait)
    out.emit(payload, lambda console: say(console, payload))
    if payload["refused"]:
        raise typer.Exit(int(ExitCode.DELIVERY_REFUSED))


def say(console: Console, payload: dict[str, Any]) -> None:
    """What was loaded, that it reconciles, and what readers see now, for people."""
    ingest_command.say(console, payload)
    table = Table(
        "month", "payer", "currency", "at source", "in the marts", "difference", box=None, header_style="bold"
    )
    for row in payload["reconciliation"]:
        if row["measure"] == "unblended_cost":
            table.add_row(
                row["billing_period"],
                row["payer_id"],
                row["currency"],
                f"{row['source_total']:,.2f}",
                f"{row['cost_monthly_total']:,.2f}",
                format(row["cost_monthly_difference"].normalize(), "f"),
                style=None if row["is_reconciled"] else "red",
            )
    console.print(table)
    verb = "Published" if payload["changed"] else "Nothing changed; published is still"
    console.print(
        f"{verb} [bold]{payload['build_id']}[/] in {payload['seconds']:.0f} s: {payload['database']}"
    )
