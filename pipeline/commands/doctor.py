"""`finlake doctor`: check the machine, the settings, the lake and the source, and say what to do."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from finlake.errors import ConfigurationError, ExitCode
from pipeline.console import (
    ConfigOption,
    JsonOption,
    LakeOption,
    Output,
    SourceOption,
    TargetOption,
    resolve_settings,
)

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.doctor.checks import Check, Finding

MARKS = {"ok": "[green]ok  [/green]", "warn": "[yellow]warn[/yellow]", "fail": "[bold red]fail[/bold red]"}


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command line."""
    app.command("doctor")(doctor)


def doctor(
    lake: LakeOption = None,
    source: SourceOption = None,
    config: ConfigOption = None,
    target: TargetOption = None,
    json: JsonOption = False,
) -> int:
    """Check the machine, the settings, the lake and the source; each line says what to do.

    Ends with exit code 4 when something has to be repaired. Nothing is changed.
    """
    findings, language = diagnose(config, lake=lake, source=source, target=target)
    failed = [finding for finding in findings if finding.status == "fail"]
    payload: dict[str, Any] = {"ok": not failed, "checks": [finding.as_dict() for finding in findings]}
    Output(json).emit(payload, lambda console: _show(console, findings, language))
    return int(ExitCode.CONFIGURATION if failed else ExitCode.OK)


def diagnose(
    config: Path | None = None,
    *,
    lake: str | None = None,
    source: str | None = None,
    target: str | None = None,
) -> tuple[list[Finding], str]:
    """All findings and the language that they are in. With wrong settings, only the machine is looked at."""
    from pipeline.doctor import checks, machine
    from pipeline.doctor import lake as lake_checks
    from pipeline.doctor.engine import engine

    of_machine: list[tuple[str, Check]] = [
        (name, getattr(machine, name)) for name in ("python", "packages", "extensions", "time_zone", "tools")
    ]
    try:
        settings = resolve_settings(config, target=target, lake=lake, source=source)
    except ConfigurationError as error:
        wanted = os.environ.get("FINLAKE_LANGUAGE", "en")
        language = wanted if wanted in ("en", "pt-BR") else "en"
        wrong = checks.Finding("settings", "fail", f"{error.where}: {error.what}", error.next_step)
        return [*checks.examine(of_machine, language), wrong], language
    of_lake: list[tuple[str, Check]] = [("settings", partial(lake_checks.settings_file, config=config))]
    for name in ("lake", "write", "disk", "lock", "ledger", "published", "source"):
        of_lake.append((name, partial(getattr(lake_checks, name), settings=settings)))
    of_lake.append(("engine", partial(engine, settings=settings)))
    return checks.examine([*of_machine, *of_lake], settings.language), settings.language


def _show(console: Console, findings: list[Finding], language: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    from finlake.messages import text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        words = escape(finding.detail) + (
            f"\n[dim]→ {escape(finding.advice)}[/dim]" if finding.advice else ""
        )
        table.add_row(MARKS[finding.status], text(f"doctor.{finding.check}", language), words)
    console.print(table)
    fails = sum(finding.status == "fail" for finding in findings)
    warns = sum(finding.status == "warn" for finding in findings)
    key, count = ("some_fail", fails) if fails else ("some_warn", warns)
    console.print(
        text(f"doctor.{key}", language, count=count) if count else text("doctor.all_well", language)
    )
