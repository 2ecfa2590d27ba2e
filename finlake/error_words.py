"""The error catalogue: what each error says in each language, read from finlake/messages/errors/*.yml.

An entry is `code: {kind, what, intact, next, why?, where?}`. `kind` is the class that is raised, which fixes the exit code.
A text is given per language, with {placeholders}, or names an entry of `_shared.yml`. docs/errors.md is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from finlake.messages import Entry, filled
from finlake.yaml_text import read as read_yaml

FOLDER = Path(__file__).parent / "messages" / "errors"
SHARED = "_shared"
_NOTHING: Entry = {"en": "", "pt-BR": ""}


@dataclass(frozen=True)
class ErrorEntry:
    """One error of the catalogue: its class, its file there, and its texts per language (empty where there is none)."""

    code: str
    group: str
    kind: str
    what: Entry
    intact: Entry
    next: Entry
    why: Entry
    where: Entry


@cache
def entries() -> dict[str, ErrorEntry]:
    """All entries by code, in the order of the files. Raises KeyError for a shared text that isn't there."""
    shared: dict[str, Entry] = _read(FOLDER / f"{SHARED}.yml")
    found: dict[str, ErrorEntry] = {}
    for file in sorted(FOLDER.glob("*.yml")):
        if file.stem == SHARED:
            continue
        for code, said in _read(file).items():
            if code in found:
                raise KeyError(f"the error {code} stands twice: {file.name} and {found[code].group}.yml")
            texts = {
                part: _text(said.get(part), shared) for part in ("what", "intact", "next", "why", "where")
            }
            found[code] = ErrorEntry(code=code, group=file.stem, kind=said["kind"], **texts)
    return found


def entry(code: str) -> ErrorEntry:
    """The entry of a code. Raises KeyError: a mistake in the code, not the user's."""
    if code not in entries():
        raise KeyError(f"there is no error {code!r}: add it to a file of finlake/messages/errors/")
    return entries()[code]


def parts(code: str, values: Mapping[str, Any], language: str) -> dict[str, str]:
    """`what`, `intact` and `next_step` of an error in one language, placeholders filled; `where` if the catalogue says it."""
    found = entry(code)
    said = {
        "what": filled(found.what[language], language, values),
        "intact": filled(found.intact[language], language, values),
        "next_step": filled(found.next[language], language, values),
    }
    where = filled(found.where[language], language, values)
    return said | ({"where": where} if where else {})


def told(error: Mapping[str, Any], language: str) -> dict[str, Any]:
    """An error's dict (FinlakeError.as_dict, also from a report or the ledger) with its words in another language.

    One without a code, or with a code that this finlake doesn't know, keeps the words that it has.
    """
    code = error.get("code")
    if not code or code not in entries():
        return dict(error)
    try:
        return dict(error) | parts(code, error.get("values") or {}, language)
    except KeyError:  # written by a finlake whose entry had other placeholders
        return dict(error)


def in_words(warning: str | Mapping[str, Any], language: str) -> tuple[str, str]:
    """A warning as one line, and what to do about it (may be empty). An older finlake kept the line itself: it stays."""
    if isinstance(warning, str):
        return warning, ""
    said = told(warning, language)
    line = ": ".join(str(said[part]) for part in ("where", "what") if said.get(part))
    detail = said.get("detail")
    return f"{line} ({detail})" if detail else line, str(said.get("next_step") or "")


def _read(file: Path) -> dict[str, Any]:
    return dict(read_yaml(file) or {})


def _text(said: str | Entry | None, shared: Mapping[str, Entry]) -> Entry:
    if said is None:
        return _NOTHING
    return shared[said] if isinstance(said, str) else said
