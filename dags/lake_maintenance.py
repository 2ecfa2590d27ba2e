"""### A lake that stays small

An Airflow DAG with one command, once a day: compacts small files and removes those that no table version and
no setting needs any more. It changes no figure, and it touches only finlake's own folders.

Red: nothing is lost, and it can wait for the next day. Runbook: `docs/runbooks/airflow.md`.
"""

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, command, cron, lake_param

from finlake import names

with DAG(
    dag_id=names.MAINTENANCE_DAG,
    description="Compacts the lake and removes what nothing needs any more",
    doc_md=__doc__,
    schedule=cron("40 3 * * *"),
    tags=["maintenance"],
    params={"lake": lake_param()},
    **HOUSE_RULES,
) as dag:
    command(dag.dag_id, "maintain")
