"""A delivery's raw rows -> canonical delivered columns, with money parsed once. No rule of cost is here.

Raw rows come from finlake.engines with the spelling of CUR 2.0 or of FOCUS: scalar columns as delivered (text from CSV, doubles
and strings from Parquet), and the maps resource_tags, cost_category and product. A column that was not delivered is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spark_jobs.silver.facts import MONEY, source_columns


def delivered_columns(raw: Any, keys: Sequence[str], F: Any) -> Any:
    """Select the canonical delivered columns and the delivery's keys; one row in, one row out."""
    have = {name.lower() for name in raw.columns}
    kinds = source_columns()
    return raw.select(
        *[F.col(key) for key in keys],
        *[_text(names, have, F).alias(name) for name, names in kinds["text"].items()],
        *[_scalar(names, have, F, "timestamp").alias(name) for name, names in kinds["instant"].items()],
        *[_number(names, have, F).alias(name) for name, names in kinds["number"].items()],
        *[_map(names, have, F).alias(name) for name, names in kinds["map"].items()],
        *[
            F.lit(any(n.lower() in have for n in names)).alias(name)
            for name, names in kinds["present"].items()
        ],
    )


def _candidates(names: list[str], have: set[str], F: Any) -> list[Any]:
    found = []
    for name in names:
        column, _, key = name.partition(":")
        if column.lower() in have:
            found.append(F.element_at(F.col(column), F.lit(key)) if key else F.col(column))
    return found


def _text(names: list[str], have: set[str], F: Any) -> Any:
    """Text, empty as null: AWS leaves a cell blank where it has nothing to say."""
    found = [F.nullif(F.trim(c.cast("string")), F.lit("")) for c in _candidates(names, have, F)]
    return _first(found, F, "string")


def _number(names: list[str], have: set[str], F: Any) -> Any:
    """An exact decimal: the CSV's text, or the shortest decimal that gives the Parquet double back; half up at 12 places.

    `money_of(amount)` is the engines' decimal(28,12) of a number or its text, null where it is none (finlake/engines/).
    """
    found = [F.expr(f"money_of({name})") for name in names if name.lower() in have]
    return _first(found, F, MONEY)


def _scalar(names: list[str], have: set[str], F: Any, kind: str) -> Any:
    return _first([c.cast(kind) for c in _candidates(names, have, F)], F, kind)


def _map(names: list[str], have: set[str], F: Any) -> Any:
    return _first(_candidates(names, have, F), F, "map<string,string>")


def _first(found: list[Any], F: Any, kind: str) -> Any:
    if not found:
        return F.lit(None).cast(kind)
    return found[0] if len(found) == 1 else F.coalesce(*found)
