"""Money from text and from doubles: both paths give what Decimal gives, rounded half up at 12 places; mul_div is exact."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collect.exports.totals import LIMIT, BadCell, Totals
from finlake.engines.duckdb_engine import DuckDBEngine

PLACES = Decimal("1e-12")


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    engine = DuckDBEngine()
    yield engine.connection
    engine.close()


def half_up(number: Decimal) -> Decimal:
    with localcontext(prec=120):
        return number.quantize(PLACES, ROUND_HALF_UP)


def by_silver(con: duckdb.DuckDBPyConnection, values: pa.Array) -> list[Decimal | None]:
    """As spark_jobs.silver.delivered says it."""
    con.register("cells", pa.table({"n": range(len(values)), "v": values}))
    rows = con.execute("select money_of(v) from cells order by n").fetchall()
    return [row[0] for row in rows]


def by_totals(values: pa.Array) -> list[Decimal | None]:
    """As the second path says it."""
    return list(Totals()._money("unblended", values.cast(pa.string()), strict=True).to_pylist())


digits = st.integers(min_value=-(10**27), max_value=10**27)
plain = st.builds(lambda n, places: Decimal(n).scaleb(-places), digits, st.integers(12, 30))
ties = st.builds(lambda n: Decimal(n).scaleb(-12) + Decimal("5e-13"), st.integers(-(10**20), 10**20))
numbers = st.one_of(plain, ties)


def as_text(number: Decimal, scientific: bool) -> str:
    return f"{number:E}" if scientific else f"{number:f}"


@given(st.lists(st.builds(as_text, numbers, st.booleans()), min_size=1, max_size=30))
def test_text(con: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    wanted = [half_up(Decimal(text)) for text in texts]
    assert by_silver(con, pa.array(texts)) == wanted
    assert by_totals(pa.array(texts)) == wanted


@given(st.lists(st.floats(-1e15, 1e15, allow_nan=False), min_size=1, max_size=30))
def test_doubles(con: duckdb.DuckDBPyConnection, doubles: list[float]) -> None:
    """A DOUBLE is the shortest decimal that gives it back: 1.1 is 1.1, not 1.100000000000000088."""
    wanted = [half_up(Decimal(repr(double))) for double in doubles]
    assert by_silver(con, pa.array(doubles)) == wanted
    assert by_totals(pa.array(doubles)) == wanted


EXAMPLES = {
    "1.81E-8": "0.0000000181",
    "0.0000000000005": "1e-12",
    "-0.0000000000005": "-1e-12",
    "4.9E-13": "0",
    "5.0E-14": "0",
    "9.76263288136121e-286": "0",
    "1E-400": "0",
    ".5": "0.5",
    "5.": "5",
    "+3": "3",
    "-0": "0",
    "9999999999999999": "9999999999999999",
}


@pytest.mark.parametrize(("text", "wanted"), EXAMPLES.items())
def test_examples(con: duckdb.DuckDBPyConnection, text: str, wanted: str) -> None:
    assert by_silver(con, pa.array([text])) == by_totals(pa.array([text])) == [Decimal(wanted)]


@given(st.text(alphabet="0123456789eE+-.,_x naif", max_size=8).filter(str.strip))
@example("1_000")
@example("0_0e1")
def test_what_is_a_number_is_so_for_both(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """A cell that silver reads as null is refused at the door, and the other way round."""
    try:
        counted = by_totals(pa.array([text.strip()]))
    except BadCell:
        counted = [None]
    assert by_silver(con, pa.array([text.strip()])) == counted


@pytest.mark.parametrize("text", [str(LIMIT), f"-{LIMIT}", "1e30"])
def test_more_than_money_can_hold_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        by_totals(pa.array(["1", text]))


money = st.builds(lambda n: Decimal(n).scaleb(-12), st.integers(-(10**19), 10**19))
shares = st.builds(
    lambda n, places: Decimal(n).scaleb(-places), st.integers(-(10**10), 10**10), st.integers(2, 10)
)


@given(st.lists(st.tuples(money, shares, shares.filter(bool)), min_size=1, max_size=20))
def test_mul_div_is_exact(
    con: duckdb.DuckDBPyConnection, rows: list[tuple[Decimal, Decimal, Decimal]]
) -> None:
    with localcontext(prec=120):
        wanted = [half_up(a * b / c) for a, b, c in rows]
    kept = [(row, value) for row, value in zip(rows, wanted, strict=True) if abs(value) < LIMIT]
    for (a, b, c), value in kept:
        cells = ", ".join(f"cast('{number:f}' as decimal(28,12))" for number in (a, b, c))
        assert con.execute(f"select mul_div({cells})").fetchone() == (value,)


def test_mul_div_by_nothing_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select mul_div(1.5, 2, 0), mul_div(null, 2, 1), mul_div(1, null, 1)").fetchone() == (
        None,
        None,
        None,
    )
