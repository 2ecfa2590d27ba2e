"""Silver's money rule against the second path, which shares no code with it: equal sums for any delivery."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collect.exports.check import check_files
from collect.exports.check_csv import to_column
from collect.exports.totals import CELLS, MEASURES, MONEY_CELLS
from finlake.catalogue import Catalogue
from finlake.engines.bill import fold_csv
from finlake.engines.duckdb_engine import DuckDBEngine
from spark_jobs.silver import money
from spark_jobs.silver.delivered import delivered_columns
from spark_jobs.silver.facts import charge_types
from tests.pipeline import tiny

KEYS = {"export_id": "e", "billing_period": "2026-03", "delivery_id": "d", "source_format": "cur1"}
NEVER_BLANK = {"unblended"}
PROFILES = {
    "all columns": lambda cell: True,
    "no net columns": lambda cell: "net" not in cell,
    "no plan columns": lambda cell: not cell.startswith("sp_"),
    "no commitment total": lambda cell: cell not in {"sp_total", "sp_used"},
    "no reservation columns": lambda cell: not cell.startswith("ri_") and cell != "reservation",
    "only what every bill has": lambda cell: (
        cell in {"unblended", "payer", "account", "currency", "start", "type"}
    ),
}
AMOUNTS = [
    "0",
    "0.1",
    "-0.1",
    "1.81E-8",
    "0.1348",
    "0.0000000000005",
    "7.803924375",
    "-23.4567890123",
    "80.64",
    "100",
]

amounts = st.sampled_from(AMOUNTS)
lines = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*(name for name in charge_types() if name != "_other"), "SomethingNew"]),
        "payer": st.sampled_from(["900100000001", "900200000001"]),
        "currency": st.sampled_from(["USD", "BRL"]),
        "product": st.sampled_from(["AmazonEC2", "ComputeSavingsPlans", ""]),
        "reservation": st.sampled_from(["", "arn:aws:ec2:us-east-1:1:reserved-instances/x"]),
    }
    | {cell: amounts if cell in NEVER_BLANK else st.one_of(st.just(""), amounts) for cell in MONEY_CELLS}
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def with_costs(raw: Any, F: Any) -> Any:
    return money.with_costs(delivered_columns(raw, tuple(KEYS), F), F)


def silver_sums(
    engine: DuckDBEngine, file: Path, header: list[str], folder: Path
) -> dict[tuple[str, str], list[Decimal]]:
    """Through the engine, as an ingest does it: CSV to bronze's Parquet, the delivered columns, the money rule."""
    fold_csv([file], [header], folder / "lines.parquet", to_column)
    raw = engine.raw([str(folder / "lines.parquet")], KEYS)
    lines = engine.apply(with_costs, raw, key="money of two paths")
    sums = ", ".join(f"sum({measure})" for measure in MEASURES)
    rows = engine.connection.execute(
        f"select payer_id, currency, {sums} from {lines.name} group by all"
    ).fetchall()
    return {row[:2]: list(row[2:]) for row in rows}


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=25)
@given(rows=st.lists(lines, min_size=1, max_size=25))
def test_both_paths_agree(
    profile: str, rows: list[dict[str, str]], engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "two-paths"
    delivered = [
        tiny.line(row["unblended"], **{k: v for k, v in row.items() if k != "unblended"}) for row in rows
    ]
    columns = {name[0] for cell, name in CELLS.items() if PROFILES[profile](cell)}
    header = sorted(
        columns | {name for row in delivered for name in row if name not in {n[0] for n in CELLS.values()}}
    )
    file = folder / "f.csv.gz"
    tiny.write(file, gzip.compress(tiny.csv_text(header, delivered).encode()))
    checked = check_files([("f", file)], "csv", lambda key: None)
    found = silver_sums(engine, file, header, folder)
    assert found == {
        key: [sums[measure] for measure in MEASURES] for key, sums in checked.totals.sums.items()
    }
    assert checked.rows == [len(rows)]


def test_the_catalogue_is_no_part_of_money() -> None:
    """No service of the catalogue names a cost column: a new service can't change a figure."""
    conditions = {name for match in Catalogue.load().ordered_matches() for name in match.conditions}
    assert not any("cost" in name or "amount" in name for name in conditions)
