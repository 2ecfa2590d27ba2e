"""### What AWS delivered becomes silver lines

An Airflow DAG with three commands. `discover` shows what is new, `ingest` loads it (one commit per delivery),
`refused` turns red when a delivery is in quarantine.

* `ingest` **skipped** means that nothing is new: no asset event, `marts_build` does not run.
* A refused delivery does not stop the others: good periods go on to the marts, the refused period keeps
  its last good version, and `refused` is red until the delivery is repaired or replaced.
* Safe to repeat at any point: a delivery is loaded exactly once.

Updates the asset `silver.billing_line_items`. Runbook: `docs/runbooks/airflow.md`.
"""

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, asset, command, cron, lake_param, source_param

from finlake import names

with DAG(
    dag_id=names.INGEST_DAG,
    description="Loads every new billing delivery into silver, each exactly once",
    doc_md=__doc__,
    schedule=cron("15 */6 * * *"),
    tags=["billing"],
    params={"lake": lake_param(), "source": source_param()},
    **HOUSE_RULES,
) as dag:
    discover = command(dag.dag_id, "discover")
    ingest = command(
        dag.dag_id,
        "ingest",
        skip_on_exit_code=names.NOTHING_NEW_EXIT_CODE,
        outlets=[asset(names.ASSET_SILVER)],
    )
    refused = command(dag.dag_id, "refused", trigger_rule="none_failed", retries=0)
    discover >> ingest >> refused
