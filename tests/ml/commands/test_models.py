"""Versions by commands: train, refuse, promote, go back, backtest, report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd

from finlake.lake import open_lake
from finlake.settings import load_settings
from pipeline.models.inputs import inputs_of
from pipeline.models.places import registry_of
from pipeline.models.train import drift_tags, serving_models
from tests.ml.commands.conftest import NOTHING_NEW, Commands


def test_the_same_data_is_trained_once(finlake: Commands) -> None:
    again = finlake.run("train", "--nothing-new-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)
    assert again["changed"] is False and again["version"] == "1"
    assert finlake.run("train", "--if-none")["changed"] is False


def test_why_a_champion_no_longer_fits_is_a_tag_of_its_successor(finlake: Commands) -> None:
    lake, settings = open_lake(str(finlake.lake)), load_settings(lake=str(finlake.lake))
    registry, inputs = registry_of(lake, settings), inputs_of(lake, settings, 2)
    models = serving_models(registry)
    assert drift_tags(lake, settings, registry, inputs, models) == {}
    unseen = {currency: replace(model, seen=frozenset()) for currency, model in models.items()}
    (said,) = drift_tags(lake, settings, registry, inputs, unseen).items()
    assert said[0] == "finlake.drift" and "100 %" in said[1]


def test_a_challenger_that_is_no_better_is_refused_and_the_champion_stays(finlake: Commands) -> None:
    assert finlake.run("models", "promote", "1")["aliases"] == ["champion"]
    second = finlake.run("train", "--force", "--nothing-new-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)
    assert second["promoted"] is False and second["version"] == "2"
    assert second["reason"]["message"] == "models.coverage_out_of_band"
    assert (
        finlake.run("models", "drift", "--no-drift-exit-code", str(NOTHING_NEW), code=NOTHING_NEW)["version"]
        == "1"
    )


def test_by_hand_a_version_is_promoted_and_the_way_back_leads_to_the_one_before(finlake: Commands) -> None:
    measured = finlake.run("models", "list")["all"]
    assert finlake.run("models", "promote", "2")["version"] == "2"
    reasons = {
        one["version"]: one["made_from"]["reason"] for one in json.loads(finlake.run("models", "list")["all"])
    }
    before = {one["version"]: one["made_from"]["reason"] for one in json.loads(measured)}
    assert reasons["2"] == f"by hand; as measured: {before['2']}" and len(before["2"]) > 10
    assert finlake.run("models", "rollback")["version"] == "1"
    finlake.run("models", "rollback", "--to", "9", code=7)
    registry = registry_of(open_lake(str(finlake.lake)), load_settings(lake=str(finlake.lake)))
    assert {v.version: v.aliases for v in registry.versions()} == {"1": ("champion",), "2": ()}


def test_a_backtest_shows_the_baselines_beside(finlake: Commands, tmp_path: Path) -> None:
    newest = finlake.rows("select max(usage_date) as day from cost_daily")[0]["day"]
    first = pd.Timestamp(newest) - timedelta(days=62)
    said = finlake.run("backtest", "--first", str(first.date()), "--output", str(tmp_path))
    table = pd.DataFrame(said["tables"]["USD"]["accuracy"])
    assert {"finlake", "seasonal_naive", "straight_line", "run_rate"} == set(table["model"])
    assert said["made_from"]["config"] and said["made_from"]["data"]
    page = tmp_path / "page.html"
    finlake.run("report", "ml", "--output", str(page), "--backtest", str(tmp_path), "--language", "pt-BR")
    finlake.run("report", "ml", "--output", str(page), "--currency", "EUR", code=2)
    finlake.run("report", "ml", "--output", str(page), "--currency", "BRL")
    assert "<svg" in page.read_text(encoding="utf-8")
