"""Product words in English and Brazilian Portuguese: one catalogue for everything that people read.

A key is `<file>.<name>`: `doctor.disk` is `disk` in doctor.yml. An entry gives the text per language, with
{placeholders}; a text that depends on a count gives `one` and `other` and is asked for with `count=`.
A placeholder's value may be words of the catalogue itself (`message`), or a list: both are told in the language asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finlake.yaml_text import read as read_yaml

LANGUAGES = ("en", "pt-BR")
Entry = dict[str, str | dict[str, str]]
Said = dict[str, Any]
"""Words of the catalogue as a value: what `message` gives."""


@cache
def catalogue() -> dict[str, Entry]:
    """All entries by key, read once from the YAML files of this folder."""
    entries: dict[str, Entry] = {}
    for file in sorted(Path(__file__).parent.glob("*.yml")):
        for name, entry in (read_yaml(file) or {}).items():
            entries[f"{file.stem}.{name}"] = entry
    return entries


def text(key: str, language: str, /, **values: Any) -> str:
    """The words of `key` in `language`, placeholders filled; numbers in that language's spelling.

    Raises KeyError for an unknown key, language or placeholder: a mistake in the code, not the user's.
    """
    return filled(catalogue()[key][language], language, values)


def message(key: str, /, **values: Any) -> Said:
    """Words of the catalogue as a value that can be kept as JSON and told in any language: a part of an error or warning."""
    return {"message": key, "values": values}


def told(said: Said, language: str) -> str:
    """The words of a `message` in a language."""
    return text(said["message"], language, **said["values"])


def filled(words: str | dict[str, str], language: str, values: Mapping[str, Any]) -> str:
    """One language's words of an entry with their placeholders filled. Raises KeyError for one without a value."""
    if isinstance(words, dict):
        words = words["one" if _is_one(values["count"], language) else "other"]
    return words.format(**{name: _spelt(value, language) for name, value in values.items()})


def number(value: int | Decimal, language: str, places: int | None = None) -> str:
    """A number with separators: 1,234.50 in English, 1.234,50 in Portuguese; `places` rounds half up."""
    if places is not None:
        value = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")
    english = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,d}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def _is_one(count: Any, language: str) -> bool:
    """CLDR's cardinal rules for whole numbers: one is 1 in English, 0 and 1 in Portuguese."""
    return bool(count == 1 or (count == 0 and language == "pt-BR"))


def _spelt(value: Any, language: str) -> Any:
    if isinstance(value, Mapping) and "message" in value:
        return text(value["message"], language, **value["values"])
    if isinstance(value, list):
        return ", ".join(str(_spelt(one, language)) for one in value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    return number(value, language)
