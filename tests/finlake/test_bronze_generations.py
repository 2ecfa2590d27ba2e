"""Bronze takes delivered Parquet as it is: new columns join the table, a conflicting type or spelling opens a new generation."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finlake.bronze import BronzeFile, bronze_deliveries, delivery_files, generations, store_delivery
from finlake.lake import Lake, open_lake
from finlake.tables import open_table


def deliver(lake: Lake, place: Path, number: int, table: pa.Table) -> str:
    """Store one delivery of one file; returns the generation that took it."""
    keys = {"export_id": "cur2-1-x", "billing_period": "2026-04", "delivery_id": f"{number:016x}"}
    file = place / f"{number}.parquet"
    pq.write_table(table, file)
    return store_delivery(
        lake, "cur2_parquet", keys, [BronzeFile(file, file.name)], keys | {"sequence": number}
    )


def test_new_columns_join_and_conflicts_open_a_generation(empty_lake: Path, tmp_path: Path) -> None:
    lake = open_lake(str(empty_lake))
    at = pa.array([1_775_001_600_000], pa.timestamp("ms"))
    first = pa.table({"cost": pa.array([1.1]), "at": at, "note": pa.nulls(1)})
    assert deliver(lake, tmp_path, 1, first) == "g1"
    assert deliver(lake, tmp_path, 2, first.append_column("net", pa.array([1.0]))) == "g1"
    assert deliver(lake, tmp_path, 3, pa.table({"cost": ["1.1"]})) == "g2", "text where there was a double"
    assert deliver(lake, tmp_path, 4, pa.table({"COST": ["1.1"]})) == "g3", "a name that differs in case only"
    assert generations(lake, "cur2_parquet") == ["g1", "g2", "g3"]
    assert set(bronze_deliveries(lake)) == {f"{number:016x}" for number in (1, 2, 3, 4)}


def test_files_stay_byte_for_byte_and_the_table_readable_for_all(empty_lake: Path, tmp_path: Path) -> None:
    lake = open_lake(str(empty_lake))
    at = pa.array([1_775_001_600_000], pa.timestamp("ms"))
    delivered = pa.table({"cost": pa.array([1.1]), "at": at})
    deliver(lake, tmp_path, 1, delivered)
    (kept,) = delivery_files(lake, "cur2_parquet", "g1", f"{1:016x}")
    pq.write_table(delivered, tmp_path / "as-delivered.parquet")
    assert Path(kept).read_bytes() == (tmp_path / "as-delivered.parquet").read_bytes()
    delta = open_table(lake, "bronze", "cur2_parquet", "g1")
    assert delta is not None and delta.protocol().min_reader_version == 1
    assert pa.schema(delta.schema().to_arrow()).field("at").type == pa.timestamp("us", tz="UTC")
