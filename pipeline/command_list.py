"""Which commands there are, read from the text of pipeline/commands without importing anything.

A module's `register` names its commands (`app.command("publish")(publish)`, `app.add_typer(commands,
name="service")`); their line in the overview is the first sentence of the function's docstring, or of the
module's for a group.
"""

from __future__ import annotations

import ast
import pkgutil
from functools import cache
from pathlib import Path

from pipeline import commands

ORDER = [
    *("init", "sample", "run", "ingest", "metrics", "build", "publish"),
    *(
        "status",
        "query",
        "diff",
        "authority",
        "rollback",
        "maintain",
        "engine",
        "ledger",
        "emr",
        "train",
        "score",
        "anomalies",
        "models",
        "backtest",
        "report",
        "doctor",
        "demo",
        "ui",
    ),
]


def modules() -> list[str]:
    """Names of the command modules (pipeline/commands/<name>.py)."""
    found = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    return [name for name in found if not name.startswith("_")]


@cache
def offered(module: str) -> dict[str, str]:
    """The commands of one module and their lines in the overview."""
    tree = ast.parse(Path(commands.__path__[0], f"{module}.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = {}
    for statement in functions["register"].body if "register" in functions else []:
        call = statement.value if isinstance(statement, ast.Expr) else None
        match call:
            case ast.Call(
                ast.Call(ast.Attribute(attr="command"), [ast.Constant(value=str(name))]), [ast.Name(id=by)]
            ):
                found[name] = _sentence(ast.get_docstring(functions[by])) if by in functions else ""
            case ast.Call(
                ast.Attribute(attr="add_typer"), _, [ast.keyword("name", ast.Constant(value=str(name)))]
            ):
                found[name] = _of_module(tree)
    return found or {module: _of_module(tree)}


def rank(command: str) -> tuple[int, str]:
    """Where a command stands in the overview: in the order of a first use, the others after it by name."""
    return (ORDER.index(command) if command in ORDER else len(ORDER), command)


def _of_module(tree: ast.Module) -> str:
    words = (ast.get_docstring(tree) or "").partition("\n")[0]
    words = words.partition("`: ")[2] or words
    return words[:1].upper() + words[1:]


def _sentence(docstring: str | None) -> str:
    return " ".join((docstring or "").partition("\n\n")[0].split())
