"""### Silver lines become published marts

An Airflow DAG that runs whenever `silver.billing_line_items` or `silver.resource_metrics` has been updated. `build`
makes the marts beside the published ones and audits them: dbt tests, expectations, and each period's total against what AWS
delivered. `publish` then makes all of them visible at once.

* Red `build`: an audit failed, or it could not finish. **Nothing is published**; readers see the last build.
* Safe to repeat at any point.

Updates the asset `marts`. Runbook: `docs/runbooks/airflow.md`.
"""

from airflow.sdk import DAG
from dag_house import HOUSE_RULES, asset, command, lake_param

from finlake import names

with DAG(
    dag_id=names.BUILD_DAG,
    description="Builds the marts from silver, audits them to the last decimal and publishes them together",
    doc_md=__doc__,
    schedule=asset(names.ASSET_SILVER) | asset(names.ASSET_METRICS),
    tags=["marts"],
    params={"lake": lake_param()},
    **HOUSE_RULES,
) as dag:
    build = command(dag.dag_id, "build")
    publish = command(dag.dag_id, "publish", outlets=[asset(names.ASSET_MARTS)])
    build >> publish
