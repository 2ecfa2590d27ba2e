"""Runs the checks of the tables asked for on one build and its lake."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.business import business_checks
from expectations.derive import checks_of
from expectations.results import Check, CheckResult, outcome_of
from expectations.screen import nothing_found
from expectations.views import SCHEMA_OF_LAYER, batch_name, views
from finlake.contracts import Contract, all_contracts
from finlake.errors import NotFound
from finlake.paths import CONTRACTS_DIR

if TYPE_CHECKING:
    import duckdb


def run(
    con_or_path: duckdb.DuckDBPyConnection | str | Path,
    lake_root: str | Path,
    tables: Iterable[str] | None = None,
    periods: Collection[str] | None = None,
    *,
    contracts_root: Path = CONTRACTS_DIR,
) -> list[CheckResult]:
    """Check tables against their contracts and the business checks that concern them.

    `con_or_path`: the database of a build (schema `marts`), by path or as an open connection; only read.
    `lake_root`: folder or s3:// address that holds `silver/`. `tables`: contract names (`cost_daily`, or
    `silver.deliveries` where two layers share a name), all of silver and gold when None; a business check
    runs when all its tables are among them. `periods`: billing periods (YYYY-MM) to look at, all when None.
    Raises NotFound for an unknown or missing table. Results come table by table, the contract's first.
    """
    contracts = chosen_contracts(tables, contracts_root)
    with views(con_or_path, str(lake_root), contracts, periods) as con:
        return _run_all(con, contracts)


def chosen_contracts(tables: Iterable[str] | None, root: Path = CONTRACTS_DIR) -> list[Contract]:
    """Contracts of the named tables, in the order given; raises NotFound with the names there are."""
    known = [contract for contract in all_contracts(root) if contract.layer in SCHEMA_OF_LAYER]
    if tables is None:
        return known
    return [_find(name, known) for name in dict.fromkeys(tables)]


def _find(name: str, known: list[Contract]) -> Contract:
    found = [contract for contract in known if name in (contract.name, f"{contract.layer}.{contract.name}")]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{contract.layer}.{contract.name}" for contract in known)
    if found:
        raise NotFound.of("table_in_two_layers", where="models/", table=repr(name), tables=names)
    raise NotFound.of("table_without_contract", where="models/", table=repr(name), tables=names)


def _run_all(con: duckdb.DuckDBPyConnection, contracts: list[Contract]) -> list[CheckResult]:
    by_table = {(contract.layer, contract.name): checks_of(contract) for contract in contracts}
    present = {f"{SCHEMA_OF_LAYER[contract.layer]}.{contract.name}" for contract in contracts}
    for check in business_checks(present):
        by_table[check.layer, check.table].append(check)
    results: list[CheckResult] = []
    for contract in contracts:
        checks = by_table[contract.layer, contract.name]
        clean = nothing_found(con, contract, checks, contracts)
        results += map(outcome_of, checks) if clean else _judged(con, contract, checks)
    return results


def _judged(con: duckdb.DuckDBPyConnection, contract: Contract, checks: list[Check]) -> list[CheckResult]:
    """What Great Expectations says of a table. It is slow to import and needed only where something was found."""
    # dbt sets the root logger to INFO in the same process, and Great Expectations logs hundreds of lines
    # at a level of its own: its records are kept from the root.
    logging.getLogger("great_expectations").propagate = False
    from expectations.gx import run_checks

    return run_checks(con, batch_name(contract), checks)
