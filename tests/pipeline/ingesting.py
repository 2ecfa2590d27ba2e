"""What the ingestion tests share: run an ingest, read silver exactly, stage golden deliveries as AWS would leave them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from rich.progress import Progress

from finlake.engines.duckdb import connect
from finlake.settings import load_settings
from pipeline.steps import run_ingest
from tests.conftest import REPOSITORY

MEASURES = ("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost", "net_amortized_cost")
SILVER = ("billing_line_items", "delivery_costs", "deliveries", "source_totals", "billing_authority")
TOLERANCE = Decimal("1e-9")
MAIN = "import sys; from pipeline.cli import main; sys.exit(main())"


def ingest(lake: Path | str, source: Path | str, **settings: Any) -> dict[str, Any]:
    """One ingest in this process; its account, as `finlake ingest --json` prints it."""
    return run_ingest(load_settings(lake=str(lake), source=str(source), **settings), Progress(disable=True))


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A `finlake` command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def silver(lake: Path | str, table: str) -> pa.Table:
    """A silver table at its newest version."""
    uri = f"{lake}/silver/{table}".replace("'", "''")
    with connect(lake=str(lake)) as con:
        return con.execute(f"select * from delta_scan('{uri}')").to_arrow_table()


def versions(lake: Path | str) -> dict[str, int]:
    """Delta version of every table of a local lake: equal versions, nothing was committed."""
    logs = sorted(Path(lake).glob("*/*/**/_delta_log"))
    return {str(log.parent.relative_to(lake)): DeltaTable(str(log.parent)).version() for log in logs}


def multiset(table: pa.Table, without: Iterable[str] = ()) -> Counter[str]:
    """Hashes of whole rows as a multiset, independent of the order of rows and columns; `without` names columns left out."""
    kept = sorted(set(table.column_names) - set(without))
    cells = ", ".join(f"coalesce('{name}=' || \"{name}\"::varchar, '{name}')" for name in kept)
    return Counter(
        dict(query(f"select md5(concat_ws(chr(31), {cells})), count(*) from rows group by 1", rows=table))
    )


def query(sql: str, **tables: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of a DuckDB query over Arrow tables given by name; decimals stay decimals."""
    con = duckdb.connect()
    con.execute("set TimeZone='UTC'")
    for name, table in tables.items():
        con.register(name, table)
    return con.execute(sql).fetchall()


def groups(lake: Path | str, period: str) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """Silver's lines of a month by account, product and charge type: rows and the five costs, as in expected/totals.json."""
    sums = ", ".join(f"sum({measure})" for measure in MEASURES)
    rows = query(
        f"select account_id, product_code, charge_type, count(*), {sums} from lines "
        f"where billing_period = '{period}' group by all",
        lines=silver(lake, "billing_line_items"),
    )
    return {row[:3]: row[3:] for row in rows}


def assert_equals_totals(lake: Path | str, period: str, expected: dict[str, Any]) -> None:
    """Every group equals the golden answer to 1e-9, and there is no group more or less."""
    found = groups(lake, period)
    wanted = {(g["account_id"], g["service"], g["charge_type"]): g for g in expected["groups"]}
    assert found.keys() == wanted.keys()
    for key, group in wanted.items():
        assert found[key][0] == group["rows"], key
        for measure, value in zip(MEASURES, found[key][1:], strict=True):
            assert isinstance(value, Decimal), (key, measure)
            assert abs(value - Decimal(group[measure])) <= TOLERANCE, (key, measure, value, group[measure])


def periods_shown(lake: Path | str) -> set[str]:
    return set(silver(lake, "billing_line_items")["billing_period"].to_pylist())


class Bucket:
    """A source that grows as AWS would let it grow: deliveries of a golden layout are added one by one."""

    def __init__(self, golden: Path, root: Path) -> None:
        self.golden, self.root = golden, root
        root.mkdir(parents=True, exist_ok=True)

    def deliver(self, manifest: str) -> None:
        """Files first, then the version's manifest, then the period's own manifest, which is overwritten."""
        said = json.loads((self.golden / manifest).read_text())
        keys = said.get("reportKeys") or [
            file.removeprefix("s3://").partition("/")[2] for file in said["dataFiles"]
        ]
        for key in keys:
            self._copy(key, key)
        self._copy(manifest, manifest)
        path = Path(manifest)
        self._copy(manifest, str(path.parent.parent / path.name))

    def leave_files(self, folder: str) -> None:
        """Data files without a manifest: a delivery that is still on its way."""
        for file in sorted((self.golden / folder).iterdir()):
            self._copy(f"{folder}/{file.name}", f"{folder}/{file.name}")

    def overwrite_all(self, photograph: str) -> None:
        """The whole bucket as photographed: overwritten in place."""
        shutil.copytree(
            self.golden / photograph, self.root, dirs_exist_ok=True, copy_function=shutil.copyfile
        )

    def _copy(self, key: str, to: str) -> None:
        target = self.root / to
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.golden / key, target)


def at_steps(deliveries: Sequence[dict[str, Any]], layout: str) -> dict[str, list[dict[str, Any]]]:
    """Golden deliveries of a layout by the step at which they arrive."""
    found: dict[str, list[dict[str, Any]]] = {}
    for delivery in deliveries:
        if delivery["delivery"] == layout:
            found.setdefault(delivery["step"], []).append(delivery)
    return found
