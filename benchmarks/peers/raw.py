"""Delivered files as CUR 2.0 names them: where they are, and for a legacy CUR which of its columns is which."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from finlake.sample import facts

GROUPS = {"resourceTags": "resource_tags", "costCategory": "cost_category"}
MAPS = ("resource_tags", "cost_category", "product")


@dataclass(frozen=True)
class Files:
    """A month's data files of one layout: cur2 (Parquet) or cur1 (CSV, gzip)."""

    layout: str
    paths: tuple[Path, ...]

    @cached_property
    def header(self) -> list[str]:
        """Columns of the first CSV file, as delivered."""
        with gzip.open(self.paths[0], "rt", encoding="utf-8", newline="") as file:
            return next(csv.reader(file))

    @cached_property
    def entries(self) -> dict[str, dict[str, str]]:
        """Map column -> its key -> the legacy column that holds it. `user:env` is called `user_env`, as CUR 2.0 does."""
        found: dict[str, dict[str, str]] = {name: {} for name in MAPS}
        for name in self.header:
            group, _, key = name.partition("/")
            if group in GROUPS:
                found[GROUPS[group]][key.replace(":", "_", 1)] = name
        found["product"] = {key: name for key, name in facts.product_map().items() if name in self.header}
        return found

    @cached_property
    def plain(self) -> list[tuple[str, str, str | None]]:
        """(name in CUR 2.0, type, legacy column or None where the legacy CUR lacks it) of all columns but the maps."""
        have = set(self.header)
        return [
            (each.name, each.type, each.legacy if each.legacy in have else None)
            for each in facts.columns()
            if not each.type.startswith("map")
        ]


def files_below(source: Path) -> Files:
    """The data files of a delivered month."""
    parquet = tuple(sorted(source.rglob("*.parquet")))
    return Files("cur2", parquet) if parquet else Files("cur1", tuple(sorted(source.rglob("*.csv.gz"))))


def relation(files: Files) -> str:
    """The files as one SELECT for DuckDB: columns of CUR 2.0. Of a CSV, numbers stay text and instants are timestamps."""
    named = ", ".join(f"'{path}'" for path in files.paths)
    if files.layout == "cur2":
        return f"select * from read_parquet([{named}], hive_partitioning=false)"
    kinds = {"timestamp": "{}::timestamptz::timestamp", "string": "{}", "double": "{}"}
    columns = [
        f"{kinds[kind].format(_quoted(legacy) if legacy else 'null::varchar')} as {name}"
        for name, kind, legacy in files.plain
    ]
    for name, entries in files.entries.items():
        pairs = ", ".join(
            f"{{'key': '{key}', 'value': {_quoted(legacy)}}}" for key, legacy in entries.items()
        )
        columns.append(
            f"map_from_entries(list_filter([{pairs}], lambda e: e.value <> ''))::map(varchar, varchar) as {name}"
        )
    scan = f"read_csv([{named}], header=true, all_varchar=true, delim=',', quote='\"', escape='\"')"
    return f"select {', '.join(columns)} from {scan}"


def _quoted(name: str | None) -> str:
    return f'"{name}"'
