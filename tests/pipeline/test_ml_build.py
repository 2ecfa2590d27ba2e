"""From a published bill to the models and back: what they read, and that their results are built without a month anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.progress import Progress

from finlake.errors import NotFound
from finlake.lake import create_or_open, open_lake
from finlake.settings import load_settings
from ml.frames import BILL, checked
from pipeline.ml_inputs import METRICS, read_bill, read_hours, read_metrics
from pipeline.ml_tables import write_run
from pipeline.steps import run_all
from tests.e2e.whole_run import published
from tests.pipeline import tiny
from tests.pipeline.ml_results import frames

ORIGIN = date(2026, 3, 2)
MARCH, APRIL = "20260301-20260401", "20260401-20260501"
USED = {"lineItem/UsageAmount": "24", "pricing/unit": "Hrs"}


def march(cost: str) -> list[tiny.Line]:
    """Two hours of usage, one of them twice, in dollars; a fee in reais on the next day."""
    fee = {"type": "Fee", "start": "2026-03-03T00:00:00.000Z", "currency": "BRL", "lineItem/UsageType": ""}
    return [
        tiny.line(cost, **USED),
        tiny.line("0.5", **USED),
        tiny.line("4", start="2026-03-02T07:00:00.000Z", **USED),
        tiny.line("100", **fee),
    ]


@dataclass
class Lived:
    """A lake, and what each run of `finlake run` said of it."""

    root: Path
    said: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)

    def run(self) -> None:
        settings = load_settings(lake=str(self.root / "lake"), source=str(self.root / "source"))
        self.said.append(run_all(settings, Progress(disable=True)))
        self.seen.append(
            published(
                self.root / "lake",
                "select (select sum(cost) from forecast_daily where level = 'organisation'), "
                "(select list(anomaly_id || ' ' || status order by anomaly_id) from anomalies), "
                "(select sum(net_amortized_cost) from usage_daily), (select count(*) from forecast_accuracy)",
            )[0]
        )

    def score(self, *ids: str, cost: float) -> bool:
        lake = open_lake(str(self.root / "lake"))
        return write_run(lake, ORIGIN, frames(ORIGIN, *ids, cost=cost), build_id="b", data_version="d")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, state_home: Path) -> Lived:
    """A bill alone; then results; the same once more; then another version of the bill and of the results."""
    life = Lived(tmp_path_factory.mktemp("scored"))
    tiny.cur1_csv(life.root / "source", march("1.25"), "20260310T000000Z", period=MARCH)
    life.run()
    life.score("a", "b", cost=10.0)
    life.run()
    life.score("a", "b", cost=10.0)
    life.run()
    tiny.cur1_csv(life.root / "source", march("2.25"), "20260320T000000Z", period=MARCH)
    life.score("a", cost=20.0)
    life.run()
    return life


def test_results_are_built_without_a_month_anew(lived: Lived) -> None:
    assert [run["built"] for run in lived.said] == [True, True, False, True]
    assert [list(run["periods"]) for run in lived.said] == [["2026-03"], [], [], ["2026-03"]]
    first, second = (set(run["models"]) for run in lived.said[:2])
    kept = {"cost_daily", "cost_monthly", "usage_daily", "int_account_periods", "resource_metrics_daily"}
    assert kept <= first and not kept & second
    assert {"forecast_daily", "reconciliation", "dim_account"} <= second


def test_readers_see_the_results_of_the_build(lived: Lived) -> None:
    none, scored, again, restated = lived.seen
    assert none == (None, None, pytest.approx(105.75), 0)
    assert [float(none[2]), float(restated[2])] == [105.75, 106.75]
    assert float(scored[0]) == pytest.approx(3 * 10.3) and scored[1] == ["a current", "b current"]
    assert again == scored
    assert float(restated[0]) == pytest.approx(3 * 20.3) and restated[1] == ["a current"]


@contextmanager
def reading(lived: Lived) -> Iterator[tuple[Any, Any]]:
    yield open_lake(str(lived.root / "lake")), load_settings(lake=str(lived.root / "lake"))


def test_the_bill_is_read_by_currency_summed_exactly_with_its_version(lived: Lived) -> None:
    with reading(lived) as (lake, settings):
        bills, version = read_bill(lake, settings)
    dollars = bills["USD"]
    pd.testing.assert_frame_equal(dollars, checked(dollars))
    assert list(dollars.columns) == list(BILL) and set(bills) == {"BRL", "USD"}
    assert dollars[["usage_date", "usage_type", "unit", "cost", "usage"]].values.tolist() == [
        [pd.Timestamp("2026-03-02"), "BoxUsage:t3.large", "Hrs", 6.75, 72.0]
    ]
    assert dollars["resource_id"].tolist() == [""]
    assert np.isnan(bills["BRL"]["usage"][0]) and bills["BRL"]["usage_type"].tolist() == [""]
    assert version.build_id == lived.said[-1]["build_id"] and version.newest_day == date(2026, 3, 2)
    assert list(version.deliveries) == ["2026-03"] and len(version.deliveries["2026-03"]) == 1


def test_keys_that_nobody_asks_for_are_summed_away(lived: Lived) -> None:
    with reading(lived) as (lake, settings):
        bills, version = read_bill(lake, settings, by=("charge_category",), currency="USD")
        none, same = read_bill(lake, settings, since=date(2026, 3, 4))
        with pytest.raises(ValueError, match="colour"):
            read_bill(lake, settings, by=("colour",))
    assert set(bills) == {"USD"} and bills["USD"]["account_id"].tolist() == [""]
    assert none["USD"].empty and list(none["USD"].columns) == list(BILL) and same == version


def test_hours_are_read_of_the_deliveries_of_the_build(lived: Lived) -> None:
    with reading(lived) as (lake, settings):
        bills, _ = read_hours(lake, settings, since=date(2026, 3, 1))
    assert bills["USD"][["hour", "cost"]].values.tolist() == [
        [pd.Timestamp("2026-03-02 05:00"), 2.75],
        [pd.Timestamp("2026-03-02 07:00"), 4.0],
    ]


def test_metrics_that_nobody_delivered_are_an_empty_frame(lived: Lived) -> None:
    with reading(lived) as (lake, settings):
        found, version = read_metrics(lake, settings)
    assert found.empty and list(found.columns) == ["usage_date", *METRICS, "value"] and version.build_id


def test_results_alone_make_no_new_version_of_the_data(lived: Lived) -> None:
    """The second build shows results of the same bill, the fourth another bill."""
    from finlake.warehouse import Warehouse
    from pipeline.published import data_of

    builds = Warehouse(open_lake(str(lived.root / "lake")))
    first, second, fourth = (data_of(builds.build(lived.said[n]["build_id"])) for n in (0, 1, 3))
    assert first == second != fourth


def test_without_anything_published_there_is_nothing_to_read(tmp_path: Path) -> None:
    lake = create_or_open(str(tmp_path / "lake"), "duckdb")
    with pytest.raises(NotFound, match="nothing is published"):
        read_bill(lake, load_settings(lake=lake.root))
