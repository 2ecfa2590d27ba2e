"""The DAGs end to end as in production: Airflow on PostgreSQL, its scheduler killed half-way, lake on S3, ledger in DynamoDB,
marts on Athena (Trino)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from finlake import lease, names
from finlake.errors import NotFound
from finlake.lake import open_lake
from finlake.settings import load_settings
from pipeline.airflow_api import AirflowApi
from pipeline.airflow_home import AirflowHome, environment, free_port, migrate
from pipeline.airflow_processes import AirflowProcesses
from pipeline.airflow_run import wait_until_ready
from pipeline.targets import target_of
from tests.airflow.observed import ObservedAirflow
from tests.airflow.postgres import postgresql
from tests.athena.conftest import LAYOUT, kit
from tests.athena.kit import Kit
from tests.ledger.conftest import make_table
from tests.pipeline import s3
from tests.pipeline.conftest import deliveries, golden, totals
from tests.pipeline.ingesting import Bucket

__all__ = ["deliveries", "golden", "kit", "totals"]
pytestmark = pytest.mark.timeout(1500)

LAKE, SOURCE = "s3://production/finlake", "s3://bill/exports"
QUICK = {
    "FINLAKE_LEASE_SECONDS": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
}
"""What a production waits minutes for, in seconds: that a dead writer, task or scheduler is noticed."""


@dataclass
class Production(ObservedAirflow):
    """A running Airflow, and what it works on."""

    variables: dict[str, str]

    def holder(self) -> str | None:
        """The token of the finlake process that holds the lake's lease now."""
        try:
            lake = open_lake(LAKE)
        except NotFound:
            return None
        return lease._Lease(self.variables["FINLAKE_LEDGER"], lake.lake_id).holder()

    def kill_scheduler(self) -> None:
        """SIGKILL to the scheduler and everything that it started."""
        scheduler = psutil.Process(self.processes._children.pop("scheduler").pid)
        doomed = [scheduler, *scheduler.children(recursive=True)]
        for process in doomed:
            process.kill()
        psutil.wait_procs(doomed, timeout=20)


@pytest.fixture(scope="module")
def production(
    kit: Kit, golden: Path, deliveries: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """Airflow with nothing run yet, and one month delivered."""
    folder = tmp_path_factory.mktemp("production")
    with pytest.MonkeyPatch.context() as patch, postgresql() as database:
        variables = kit.environment(folder / "state") | QUICK
        for name, value in variables.items():
            patch.setenv(name, value)
        deliver(golden, deliveries, folder / "bill")
        variables |= {
            "FINLAKE_LEDGER": make_table("production", kit.s3),
            "FINLAKE_TARGET": "athena",
            "FINLAKE_ATHENA__DATABASE": "production",
        }
        home = AirflowHome(folder / "airflow", LAKE, SOURCE, "", free_port())
        env = environment(home, os.environ | variables) | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database}
        env.pop("FINLAKE_METRICS_SOURCE")
        migrate(home, env)
        with AirflowProcesses(home, env | QUICK) as processes:
            api = AirflowApi(home.url)
            wait_until_ready(processes, api, lambda *_, **__: None)
            yield Production(processes, api, variables)


def deliver(golden: Path, deliveries: list[dict[str, Any]], folder: Path) -> None:
    """The golden bill's first month, as AWS leaves it in a bucket."""
    first = next(d for d in deliveries if d["delivery"] == LAYOUT and d["manifest"])
    Bucket(golden / LAYOUT, folder).deliver(first["manifest"])
    for bucket in ("bill", "production"):
        s3.client().create_bucket(Bucket=bucket)
    s3.upload(folder, "bill", "exports/")


def test_a_bill_is_published_although_the_scheduler_is_killed_half_way(
    production: Production, totals: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = production.api
    for dag in names.TASKS:
        api.unpause(dag)
    run = api.trigger(names.INGEST_DAG)
    holder = production.until(production.holder, 120)
    production.kill_scheduler()
    assert production.holder() == holder, "the command was killed while it wrote the lake"
    production.processes.start("scheduler")
    production.until(lambda: api.run_state(names.INGEST_DAG, run) == "success", 300)
    build = production.caused(names.BUILD_DAG, run)
    production.until(lambda: api.run_state(names.BUILD_DAG, build) == "success", 400)
    assert_published(production, totals, monkeypatch)


def assert_published(production: Production, totals: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the month that AWS delivered, once, on Athena."""
    for name, value in production.variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(lake=LAKE)
    athena: Any = target_of(open_lake(LAKE), settings)
    (found,) = athena.athena.rows(
        "select billing_period, sum(line_count) as lines, sum(unblended_cost) as cost from cost_monthly group by billing_period"
    )
    wanted = totals["versions"][f"{found['billing_period']}/v1"]["groups"]
    assert found["lines"] == sum(group["rows"] for group in wanted)
    assert abs(found["cost"] - sum(Decimal(group["unblended_cost"]) for group in wanted)) < Decimal("1e-9")
    proof = list(athena.athena.rows("select is_reconciled from reconciliation"))
    assert proof and all(row["is_reconciled"] for row in proof)
