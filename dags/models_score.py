"""### Published marts get forecasts, anomalies and patterns

An Airflow DAG that runs on each publish of the marts and after each training. `score` writes one complete run of the champion,
`build` and `publish` show it. `drift` ends green only if the champion no longer fits; then `models_train` runs.

* `score` **skipped**: this data was scored already; `build` and `publish` look whether readers see it. `drift` skipped: the
  champion fits.
* Red: readers see the run before. **Killed at any point, the next run gives what one run gives**, published once.

Updates the assets `marts.models` and, with drift, `models.drift`. Runbooks: `docs/runbooks/airflow.md`,
`docs/runbooks/models.md`.
"""

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, asset, command, lake_param

from finlake import names

with DAG(
    dag_id=names.SCORE_DAG,
    description="Forecasts, anomalies and patterns of the published marts, shown by a build of their own",
    doc_md=__doc__,
    schedule=asset(names.ASSET_MARTS) | asset(names.ASSET_MODEL),
    tags=["models"],
    params={"lake": lake_param()},
    **HOUSE_RULES,
) as dag:
    first_training = command(dag.dag_id, "first_training")
    score = command(dag.dag_id, "score", skip_on_exit_code=names.NOTHING_NEW_EXIT_CODE)
    build = command(dag.dag_id, "build", trigger_rule="none_failed")
    publish = command(dag.dag_id, "publish", trigger_rule="none_failed", outlets=[asset(names.ASSET_RESULTS)])
    drift = command(
        dag.dag_id,
        "drift",
        skip_on_exit_code=names.NOTHING_NEW_EXIT_CODE,
        trigger_rule="none_failed",
        outlets=[asset(names.ASSET_DRIFT)],
    )
    first_training >> score >> build >> publish >> drift
