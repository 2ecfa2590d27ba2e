"""### Published marts become a version of the forecast model

An Airflow DAG that runs every Sunday, and whenever `models_score` has seen drift. `train` learns from the published bill,
measures the challenger on former windows beside the champion and the seasonal naive, and makes it champion only if it is
better with its intervals in the band. Everything about it is in MLflow.

* Red `train`: **the champion stays** and goes on scoring.
* Safe to repeat at any point: the same data and configuration are trained once.

Updates the asset `models.forecast`. Runbooks: `docs/runbooks/airflow.md`, `docs/runbooks/models.md`.
"""

from airflow.sdk import DAG
from airflow.timetables.assets import AssetOrTimeSchedule
from dag_house import HOUSE_RULES, asset, command, cron, lake_param

from finlake import names

with DAG(
    dag_id=names.TRAIN_DAG,
    description="Trains a challenger of the forecast model; it becomes champion only if it is better",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(timetable=cron("30 3 * * 0"), assets=asset(names.ASSET_DRIFT)),
    tags=["models"],
    params={"lake": lake_param()},
    **HOUSE_RULES,
) as dag:
    train = command(
        dag.dag_id,
        "train",
        skip_on_exit_code=names.NOTHING_NEW_EXIT_CODE,
        outlets=[asset(names.ASSET_MODEL)],
    )
