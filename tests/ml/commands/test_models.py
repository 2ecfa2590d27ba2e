"""From a published sample to forecasts that people see: train, refuse, promote, go back, score through kills, report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from finlake.lake import open_lake
from finlake.settings import load_settings
from finlake.warehouse import Warehouse
from pipeline.ml_state import runs
from pipeline.models.places import registry_of

FINLAKE = [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())"]
NOTHING_NEW = 99


class Commands:
    """`finlake` on one lake, each call a process of its own."""

    def __init__(self, root: Path) -> None:
        self.lake = root / "lake"
        self._environment = os.environ | {
            "FINLAKE_LAKE": str(self.lake),
            "FINLAKE_STATE_HOME": str(root / "state"),
        }
        self._environment.pop("FINLAKE_CI", None)

    def run(self, *arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
        """The JSON account of a command that must end with `code`; empty for a killed one."""
        done = subprocess.run(
            [*FINLAKE, *arguments, "--json"],
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == code, done.stderr[-2000:]
        return dict(json.loads(done.stdout)) if done.stdout.strip().startswith("{") else {"all": done.stdout}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        said = self.run("query", sql)
        return list(said["rows"])


@pytest.fixture(scope="module")
def finlake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """A lake with four months of the sample, published, and a first version of the model."""
    root = tmp_path_factory.mktemp("models")
    commands = Commands(root)
    commands.run("sample", str(root / "sample"), "--months", "4", "--metric-days", "0")
    commands.run("run", "--source", str(root / "sample"))
    commands.run("score", code=7)
    first = commands.run("train", "--if-none")
    assert first["promoted"] and first["version"] == "1"
    yield commands


def test_the_same_data_is_trained_once(finlake: Commands) -> None:
    again = finlake.run("train", "--nothing-new-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)
    assert again["changed"] is False and again["version"] == "1"
    assert finlake.run("train", "--if-none")["changed"] is False


def test_scoring_killed_anywhere_and_run_again_is_published_once(finlake: Commands) -> None:
    for point in ("after_scoring", "after_anomalies_commit"):
        finlake.run("score", code=-signal.SIGKILL, FINLAKE_FAILPOINT=point)
        assert runs(open_lake(str(finlake.lake))) == []
    scored = finlake.run("score")
    assert scored["changed"] is True
    again = finlake.run("score", "--nothing-new-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)
    assert again["changed"] is False
    assert finlake.run("build")["changed"] is True
    assert finlake.run("build")["changed"] is False
    finlake.run("publish")
    assert len(runs(open_lake(str(finlake.lake)))) == 1
    assert len(Warehouse(open_lake(str(finlake.lake))).builds()) == 2
    counts = finlake.rows("select count(distinct origin_date) as origins, count(*) as n from forecast_daily")
    assert counts[0]["origins"] == 1 and counts[0]["n"] > 1000


def test_published_forecasts_are_coherent_and_of_both_currencies(finlake: Commands) -> None:
    rows = finlake.rows(
        "select currency, period_start, sum(cost) filter (where level = 'organisation') as top, "
        "sum(cost) filter (where level = 'account_service') as parts, "
        "sum(cost) filter (where level = 'team') as teams from forecast_monthly group by all"
    )
    assert {row["currency"] for row in rows} == {"BRL", "USD"}
    assert all(row["top"] == row["parts"] == row["teams"] for row in rows)


def test_a_challenger_that_is_no_better_is_refused_and_the_champion_stays(finlake: Commands) -> None:
    second = finlake.run("train", "--force", "--nothing-new-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)
    assert second["promoted"] is False and second["version"] == "2"
    refusals = ("not_better_than_champion", "too_few_windows", "coverage_out_of_band")
    assert second["reason"]["message"] in [f"models.{reason}" for reason in refusals]
    assert (
        finlake.run("models", "drift", "--no-drift-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)["version"]
        == "1"
    )


def test_by_hand_a_version_is_promoted_and_the_way_back_leads_to_the_one_before(finlake: Commands) -> None:
    assert finlake.run("models", "promote", "2")["version"] == "2"
    assert finlake.run("models", "rollback")["version"] == "1"
    finlake.run("models", "rollback", "--to", "9", code=7)
    registry = registry_of(open_lake(str(finlake.lake)), load_settings(lake=str(finlake.lake)))
    assert {v.version: v.aliases for v in registry.versions()} == {"1": ("champion",), "2": ()}


def test_a_day_outside_of_the_bill_is_refused_in_plain_words(finlake: Commands) -> None:
    finlake.run("score", "--as-of", "2019-01-01", code=2)


def test_a_backtest_shows_the_baselines_beside(finlake: Commands, tmp_path: Path) -> None:
    newest = finlake.rows("select max(usage_date) as day from cost_daily")[0]["day"]
    first = pd.Timestamp(newest) - timedelta(days=62)
    said = finlake.run("backtest", "--first", str(first.date()), "--output", str(tmp_path))
    table = pd.DataFrame(said["tables"]["USD"]["accuracy"])
    assert {"finlake", "seasonal_naive", "straight_line", "run_rate"} == set(table["model"])
    assert said["made_from"]["config"] and said["made_from"]["data"]
    page = tmp_path / "page.html"
    finlake.run("report", "ml", "--output", str(page), "--backtest", str(tmp_path), "--language", "pt-BR")
    assert "<svg" in page.read_text(encoding="utf-8")


def test_anomalies_are_listed_and_labelled(finlake: Commands) -> None:
    finlake.run("anomalies", "label", "nothing", "expected", code=7)
    rows = finlake.rows("select anomaly_id from anomalies where status = 'current' order by 1")
    listed = json.loads(finlake.run("anomalies", "list", "--all")["all"])
    assert {row["anomaly_id"] for row in listed} == {row["anomaly_id"] for row in rows}
    assert rows, "the sample plants anomalies: one must be found"
    finlake.run("anomalies", "label", rows[0]["anomaly_id"], "expected", "--note", "a planned load test")
    assert finlake.run("score")["changed"] is True
    left = json.loads(finlake.run("anomalies", "list", "--all")["all"])
    assert rows[0]["anomaly_id"] not in {row["anomaly_id"] for row in left}
