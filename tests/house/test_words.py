"""Nothing in the tree points at the machine or the package index that it happened to be written on."""

from __future__ import annotations

import re

from tests.house.tree import text_files

# One-letter classes keep a pattern from finding itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:[w]ork/(?:main|shared|\.)|[t]mp/plan|[r]oot/)"),
    "a package index or download host": re.compile(
        r"[p]ypi\.org|[f]iles\.pythonhosted|[r]egistry\.npmjs|[r]epo1?\.maven|[c]rates\.io|[p]roxy\.golang"
        r"|[d]eb\.debian\.org|--(?:extra-)?[i]ndex-url\s*[=h]",
        re.I,
    ),
    "who or what wrote it": re.compile(
        r"\b[c]laude\b|\b[a]nthropic\b|\b[c]hatgpt\b|\b[c]opilot\b|\b[c]oding agents?\b"
        r"|\bAI (?:[a]gents?|[a]ssistants?)\b|\b[t]his workplace\b|\b[l]anguage model\b",
        re.I,
    ),
}
SHARED = re.compile(r"\.\./[s]hared\b|parent / \"[s]hared\"")
MAY_NAME_SHARED = ("tests/", ".ci/")


def test_no_word_of_the_workshop() -> None:
    found = [
        f"{name}: {what}: {hit.group(0)!r}"
        for name, text in text_files()
        for what, pattern in FORBIDDEN.items()
        for hit in pattern.finditer(text)
    ]
    assert found == []


def test_reference_data_is_named_in_tests_only() -> None:
    found = [
        name
        for name, text in text_files()
        if not name.startswith(MAY_NAME_SHARED) and SHARED.search(text) is not None
    ]
    assert found == []
