"""Scoring sets of others: only with a frozen configuration, and every run leaves its line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.config import config_hash, load
from ml.evaluate import log, outside


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A NAB folder and a cloud monitoring folder with one small file in each group."""
    times = pd.date_range("2024-01-01", periods=700, freq="5min")
    random = np.random.default_rng(0)
    for group in outside.NAB_GROUPS:
        folder = tmp_path / "nab" / group
        folder.mkdir(parents=True)
        values = 100 + random.standard_normal(700)
        values[600:605] = 300
        pd.DataFrame({"timestamp": times, "value": values}).to_csv(folder / "a.csv", index=False)
    windows = {f"{group}/a.csv": [[str(times[595]), str(times[620])]] for group in outside.OPERATIONAL}
    (tmp_path / "nab" / "combined_windows.json").write_text(json.dumps(windows))
    cloud = tmp_path / "cloud_monitoring" / "latency"
    cloud.mkdir(parents=True)
    hours = pd.date_range("2024-01-01", periods=500, freq="h", tz="UTC")
    labels = np.arange(500) == 450
    values = np.where(labels, 90.0, 10 + random.standard_normal(500) * 0.1)
    pd.DataFrame({"TimeStamp": hours, "Value": values, "Label": labels.astype(int)}).to_csv(
        cloud / "a.csv", index=False
    )
    return tmp_path


def test_a_run_leaves_a_line_for_each_set(data, tmp_path, capsys):
    log = tmp_path / "log.jsonl"
    outside.main(data, log, "2026-01-01", "a test")
    outside.main(data, log, "2026-01-02", "again")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["data_set"] for line in lines] == ["nab", "cloud_monitoring"] * 2
    assert lines[0]["config_hash"] == config_hash(load("anomaly"))
    assert lines[0]["sha256"] == lines[2]["sha256"]
    assert lines[0]["figures"] == lines[2]["figures"]
    standard = next(
        row for row in lines[0]["figures"] if row["profile"] == "standard" and row["corpus"] == "operational"
    )
    assert standard["nab_found"] == 2
    assert standard["nab_score"] > 80
    assert lines[1]["figures"][0]["events_found"] == 1
    assert "reward_low_FN" in capsys.readouterr().out


def test_a_configuration_that_is_not_frozen_is_not_scored(data, tmp_path, monkeypatch):
    nothing = tmp_path / "frozen.yml"
    nothing.write_text("[]")
    monkeypatch.setattr(log, "FROZEN", nothing)
    with pytest.raises(SystemExit, match="not frozen"):
        outside.main(data, tmp_path / "log.jsonl", "2026-01-01", "a test")
    assert not (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize("name", ["anomaly", "forecast"])
def test_the_present_configurations_are_frozen(name):
    assert log.frozen(name) == config_hash(load(name))
