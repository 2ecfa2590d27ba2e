#!/bin/sh
# dbt docs of the marts as one HTML page: dbt/target/static_index.html. Needs no lake: the models are compiled, not run.
set -eu
cd dbt
../.venv/bin/dbt docs generate --quiet --static --empty-catalog --profiles-dir .
echo "dbt docs: open dbt/target/static_index.html"
