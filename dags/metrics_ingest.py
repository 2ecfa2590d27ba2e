"""### What CloudWatch delivered becomes silver metrics

An Airflow DAG with three commands. `discover` shows what is new, `ingest` loads it (many files in one commit, then
one commit for each day that changed), `refused` turns red while a metric file is refused.

* `ingest` **skipped** means that nothing is new: no asset event, `marts_build` does not run.
* A refused file does not stop the others; it is read again as soon as it has changed.
* Airflow sees it paused at first where FINLAKE_METRICS_SOURCE isn't set: there is nothing to read then.
* Safe to repeat at any point: a file is loaded exactly once, and late points replace what their day showed.

Updates the asset `silver.resource_metrics`. Runbook: `docs/runbooks/airflow.md`.
"""

import os

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, asset, command, cron, lake_param, metrics_source_param

from finlake import names

with DAG(
    dag_id=names.METRICS_DAG,
    description="Loads every new file of the metric streams into silver, each exactly once",
    doc_md=__doc__,
    schedule=cron("45 */6 * * *"),
    tags=["metrics"],
    params={"lake": lake_param(), "source": metrics_source_param()},
    is_paused_upon_creation=None if os.environ.get("FINLAKE_METRICS_SOURCE") else True,
    **HOUSE_RULES,
) as dag:
    discover = command(dag.dag_id, "discover")
    ingest = command(
        dag.dag_id,
        "ingest",
        skip_on_exit_code=names.NOTHING_NEW_EXIT_CODE,
        outlets=[asset(names.ASSET_METRICS)],
    )
    refused = command(dag.dag_id, "refused", trigger_rule="none_failed", retries=0)
    discover >> ingest >> refused
