"""Write the SYNTHETIC sample organisation's bills: one payer in USD (CUR 2.0), one in BRL (legacy CUR)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.console import JsonOption, Output

if TYPE_CHECKING:
    from rich.console import Console

    from finlake.sample.generate import Written
    from finlake.sample.plan import Edition, Request

EndOption = Annotated[
    str | None,
    typer.Option("--end", metavar="YYYY-MM", help="Newest month (open); if left out, always the same month."),
]
RowsOption = Annotated[
    int,
    typer.Option(
        "--rows", help="Make the newest delivery of usd-payer about this many lines. 0: as they come."
    ),
]


def register(app: typer.Typer) -> None:
    """Add `finlake sample`."""
    app.command("sample")(sample)


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed always gives the same sample.")] = 7,
    months: Annotated[int, typer.Option("--months", help="How many months, the newest one open.")] = 14,
    end: EndOption = None,
    rows: RowsOption = 0,
    metric_days: Annotated[
        int, typer.Option("--metric-days", help="CloudWatch metrics of the bill's last days. 0: none.")
    ] = 45,
    as_json: JsonOption = False,
) -> None:
    """Write a SYNTHETIC organisation's bills: one payer in USD (CUR 2.0), one in BRL (legacy CUR).

    It shows that things work, never how accurate they are. What was planted is listed in DIR/truth.json.
    """
    from finlake.sample import facts
    from finlake.sample.plan import Request

    out = Output(json=as_json)
    request = Request(seed, months, end or facts.load().end_month, rows, metric_days)
    written = _write(out, folder, request)
    payload = {"synthetic": True, "parameters": asdict(request), **asdict(written)}
    out.emit(payload, lambda console: _tell(console, written))


def _write(out: Output, folder: Path, request: Request) -> Written:
    from finlake.sample.generate import write_sample

    with out.progress() as bar:
        task = bar.add_task("synthetic bills", total=None)

        def told(edition: Edition, number: int, of: int) -> None:
            words = f"{edition.payer} {edition.month} {edition.stage}"
            bar.update(task, description=words, completed=number, total=of)

        return write_sample(folder, request, told)


def _tell(console: Console, written: Written) -> None:
    size = f"{written.lines:,} lines in {written.deliveries} deliveries, {written.bytes / 1e6:,.1f} MB"
    size += f", {written.first_month} to {written.last_month}"
    if written.already_there:
        lines = [f"[bold]This sample is already there[/bold]: {size}. Nothing was changed."]
    else:
        lines = [
            f"[bold]Wrote a SYNTHETIC sample[/bold]: {size}.",
            "Two payers: usd-payer (CUR 2.0, Parquet, USD) and brl-payer (legacy CUR, CSV.gz, BRL).",
            "It shows that things work, never how accurate they are.",
        ]
    lines += [f"  folder  {written.root}", f"  truth   {written.root}/truth.json"]
    lines += [
        f"Next: finlake run --source {written.root} --metrics-source {written.root}/metrics --lake ./lake"
    ]
    for line in lines:
        console.print(line, soft_wrap=True)
