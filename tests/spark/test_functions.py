"""money_of and mul_div on both engines against Python's exact decimals; the shortest text of a double against Python's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finlake.engines.duckdb_engine import DuckDBEngine
from finlake.engines.protocol import Engine
from finlake.engines.spark_engine import SparkEngine
from finlake.engines.spark_functions import shortest_text

MONEY = pa.decimal128(28, 12)
UNIT = Decimal("1e-12")
WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
FEW = settings(max_examples=6)
"""Examples are batches of hundreds: each costs a Spark job."""

digits = st.integers(0, 10**25).map(str)
numbers = st.one_of(
    st.builds(
        lambda sign, whole, places: f"{sign}{whole[:16]}.{places}",
        st.sampled_from(["", "-", "+"]),
        digits,
        digits,
    ),
    st.builds(
        lambda m, e: f"{m}E{e}",
        st.decimals(-9999, 9999, places=14).map(lambda d: format(d, "f")),
        st.integers(-40, 9),
    ),
    st.sampled_from(
        ["0.0000000000005", "-0.0000000000005", "4.9e-13", "5.0E-14", "1e400", "1e16", " 2 ", "0", "-0"]
    ),
)
amounts = st.one_of(
    st.integers(-(10**28) + 1, 10**28 - 1),
    st.integers(-(10**18), 10**18),
    st.sampled_from([0, 1, -1, 3, 10**12, 10**28 - 1, 1 - 10**28]),
).map(lambda units: WIDE.multiply(Decimal(units), UNIT))


@pytest.fixture(scope="module")
def engines(session: Any) -> Iterator[dict[str, Engine]]:
    embedded = DuckDBEngine()
    yield {"duckdb": embedded, "spark": SparkEngine()}
    embedded.close()


def column(engine: Engine, expression: str, **columns: pa.Array) -> list[Any]:
    """An expression over columns of Arrow, in their order."""
    table = pa.table({"place": pa.array(range(len(next(iter(columns.values())))), pa.int64()), **columns})

    def job(frame: Any, F: Any) -> Any:
        return frame.select(F.col("place"), F.expr(expression).alias("said"))

    said = engine.fetch(engine.apply(job, engine.rows(table))).sort_by("place")
    return list(said["said"].to_pylist())


def money(text: str) -> Decimal | None:
    """A number's text, half up at 12 places; null where it doesn't fit decimal(28,12)."""
    rounded = WIDE.quantize(Decimal(text.strip()), UNIT) if abs(Decimal(text.strip())) < 10**17 else None
    return rounded if rounded is not None and abs(rounded) < 10**16 else None


@pytest.mark.parametrize("name", ["duckdb", "spark"])
@FEW
@given(texts=st.lists(numbers, min_size=1, max_size=300))
def test_money_of_a_text(name: str, engines: dict[str, Engine], texts: list[str]) -> None:
    wanted = [money(text) for text in texts]
    assert column(engines[name], "money_of(amount)", amount=pa.array(texts, pa.string())) == wanted


@pytest.mark.parametrize("name", ["duckdb", "spark"])
def test_what_is_no_number_is_null(name: str, engines: dict[str, Engine]) -> None:
    texts = [
        "",
        " ",
        "x",
        "1,5",
        "1_000",
        "1.5d",
        "1.5f",
        "0x10",
        "NaN",
        "Infinity",
        "--1",
        "1e",
        "e5",
        "1.2.3",
        None,
    ]
    assert set(column(engines[name], "money_of(amount)", amount=pa.array(texts, pa.string()))) == {None}


def divided(a: Decimal, b: Decimal, c: Decimal) -> Decimal | None:
    """a*b/c, half up at 12 places, in whole numbers; None for c = 0."""
    x, y, z = (int(WIDE.scaleb(value, 12)) for value in (a, b, c))
    if z == 0:
        return None
    quotient = (2 * abs(x * y) + abs(z)) // (2 * abs(z))
    negative = (x < 0) ^ (y < 0) ^ (z < 0)
    return WIDE.multiply(Decimal(-quotient if negative else quotient), UNIT)


def triples(of: Sequence[tuple[Decimal, Decimal, Decimal]]) -> dict[str, pa.Array]:
    return {name: pa.array([t[i] for t in of], MONEY) for i, name in enumerate("abc")}


def fits(triple: tuple[Decimal, Decimal, Decimal]) -> bool:
    result = divided(*triple)
    return result is None or abs(result) < 10**16


@FEW
@given(of=st.lists(st.tuples(amounts, amounts, amounts).filter(fits), min_size=1, max_size=200))
@example(of=[(Decimal(1), Decimal(1), Decimal(0)), (Decimal("0.000000000001"), Decimal(1), Decimal(2))])
@example(of=[(Decimal("9999999999999999.999999999999"),) * 3])
def test_exact_division_on_spark_at_any_size(
    engines: dict[str, Engine], of: list[tuple[Decimal, Decimal, Decimal]]
) -> None:
    assert column(engines["spark"], "mul_div(a, b, c)", **triples(of)) == [divided(*t) for t in of]


bills = st.integers(-(10**18), 10**18).map(lambda units: WIDE.multiply(Decimal(units), UNIT))


@FEW
@given(of=st.lists(st.tuples(bills, bills, bills).filter(fits), min_size=1, max_size=200))
def test_both_engines_divide_alike(
    engines: dict[str, Engine], of: list[tuple[Decimal, Decimal, Decimal]]
) -> None:
    """Amounts up to a million: DuckDB's 128 bits hold their products."""
    wanted = [divided(*t) for t in of]
    for name, engine in engines.items():
        assert column(engine, "mul_div(a, b, c)", **triples(of)) == wanted, name


@FEW
@given(
    values=st.lists(
        st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 1e6)),
        min_size=1,
        max_size=500,
    )
)
@example(values=[2e-3, 2.2e-322, 1.1, 0.1 + 0.2, 9007199254740993.0, 4.35, 2.0e23, 123456.12345678901])
def test_a_double_is_its_shortest_decimal(engines: dict[str, Engine], values: list[float]) -> None:
    said = column(
        engines["spark"], shortest_text("amount", "double"), amount=pa.array([*values, None], pa.float64())
    )
    assert said[-1] is None
    assert [Decimal(text) for text in said[:-1]] == [Decimal(repr(value)) for value in values]
