"""DAG files hold names, order and schedule: they import Airflow, finlake and the standard library only."""

from __future__ import annotations

import ast
import sys

from tests.house.tree import room_sources


def imported(source: str) -> set[str]:
    """First part of every module that is imported."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_dags_import_airflow_and_finlake_only() -> None:
    sources = {name: source for name, source in room_sources() if name.startswith("dags/")}
    siblings = {name.removeprefix("dags/").removesuffix(".py") for name in sources}
    allowed = {"airflow", "finlake"} | siblings | set(sys.stdlib_module_names)
    found = {name: sorted(imported(source) - allowed) for name, source in sources.items()}
    assert {name: modules for name, modules in found.items() if modules} == {}
    assert sources, "no DAG found"


def test_dags_never_run_code_of_the_lake() -> None:
    """From finlake a DAG takes names only: a task is a command that a person can paste."""
    found = []
    for name, source in room_sources():
        for node in ast.walk(ast.parse(source)) if name.startswith("dags/") else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "finlake":
                modules = {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
                found += [] if "finlake.names" in modules else [f"{name}: {node.module}"]
    assert found == []
