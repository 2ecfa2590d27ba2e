"""Bronze: every delivery kept, byte for byte or as text, added to an append-only Delta table and addressed by its id.

A column whose type conflicts with the table's opens a new generation (docs/decisions/0010-bronze-types.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Transaction
from deltalake.transaction import AddAction, RemoveAction

from finlake import objects
from finlake.errors import LakeBusy
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.tables import KEPT, locations, open_table, same_type

RECORD = "finlake_delivery"
BRONZE_KEYS = ["export_id", "billing_period", "delivery_id"]
_GENERATION = re.compile(r"g\d+")


@dataclass(frozen=True)
class BronzeFile:
    """A file about to become part of bronze: where it lies now and the name that it gets."""

    path: Path
    name: str


def generations(lake: Lake, table: str) -> list[str]:
    """Generations of a bronze table, oldest first. A column whose type changed for good opens a new one.

    Empty for the points of metric streams: their columns are finlake's own.
    """
    found = [name for name in objects.names(lake.uri("bronze", table)) if _GENERATION.fullmatch(name)]
    return sorted(found, key=lambda name: int(name.removeprefix("g")))


def bronze_tables(lake: Lake) -> list[tuple[str, str]]:
    """(table, generation) of every bronze table of the lake."""
    return [
        (table, g) for table in sorted(objects.names(lake.uri("bronze"))) for g in generations(lake, table)
    ]


def bronze_deliveries(lake: Lake) -> dict[str, dict[str, Any]]:
    """delivery_id -> the record that its newest commit carries, with the table and generation it lies in: what bronze holds."""
    found: dict[str, dict[str, Any]] = {}
    for table, generation in bronze_tables(lake):
        delta = open_table(lake, "bronze", table, generation)
        for commit in delta.history() if delta else []:
            if RECORD in commit:
                record = json.loads(commit[RECORD])
                placed = record | {"bronze_table": table, "generation": generation}
                found.setdefault(record["delivery_id"], placed)  # history begins with the newest commit
    return found


def store_delivery(
    lake: Lake, table: str, keys: Mapping[str, str], files: Sequence[BronzeFile], record: Mapping[str, Any]
) -> str:
    """Add a delivery's Parquet files to bronze byte for byte, by one commit. Returns the generation that took them.

    A column that is new is added to the table first; one whose type conflicts, or whose name differs in case only (Spark and
    Athena couldn't read both), opens a new generation. Doing it again
    changes nothing: the same delivery is not added twice. Raises LakeBusy where another machine gave the delivery's number to
    another one, CommitFailedError where it does so at this very moment.
    """
    wanted = _delta_fields([pq.read_schema(file.path) for file in files])
    stored = _stored_in(lake, table, f"bronze/{keys['delivery_id']}")
    if stored:
        return stored
    if _stored_in(lake, table, _number(record)):
        raise LakeBusy.of("lake_changed_meanwhile", where=lake.root)
    generation = _generation_for(lake, table, wanted)
    uri = lake.uri("bronze", table, generation)
    delta = open_table(lake, "bronze", table, generation) or _create_bronze(uri, wanted)
    missing = [
        field for field in wanted if field.name not in {f.name for f in pa.schema(delta.schema().to_arrow())}
    ]
    if missing:
        delta.alter.add_columns([Field.from_arrow(field) for field in missing])
        delta = open_table(lake, "bronze", table, generation) or delta
    folder = "/".join(f"{key}={keys[key]}" for key in BRONZE_KEYS)
    actions: list[AddAction | RemoveAction] = []
    for file in files:
        info = file.path.stat()
        actions.append(
            AddAction(
                f"{folder}/{file.name}", info.st_size, dict(keys), int(info.st_mtime * 1000), True, "{}"
            )
        )
        objects.put_file(file.path, f"{uri}/{folder}/{file.name}")
    reach("before_bronze_commit")
    _commit(delta, actions, record)
    reach("after_bronze_commit")
    return generation


def place_again(lake: Lake, record: Mapping[str, Any]) -> None:
    """Note that a stored delivery has another number: a commit without files, from which a lost ledger is made again. Raises
    LakeBusy where another machine gave that number to another delivery."""
    table, generation = str(record["bronze_table"]), str(record["generation"])
    delta = open_table(lake, "bronze", table, generation)
    if delta is None or _stored_in(lake, table, _number(record)):
        raise LakeBusy.of("lake_changed_meanwhile", where=lake.root)
    _commit(delta, [], record)
    reach("after_bronze_commit")


def _commit(
    delta: DeltaTable, actions: Sequence[AddAction | RemoveAction], record: Mapping[str, Any]
) -> None:
    app_ids = (f"bronze/{record['delivery_id']}", _number(record))
    delta.create_write_transaction(
        list(actions),
        "append",
        delta.schema(),
        partition_by=BRONZE_KEYS,
        commit_properties=CommitProperties(
            custom_metadata={RECORD: json.dumps(record, sort_keys=True)},
            app_transactions=[Transaction(app_id, int(record["sequence"])) for app_id in app_ids],
        ),
    )


def _number(record: Mapping[str, Any]) -> str:
    return f"sequence/{record['sequence']}"


def delivery_files(lake: Lake, table: str, generation: str, delivery_id: str) -> list[str]:
    """Locations of a delivery's bronze files, as the Delta log names them."""
    delta = open_table(lake, "bronze", table, generation)
    return locations(delta, {"delivery_id": delivery_id}) if delta else []


def _create_bronze(uri: str, fields: Iterable[pa.Field]) -> DeltaTable:
    keys = [pa.field(key, pa.string(), nullable=False) for key in BRONZE_KEYS]
    return DeltaTable.create(
        uri,
        pa.schema([*keys, *fields]),
        partition_by=BRONZE_KEYS,
        configuration=KEPT,
        mode="ignore",
        storage_options=objects.delta_options(uri),
    )


def _stored_in(lake: Lake, table: str, app_id: str) -> str | None:
    """The generation that holds a delivery already."""
    for generation in generations(lake, table):
        delta = open_table(lake, "bronze", table, generation)
        if delta is not None and delta.transaction_version(app_id) is not None:
            return generation
    return None


def _generation_for(lake: Lake, table: str, wanted: Sequence[pa.Field]) -> str:
    """The newest generation whose columns these fit; a new one where none does."""
    existing = generations(lake, table)
    for generation in reversed(existing):
        delta = open_table(lake, "bronze", table, generation)
        if delta is None or _fits(pa.schema(delta.schema().to_arrow()), wanted):
            return generation
    return f"g{len(existing) + 1}"


def _fits(have: pa.Schema, wanted: Sequence[pa.Field]) -> bool:
    """Same spelling and type for every column that both have; columns that only one has don't matter."""
    known = {field.name.lower(): field for field in have}
    pairs = [(known[field.name.lower()], field) for field in wanted if field.name.lower() in known]
    return all(old.name == new.name and same_type(old.type, new.type) for old, new in pairs)


def _delta_fields(schemas: Iterable[pa.Schema]) -> list[pa.Field]:
    """Columns of the delivered files as Delta keeps them: no time without zone. One of Parquet's null type says
    nothing, so it declares nothing."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            if field.name not in BRONZE_KEYS and not pa.types.is_null(field.type):
                fields.setdefault(field.name, field)
    return [pa.field(name, delta_type(field.type)) for name, field in fields.items()]


def delta_type(kind: pa.DataType) -> pa.DataType:
    """The type under which bronze declares a delivered one: time in UTC, all text alike."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC")
    if pa.types.is_map(kind):
        return pa.map_(delta_type(kind.key_type), delta_type(kind.item_type))
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind
