"""Whatever the order in which files are found, and however many runs take them: silver is what the files say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collect.metrics import json_points
from finlake.engines.duckdb_engine import DuckDBEngine
from finlake.metric_ledger import MetricBatch, SqliteMetricLedger, TakenFile, fingerprints
from finlake.metric_points import points_table
from spark_jobs.silver import resource_metrics
from tests.pipeline.metric_streams import MARCH_10, Sample, as_json, expected, in_short, load, put
from tests.pipeline.test_metrics import said

MINUTE = timedelta(minutes=1)
finite = st.floats(-1e12, 1e12, allow_nan=False)
samples = st.builds(
    Sample,
    at=st.integers(0, 5).map(lambda n: MARCH_10 + n * 25 * MINUTE),
    minimum=finite,
    maximum=finite,
    total=finite,
    count=st.integers(0, 5).map(float),
    metric=st.sampled_from(["a", "b"]),
    dimensions=st.sampled_from([{}, {"InstanceId": "i-1"}]),
)
files = st.lists(st.lists(samples, min_size=1, max_size=5), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine()
    yield opened
    opened.close()


@given(delivered=files, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_job_gives_the_same_rows_in_every_order(
    engine: DuckDBEngine, delivered: list[list[Sample]], shuffle: Random
) -> None:
    rows = [row for number, points in enumerate(delivered) for row in _rows(f"file{number}", points)]
    shuffle.shuffle(rows)
    contents = [(f"file{number}", f"2026-03-11 {number}") for number in range(len(delivered))]
    found = _transformed(engine, rows, contents)
    assert found == expected([(MARCH_10, points) for points in delivered])


@given(
    places=st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(1, 9)), min_size=1, max_size=8, unique=True
    ),
    shuffle=st.randoms(use_true_random=False),
    cuts=st.integers(1, 4),
)
def test_the_ledger_places_a_content_where_it_was_first_delivered(
    places: list[tuple[str, int]], shuffle: Random, cuts: int
) -> None:
    """Also when a repetition is met before the first: the same places, and a day is made anew whenever a place moves."""
    first = {content: min(at for c, at in places if c == content) for content, _ in places}
    shuffle.shuffle(places)
    ledger = SqliteMetricLedger(Path(":memory:"))
    for sequence, start in enumerate(range(0, len(places), cuts), start=1):
        taken = tuple(_taken(content, at) for content, at in places[start : start + cuts])
        before = {day: dict(ledger.contents_of(day)) for day in ledger.days()}
        ledger.take_over([MetricBatch.from_text(MetricBatch(sequence, taken).as_text())])
        for day, made in ledger.days().items():
            if dict(ledger.contents_of(day)) != before.get(day):
                assert made == sequence, "silver would show an older place"
    assert {c: int(at.split()[1]) for day in ledger.days() for c, at in ledger.contents_of(day)} == first
    assert fingerprints(ledger.days()).keys() == {"2026-03"}
    ledger.close()


def test_one_run_or_many_in_any_order(tmp_path: Path) -> None:
    """End to end: files taken one by one, newest first, with one repeated, give what one run over all gives."""
    delivered = [
        (MARCH_10 + timedelta(hours=30 + n), [Sample(total=float(n)), Sample(at=MARCH_10 + n * 25 * MINUTE)])
        for n in range(4)
    ]
    for at, points in reversed(delivered):
        put(tmp_path / "many", as_json(points), at)
        load(tmp_path / "lake", tmp_path / "many")
    put(tmp_path / "many", as_json(delivered[0][1]), MARCH_10 + timedelta(hours=40))
    load(tmp_path / "lake", tmp_path / "many")
    assert said(tmp_path / "lake") == expected(delivered)


def _taken(content: str, at: int) -> TakenFile:
    day = f"2026-03-1{'xyz'.index(content)}"
    return TakenFile(f"{content}{at}", "key", content, f"at {at}", "m", 1, (day,))


def _rows(content: str, points: list[Sample]) -> list[tuple[Any, ...]]:
    read = json_points.points("key", as_json(points))
    return [(content, place, *point) for place, point in enumerate(read, start=1)]


def _transformed(
    engine: DuckDBEngine, rows: list[tuple[Any, ...]], contents: list[tuple[str, str]]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    names, places = zip(*contents, strict=True)
    relation = engine.apply(
        resource_metrics.transform,
        engine.rows(points_table(rows)),
        engine.rows(pa.table({"content_id": list(names), "place": list(places)})),
        key="metrics",
    )
    return in_short(engine.fetch(relation))
