"""Builds of the marts on Athena: rows of Iceberg tables, told apart by build_id, and one small table that says whose count.

Athena has no commit over several tables. So a build adds its rows to `<database>_builds`, where no reader looks, and to publish
is to add the rows of one more publication to the table `publications`: one commit. The views in `<database>_gold` join the
newest publication; a query sees one publication as a whole, since an engine reads a table once at one snapshot per statement.
Publications are never changed or removed: they also say what was published when.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from finlake.athena import Athena, glue
from finlake.contracts import Contract, all_contracts
from finlake.errors import NotFound
from finlake.lake import Lake
from finlake.paths import DBT_DIR
from finlake.warehouse import Build, Builds, Pointer

PUBLICATIONS = "publications"
_APART = 10**9
"""Publications are numbered by the thousand million, and a chance number below."""
WHOLE = ""
"""The billing period of what a build makes as a whole, not month by month."""
_COLUMNS = {
    "sequence": "bigint",
    "published_build": "varchar",
    "published_at": "varchar",
    "role": "varchar",
    "position": "bigint",
    "billing_period": "varchar",
    "of_build": "varchar",
}


class AthenaWarehouse(Builds):
    """Sidecars lie in the lake beside the embedded builds' (`warehouse/athena/builds`), rows in Iceberg tables below
    `warehouse/athena`."""

    folder = ("warehouse", "athena")

    def __init__(self, lake: Lake, athena: Athena) -> None:
        super().__init__(lake)
        self.athena = athena

    @property
    def data(self) -> str:
        """Where Athena puts the tables that dbt makes."""
        return self._uri("tables/")

    def keep(self, build: Build) -> None:
        """Make what dbt has added an audited build."""
        self._keep_sidecar(build)

    def pointer(self) -> Pointer | None:
        rows = list(self._newest())
        if not rows:
            return None
        named = {
            role: [r["of_build"] for r in sorted(rows, key=lambda r: r["position"]) if r["role"] == role]
            for role in ("previous", "withdrawn")
        }
        return Pointer(
            rows[0]["published_build"], rows[0]["published_at"], named["previous"], named["withdrawn"]
        )

    def chosen(self, contract: Contract, rows_of: Mapping[str, str], build_id: str) -> str:
        """SQL: the rows of a mart as one build has them."""
        condition = f"build_id = {_text(build_id)}"
        if is_by_period(contract.name):
            condition = " or ".join(_of_builds(rows_of.items())) or "false"
        columns = ", ".join(contract.column_names)
        return f"(select {columns} from {self.athena.table('builds', contract.name)} where {condition})"

    @cached_property
    def _kept(self) -> dict[str, list[str]]:
        """Layer -> its Iceberg tables that keep builds."""
        return {layer: _kept_tables(self.athena.database(layer)) for layer in ("builds", "work")}

    def _newest(self) -> Iterable[dict[str, Any]]:
        """The rows of the newest publication; none before the first."""
        if not _exists(self.athena.database("builds"), PUBLICATIONS):
            return []
        table = self.athena.table("builds", PUBLICATIONS)
        return self.athena.rows(f"select * from {table} where sequence = (select max(sequence) from {table})")

    def _show(self, pointer: Pointer, build: Build) -> None:
        """The views first: they may name a column that the build published so far doesn't have, which is null in its rows."""
        rows = list(self._newest())
        if not rows:
            self._make_publications()
        if not rows or self._project_of(rows[0]["published_build"]) != build.project:
            self._make_views()
        sequence = _next(rows[0]["sequence"] if rows else 0)
        said: list[tuple[str, str | None, str]] = [
            ("rows", period, of) for period, of in sorted({**build.rows_of, WHOLE: build.build_id}.items())
        ]
        said += [("previous", None, of) for of in pointer.previous]
        said += [("withdrawn", None, of) for of in pointer.withdrawn]
        values = [
            (sequence, pointer.build_id, pointer.published_at, role, position, period, of)
            for position, (role, period, of) in enumerate(said)
        ]
        listed = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in values)
        self.athena.run(f"insert into {self.athena.table('builds', PUBLICATIONS)} values {listed}")

    def _project_of(self, build_id: str) -> str | None:
        """By which models and contracts a build was made: equal ones have equal views."""
        try:
            return self.build(build_id).project
        except NotFound:
            return None

    def _make_publications(self) -> None:
        if _exists(self.athena.database("builds"), PUBLICATIONS):
            return
        empty = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in _COLUMNS.items())
        self.athena.run(
            f"create table {self.athena.table('builds', PUBLICATIONS)} with (table_type = 'ICEBERG', is_external = false, "
            f"location = '{self._uri(PUBLICATIONS)}', format = 'PARQUET') as select {empty} where false"
        )

    def _make_views(self) -> None:
        made = [c for c in all_contracts() if c.layer == "gold" and c.name in self._kept["builds"]]
        self.athena.together(map(self._view, made))

    def _view(self, contract: Contract) -> str:
        """Readers' view of a mart: the rows that the newest publication names."""
        publications = self.athena.table("builds", PUBLICATIONS)
        period = "made.billing_period" if is_by_period(contract.name) else f"'{WHOLE}'"
        columns = ", ".join(f"made.{name}" for name in contract.column_names)
        return (
            f"create or replace view {self.athena.table('gold', contract.name)} as select {columns} "
            f"from {self.athena.table('builds', contract.name)} as made "
            f"inner join {publications} as published on published.of_build = made.build_id "
            f"and published.billing_period = {period} and published.role = 'rows' "
            f"where published.sequence = (select max(sequence) from {publications})"
        )

    def _has_rows(self, build_id: str, names: Collection[str]) -> bool:
        return True  # rows go after the sidecar

    def _forget_rows(self, build_ids: Collection[str], published: str) -> None:
        """Remove every older row that no build with a sidecar needs: also what failed and killed builds left, but nothing that
        a build under way adds. Partitions as a whole, so that no file is rewritten."""
        kept = self.builds()
        by_period = _of_builds({pair for build in kept for pair in build.rows_of.items()})
        whole = [f"build_id = {_text(build.build_id)}" for build in kept]
        self.athena.together(
            f"delete from {self.athena.table(layer, table)} "
            f"where build_id < {_text(published)} "
            f"and not ({' or '.join(by_period if is_by_period(table) else whole)})"
            for layer, tables in self._kept.items()
            for table in tables
        )

    def maintain(self) -> None:
        """Write small files together and let go of what no snapshot needs any more."""
        for layer, tables in self._kept.items():
            published = layer == "builds" and _exists(self.athena.database(layer), PUBLICATIONS)
            names = [*tables, *([PUBLICATIONS] if published else [])]
            for name in names:
                self.athena.run(f"optimize {self.athena.table(layer, name)} rewrite data using bin_pack")
                self.athena.run(f"vacuum {self.athena.table(layer, name)}")


def _next(sequence: int) -> int:
    """A number above the given one that no other writer takes too: of two that publish at once one is seen, never a mix."""
    return (sequence // _APART + 1) * _APART + secrets.randbelow(_APART)


def is_by_period(model: str) -> bool:
    """Whether a model is kept month by month: dbt's folder says so."""
    return any(DBT_DIR.glob(f"models/*/by_period/{model}.sql"))


def _of_builds(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Conditions in SQL for rows given as (billing period, build)."""
    by_build: dict[str, list[str]] = {}
    for period, of in sorted(rows):
        by_build.setdefault(of, []).append(_text(period))
    return [
        f"(build_id = {_text(of)} and billing_period in ({', '.join(periods)}))"
        for of, periods in by_build.items()
    ]


def _kept_tables(database: str) -> list[str]:
    """Iceberg tables of a database that have a build_id; none before the first build made the database."""
    found: list[str] = []
    client = glue()
    try:
        client.get_database(Name=database)
    except client.exceptions.EntityNotFoundException:
        return found
    for page in client.get_paginator("get_tables").paginate(DatabaseName=database):
        for table in page["TableList"]:
            columns = {column["Name"] for column in table.get("StorageDescriptor", {}).get("Columns", [])}
            if (
                table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG"
                and "build_id" in columns
            ):
                found.append(table["Name"])
    return found


def _exists(database: str, table: str) -> bool:
    client = glue()
    try:
        client.get_table(DatabaseName=database, Name=table)
    except client.exceptions.EntityNotFoundException:
        return False
    return True


def _literal(value: str | int | None) -> str:
    return "null" if value is None else str(value) if isinstance(value, int) else _text(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
