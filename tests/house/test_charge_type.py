"""Money rules live once, in silver: dbt models carry `charge_type` (the line item type), none decides by it."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from tests.house.tree import text_files

LABEL = "charge_type"
JINJA = (
    (re.compile(r"\{#.*?#\}", re.S), ""),
    (re.compile(r"\{%.*?%\}", re.S), ""),
    (re.compile(r"\{\{\s*(?:ref|source)\([^)]*['\"](\w+)['\"]\s*\)\s*\}\}"), r"\1"),
    (re.compile(r"\{\{.*?\}\}", re.S), "jinja_expression"),
)


def without_jinja(text: str) -> str:
    """The SQL with every Jinja expression a name, so that it parses."""
    for pattern, replacement in JINJA:
        text = pattern.sub(replacement, text)
    return text


def decisions(sql: str) -> list[str]:
    """Expressions that decide by the label: compared with anything but itself, or the subject of a CASE.

    Joined with its own kind (`a.charge_type = b.charge_type`), selected or grouped by, it is only carried.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = []
    for node in tree.walk():
        if isinstance(node, exp.Predicate) and not isinstance(node, exp.Exists):
            sides = [
                side for side in (node.args.get("this"), node.args.get("expression")) if side is not None
            ]
            carried = len(sides) == 2 and all(_names(side) for side in sides)
            found += [node.sql("duckdb")] if _names(node) and not carried else []
        elif isinstance(node, exp.Case) and node.this is not None and _names(node.this):
            found.append(node.sql("duckdb"))
    return found


def _names(node: exp.Expression) -> bool:
    return any(column.name == LABEL for column in node.find_all(exp.Column))


def test_no_model_decides_by_the_line_item_type() -> None:
    models = [
        (name, text) for name, text in text_files() if name.startswith("dbt/models") and name.endswith(".sql")
    ]
    assert models, "no dbt model found"
    found = {name: decisions(without_jinja(text)) for name, text in models if LABEL in text}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(case when charge_type = 'Tax' then cost end) from t",
        "select case charge_type when 'Tax' then 1 end from t",
        "select * from t where lower(charge_type) like 'sp%'",
        "select * from t where charge_type in ('Tax', 'Fee')",
        "select sum(cost) filter (where charge_type is null) from t",
        "select * from a join b on a.id = b.id and b.charge_type <> 'Tax'",
    ],
)
def test_the_rule_sees_a_decision(sql: str) -> None:
    assert decisions(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select charge_type, sum(cost) from t group by charge_type",
        "select * from a join b on a.charge_type is not distinct from b.charge_type",
        "select * from a join b on coalesce(a.charge_type, '') = coalesce(b.charge_type, '')",
        "select * from t where cost > 0 order by charge_type",
    ],
)
def test_the_rule_leaves_a_label_alone(sql: str) -> None:
    assert decisions(sql) == []
