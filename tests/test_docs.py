"""The reference pages name every command, option, exit code and setting, and their generated parts fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from finlake.errors import ExitCode
from finlake.names import NOTHING_NEW_EXIT_CODE
from finlake.paths import PROJECT_ROOT
from finlake.settings import environment_names
from pipeline import docs
from pipeline.cli import build_app

CLI = (PROJECT_ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
CONFIGURATION = (PROJECT_ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
COMMANDS: list[tuple[str, Any]] = list(docs.walk("finlake", typer.main.get_command(build_app())))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_and_option_is_in_the_reference(path: str, command: Any) -> None:
    assert f"`{path}`" in CLI
    for item in command.params:
        for name in item.opts if item.param_type_name == "option" else []:
            assert f"`{name}`" in CLI or f"`finlake {name}`" in CLI, f"{path} {name}"


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_explained(code: ExitCode) -> None:
    assert re.search(rf"^\| {int(code)} \| `{code.name}` \| .{{10,}} \|$", CLI, re.MULTILINE)


def test_the_code_for_nothing_new_is_explained() -> None:
    assert f"| {NOTHING_NEW_EXIT_CODE} | `NOTHING_NEW` |" in CLI


@pytest.mark.parametrize("name", environment_names())
def test_every_variable_is_explained(name: str) -> None:
    assert f"`{name}`" in CONFIGURATION


def test_the_generated_parts_are_in_step() -> None:
    stale = [str(page.relative_to(PROJECT_ROOT)) for page in docs.stale_pages()]
    assert not stale, f"run: python -m pipeline.docs   ({', '.join(stale)})"


def test_a_stale_page_is_told_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "a.md"
    page.parent.mkdir()
    page.write_text("Before.\n\n<!-- generated: variables -->\nformer words\n<!-- end -->\n\nAfter.\n")
    monkeypatch.setattr(docs, "DOCS", page.parent)
    monkeypatch.setattr(docs, "PROJECT_ROOT", tmp_path)
    assert docs.main(["--check"]) == 1
    assert "former words" in page.read_text()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    text = page.read_text()
    assert (
        text.startswith("Before.")
        and text.endswith("After.\n")
        and "FINLAKE_CI" in text
        and "former words" not in text
    )


LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?://|mailto:|#)([^)#\s]+)")
PAGES = [*sorted((PROJECT_ROOT / "docs").rglob("*.md")), *sorted(PROJECT_ROOT.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(PROJECT_ROOT)) for page in PAGES])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    dead = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not dead
