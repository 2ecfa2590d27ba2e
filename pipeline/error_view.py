"""An error as a person or a script gets it: its parts in the user's language on stderr, or one JSON document on stdout."""

from __future__ import annotations

import sys
from typing import Any

from finlake.errors import ExitCode, FinlakeError
from pipeline.console import spoken, stderr_console, to_json

_PARTS = (("where", "where"), ("intact", "intact"), ("next", "next_step"), ("detail", "detail"))


def report(error: FinlakeError, as_json: bool) -> None:
    """The parts of an error. JSON keeps the English words beside the code: scripts match on the code."""
    if as_json:
        sys.stdout.write(to_json(error.as_dict()) + "\n")
        return
    from rich.text import Text

    from finlake.error_words import told
    from finlake.messages import text

    language, console = spoken(), stderr_console()
    said = told(error.as_dict(), language)
    console.print(
        Text.assemble((f"{text('error.error', language)}: ", "bold red"), said["what"]), soft_wrap=True
    )
    labels = {name: text(f"error.{name}", language) + ":" for name, _ in _PARTS}
    width = 1 + max(len(labels[name]) for name in ("where", "intact", "next"))
    for name, part in _PARTS:
        if said[part]:
            line = Text.assemble((f"  {labels[name]:<{width}}", "bold"), said[part])
            console.print(line, soft_wrap=True)


def report_interruption(as_json: bool) -> None:
    """That the user or a signal ended the command, and how to go on."""
    error = FinlakeError.of("interrupted").as_dict()
    if as_json:
        named: dict[str, Any] = {"error": "Interrupted", "exit_code": int(ExitCode.INTERRUPTED)}
        sys.stdout.write(to_json(error | named) + "\n")
        return
    from finlake.error_words import told
    from finlake.messages import text

    language = spoken()
    said = told(error, language)
    words = text("error.interrupted", language, intact=said["intact"], next=said["next_step"])
    stderr_console().print(words, soft_wrap=True)
