"""What every command shares: its common options, its way to print (people or JSON) and its progress display.

Kept light on purpose: `finlake --help` imports this file, so nothing heavy is imported at the top.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from finlake.settings import Settings

LakeOption = Annotated[
    str | None,
    typer.Option(
        "--lake",
        metavar="DIR|s3://BUCKET/PREFIX",
        help="The lake to work on. Otherwise: FINLAKE_LAKE, then finlake.yml.",
        show_default=False,
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="DIR|s3://BUCKET/PREFIX",
        help="Where AWS delivers the bill. Otherwise: FINLAKE_SOURCE, then finlake.yml.",
        show_default=False,
    ),
]
TargetOption = Annotated[
    Literal["duckdb", "athena"] | None,
    typer.Option(
        "--target",
        help="Where the marts are built. Otherwise: FINLAKE_TARGET, then finlake.yml, else duckdb.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration file. Otherwise: ./finlake.yml if it is there.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on standard output, and errors as JSON too."),
]


def resolve_settings(
    config: Path | None = None, *, lake: str | None = None, source: str | None = None, **flags: Any
) -> Settings:
    """Settings of this call (flag > environment > file > default); the log goes to that lake from here on.

    Flags left at None don't count as given. Raises ConfigurationError.
    """
    from finlake import logs
    from finlake.settings import load_settings

    settings = load_settings(config, lake=lake, source=source, **flags)
    speak(settings.language)
    _tell_unknown_variables(settings.language)
    logs.use_lake(settings.lake, settings.cleanup.max_log_mb)
    return settings


_spoken: list[str] = []


def speak(language: str | None) -> None:
    """From here on errors are told in this language; None: in what the environment says, until settings are read."""
    _spoken[:] = [language] if language else []


def spoken() -> str:
    """The language of this call: its settings' or, before they are read, FINLAKE_LANGUAGE's; else English."""
    from finlake.messages import LANGUAGES

    asked = os.environ.get("FINLAKE_LANGUAGE", "")
    return _spoken[0] if _spoken else asked if asked in LANGUAGES else LANGUAGES[0]


def _tell_unknown_variables(language: str) -> None:
    """FINLAKE_* that nothing reads: a line for a person at a terminal, who may have meant a setting."""
    from finlake.messages import text
    from finlake.settings import unknown_variables

    console = stderr_console()
    if console.is_terminal and (names := unknown_variables()):
        console.print(text("run.unknown_variables", language, names=", ".join(names)), style="dim")


class Output:
    """How one command call talks: results on stdout, everything else on stderr.

    With `json=True`, stdout carries exactly one JSON document and nothing is said on stderr but errors.
    """

    def __init__(self, json: bool = False) -> None:
        self.json = json

    def emit(self, payload: dict[str, Any] | list[Any], human: Callable[[Console], None]) -> None:
        """Print the result: `payload` as JSON, or what `human` writes to the stdout console it is given."""
        if self.json:
            sys.stdout.write(to_json(payload) + "\n")
            sys.stdout.flush()
        else:
            human(stdout_console())

    def note(self, message: str) -> None:
        """One line for a person on stderr; silent with --json."""
        if not self.json:
            stderr_console().print(message, highlight=False)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A rich progress display on stderr, invisible with --json or when stderr is no terminal.

        Use: `with out.progress() as bar: task = bar.add_task("ingest", total=3); bar.advance(task)`.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = stderr_console()
        with Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=self.json or not console.is_terminal,
        ) as bar:
            yield bar


def stdout_console() -> Console:
    """A rich console on the present stdout. Money and ids aren't recoloured; no wrapping when piped."""
    return _console(stderr=False)


def stderr_console() -> Console:
    """A rich console on the present stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=200)


def to_json(payload: Any) -> str:
    """JSON for scripts: decimals as strings (never floats), instants and dates in ISO 8601, paths as text."""
    return json.dumps(payload, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
