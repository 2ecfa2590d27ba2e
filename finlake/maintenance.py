"""Delta housekeeping: drop files that no version of the last days needs, and shorten the logs by a checkpoint.

Bronze's memory is safe: a delivery is addressed by its id, its files stay in the newest version for ever, and VACUUM removes
only what no retained version names, such as files of a killed run that were never committed.
"""

from __future__ import annotations

from dataclasses import dataclass

from finlake import metric_points, objects
from finlake.bronze import bronze_tables
from finlake.lake import Lake
from finlake.tables import open_table

RETENTION_HOURS = 7 * 24
"""How long a replaced version stays readable: longer than any query that still reads it."""


@dataclass(frozen=True)
class Housekeeping:
    """What was done to one table: its place in the lake, and how many files of old versions went (or would go)."""

    table: str
    files_removed: int


def keep_house(lake: Lake, *, dry_run: bool = False) -> list[Housekeeping]:
    """Checkpoint and vacuum every Delta table of the lake. The caller holds the writer lock, unless it is a dry run."""
    silver = [("silver", name) for name in sorted(objects.names(lake.uri("silver")))]
    bills = [("bronze", table, generation) for table, generation in bronze_tables(lake)]
    places = [*silver, *bills, ("bronze", metric_points.TABLE)]
    done = []
    for place in places:
        table = open_table(lake, *place)
        if table is None:
            continue
        gone = table.vacuum(retention_hours=RETENTION_HOURS, dry_run=dry_run, full=True)
        if not dry_run:
            table.create_checkpoint()
        done.append(Housekeeping("/".join(place), len(gone)))
    return done
