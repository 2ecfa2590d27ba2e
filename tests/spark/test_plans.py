"""No decimal loses places on its way to a money column: the plan of every job, walked node by node, on both engines.

Spark drops scale without a word ((28,12) x (28,12) = (38,6); coalesce of (38,18) and (38,10) = (38,10)); DuckDB divides
decimals as doubles. Exceptions there are none: money_of rounds when it reads text, mul_div works on whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from finlake.catalogue import Catalogue
from finlake.contracts import arrow_schema, load_contract
from finlake.engines.duckdb_engine import DuckDBEngine
from finlake.engines.protocol import Engine, Job
from finlake.engines.spark_engine import SparkEngine
from finlake.settings import load_settings
from spark_jobs.silver import billing_line_items, delivery_costs, delivery_diff
from spark_jobs.silver.facts import Facts, source_columns

PLACES = 12
MONEY = pa.decimal128(28, 12)
_DECIMAL = re.compile(r"decimal\((\d+),(-?\d+)\)")
_INEXACT = ("double", "float")
_KEEPING = (
    "Add",
    "Subtract",
    "Remainder",
    "Coalesce",
    "CaseWhen",
    "If",
    "Least",
    "Greatest",
    "Sum",
    "Max",
    "Min",
    "UnaryMinus",
)


def lost(analyzed: Any) -> list[str]:
    """What a Spark plan (a JVM object) does to decimals that it mustn't."""
    return [wrong for node in _plans(analyzed) for top in _each(node.expressions()) for wrong in _walk(top)]


def _plans(plan: Any) -> Iterator[Any]:
    yield plan
    for child in _each(plan.children()):
        yield from _plans(child)


def _each(sequence: Any) -> list[Any]:
    return [sequence.apply(i) for i in range(sequence.size())]


def _walk(node: Any) -> Iterator[str]:
    """Wrong steps below an expression; conditions are looked at, too: a comparison of rounded money is no exact one."""
    children = _each(node.children())
    kind, kinds = node.dataType().simpleString(), [c.dataType().simpleString() for c in children]
    name = node.getClass().getSimpleName()
    if wrong := _wrong(name, kind, kinds):
        yield f"{wrong}: {node.sql()[:200]}"
    for child in children:
        yield from _walk(child)


def _wrong(name: str, kind: str, children: list[str]) -> str | None:
    here, below = _scale(kind), [s for s in map(_scale, children) if s is not None]
    if name in ("Cast", "AnsiCast") and below and kind in _INEXACT and below[0] > 0:
        return f"{name} to {kind}"
    if here is None:
        return None
    if name in ("Cast", "AnsiCast"):
        if children[0] in _INEXACT:
            return f"{name} from {children[0]}"
        return f"{name} {children[0]} to {kind}" if below and here < below[0] else None
    if name == "Multiply" and here < sum(below):
        return f"{name} {children} gives {kind}"
    if name in ("Divide", "Average"):
        return f"{name} of decimals"
    if name in _KEEPING and below and here < max(below):
        return f"{name} {children} gives {kind}"
    return None


def _scale(kind: str) -> int | None:
    found = _DECIMAL.fullmatch(kind)
    return int(found.group(2)) if found else None


@pytest.fixture(scope="module")
def spark(session: Any) -> SparkEngine:
    return SparkEngine()


@pytest.fixture(scope="module")
def raw_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One line with every column that the jobs look for: numbers as doubles, as Parquet deliveries have them."""
    kinds = {
        "number": pa.float64(),
        "instant": pa.timestamp("us", tz="UTC"),
        "map": pa.map_(pa.string(), pa.string()),
    }
    columns: dict[str, pa.DataType] = {"product": kinds["map"]}
    for kind, named in source_columns().items():
        for name in (n.partition(":")[0] for names in named.values() for n in names):
            columns.setdefault(name.lower(), kinds.get(kind, pa.string()))
    import pyarrow.parquet as pq

    file = tmp_path_factory.mktemp("raw") / "line.parquet"
    pq.write_table(pa.table({name: pa.nulls(1, kind) for name, kind in columns.items()}), file)
    return [str(file)]


def all_jobs(engine: Engine, raw_files: list[str]) -> dict[str, Any]:
    """The relation that each job makes."""
    facts = Facts(Catalogue.load(), load_settings().dimensions)
    keys = dict.fromkeys(billing_line_items.DELIVERY_KEYS, "x")
    services = pa.table({n: pa.array(["x"]) for n in ("service", "title", "category")})
    lines = engine.apply(
        lambda raw, services, F: billing_line_items.transform(raw, services, facts, F),
        engine.raw(raw_files, keys),
        engine.rows(services),
    )
    costs = engine.apply(delivery_costs.transform, lines)
    by = ["payer_id", "currency", "account_id"]
    marks = engine.apply(delivery_diff.line_marks, lines)
    return {
        "billing_line_items": lines,
        "delivery_costs": costs,
        "delivery_diff, money": engine.apply(
            lambda old, new, F: delivery_diff.money_changes(old, new, date(2026, 5, 1), by, F), costs, costs
        ),
        "delivery_diff, lines": engine.apply(
            lambda old, new, F: delivery_diff.line_counts(old, new, date(2026, 5, 1), F), marks, marks
        ),
    }


def test_no_job_loses_places_on_spark(spark: SparkEngine, raw_files: list[str]) -> None:
    found = {name: lost(_analyzed(frame)) for name, frame in all_jobs(spark, raw_files).items()}
    assert found == {name: [] for name in found}


def test_money_columns_are_what_the_contract_says(spark: SparkEngine, raw_files: list[str]) -> None:
    made = all_jobs(spark, raw_files)
    for table in ("billing_line_items", "delivery_costs"):
        kinds = dict(made[table].dtypes)
        for field in arrow_schema(load_contract("silver", table)):
            if pa.types.is_decimal(field.type):
                assert kinds[field.name] == f"decimal({field.type.precision},{field.type.scale})", field.name


BAD: dict[str, Job] = {
    "product of two moneys": lambda f, F: f.select((F.col("a") * F.col("a")).cast("decimal(28,12)")),
    "quotient": lambda f, F: f.select((F.col("a") / F.col("b")).cast("decimal(28,12)")),
    "by way of a double": lambda f, F: f.select(F.col("a").cast("double").cast("decimal(28,12)")),
    "coalesce of two scales": lambda f, F: f.select(F.coalesce(F.col("wide"), F.col("b"))),
    "sum of wide ones": lambda f, F: f.select(F.col("wide") - F.col("wide")),
    "rounded to cents": lambda f, F: f.select(F.col("a").cast("decimal(28,2)").cast("decimal(28,12)")),
    "average": lambda f, F: f.agg(F.avg("a")),
    "an average in a group, later a money": lambda f, F: (
        f.groupBy("b").agg(F.sum("a").alias("s"), F.count("a").alias("n")).select(F.col("s") / F.col("n"))
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_job_is_refused(name: str, spark: SparkEngine) -> None:
    """The test of the test: each of these loses places, and the walk says so."""
    one = Decimal(1)
    table = pa.table(
        {
            "a": pa.array([one], pa.decimal128(28, 12)),
            "b": pa.array([one], pa.decimal128(38, 10)),
            "wide": pa.array([one], pa.decimal128(38, 18)),
        }
    )
    assert lost(_analyzed(spark.apply(BAD[name], spark.rows(table))))


def _analyzed(frame: Any) -> Any:
    return frame._jdf.queryExecution().analyzed()


def inexact(sql: str) -> list[str]:
    """What DuckDB SQL does that decimals don't survive: quotients and averages are doubles there; casts to fewer places."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    wrong = [node.sql("duckdb") for node in tree.find_all(exp.Div, exp.IntDiv, exp.Avg)]
    for cast in tree.find_all(exp.Cast, exp.TryCast):
        kind = cast.to.this
        few = kind == exp.DataType.Type.DECIMAL and int(cast.to.expressions[1].name) < PLACES
        if few or kind in (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT):
            wrong.append(cast.sql("duckdb"))
    return wrong


def test_no_job_divides_or_rounds_on_duckdb(raw_files: list[str]) -> None:
    """The SQL that SQLFrame makes of each job, before DuckDB sees it."""
    engine = DuckDBEngine()
    said = {name: engine.sql(relation) for name, relation in all_jobs(engine, raw_files).items()}
    assert {name: inexact(sql) for name, sql in said.items()} == {name: [] for name in said}
    assert "decimal(28,12)" in said["billing_line_items"].lower().replace(" ", "")
    engine.close()


@pytest.mark.parametrize("name", ["quotient", "by way of a double", "rounded to cents", "average"])
def test_a_bad_job_is_refused_on_duckdb(name: str) -> None:
    engine = DuckDBEngine()
    table = pa.table({"a": pa.array([Decimal(1)], MONEY), "b": pa.array([Decimal(1)], MONEY)})
    assert inexact(engine.sql(engine.apply(BAD[name], engine.rows(table))))
    engine.close()
