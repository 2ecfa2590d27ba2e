"""Canonical lines as legacy CUR: CSV.gz, slash names, and only the columns that the delivery uses."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finlake.sample.facts import columns, product_map
from finlake.sample.lines import Line
from finlake.sample.money import text

Row = dict[str, str]


def rows(lines: list[Line]) -> tuple[list[str], list[Row]]:
    """Header and rows of a delivery. Static columns always; the others, tags, cost categories where used."""
    found = [_row(line) for line in lines]
    used = {name for row in found for name in row}
    plain = [each.legacy for each in columns() if each.legacy and (each.static or each.legacy in used)]
    plain += [name for name in product_map().values() if name in used]
    order = (
        "identity",
        "bill",
        "lineItem",
        "product",
        "pricing",
        "reservation",
        "savingsPlan",
        "splitLineItem",
        "discount",
    )
    header = sorted(plain, key=lambda name: order.index(name.split("/")[0]))
    header += sorted(name for name in used if name.startswith("resourceTags/"))
    header += sorted(name for name in used if name.startswith("costCategory/"))
    return header, found


def write(
    header: list[str], found: list[Row], path_of: Callable[[int], Path], rows_a_file: int
) -> list[Path]:
    """Write the rows to as many files as needed, each with the header. Returns their paths, in order."""
    paths = []
    for number, begin in enumerate(range(0, max(len(found), 1), rows_a_file), start=1):
        held = io.StringIO(newline="")
        writer = csv.DictWriter(held, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(found[begin : begin + rows_a_file])
        paths.append(path_of(number))
        paths[-1].write_bytes(gzip.compress(held.getvalue().encode(), compresslevel=6, mtime=0))
    return paths


def _row(line: Line) -> Row:
    row = {}
    legacy = _legacy_names()
    for name, value in line.items():
        if value is not None and name in legacy:
            row[legacy[name]] = _cell(value)
    for key, name in product_map().items():
        if key in line["product"]:
            row[name] = line["product"][key]
    for key, value in line.get("resource_tags", {}).items():
        row[f"resourceTags/{key.replace('_', ':', 1)}"] = value
    for key, value in line["cost_category"].items():
        row[f"costCategory/{key}"] = value
    return row


@cache
def _legacy_names() -> dict[str, str]:
    return {each.name: each.legacy for each in columns() if each.legacy}


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.000Z"
    return str(value)
