"""Every error that a person can meet is in the catalogue: raised by its code, with the placeholders that its words have."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter

import pytest

from finlake import errors
from finlake.error_words import ErrorEntry, entries, in_words, parts, told
from finlake.errors import ConfigurationError, DeliveryRefused, FinlakeError, Warned
from finlake.messages import LANGUAGES, Entry, message
from tests.house.tree import calls, room_sources

KINDS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, FinlakeError)
}
HOME = ("finlake/errors.py", "finlake/error_words.py")
NOT_WORDS = {"where", "detail"}


@dataclass(frozen=True)
class Raised:
    """A place in the rooms that makes an error of the catalogue; `values` is None where they come in a mapping."""

    place: str
    kind: str
    code: str | None
    values: set[str] | None


def raised() -> Iterator[Raised]:
    for name, source in room_sources():
        for line, called, node in calls(source):
            kind, _, method = called.partition(".")
            if kind in KINDS and method == "of":
                first = node.args[0] if node.args else None
                code = first.value if isinstance(first, ast.Constant) else constant(source, first)
                given = {keyword.arg for keyword in node.keywords}
                values = None if None in given else {str(arg) for arg in given} - NOT_WORDS
                yield Raised(f"{name}:{line}", kind, code, values)


def constant(source: str, node: ast.expr | None) -> str | None:
    """The text of a module's own constant that stands for a code."""
    for statement in ast.parse(source).body:
        if (
            isinstance(node, ast.Name)
            and isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id == node.id
            and isinstance(statement.value, ast.Constant)
        ):
            return str(statement.value.value)
    return None


def placeholders(*texts: Entry) -> set[str]:
    found: set[str] = set()
    for words in (words for text in texts for words in text.values()):
        for form in words.values() if isinstance(words, dict) else [words]:
            found |= {name for _, name, _, _ in Formatter().parse(form) if name}
        found |= {"count"} if isinstance(words, dict) else set()
    return found


def needed(entry: ErrorEntry) -> set[str]:
    return placeholders(entry.what, entry.intact, entry.next, entry.where)


def test_no_error_is_worded_where_it_is_raised() -> None:
    found = [
        f"{name}:{line}: {called}(...)"
        for name, source in room_sources()
        if name not in HOME
        for line, called, _ in calls(source)
        if called in KINDS
    ]
    assert found == [], "raise Kind.of('code', ...) and put the words into finlake/messages/errors/"


def test_every_code_is_in_the_catalogue_with_its_class() -> None:
    known = entries()
    wrong = [
        f"{one.place}: {one.kind}.of({one.code!r})"
        for one in raised()
        if one.code not in known or known[one.code].kind != one.kind
    ]
    assert wrong == []


def test_every_placeholder_is_given_where_the_error_is_raised() -> None:
    known = entries()
    wrong = [
        f"{one.place}: {one.code} takes {sorted(needed(known[one.code]))}, not {sorted(one.values)}"
        for one in raised()
        if one.code in known and one.values is not None and one.values != needed(known[one.code])
    ]
    assert wrong == []


def test_the_catalogue_holds_no_error_that_nobody_raises() -> None:
    assert set(entries()) - {str(one.code) for one in raised()} == set()


@pytest.mark.parametrize("code", sorted(entries()))
def test_an_entry_says_what_stays_and_what_to_do_in_both_languages(code: str) -> None:
    entry = entries()[code]
    assert entry.kind in KINDS
    for part in (entry.what, entry.intact, entry.next):
        assert set(part) == set(LANGUAGES), f"{code}: {sorted(part)}"
        assert len({isinstance(words, dict) for words in part.values()}) == 1
        assert all(part.values()) or (entry.kind == "Warned" and part is not entry.what), code
        assert len({frozenset(placeholders({language: part[language]})) for language in LANGUAGES}) == 1
    for part in (entry.why, entry.where):
        assert set(part) == set(LANGUAGES) and bool(part["en"]) == bool(part["pt-BR"])
    values = dict.fromkeys(needed(entry), "x") | ({"count": 2} if "count" in needed(entry) else {})
    for language in LANGUAGES:
        said = parts(code, values, language)
        assert all("{" not in words for name, words in said.items() if code != "variable_unreadable"), said


def test_an_error_is_told_in_another_language_and_counted() -> None:
    error = DeliveryRefused.of("files_absent", where="m.json", count=1, named=1234, files="a.gz")
    assert error.what == "1 of 1,234 files that the manifest names are not there: a.gz"
    said = told(error.as_dict(), "pt-BR")
    assert said["what"] == "1 de 1.234 arquivos citados no manifesto não estão lá: a.gz"
    assert (said["where"], said["code"], said["exit_code"]) == ("m.json", "files_absent", 3)


def test_words_and_lists_within_an_error_are_told_in_its_language() -> None:
    place = message("config.at_line", file="a.yml", line="7")
    error = ConfigurationError.of("config_no_mapping", place=place)
    assert (error.where, error.values["place"]) == ("a.yml, line 7", place)
    assert told(json.loads(json.dumps(error.as_dict())), "pt-BR")["where"] == "a.yml, linha 7"
    warning = Warned.of("line_types_unknown", types=["A", "B"], where="m.json").as_dict()
    assert in_words(warning, "pt-BR")[0].startswith("m.json: tipos de linha") and "A, B" in warning["what"]


def test_what_an_older_finlake_wrote_keeps_its_words() -> None:
    old = {"error": "DeliveryRefused", "what": "it broke", "where": "a", "intact": "b", "next_step": "c"}
    assert told(old, "pt-BR") == old
    assert in_words("2026-03 m.json: 1 lines of 2026-02", "pt-BR") == (
        "2026-03 m.json: 1 lines of 2026-02",
        "",
    )
    assert told(old | {"code": "gone"}, "pt-BR")["what"] == "it broke"
    assert told(old | {"code": "files_absent", "values": {"other": 1}}, "pt-BR")["what"] == "it broke"


def test_a_code_that_is_not_there_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="add it"):
        FinlakeError.of("no_such_error")
