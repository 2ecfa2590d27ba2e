"""Only finlake/clock.py asks what time it is; all else takes instants, days and periods as parameters."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.tree import dotted, room_sources, text_files

CLOCK = "finlake/clock.py"
METHODS = {"now", "utcnow", "today"}
CLOCKS = {
    "datetime",
    "date",
    "dt",
    "datetime.datetime",
    "datetime.date",
    "dt.datetime",
    "pd.Timestamp",
    "pendulum",
}
TIME_FUNCTIONS = {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"}
SQL_CLOCK = re.compile(
    r"\b(current_timestamp|current_date|localtimestamp|getdate\s*\(|now\s*\(\)|today\s*\(\))", re.I
)


def asks_the_time(source: str) -> list[int]:
    """Lines that ask the machine's clock, by call or by handing the function on."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            lines.append(node.lineno)
        elif isinstance(node, ast.Attribute):
            name = dotted(node)
            base, _, method = name.rpartition(".")
            if name in TIME_FUNCTIONS or (method in METHODS and base in CLOCKS):
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            lines += [node.lineno for alias in node.names if f"time.{alias.name}" in TIME_FUNCTIONS]
    return sorted(set(lines))


def test_only_the_clock_asks_the_time() -> None:
    found = [
        f"{name}:{line}" for name, source in room_sources() if name != CLOCK for line in asks_the_time(source)
    ]
    assert found == [], "ask finlake.clock.utc_now() at the edge and pass the instant on"


def test_no_sql_asks_the_time() -> None:
    found = []
    for name, text in text_files():
        if name.startswith(("dbt/", "models/", "expectations/")) and name.endswith((".sql", ".yml", ".yaml")):
            code = re.sub(r"--.*|\{#.*?#\}|description:.*", "", text)
            found += [f"{name}: {hit.group(0)}" for hit in SQL_CLOCK.finditer(code)]
    assert found == [], "the instant is a dbt variable, so that a rerun gives the same marts"


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "f(x).today()",
        "field(default_factory=date.today)",
        "time.time()",
        "from time import time",
    ],
)
def test_the_rule_sees(source: str) -> None:
    assert asks_the_time(source) == [1]


def test_the_rule_leaves_alone() -> None:
    assert asks_the_time("self.now.timestamp(); time.monotonic(); time.sleep(1); today = day") == []
