"""Bills made by other tools: they load, and silver and the totals at source both equal a plain csv + Decimal sum of the cells."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.pipeline.ingesting import ingest, query, silver, versions

COLUMNS = {"unblended_cost": "lineItem/UnblendedCost", "blended_cost": "lineItem/BlendedCost"}
BILLS = {"nise_small": {"2025-01", "2025-02", "2025-03"}, "koku_local_bucket": {"2018-08"}}


@pytest.fixture(scope="module", params=sorted(BILLS))
def loaded(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Path]:
    """(name, source, lake)"""
    source = shared_data / "outside" / request.param
    if not source.is_dir():
        missing(f"the bill in {source}")
    lake = tmp_path_factory.mktemp(request.param) / "lake"
    assert not ingest(lake, source)["refused"]
    return request.param, source, lake


def plain_sums(source: Path) -> dict[tuple[str, str], dict[str, Decimal]]:
    """(billing period, currency) -> rows and sums, with nothing but the standard library."""
    found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for manifest in source.rglob("*Manifest.json"):
        said = json.loads(manifest.read_text())
        if manifest.parent.name == said["assemblyId"]:
            start = said["billingPeriod"]["start"]
            for key in said["reportKeys"]:
                with gzip.open(manifest.parent / Path(key).name, "rt", newline="") as text:
                    for row in csv.DictReader(text):
                        sums = found[f"{start[:4]}-{start[4:6]}", row["lineItem/CurrencyCode"]]
                        sums["rows"] += 1
                        for name, column in COLUMNS.items():
                            sums[name] += Decimal(row.get(column) or 0)
    return found


def test_both_paths_equal_the_plain_sums(loaded: tuple[str, Path, Path]) -> None:
    name, source, lake = loaded
    wanted = plain_sums(source)
    assert {period for period, _ in wanted} == BILLS[name]
    for table, rows in (("billing_line_items", "count(*)"), ("source_totals", "sum(line_count)")):
        found = query(
            f"select billing_period, currency, {rows}, sum(unblended_cost), sum(blended_cost) from t group by all",
            t=silver(lake, table),
        )
        assert {row[:2] for row in found} == wanted.keys()
        for period, currency, count, *sums in found:
            plain = wanted[period, currency]
            assert count == plain["rows"]
            for total, name in zip(sums, COLUMNS, strict=True):
                assert abs(total - plain[name]) <= Decimal("1e-9"), (period, name)


def test_silver_equals_the_totals_at_source_in_every_view_of_cost(loaded: tuple[str, Path, Path]) -> None:
    sums = "sum(unblended_cost), sum(net_unblended_cost), sum(blended_cost), sum(amortized_cost), sum(net_amortized_cost)"
    one, other = (
        sorted(
            query(
                f"select billing_period, payer_id, currency, {sums} from t group by all",
                t=silver(loaded[2], table),
            )
        )
        for table in ("billing_line_items", "source_totals")
    )
    assert one == other


def test_an_empty_month_is_loaded_as_empty(loaded: tuple[str, Path, Path]) -> None:
    counts = dict(query("select billing_period, line_count from t", t=silver(loaded[2], "deliveries")))
    assert counts.keys() == BILLS[loaded[0]] | ({"2025-04"} if loaded[0] == "nise_small" else set())
    assert counts.get("2025-04", 0) == 0


def test_again_changes_nothing(loaded: tuple[str, Path, Path]) -> None:
    before = versions(loaded[2])
    assert not ingest(loaded[2], loaded[1])["changed"]
    assert versions(loaded[2]) == before
