"""`models_train` and `models_score` on Airflow's real scheduler: who starts them, what they leave, and that they come to rest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from finlake import names
from finlake.lake import open_lake
from finlake.warehouse import Warehouse
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_home import AirflowHome, environment, free_port, migrate
from pipeline.airflow_processes import AirflowProcesses
from pipeline.airflow_run import wait_until_ready
from tests.airflow.observed import ObservedAirflow

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

FINLAKE = Path(sys.executable).parent / "finlake"
OURS = (names.BUILD_DAG, names.TRAIN_DAG, names.SCORE_DAG)
SETTLED_SECONDS = 5
"""The scheduler turns an asset event into a run within a second or two."""


@dataclass
class Airflow(ObservedAirflow):
    """Airflow on a lake whose bill is published."""

    lake: Path

    def runs(self) -> dict[str, int]:
        """How many runs each DAG had, but for those of its clock."""
        return {
            dag: sum(run["run_type"] != "scheduled" for run in self.api.runs(dag, limit=50)) for dag in OURS
        }

    def say(self, asset: str) -> None:
        """An asset event as a task would leave it."""
        known = self.api._call("GET", f"/api/v2/assets?name_pattern={asset}")["assets"]
        (number,) = [one["id"] for one in known if one["name"] == asset]
        self.api._call("POST", "/api/v2/assets/events", {"asset_id": number})

    def latest(self, dag: str, seconds: float = 60) -> str:
        """The newest run of the DAG that isn't its first; waits for it."""
        return str(self.until(lambda: self.runs()[dag] > 1 and self.api.runs(dag)[0]["dag_run_id"], seconds))

    def build_id(self) -> str:
        pointer = Warehouse(open_lake(str(self.lake))).pointer()
        assert pointer is not None
        return pointer.build_id

    def forecasts(self) -> tuple[int, set[str]]:
        """How many forecasts of a day readers see, and of which versions."""
        database = Warehouse(open_lake(str(self.lake))).database(self.build_id())
        with duckdb.connect(str(database), read_only=True) as con:
            rows = con.execute("select model_version from marts.forecast_daily").fetchall()
        return len(rows), {version for (version,) in rows}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow, up, on a lake with three published months of one payer that no model was trained on."""
    root = tmp_path_factory.mktemp("models")
    bill, lake = root / "sample" / "brl-payer", root / "lake"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FINLAKE_")}
    sample = [str(FINLAKE), "sample", str(bill.parent), "--months", "3", "--metric-days", "0"]
    subprocess.run(sample, env=clean, check=True, capture_output=True)
    load = subprocess.Popen(
        [FINLAKE, "run", "--source", bill, "--lake", lake, "--json"], env=clean, stdout=subprocess.DEVNULL
    )
    home = AirflowHome(root / "airflow", str(lake), str(bill), str(bill), free_port())
    env = environment(home, clean)
    migrate(home, env)
    with AirflowProcesses(home, env) as processes:
        api = AirflowApi(home.url)
        wait_until_ready(processes, api, lambda *_, **__: None)
        assert load.wait(300) == 0
        yield Airflow(processes, api, lake)


def test_1_a_training_is_scored_and_its_forecasts_are_published(airflow: Airflow) -> None:
    bill_only = airflow.build_id()
    run = airflow.api.trigger(names.TRAIN_DAG)
    assert airflow.ended(names.TRAIN_DAG, run, 300) == ("success", {"train": "success"})
    scoring = airflow.caused(names.SCORE_DAG, run)
    state, tasks = airflow.ended(names.SCORE_DAG, scoring, 500)
    assert (state, tasks.pop("drift")) == ("success", "skipped"), "skipped: no drift"
    assert tasks == dict.fromkeys(("first_training", "score", "build", "publish"), "success")
    assert airflow.build_id() != bill_only
    count, versions = airflow.forecasts()
    assert count > 1000 and versions == {"1"}


def test_2_with_nothing_new_drift_and_publish_start_one_run_each_that_changes_nothing(
    airflow: Airflow,
) -> None:
    before = airflow.build_id()
    airflow.say(names.ASSET_DRIFT)
    publishing = airflow.api.trigger(names.BUILD_DAG)
    training = airflow.latest(names.TRAIN_DAG)
    assert airflow.ended(names.TRAIN_DAG, training, 200) == ("success", {"train": "skipped"})
    scoring = airflow.caused(names.SCORE_DAG, publishing, 200)
    state, tasks = airflow.ended(names.SCORE_DAG, scoring, 300)
    assert (state, tasks.pop("score"), tasks.pop("drift")) == ("success", "skipped", "skipped")
    assert tasks == dict.fromkeys(("first_training", "build", "publish"), "success")
    time.sleep(SETTLED_SECONDS)
    assert airflow.runs() == {names.BUILD_DAG: 1, names.TRAIN_DAG: 2, names.SCORE_DAG: 2}
    assert airflow.build_id() == before
