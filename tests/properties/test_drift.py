"""Columns that come, go, change type or case at random: a delivery loads with its own values or is refused: no wrong value."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, query, silver
from tests.properties.profile import tries

# Delivered name -> types as which Parquet may carry it. A text of an amount, a whole number, a double: all are amounts.
AMOUNTS = {
    "line_item_unblended_cost": (pa.float64(), pa.string(), pa.decimal128(20, 8)),
    "line_item_net_unblended_cost": (pa.float64(), pa.string(), pa.int64(), pa.null(), pa.timestamp("ms")),
}
TEXTS = ("line_item_product_code", "line_item_operation", "product_region_code", "some_new_column")
EXTRAS = ("Some_New_Column", "unit_a", "Unit_A", "with space", "a=b")
REQUIRED = "line_item_currency_code"
numbers = st.integers(-(10**6), 10**6)


@st.composite
def drifts(draw: st.DrawFn) -> dict[str, Any]:
    """One version of the month: its columns with their types, and its whole-number costs."""
    return {
        "unblended": draw(st.lists(numbers, min_size=1, max_size=3)),
        "types": {name: draw(st.sampled_from(kinds)) for name, kinds in AMOUNTS.items()},
        "texts": draw(st.lists(st.sampled_from(TEXTS), unique=True)),
        "extras": draw(st.lists(st.sampled_from(EXTRAS), unique=True, max_size=2)),
        "has_net": draw(st.booleans()),
        "has_currency": draw(st.integers(0, 9)) > 0,
    }


def table(said: dict[str, Any]) -> pa.Table:
    """The version as AWS's Parquet would carry it: unblended n, net n - 1."""
    whole = [tiny.line("0")] * len(said["unblended"])
    base = pq.read_table(io.BytesIO(tiny.parquet_bytes(whole, {})))
    costs = {"line_item_unblended_cost": said["unblended"]}
    if said["has_net"]:
        costs["line_item_net_unblended_cost"] = [n - 1 for n in said["unblended"]]
    columns = {name: base[name] for name in base.column_names if name not in (*AMOUNTS, *TEXTS)}
    for name, values in costs.items():
        columns[name] = typed(values, said["types"][name])
    for name in (*said["texts"], *said["extras"]):
        columns[name] = pa.array([f"{name} {n}" for n in said["unblended"]])
    if not said["has_currency"]:
        del columns[REQUIRED]
    return pa.table(columns)


def typed(values: list[int], kind: pa.DataType) -> pa.Array:
    if pa.types.is_null(kind):
        return pa.nulls(len(values))
    if pa.types.is_string(kind):
        return pa.array([str(value) for value in values])
    if pa.types.is_decimal(kind):
        return pa.array([Decimal(value) for value in values], kind)
    return pa.array(values, pa.int64()).cast(kind)


def must_be_refused(said: dict[str, Any]) -> bool:
    """No currency; a cost that is a point in time; two columns whose names differ in case only."""
    names = [name.lower() for name in (*said["texts"], *said["extras"])]
    return (
        not said["has_currency"]
        or (said["has_net"] and pa.types.is_timestamp(said["types"]["line_item_net_unblended_cost"]))
        or len(set(names)) < len(names)
    )


def wanted(said: dict[str, Any]) -> Counter[tuple[Decimal, Decimal, str | None, str | None]]:
    """Silver's lines: cost, net cost (the cost itself where none is delivered), product and operation."""
    has_net = said["has_net"] and not pa.types.is_null(said["types"]["line_item_net_unblended_cost"])

    def text(name: str, n: int, nothing: str | None = None) -> str | None:
        return f"{name} {n}" if name in said["texts"] else nothing

    return Counter(
        (
            Decimal(n),
            Decimal(n - 1 if has_net else n),
            text("line_item_product_code", n, "(none)"),
            text("line_item_operation", n),
        )
        for n in said["unblended"]
    )


@tries(few=4, many=200)
@given(st.lists(drifts(), min_size=2, max_size=4))
def test_it_loads_with_its_own_values_or_is_refused(versions: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory(prefix="drift-") as folder:
        source, lake = Path(folder, "bucket"), Path(folder, "lake")
        last: Counter[Any] = Counter()
        for number, version in enumerate(versions):
            tiny.cur1_parquet(source, [tiny.line()], f"v{number}")
            pq.write_table(table(version), next(source.rglob("*.parquet")))
            said = ingest(lake, source)
            assert len(said["refused"]) == must_be_refused(version), said["refused"]
            last = last if must_be_refused(version) else wanted(version)
            assert shown(lake) == last, f"version {number}"


def shown(lake: Path) -> Counter[Any]:
    if not (lake / "silver" / "billing_line_items").exists():
        return Counter()
    columns = "unblended_cost, net_unblended_cost, product_code, operation"
    return Counter(query(f"select {columns} from t", t=silver(lake, "billing_line_items")))
