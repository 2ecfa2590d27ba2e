"""modules/airflow against what it runs: the image's volume, the settings without which no DAG would ever run, a paused DAG."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terraform.run import MODULES, ROOT

MAIN = (MODULES / "airflow" / "main.tf").read_text(encoding="utf-8")


def test_the_image_holds_airflow_s_home_for_its_user() -> None:
    """A mount on Fargate belongs to root unless the image has a volume at its path."""
    (home,) = re.findall(r'AIRFLOW_HOME\s+= "(.*)"', MAIN)
    dockerfile = (ROOT / "Dockerfile").read_text()
    (workdir,) = re.findall(r"^WORKDIR (.*)$", dockerfile, re.MULTILINE)
    made = dockerfile.partition("USER finlake")[2].partition(f"VOLUME {home}\n")
    assert made[1] and f"RUN mkdir {Path(home).relative_to(workdir)}\n" in made[0]


def test_airflow_s_dags_run_although_nobody_reaches_its_ui() -> None:
    assert re.search(r'AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION\s+= "False"', MAIN)
    assert re.search(r'PGSSLMODE\s+= "require"', MAIN) and "sslmode=" not in MAIN, "asyncpg knows no sslmode"


@pytest.mark.parametrize(("source", "paused"), [(None, "True"), ("s3://metrics/streams", "None")])
def test_metrics_wait_for_their_source(source: str | None, paused: str, tmp_path: Path) -> None:
    """Without one `metrics_ingest` would be red every six hours; with one Airflow's setting decides, as for the other DAGs."""
    env = {name: value for name, value in os.environ.items() if name != "FINLAKE_METRICS_SOURCE"}
    env |= {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    env |= {"FINLAKE_METRICS_SOURCE": source} if source else {}
    code = "import metrics_ingest; print(metrics_ingest.dag.is_paused_upon_creation)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "dags", env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[-1] == paused
