"""Keeps the generated parts of docs/ in step with the code: `python -m pipeline.docs [--check]`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; the words around it are written
by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from finlake.paths import PROJECT_ROOT
from pipeline.cli import build_app
from pipeline.error_docs import error_reference
from pipeline.settings_text import settings_table, variables_table

DOCS = PROJECT_ROOT / "docs"
BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """A page with its generated parts made anew. Raises KeyError for a part that nobody generates."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{PARTS[found['name']]()}\n\n{found[3]}", text)


def pages() -> Iterator[Path]:
    """The pages that have generated parts."""
    return (page for page in sorted(DOCS.rglob("*.md")) if BLOCK.search(page.read_text(encoding="utf-8")))


def stale_pages() -> list[Path]:
    """The pages whose generated parts differ from the code."""
    return [
        page
        for page in pages()
        if rendered(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")
    ]


def commands_reference() -> str:
    """Markdown: each command of the command line, with its arguments and options."""
    root: Any = typer.main.get_command(build_app())
    return "\n\n".join(
        _section(path, command) for path, command in walk("finlake", root) if path != "finlake"
    )


def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and those below it, each with the words that call it."""
    if not command.hidden:
        yield path, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(f"{path} {name}", inner)


def _section(path: str, command: Any) -> str:
    title = f"{'#' * (2 + path.count(' '))} `{path}`"
    parts = [title, _paragraphs(command.help or "")]
    if not getattr(command, "commands", None):
        arguments = [_name(item) for item in command.params if item.param_type_name == "argument"]
        parts.append(f"    {' '.join([path, *arguments])} [OPTIONS]")
        parts.append(_options(command))
    return "\n\n".join(part for part in parts if part)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))


def _options(command: Any) -> str:
    rows = [
        _row(item) for item in command.params if item.name != "help" and not getattr(item, "hidden", False)
    ]
    return "\n".join(["| option | meaning |", "|---|---|", *rows]) if rows else ""


def _row(item: Any) -> str:
    is_argument = item.param_type_name == "argument"
    is_flag = getattr(item, "is_flag", False)
    names = (
        f"`{_name(item)}`"
        if is_argument
        else ", ".join(f"`{name}`" for name in (*item.opts, *item.secondary_opts))
    )
    if not is_argument and not is_flag:
        names += f" `{item.metavar or item.type.name.upper()}`"
    notes = [" ".join((item.help or "").split())]
    choices = getattr(item.type, "choices", None)
    if choices:
        notes.append(f"One of: {', '.join(map(str, choices))}.")
    if item.required and not is_argument:
        notes.append("Required.")
    if item.default and not is_flag and item.show_default is not False:
        notes.append(f"Default: `{_plain_default(item.default)}`.")
    return f"| {_cell(names)} | {_cell(' '.join(note for note in notes if note))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _plain_default(value: Any) -> str:
    if isinstance(value, Path) and value.is_absolute() and value.is_relative_to(PROJECT_ROOT):
        return str(value.relative_to(PROJECT_ROOT))
    return str(getattr(value, "value", value))


def _name(item: Any) -> str:
    words = str(item.metavar or item.name.upper()).strip("[]")
    return words if item.required else f"[{words}]"


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands_reference,
    "errors": lambda: error_reference("en"),
    "errors-pt": lambda: error_reference("pt-BR"),
    "settings": settings_table,
    "variables": variables_table,
}


def main(arguments: list[str]) -> int:
    """Write the stale pages, or with --check name them and answer 1."""
    stale = stale_pages()
    for page in stale:
        if "--check" in arguments:
            print(
                f"{page.relative_to(PROJECT_ROOT)} is out of step: run python -m pipeline.docs",
                file=sys.stderr,
            )
        else:
            page.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")
            print(f"wrote {page.relative_to(PROJECT_ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
