"""Pages lead somewhere: links and their anchors, paths that are named, and the same page in both languages."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from finlake.paths import PROJECT_ROOT

HIDDEN = {".venv", ".git", "node_modules", "target", "build"}
CODE = re.compile(r"```(?s:.*?)```|^    .*$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?://|mailto:)([^)\s]+)\)")
HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
TABLE_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
ROOMS = "finlake|collect|spark_jobs|models|dbt|dags|expectations|pipeline|tests|docs|tools|\\.ci"
NAMED_PATH = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")
MADE_LATER = {"docs/graveyard.md", "models/.released"}
"""By the first removal of a released table, and by the first release."""
IN_BOTH_LANGUAGES = ["getting-started.md", "user-guide.md", "operator-guide.md", "deploy.md"]
PAIRS = [
    (PROJECT_ROOT / "README.md", PROJECT_ROOT / "README.pt-BR.md"),
    *((PROJECT_ROOT / "docs/en" / name, PROJECT_ROOT / "docs/pt-BR" / name) for name in IN_BOTH_LANGUAGES),
]


def pages() -> list[Path]:
    found = (p for p in PROJECT_ROOT.rglob("*.md") if not HIDDEN & set(p.relative_to(PROJECT_ROOT).parts))
    return sorted(
        p for p in found if not any(part.startswith(".") for part in p.relative_to(PROJECT_ROOT).parts)
    )


def name_of(page: Path) -> str:
    return str(page.relative_to(PROJECT_ROOT))


def text_of(page: Path) -> str:
    """A page without its code blocks, fenced or indented."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors_of(page: Path) -> set[str]:
    """GitHub's anchors: lower case, spaces as hyphens, letters of every language kept, other signs dropped."""
    titles = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for _, title in HEADING.findall(text_of(page))]
    kept = (
        "".join(c for c in title.lower() if c in " -_" or unicodedata.category(c)[0] in "LNM")
        for title in titles
    )
    return {words.replace(" ", "-") for words in kept}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_and_their_anchors_exist(page: Path) -> None:
    dead = []
    for link in LINK.findall(text_of(page)):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_paths_that_a_page_names_exist(page: Path) -> None:
    gone = [
        path
        for path in NAMED_PATH.findall(text_of(page))
        if path not in MADE_LATER and not any((base / path).exists() for base in (PROJECT_ROOT, page.parent))
    ]
    assert not gone


@pytest.mark.parametrize(("english", "portuguese"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_both_languages_have_the_same_shape(english: Path, portuguese: Path) -> None:
    levels = [[marks for marks, _ in HEADING.findall(text_of(page))] for page in (english, portuguese)]
    assert levels[0] == levels[1]
    rows = [len(TABLE_ROW.findall(text_of(page))) for page in (english, portuguese)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("english", "portuguese"), PAIRS, ids=[pair[0].name for pair in PAIRS])
def test_each_language_links_to_the_other(english: Path, portuguese: Path) -> None:
    for page, other in ((english, portuguese), (portuguese, english)):
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(page))}
        assert other.resolve() in targets


def test_no_page_stands_in_one_language_only() -> None:
    folders = [
        {p.name for p in (PROJECT_ROOT / "docs" / language).glob("*.md")} for language in ("en", "pt-BR")
    ]
    assert folders[0] == folders[1] == set(IN_BOTH_LANGUAGES)


def test_anchors_are_made_as_on_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Onde estão os marts\n## Exit codes\n### `finlake init`, twice\n    # no heading\n",
        encoding="utf-8",
    )
    assert anchors_of(page) == {"onde-estão-os-marts", "exit-codes", "finlake-init-twice"}
