"""One full build of a small lake, shared by the tests that only look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.dbt_runner import DbtResult, run_dbt
from tests.dbt.small_lake import OTHER_EXPORT, Row, line, split_row, tax, write_lake

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def sample_lines() -> list[Row]:
    """Two months, two currencies, a second export of the same bill, a split row, unmapped spend."""
    return [
        line(APRIL, "1.1", is_final=True),
        line(date(2026, 4, 2), "0.000000000001"),
        line(date(2026, 4, 2), "-0.1", charge_type="Credit", charge_category="Credit", list_cost=None),
        line(date(2026, 4, 2), "7", currency="BRL", product_code="AmazonS3", service="s3", service_name="S3"),
        tax(APRIL, "0.33"),
        split_row(APRIL),
        line(APRIL, "100", export_id=OTHER_EXPORT, delivery_id="other"),
        line(
            MAY,
            "2.5",
            service="unmapped",
            service_name="Odd",
            product_code="odd",
            amortized_cost=Decimal("1.5"),
        ),
    ]


@dataclass(frozen=True)
class Built:
    """A lake, the marts that were built from it, and what dbt said."""

    lake: Path
    database: Path
    result: DbtResult

    def rows(self, sql: str) -> list[tuple]:
        """Rows of a query on the marts."""
        return query(self.database, sql)


def query(database: Path, sql: str) -> list[tuple]:
    """Rows of a read-only query on a build database."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A full build, unit tests included, of a lake whose folder has an awkward name."""
    folder = tmp_path_factory.mktemp("dbt")
    lake = folder / "o'lake $1 {x}"
    lake.mkdir()
    write_lake(lake, sample_lines())
    database = folder / "b1.duckdb"
    return Built(lake, database, run_dbt("build", lake_root=lake, build_db=database, unit_tests=True))
