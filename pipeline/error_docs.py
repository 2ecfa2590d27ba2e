"""The error catalogue as Markdown: docs/errors.md and docs/erros.pt-BR.md (see pipeline.docs)."""

from __future__ import annotations

import re

from finlake import errors
from finlake.error_words import ErrorEntry, entries
from finlake.messages import Entry, text

_PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def error_reference(language: str) -> str:
    """One section for each file of the catalogue; in it each error: message, cause, what stays, what to do, exit code."""
    groups: dict[str, list[ErrorEntry]] = {}
    for entry in entries().values():
        groups.setdefault(entry.group, []).append(entry)
    return "\n\n".join(
        f"## {text(f'error.group_{group}', language)}\n\n"
        + "\n\n".join(_section(entry, language) for entry in found)
        for group, found in sorted(groups.items(), key=lambda item: _ORDER.index(item[0]))
    )


_ORDER = (
    "deliveries",
    "exports",
    "metrics",
    "settings",
    "lake",
    "engines",
    "models",
    "commands",
    "machine",
    "warnings",
)
"""Files of the catalogue in the order of the page: what goes wrong most often first."""


def exit_code(entry: ErrorEntry) -> int:
    """The exit code of an error: its class's, but 130 for an interruption."""
    if entry.code == "interrupted":
        return int(errors.ExitCode.INTERRUPTED)
    kind: type[errors.FinlakeError] = getattr(errors, entry.kind)
    return int(kind.exit_code)


def _section(entry: ErrorEntry, language: str) -> str:
    rows = [
        ("what", _shown(entry.what, language)),
        ("why", _shown(entry.why, language)),
        ("stays", _shown(entry.intact, language)),
        ("todo", _shown(entry.next, language)),
        ("exit_code", "" if entry.kind == "Warned" else str(exit_code(entry))),
    ]
    lines = [f"- {text(f'error.{name}', language)}: {words}" for name, words in rows if words]
    return "\n".join([f"### `{entry.code}`", "", *lines])


def _shown(words: Entry, language: str) -> str:
    """Words with their placeholders in italics; where they count, the form for many."""
    said = words[language]
    form = said["other"] if isinstance(said, dict) else said
    shown = _PLACEHOLDER.sub(lambda found: f"*{found[1]}*", form).replace("{{", "{").replace("}}", "}")
    return " ".join(shown.replace("<", "&lt;").split())
