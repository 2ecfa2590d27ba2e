"""Every word exists in both languages with the same placeholders; numbers are spelt as their readers do."""

from __future__ import annotations

from decimal import Decimal
from string import Formatter

import pytest

from finlake import messages
from finlake.messages import LANGUAGES, catalogue, number, text


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_both_languages_say_the_same(key: str) -> None:
    entry = catalogue()[key]
    assert set(entry) == set(LANGUAGES), f"{key}: languages {sorted(entry)}"
    forms = {language: entry[language] for language in LANGUAGES}
    plural = {language: isinstance(words, dict) for language, words in forms.items()}
    assert len(set(plural.values())) == 1, f"{key}: one language counts, the other doesn't"
    if plural["en"]:
        for language, words in forms.items():
            assert isinstance(words, dict) and set(words) == {"one", "other"}, f"{key} in {language}"
            assert "count" in placeholders(words["other"]), f"{key} in {language} never says the count"
        english, portuguese = (forms[language]["other"] for language in LANGUAGES)  # type: ignore[index]
    else:
        english, portuguese = (forms[language] for language in LANGUAGES)
    assert placeholders(str(english)) == placeholders(str(portuguese)), key
    assert str(english).strip() and str(portuguese).strip()


def test_unknown_keys_are_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        text("no.such", "en")


def test_counted_words(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {
        "en": {"one": "{count} file", "other": "{count} files"},
        "pt-BR": {"one": "{count} arquivo", "other": "{count} arquivos"},
    }
    monkeypatch.setattr(messages, "catalogue", lambda: {"a.b": entry})
    english = [text("a.b", "en", count=count) for count in (0, 1, 1234)]
    assert english == ["0 files", "1 file", "1,234 files"]
    portuguese = [text("a.b", "pt-BR", count=count) for count in (0, 1, 1234)]
    assert portuguese == ["0 arquivo", "1 arquivo", "1.234 arquivos"]


@pytest.mark.parametrize(
    ("value", "places", "english", "portuguese"),
    [
        (Decimal("1234567.5"), None, "1,234,567.5", "1.234.567,5"),
        (Decimal("0.005"), 2, "0.01", "0,01"),
        (Decimal("-1234.565"), 2, "-1,234.57", "-1.234,57"),
        (Decimal("1E-12"), None, "0.000000000001", "0,000000000001"),
        (98765, None, "98,765", "98.765"),
    ],
)
def test_numbers(value: Decimal | int, places: int | None, english: str, portuguese: str) -> None:
    assert number(value, "en", places) == english
    assert number(value, "pt-BR", places) == portuguese
