"""### A lake that stays small

An Airflow DAG with one command, once a day: removes what killed runs left over, and cache, reports, logs and
builds beyond the limits of `cleanup` in finlake.yml. It changes no figure and nothing published, and it
touches only finlake's own folders. Every other command ends with the same clean-up.

Red: nothing is lost, and it can wait for the next day. Runbook: `docs/runbooks/airflow.md`.
"""

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, command, cron, lake_param

from finlake import names

with DAG(
    dag_id=names.MAINTENANCE_DAG,
    description="Removes what nothing needs any more; changes no figure",
    doc_md=__doc__,
    schedule=cron("40 3 * * *"),
    tags=["maintenance"],
    params={"lake": lake_param()},
    **HOUSE_RULES,
) as dag:
    command(dag.dag_id, "maintain")
