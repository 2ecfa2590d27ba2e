"""Results of the models: exact, one run at a time, the same again changes nothing, a kill leaves no mix."""

from __future__ import annotations

import os
import signal
from datetime import UTC, date, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import Schema

from finlake.contracts import load_contract
from finlake.errors import FinlakeError, NotFound
from finlake.failpoints import SCORING_POINTS
from finlake.lake import Lake, create_or_open, open_lake
from finlake.tables import open_table
from pipeline.ml_rows import content_of, rows_of
from pipeline.ml_state import RESULTS, ensure_ml_tables, results_fingerprint, runs
from pipeline.ml_tables import Label, add_label, labels, read_results, write_results, write_run
from tests.pipeline.ml_results import anomalies, forecasts, frames

BOUNDS = [f"{side}_{level}" for side in ("lower", "upper") for level in (50, 80, 95)]
FIRST, SECOND = date(2026, 4, 27), date(2026, 4, 28)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return create_or_open(str(tmp_path / "lake"), "duckdb")


def scored(lake: Lake, origin: date, *ids: str, cost: float = 10.0, build: str = "b1") -> bool:
    return write_run(lake, origin, frames(origin, *ids, cost=cost), build_id=build, data_version="d1")


def versions(lake: Lake) -> list[int]:
    return [open_table(lake, "silver", name).version() for name in (*RESULTS, "scoring_runs")]  # type: ignore[union-attr]


def test_money_is_rounded_half_to_even_by_a_floats_shortest_form_and_sums_hold() -> None:
    given = forecasts(SECOND, days=1).head(1)
    exact = given.assign(scheduled_cost=Decimal("0.0000000000025"), lower_50=1.1, upper_50=123456789.1)
    row = rows_of(load_contract("silver", "forecasts"), exact.assign(origin_date=SECOND, build_id="b"))
    made = row.to_pylist()[0]
    assert made["scheduled_cost"] == Decimal("0.000000000002")
    assert made["lower_50"] == Decimal("1.100000000000")
    assert made["upper_50"] == Decimal("123456789.100000000000")
    assert made["cost"] == made["modeled_cost"] + made["scheduled_cost"] == Decimal("10.100000000002")
    assert made["explanation_en"] is None and made["driver_trend"] is None


def test_a_forecast_without_an_interval_is_kept_also_where_the_table_required_one(lake: Lake) -> None:
    given = forecasts(FIRST, days=1)
    write_run(lake, FIRST, {"forecasts": given}, build_id="b1", data_version="d1")
    require_bounds(lake)
    bare = forecasts(SECOND, days=1).assign(**dict.fromkeys(BOUNDS))
    write_run(lake, SECOND, {"forecasts": bare}, build_id="b1", data_version="d2")
    assert read_results(lake, "forecasts", FIRST)["lower_80"].notna().all()
    assert read_results(lake, "forecasts", SECOND)[BOUNDS].isna().all().all()


def require_bounds(lake: Lake) -> None:
    """Make the table require intervals, as those of an earlier version did."""
    table = open_table(lake, "silver", "forecasts")
    assert table is not None
    fields = list(pa.schema(table.schema().to_arrow()))
    table.create_write_transaction(
        [],
        "overwrite",
        Schema.from_arrow(pa.schema([f.with_nullable(f.nullable and f.name not in BOUNDS) for f in fields])),
        partition_by=["origin_date"],
        partition_filters=[("origin_date", "=", "0001-01-01")],
    )
    table.update_incremental()
    now = pa.schema(table.schema().to_arrow())
    assert not any(now.field(name).nullable for name in BOUNDS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": "galaxy"}, "column level: 'galaxy'"),
        ({"series_id": "the same"}, "1 rows repeat their key"),
        ({"method": None}, "column method: 2 rows without a value"),
        ({"surprise": 1}, "unknown columns surprise"),
        ({"lower_50": float("inf")}, "column lower_50: infinite"),
        ({"upper_95": 1e17}, "column upper_95"),
        ({"period_start": "soon"}, "column period_start"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(lake: Lake, change: dict[str, Any], said: str) -> None:
    given = forecasts(SECOND, days=1).query("grain == 'day'").assign(**change)
    if "series_id" in change:
        given = given.assign(level="organisation")
    with pytest.raises(FinlakeError) as refused:
        write_results(lake, "forecasts", given, SECOND, build_id="b1")
    assert said in refused.value.what
    assert open_table(lake, "silver", "forecasts") is None


def test_a_missing_column_is_named(lake: Lake) -> None:
    with pytest.raises(FinlakeError, match="column severity is missing"):
        write_results(
            lake, "anomalies", anomalies(SECOND, "a").drop(columns="severity"), SECOND, build_id="b"
        )


def test_a_run_replaces_its_own_origin_only(lake: Lake) -> None:
    assert scored(lake, FIRST, "a", "b") and scored(lake, SECOND, "a")
    assert scored(lake, SECOND, "c", cost=20.0)
    assert [row["origin_date"] for row in runs(lake)] == [FIRST, SECOND]
    assert list(read_results(lake, "anomalies", FIRST)["anomaly_id"]) == ["a", "b"]
    newest = read_results(lake, "anomalies")
    assert list(newest["anomaly_id"]) == ["c"] and list(newest["impact"]) == [2.2]
    assert newest["started_at"][0] == pd.Timestamp("2026-04-01 00:00:00.123", tz="UTC")
    assert read_results(lake, "forecasts", exact=True)["cost"][0] == Decimal("20.300000000000")
    assert read_results(lake, "forecasts", date(2026, 1, 1)).empty


def test_the_same_again_writes_nothing_whichever_build_was_read(lake: Lake) -> None:
    scored(lake, FIRST, "a")
    before, shown = versions(lake), results_fingerprint(lake)
    assert not scored(lake, FIRST, "a", build="b2")
    assert versions(lake) == before and results_fingerprint(lake) == shown
    assert scored(lake, FIRST, "a", cost=11.0) and results_fingerprint(lake) != shown


def test_a_run_without_anomalies_takes_back_those_of_its_origin(lake: Lake) -> None:
    scored(lake, FIRST, "a")
    scored(lake, FIRST)
    assert read_results(lake, "anomalies").empty
    assert runs(lake)[0]["anomaly_count"] == 0


def test_nothing_is_read_and_nothing_is_to_build_before_the_first_run(lake: Lake) -> None:
    assert results_fingerprint(lake) == "" and runs(lake) == [] and labels(lake).empty
    ensure_ml_tables(lake)
    assert results_fingerprint(lake) == "" and read_results(lake, "patterns").empty
    assert all(open_table(lake, "silver", name).protocol().min_reader_version == 1 for name in RESULTS)  # type: ignore[union-attr]


def test_equal_rows_have_one_hash_however_they_are_held() -> None:
    rows = rows_of(
        load_contract("silver", "anomalies"),
        anomalies(FIRST, "b", "a").assign(origin_date=FIRST, build_id="1"),
    )
    again = pa.Table.from_pylist(rows.to_pylist(), schema=rows.schema)
    assert content_of(rows) == content_of(again)
    assert content_of(rows) != content_of(again.slice(1))


def test_the_newest_label_counts_and_an_unknown_anomaly_has_none(lake: Lake) -> None:
    scored(lake, FIRST, "a")
    shown = results_fingerprint(lake)
    ten, eleven = (datetime(2026, 4, 29, hour, 0, 0, 1999, tzinfo=UTC) for hour in (10, 11))
    add_label(lake, Label("a", "expected", "rui", eleven, "load test"))
    add_label(lake, Label("a", "anomaly", "ana", ten))
    add_label(lake, Label("a", "anomaly", "ana", ten))
    found = labels(lake)
    assert found[["anomaly_id", "label", "labelled_by", "note"]].values.tolist() == [
        ["a", "expected", "rui", "load test"]
    ]
    assert found["labelled_at"][0] == pd.Timestamp("2026-04-29 11:00:00.001", tz="UTC")
    assert results_fingerprint(lake) != shown
    with pytest.raises(NotFound):
        add_label(lake, Label("zzz", "anomaly", "ana", ten))
    with pytest.raises(FinlakeError, match="label: 'maybe'"):
        add_label(lake, Label("a", "maybe", "ana", ten))


def _killed(root: str, point: str) -> None:
    os.environ["FINLAKE_FAILPOINT"] = point
    scored(open_lake(root), SECOND, "a", "new", cost=20.0)


@pytest.mark.kill
@pytest.mark.parametrize("point", SCORING_POINTS)
def test_a_killed_run_shows_nothing_of_itself_and_is_made_good_by_the_next(lake: Lake, point: str) -> None:
    scored(lake, FIRST, "a")
    scored(lake, SECOND, "a")
    process = get_context("spawn").Process(target=_killed, args=(lake.root, point))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert [row["origin_date"] for row in runs(lake)] == [FIRST]
    assert scored(lake, SECOND, "a", "new", cost=20.0)
    assert [row["origin_date"] for row in runs(lake)] == [FIRST, SECOND]
    assert sorted(read_results(lake, "anomalies")["anomaly_id"]) == ["a", "new"]
    assert read_results(lake, "forecasts")["cost"][0] == 20.3
