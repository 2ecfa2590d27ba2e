"""The tree under the house rules: which files belong to the project, and its Python as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("finlake", "collect", "spark_jobs", "expectations", "ml", "pipeline", "dags")


@cache
def project_files() -> tuple[Path, ...]:
    """Files under version control or about to be; in a tree without git, every file but those of .venv."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        found = [PROJECT / name for name in done.stdout.split("\0") if name]
    else:
        found = [path for path in PROJECT.rglob("*") if ".venv" not in path.parts]
    return tuple(sorted(path for path in found if path.is_file()))


def relative(path: Path) -> str:
    """The file's name from the project's root, with slashes."""
    return path.relative_to(PROJECT).as_posix()


def text_files() -> Iterator[tuple[str, str]]:
    """(name, content) of every file that is text."""
    for path in project_files():
        try:
            yield relative(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def room_sources() -> Iterator[tuple[str, str]]:
    """(name, content) of every Python module of the rooms: the code that users run."""
    for path in project_files():
        name = relative(path)
        if name.endswith(".py") and name.split("/")[0] in ROOMS:
            yield name, path.read_text(encoding="utf-8")


def calls(source: str) -> Iterator[tuple[int, str, ast.Call]]:
    """(line, dotted name of what is called, node) of every call."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression; `?` stands for a part that is no name (`f(x).now` -> `?.now`)."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"
