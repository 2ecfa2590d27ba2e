"""The lake's Delta tables of silver in the Glue catalogue, where Athena finds them.

Athena reads schema and files in the Delta log; what Glue holds of columns is for people, views and permissions
(https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables-syncing-metadata.html). Terraform registers the same tables
(terraform/modules/tables) from the same contracts; what is there already is left as it is where it says the same.
"""

from __future__ import annotations

from typing import Any

from finlake.athena import Athena, glue
from finlake.contracts import Contract, all_contracts, partition_columns
from finlake.tables import open_table

_INPUT = "org.apache.hadoop.mapred.SequenceFileInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat"
_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_TELLING = ("StorageDescriptor", "PartitionKeys")
"""The parts of a table in Glue that are compared: Athena itself writes into the others."""


def register(athena: Athena) -> list[str]:
    """Make finlake's databases, and register or bring up to date each table of silver that there is. Returns the changed ones."""
    client = glue()
    for layer in ("silver", "gold", "builds", "work"):
        _ensure_database(client, athena, layer)
    contracts = [
        c for c in all_contracts() if c.layer == "silver" and open_table(athena.lake, "silver", c.name)
    ]
    return [contract.name for contract in contracts if _register(client, athena, contract)]


def table_input(contract: Contract, location: str) -> dict[str, Any]:
    """What Glue is told of one Delta table."""
    partitions = partition_columns(contract)
    columns = {
        c.name: {"Name": c.name, "Type": c.physical_type.replace(" ", ""), "Comment": c.description[:255]}
        for c in contract.columns
    }
    return {
        "Name": contract.name,
        "Description": contract.purpose[:2048],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "spark.sql.sources.provider": "delta"},
        "PartitionKeys": [columns[name] for name in partitions],
        "StorageDescriptor": {
            "Columns": [column for name, column in columns.items() if name not in partitions],
            "Location": f"{location}/",
            "InputFormat": _INPUT,
            "OutputFormat": _OUTPUT,
            "SerdeInfo": {
                "SerializationLibrary": _SERDE,
                "Parameters": {"serialization.format": "1", "path": f"{location}/"},
            },
        },
    }


def _ensure_database(client: Any, athena: Athena, layer: str) -> None:
    name = athena.database(layer)
    try:
        client.get_database(Name=name)
    except client.exceptions.EntityNotFoundException:
        client.create_database(
            DatabaseInput={"Name": name, "Description": f"finlake: {layer} of {athena.lake.root}"}
        )


def _register(client: Any, athena: Athena, contract: Contract) -> bool:
    wanted = table_input(contract, athena.lake.table_uri(contract.layer, contract.name))
    database = athena.database(contract.layer)
    try:
        there = client.get_table(DatabaseName=database, Name=contract.name)["Table"]
    except client.exceptions.EntityNotFoundException:
        client.create_table(DatabaseName=database, TableInput=wanted)
        return True
    if all(_holds(there.get(part), wanted[part]) for part in _TELLING):
        return False
    parameters = there.get("Parameters", {}) | wanted["Parameters"]
    client.update_table(DatabaseName=database, TableInput=wanted | {"Parameters": parameters})
    return True


def _holds(there: Any, wanted: Any) -> bool:
    """Whether what is there says all that is wanted; Glue adds keys of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_holds(there.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(_holds(a, b) for a, b in zip(there, wanted, strict=True))
        )
    return bool(there == wanted)
