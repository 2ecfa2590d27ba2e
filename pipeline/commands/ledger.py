"""`finlake ledger`: where the lake's ledger is, SQLite on this machine or a DynamoDB table that machines share."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands.ingest import WaitOption
from pipeline.console import ConfigOption, JsonOption, LakeOption, Output, resolve_settings

if TYPE_CHECKING:
    from rich.console import Console

    from finlake.lake import Lake
    from finlake.settings import Settings

commands = typer.Typer(
    help="Where the lake's ledger is, SQLite on this machine or a DynamoDB table that machines share.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add `ledger` to the command line."""
    app.add_typer(commands, name="ledger")


@commands.command("show")
def show_ledger(lake: LakeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Tell where the lake's ledger is and how many deliveries it knows."""
    settings = resolve_settings(config, lake=lake)
    payload = ledger_of(settings)
    Output(json).emit(payload, lambda console: _say(console, "ledger.shown", payload, settings.language))


@commands.command("set")
def set_ledger(
    ledger: Annotated[
        str,
        typer.Argument(help="sqlite, or dynamodb://table (which must be there already).", metavar="LEDGER"),
    ],
    lake: LakeOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    json: JsonOption = False,
) -> None:
    """Let the lake use another ledger from now on. It is filled from the present one first, which stays as it is."""
    settings = resolve_settings(config, lake=lake, ledger=ledger)
    payload = run_set(settings, ledger, wait)
    key = "ledger.changed" if payload["changed"] else "ledger.same"
    Output(json).emit(payload, lambda console: _say(console, key, payload, settings.language))


def ledger_of(settings: Settings) -> dict[str, Any]:
    """The lake's ledger, and how many deliveries and decisions it holds. Only reads."""
    from finlake.lake import SQLITE, open_lake
    from pipeline.status import read_ledger

    lake = open_lake(settings.lake)
    deliveries, _, authority = read_ledger(lake)
    return {
        "lake": lake.root,
        "ledger": lake.ledger or SQLITE,
        "deliveries": len(deliveries),
        "decisions": len(authority),
    }


def run_set(settings: Settings, ledger: str, wait: float = 0.0) -> dict[str, Any]:
    """Change the lake's ledger under the writer lock of both. Returns the run's account."""
    from finlake.lake import SQLITE, change_ledger, with_ledger
    from pipeline import steps

    with steps.writing(settings, "ledger", wait, any_ledger=True) as (lake, report), report.step("ledger"):
        before = lake.ledger or SQLITE
        report.details |= {"lake": lake.root, "changed": before != ledger, "ledger": ledger, "before": before}
        if before != ledger:
            _fill(lake, with_ledger(lake, ledger), wait)
            change_ledger(lake, ledger)
    return steps.account(report)


def _fill(lake: Lake, target: Lake, wait: float) -> None:
    """Deliveries, decisions and refusals of a lake's ledger into the one it is to have; the metric one is made from the log."""
    from finlake.ledgers import bill_ledger
    from pipeline.ingest import open_ledger
    from pipeline.metrics import open_metric_ledger

    with closing(open_ledger(lake)) as old, target.leased(wait), closing(bill_ledger(target)) as new:
        for record in old.deliveries():
            new.put(record)
        for decision in old.authority():
            new.decide(decision)
        new.set_refusals(old.refusals())
        open_metric_ledger(target).close()


def _say(console: Console, key: str, payload: dict[str, Any], language: str) -> None:
    from finlake.messages import text

    words = {name: str(value) for name, value in payload.items() if isinstance(value, str | int)}
    console.print(text(key, language, **words), markup=False)
