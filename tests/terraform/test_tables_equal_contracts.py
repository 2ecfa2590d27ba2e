"""The Glue tables that Terraform makes are the contracts: every table, every column, its type and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from finlake.contracts import Contract, all_contracts, partition_columns
from finlake.paths import CONTRACTS_DIR
from tests.terraform.run import outputs

CONTRACTS = {f"{contract.layer}.{contract.name}": contract for contract in all_contracts()}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, need: Callable[[str], str]) -> dict[str, Any]:
    need("terraform")
    variables = {
        "models_dir": str(CONTRACTS_DIR),
        "lake_uri": "s3://a-bucket/lake",
        "databases": {"bronze": "b", "silver": "s", "gold": "g"},
        "layers": ["bronze", "silver", "gold"],
    }
    found: dict[str, Any] = outputs(tmp_path_factory.mktemp("tables"), "tables", variables)["tables"]
    return found


def test_every_contract_is_a_table_and_nothing_else_is(tables: dict[str, Any]) -> None:
    assert sorted(tables) == sorted(CONTRACTS)


@pytest.mark.parametrize("key", sorted(CONTRACTS))
def test_columns_types_and_partitions_are_those_of_the_contract(tables: dict[str, Any], key: str) -> None:
    table, contract = tables[key], CONTRACTS[key]
    partitions = partition_columns(contract)
    assert [column["name"] for column in table["partition_keys"]] == partitions
    assert [column["name"] for column in table["columns"]] == [
        name for name in contract.column_names if name not in partitions
    ]
    told = {column["name"]: column["type"] for column in table["columns"] + table["partition_keys"]}
    assert told == {column.name: hive(column.physical_type) for column in contract.columns}


@pytest.mark.parametrize("key", sorted(CONTRACTS))
def test_a_table_lies_where_finlake_writes_it(tables: dict[str, Any], key: str) -> None:
    contract: Contract = CONTRACTS[key]
    assert tables[key]["location"] == f"s3://a-bucket/lake/{contract.layer}/{contract.name}/"
    assert tables[key]["serde_parameters"]["path"] == tables[key]["location"]
    assert tables[key]["database"] == contract.layer[0]
    assert contract.version in tables[key]["description"]


def hive(physical_type: str) -> str:
    """Glue's spelling: Hive's, without spaces."""
    return physical_type.replace(" ", "")
