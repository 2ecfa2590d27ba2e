"""The analysts' notebook runs from top to bottom: on a lake without anything, with a bill alone, and with results."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from finlake.lake import create_or_open, open_lake
from finlake.paths import PROJECT_ROOT
from finlake.warehouse import Warehouse
from ml.config import load
from ml.patterns import find
from pipeline.ml_tables import write_run
from tests.e2e.whole_run import whole_run
from tests.ml.patterns.bills import bill, lines, weekend
from tests.pipeline import tiny
from tests.pipeline.ml_results import anomalies, forecasts

NOTEBOOK = PROJECT_ROOT / "docs" / "notebooks" / "forecasts_and_anomalies.ipynb"
ORIGIN = date(2026, 3, 2)
MARCH = "20260301-20260401"


def run(lake: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """What the notebook says on a lake, and how many charts it draws. Raises CellExecutionError where a cell fails."""
    monkeypatch.setenv("FINLAKE_LAKE", str(lake))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(PROJECT_ROOT)}})
    outputs = [one for cell in client.execute().cells if cell.cell_type == "code" for one in cell.outputs]
    shown = [one["data"] for one in outputs if "data" in one]
    assert not [one for one in outputs if one.get("name") == "stderr"]
    said = [one.get("text/markdown", "") + one.get("text/html", "") for one in shown]
    return "\n".join(said), sum("image/png" in one for one in shown)


def pattern_rows() -> pd.DataFrame:
    last = pd.Timestamp(ORIGIN)
    given = lines(100.0)
    given = given.assign(usage_date=given.usage_date + (last - given.usage_date.max()))
    rhythm = given.assign(
        cost=[40.0 if off else 100.0 for off in weekend(pd.DatetimeIndex(given.usage_date))]
    )
    found = find(bill(rhythm), ORIGIN, load("patterns"))
    assert len(found) >= 2
    return found.assign(model_version="7", config_hash="c0ffee")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with two days of a bill and results of models, published."""
    root = tmp_path_factory.mktemp("notebook")
    days = [tiny.line("1.25"), tiny.line("4", start="2026-03-02T07:00:00.000Z")]
    tiny.cur1_csv(root / "source", days, "20260310T000000Z", period=MARCH)
    placed = anomalies(ORIGIN, "a").assign(account_id="111111111111", service="ec2", level="account_service")
    results = {"forecasts": forecasts(ORIGIN, days=20), "anomalies": placed, "patterns": pattern_rows()}
    write_run(create_or_open(str(root / "lake")), ORIGIN, results, build_id="b", data_version="d")
    whole_run(root / "lake", root / "source")
    return root / "lake"


@pytest.fixture
def billed(scored: Path, tmp_path: Path) -> Path:
    """The same lake as it would be before the first scoring: the marts of the models are there and have no rows."""
    lake = tmp_path / "lake"
    shutil.copytree(scored, lake)
    warehouse = Warehouse(open_lake(str(lake)))
    pointer = warehouse.pointer()
    assert pointer is not None
    with duckdb.connect(str(warehouse.database(pointer.build_id))) as con:
        for mart in ("forecast_daily", "forecast_monthly", "forecast_accuracy", "anomalies", "patterns"):
            con.execute(f"delete from marts.{mart}")
    return lake


def test_it_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_nothing_published_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_or_open(str(tmp_path / "lake"))
    said, charts = run(tmp_path / "lake", monkeypatch)
    assert "Nothing is published in this lake yet" in said and "No forecast is published" in said
    assert charts == 0


def test_a_bill_without_results_says_what_is_missing(billed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, charts = run(billed, monkeypatch)
    assert charts == 1, "the spend"
    for missing in ("No forecast is published", "No anomaly is published", "No pattern is published"):
        assert missing in said


def test_results_are_shown(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, charts = run(scored, monkeypatch)
    assert charts == 4, "spend, forecast, anomaly, weekly rhythm"
    assert "A spike." in said and "No suggestion: the delivered figures support none." in said
