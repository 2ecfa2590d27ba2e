"""From a champion to forecasts that people see: score through kills, build, publish, list, label."""

from __future__ import annotations

import json
import signal

from hypothesis import settings

from finlake.lake import open_lake
from finlake.warehouse import Warehouse
from pipeline.ml_state import runs
from tests.ml.commands.conftest import NOTHING_NEW, Commands

ALL_POINTS = ("after_scoring", "after_anomalies_commit")
POINTS = ALL_POINTS if settings.get_current_profile_name() == "thorough" else ALL_POINTS[-1:]
"""A whole scoring each; tests/pipeline/test_ml_tables.py kills the writing of results at all points."""


def test_scoring_killed_anywhere_and_run_again_is_published_once(finlake: Commands) -> None:
    for point in POINTS:
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


def test_a_day_outside_of_the_bill_is_refused_in_plain_words(finlake: Commands) -> None:
    finlake.run("score", "--as-of", "2019-01-01", code=2)
