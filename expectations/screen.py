"""A first look at a table on DuckDB: one scan says whether any check can have found something.

It may be stricter than Great Expectations (two nulls of a unique column), never laxer: a table in which it finds anything, or
that it can't count, is judged by Great Expectations, which also shows the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import duckdb

from expectations.results import Check
from expectations.statements import count_statement
from expectations.views import SCHEMA_OF_LAYER

if TYPE_CHECKING:
    from finlake.contracts import Contract


def nothing_found(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    contracts: Iterable[Contract],
) -> bool:
    """True when the table has the columns of its contract and each check was counted, with no row that breaks it.

    `con`: a connection of `expectations.views`; `contracts`: the tables that it shows.
    """
    counted = count_statement(contract, checks, contracts)
    table = f'{SCHEMA_OF_LAYER[contract.layer]}."{contract.name}"'
    try:
        columns = {str(row[0]) for row in con.execute(f"DESCRIBE {table}").fetchall()}
        found = dict(con.execute(counted.sql).fetchall()) if counted.checks else {}
    except duckdb.Error:
        return False
    complete = set(found) == set(range(len(counted.checks)))
    return columns == set(contract.column_names) and complete and not any(found.values())
