"""Contracts are read once and give the same schema to every engine."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from finlake.contracts import (
    all_contracts,
    arrow_schema,
    athena_types,
    duckdb_types,
    load_contract,
    partition_columns,
    spark_ddl,
)
from finlake.errors import ConfigurationError, NotFound

GOOD = """\
apiVersion: v3.1.0
kind: DataContract
id: silver-t
name: t
version: 1.2.0
status: active
description: {purpose: "a table"}
schema:
  - name: t
    description: "one row per id"
    properties:
      - {name: id, physicalType: string, required: true, unique: true, primaryKey: true}
      - {name: period, physicalType: string, required: true, partitioned: true, partitionKeyPosition: 2}
      - name: export
        physicalType: string
        required: true
        partitioned: true
        partitionKeyPosition: 1
        enum: [{value: cur1}, {value: cur2}]
      - {name: cost, logicalType: number, physicalType: "decimal(28,12)"}
      - {name: ts, logicalType: timestamp, physicalType: timestamp}
      - {name: day, logicalType: date, physicalType: date}
      - {name: tags, logicalType: object, physicalType: "map<string,string>"}
    quality:
      - type: sql
        query: "select count(*) from {table} where cost < 0"
        mustBe: 0
        severity: warning
"""


def write(root: Path, text: str) -> Path:
    folder = root / "silver"
    folder.mkdir(exist_ok=True)
    (folder / "t.odcs.yaml").write_text(text, encoding="utf-8")
    return root


def test_reads_everything_that_the_contract_says(tmp_path: Path) -> None:
    contract = load_contract("silver", "t", write(tmp_path, GOOD))
    assert (contract.version, contract.grain, contract.purpose) == ("1.2.0", "one row per id", "a table")
    assert contract.primary_key == ("id",)
    assert contract.column("export").enum == ("cur1", "cur2")
    assert contract.column("id").required and contract.column("id").unique
    assert partition_columns(contract) == ["export", "period"]
    assert contract.quality[0].severity == "warning"


def test_one_schema_for_every_engine(tmp_path: Path) -> None:
    contract = load_contract("silver", "t", write(tmp_path, GOOD))
    schema = arrow_schema(contract)
    assert schema.field("cost").type == pa.decimal128(28, 12)
    assert schema.field("ts").type == pa.timestamp("us", tz="UTC")
    assert schema.field("day").type == pa.date32()
    assert schema.field("tags").type == pa.map_(pa.string(), pa.string())
    assert not schema.field("id").nullable and schema.field("cost").nullable
    assert spark_ddl(contract).startswith(
        "id string, period string, export string, cost decimal(28,12), ts timestamp"
    )
    assert athena_types(contract)["tags"] == "MAP(VARCHAR, VARCHAR)"
    columns = ", ".join(f"{name} {kind}" for name, kind in duckdb_types(contract).items())
    con = duckdb.connect()
    con.execute(f"create table t ({columns})")
    assert [row[0] for row in con.execute("describe t").fetchall()] == list(contract.column_names)
    assert duckdb_types(contract)["ts"] == "TIMESTAMP"


@pytest.mark.parametrize(
    ("was", "becomes", "key"),
    [
        ('physicalType: "decimal(28,12)"', 'physicalType: "money"', "cost.physicalType"),
        ("physicalType: date}", "description: x}", "day.physicalType"),
        ("name: period", "name: id", "properties.id"),
        ("  - name: t\n", "  - name: other\n", "schema"),
        ('    description: "one row per id"\n', "", "schema.description"),
        ("severity: warning", "severity: mild", "quality[0].severity"),
        ("apiVersion: v3.1.0", "[", "document"),
    ],
)
def test_a_wrong_contract_names_file_and_key(tmp_path: Path, was: str, becomes: str, key: str) -> None:
    assert was in GOOD
    root = write(tmp_path, GOOD.replace(was, becomes, 1))
    with pytest.raises(ConfigurationError) as caught:
        load_contract("silver", "t", root)
    assert "t.odcs.yaml" in caught.value.what
    assert key in caught.value.where


def test_an_unknown_table_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        load_contract("silver", "nope", write(tmp_path, GOOD))
    assert "t" in caught.value.next_step


def test_every_contract_of_the_project_is_sound() -> None:
    contracts = all_contracts()
    assert {"billing_line_items", "deliveries"} <= {c.name for c in contracts}
    for contract in contracts:
        assert len(arrow_schema(contract)) == len(contract.columns)
        assert all(column.description for column in contract.columns), contract.name
        assert contract.version.count(".") == 2
