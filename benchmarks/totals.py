"""What a subject's tables sum to, so that no one is measured who computes something else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb

from benchmarks.peers.rules import COSTS
from finlake.engines.duckdb import extension_file

Totals = dict[str, list[str]]
"""'payer currency' -> number of lines, then the seven costs as decimal text."""
CENT = Decimal("0.01")


def of_silver(folder: str) -> Callable[[Path], Totals]:
    """Reads a Delta table of canonical lines below the target folder."""
    return lambda target: _totals(f"delta_scan('{target / folder}')", "count(*)")


def of_daily(target: Path) -> Totals:
    """Reads the mart cost_daily of the script's DuckDB file."""
    return _totals(
        "marts.cost_daily", "sum(line_count)", f"attach '{target / 'marts.duckdb'}' as marts (read_only)"
    )


def _totals(relation: str, lines: str, *before: str) -> Totals:
    sums = ", ".join(f"sum({cost})::decimal(38, 12)" for cost in COSTS)
    with duckdb.connect() as con:
        con.load_extension(extension_file("delta"))
        for statement in before:
            con.execute(statement)
        rows = con.execute(
            f"select payer_id, currency, {lines}, {sums} from {relation} group by all"
        ).fetchall()
    return {f"{row[0]} {row[1]}": [str(value) for value in row[2:]] for row in sorted(rows)}


def same(found: Totals, wanted: Totals, *, rounded: bool) -> bool:
    """Equal to the last decimal; `rounded`: every cost within a cent."""
    if not rounded or found.keys() != wanted.keys():
        return found == wanted
    if any(found[key][0] != wanted[key][0] for key in wanted):
        return False
    pairs = (pair for key in wanted for pair in zip(found[key][1:], wanted[key][1:], strict=True))
    return all(one == other or _close(one, other) for one, other in pairs)


def _close(one: str, other: str) -> bool:
    return "None" not in (one, other) and abs(Decimal(one) - Decimal(other)) <= CENT
