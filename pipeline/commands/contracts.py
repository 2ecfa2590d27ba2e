"""`finlake contracts`: look at the table contracts and keep what is generated from them in step."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from finlake.contracts import all_contracts, athena_types, duckdb_types, load_contract, spark_ddl
from finlake.errors import ConfigurationError, UsageError
from pipeline.contract_files import stale_files, write_files

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Engine(StrEnum):
    """Whose spelling of types to print."""

    SPARK = "spark"
    DUCKDB = "duckdb"
    ATHENA = "athena"


commands = typer.Typer(help="Table contracts: what every table promises.", no_args_is_help=True)


@commands.command("list")
def list_contracts(json_: JsonFlag = False) -> None:
    """List the tables that have a contract, with their grain."""
    rows: list[dict[str, Any]] = [
        {"layer": c.layer, "table": c.name, "version": c.version, "columns": len(c.columns), "grain": c.grain}
        for c in all_contracts()
    ]
    if json_:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("table", "version", "columns", "grain", box=None, pad_edge=False)
    for row in rows:
        table.add_row(f"{row['layer']}.{row['table']}", row["version"], str(row["columns"]), row["grain"])
    Console().print(table)


@commands.command("ddl")
def ddl(
    table: Annotated[str, typer.Argument(help="layer.table, for example gold.cost_monthly")],
    engine: Annotated[Engine, typer.Option(help="Whose spelling of types.")] = Engine.DUCKDB,
    json_: JsonFlag = False,
) -> None:
    """Print a table's columns and types as one engine spells them."""
    layer, _, name = table.partition(".")
    if not name:
        raise UsageError.of("contract_name_wrong", table=repr(table))
    contract = load_contract(layer, name)
    if engine is Engine.SPARK:
        types = {c.name: c.physical_type for c in contract.columns}
        text = spark_ddl(contract).replace(", ", ",\n")
    else:
        types = duckdb_types(contract) if engine is Engine.DUCKDB else athena_types(contract)
        text = ",\n".join(f"{column} {kind}" for column, kind in types.items())
    typer.echo(json.dumps(types, indent=2) if json_ else text)


@commands.command("sync")
def sync(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail when a file is stale.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """Write the dbt files that are derived from the contracts."""
    changed = [str(path) for path in (stale_files() if check else write_files())]
    if check and changed:
        raise ConfigurationError.of(
            "contract_files_stale", where="dbt/", count=len(changed), files=", ".join(changed)
        )
    if json_:
        typer.echo(json.dumps({"changed": changed}))
    else:
        typer.echo(
            "\n".join(f"wrote dbt/{path}" for path in changed) or "dbt files are in step with the contracts"
        )


def register(app: typer.Typer) -> None:
    """Add the commands to the `finlake` application."""
    app.add_typer(commands, name="contracts")
