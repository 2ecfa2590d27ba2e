"""Results of the models in silver: written run by run, shown by the marts once a run is complete.

A run has an origin (the last usage day that it trusted) and replaces what an earlier run said of the same origin. Its tables are
several commits; `scoring_runs` makes them one: the row of a run goes before its tables change and comes back after they did, so
that a build in between, or after a kill, shows the run before. Callers hold the lake's writer lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finlake import objects
from finlake.contracts import Contract, arrow_schema, load_contract
from finlake.errors import NotFound
from finlake.failpoints import reach
from finlake.lake import Lake
from finlake.tables import (
    ensure_table,
    locations,
    open_table,
    read_table,
    replace_partition,
    replace_table,
)
from pipeline.ml_rows import content_of, rows_of
from pipeline.ml_state import LABELS, RESULTS, RUNS, runs

_COUNTS = {"forecasts": "forecast_count", "anomalies": "anomaly_count", "patterns": "pattern_count"}


@dataclass(frozen=True)
class Label:
    """What a person said of an anomaly. `label`: anomaly, false_alarm or expected; `labelled_at`: an instant with its zone."""

    anomaly_id: str
    label: str
    labelled_by: str
    labelled_at: datetime
    note: str | None = None


def write_run(
    lake: Lake,
    origin_date: date,
    frames: Mapping[str, pd.DataFrame],
    *,
    build_id: str,
    data_version: str,
    anomalies_from: date | None = None,
) -> bool:
    """Make these frames (forecasts, anomalies, patterns; all currencies in one) what the run of this origin says.

    False, and nothing written, where the lake holds a complete run that says the same; which build was read makes no difference
    then. Killed at any point and called again, it gives what one call gives. `anomalies_from`: first day that the search for
    anomalies looked at, None for all. Columns `origin_date` and `build_id` are filled in. Raises FinlakeError for frames that
    don't fit their contracts, before anything is written.
    """
    if unknown := sorted(set(frames) - set(RESULTS)):
        raise ValueError(f"no tables of results: {', '.join(unknown)}")
    tables = {name: _rows(name, frames.get(name), origin_date, build_id) for name in RESULTS}
    content = "".join(content_of(tables[name], ("build_id",)) for name in RESULTS)
    run = {
        "origin_date": origin_date,
        "build_id": build_id,
        "data_version": data_version,
        "anomalies_from": anomalies_from,
        **{column: tables[name].num_rows for name, column in _COUNTS.items()},
        "content": hashlib.sha256(content.encode()).hexdigest()[:32],
    }
    others = [row for row in runs(lake) if row["origin_date"] != origin_date]
    before = next((row for row in runs(lake) if row["origin_date"] == origin_date), None)
    if before and all(before[key] == run[key] for key in run if key != "build_id"):
        return False
    if before and before["content"] != run["content"]:
        _replace_runs(lake, others)
        reach("after_run_withdrawn")
    for name in RESULTS:
        _write(lake, name, tables[name], origin_date, {})
        reach(f"after_{name}_commit")
    _replace_runs(lake, [*others, run])
    return True


def write_results(
    lake: Lake,
    table: str,
    frame: pd.DataFrame,
    origin_date: date,
    *,
    build_id: str,
    transactions: Mapping[str, int] | None = None,
) -> bool:
    """Replace what one table of results says of one origin, by one commit; False where it says that already.

    No mart shows it before `write_run` has made the run complete.
    """
    rows = _rows(table, frame, origin_date, build_id)
    return _write(lake, table, rows, origin_date, transactions or {})


def read_results(
    lake: Lake, table: str, origin_date: date | None = None, *, exact: bool = False
) -> pd.DataFrame:
    """What the complete run of an origin, by default the newest, says: empty where there is none.

    Money as float64, or as Decimal where `exact`; instants as datetime64[ns, UTC], days as datetime64.
    """
    contract = load_contract("silver", table)
    origins = sorted(row["origin_date"] for row in runs(lake))
    wanted = origin_date or next(reversed(origins), None)
    parts = [arrow_schema(contract).empty_table()]
    if wanted in origins and wanted is not None:
        parts.append(_stored(lake, contract, wanted))
    return _frame(pa.concat_tables(parts), exact)


def add_label(lake: Lake, label: Label) -> None:
    """Keep what a person said of an anomaly; the newest label of an anomaly counts. Said again, it changes nothing.

    Raises NotFound for an anomaly that no complete run has and nobody has labelled, FinlakeError for a word that is no label.
    """
    contract = load_contract("silver", LABELS)
    new = rows_of(contract, pd.DataFrame([vars(label)]))
    if label.anomaly_id not in known_anomalies(lake) | set(labels(lake)["anomaly_id"]):
        raise NotFound.of("anomaly_unknown", where=lake.root, anomaly=label.anomaly_id)
    there = read_table(lake, contract)
    rows = {
        (row["anomaly_id"], row["labelled_at"]): row
        for part in (there, new)
        if part is not None
        for row in part.to_pylist()
    }
    replace_table(lake, contract, pa.Table.from_pylist(list(rows.values()), schema=arrow_schema(contract)))


def labels(lake: Lake) -> pd.DataFrame:
    """The newest label of each anomaly: anomaly_id, label, labelled_by, labelled_at (UTC), note ("" for none)."""
    contract = load_contract("silver", LABELS)
    there = read_table(lake, contract)
    frame = _frame(arrow_schema(contract).empty_table() if there is None else there, exact=True)
    newest = frame.sort_values(["anomaly_id", "labelled_at", "label"], ascending=[True, False, True])
    newest = newest.drop_duplicates("anomaly_id").reset_index(drop=True)
    return newest.assign(note=newest["note"].fillna(""))


def known_anomalies(lake: Lake) -> set[str]:
    """Ids of the anomalies that complete runs have found."""
    contract, found = load_contract("silver", "anomalies"), set[str]()
    for row in runs(lake):
        found |= set(_stored(lake, contract, row["origin_date"], ["anomaly_id"])["anomaly_id"].to_pylist())
    return found


def _rows(table: str, frame: pd.DataFrame | None, origin_date: date, build_id: str) -> pa.Table:
    contract = load_contract("silver", table)
    given = pd.DataFrame() if frame is None else frame
    if not len(given):
        return arrow_schema(contract).empty_table()
    return rows_of(contract, given.assign(origin_date=origin_date, build_id=build_id))


def _write(lake: Lake, table: str, rows: pa.Table, origin: date, transactions: Mapping[str, int]) -> bool:
    """One commit, unless the newest one of this origin wrote the same."""
    contract = load_contract("silver", table)
    app_id, version = f"results/{origin}", int(content_of(rows, ("build_id",))[:15], 16)
    if ensure_table(lake, contract).transaction_version(app_id) == version:
        return False
    where = {"origin_date": origin.isoformat()}
    replace_partition(lake, contract, where, rows, {**transactions, app_id: version}, {})
    return True


def _replace_runs(lake: Lake, rows: list[dict[str, Any]]) -> None:
    contract = load_contract("silver", RUNS)
    replace_table(lake, contract, pa.Table.from_pylist(rows, schema=arrow_schema(contract)))


def _stored(lake: Lake, contract: Contract, origin: date, columns: list[str] | None = None) -> pa.Table:
    """One origin's rows; a Delta table's files don't hold the column that it is partitioned by."""
    schema = arrow_schema(contract)
    wanted = pa.schema([field for field in schema if columns is None or field.name in columns])
    delta = open_table(lake, contract.layer, contract.name)
    files = locations(delta, {"origin_date": origin.isoformat()}) if delta else []
    parts = [wanted.empty_table()]
    for system, path in map(objects.filesystem, files):
        part = pq.read_table(path, filesystem=system, partitioning=None)
        have = {"origin_date": pa.repeat(pa.scalar(origin, pa.date32()), len(part))}
        have |= {name: part[name] for name in part.schema.names}
        arrays = [
            pc.cast(have[f.name], f.type) if f.name in have else pa.nulls(len(part), f.type) for f in wanted
        ]
        parts.append(pa.table(arrays, schema=wanted))
    return pa.concat_tables(parts)


def _frame(rows: pa.Table, exact: bool) -> pd.DataFrame:
    if not exact:
        floats = [
            field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field
            for field in rows.schema
        ]
        rows = rows.cast(pa.schema(floats))
    return rows.to_pandas(date_as_object=False)
