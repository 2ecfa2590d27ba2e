# finlake with everything that it was locked with: the image of terraform/modules/runner and modules/airflow.
#   make image                          then push it to ECR (docs/en/deploy.md)
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 finlake && install -d -o finlake /opt/finlake
USER finlake
WORKDIR /opt/finlake

# The locks first: a change of code alone doesn't install the packages again.
COPY --chown=finlake pyproject.toml requirements.lock requirements-uv.lock Makefile README.md ./
COPY --chown=finlake tools/setup.sh tools/find_python.sh tools/
COPY --chown=finlake finlake/ finlake/
COPY --chown=finlake collect/ collect/
COPY --chown=finlake spark_jobs/ spark_jobs/
COPY --chown=finlake expectations/ expectations/
COPY --chown=finlake ml/ ml/
COPY --chown=finlake pipeline/ pipeline/
RUN make setup && rm -rf ~/.cache
COPY --chown=finlake models/ models/
COPY --chown=finlake dbt/ dbt/
COPY --chown=finlake dags/ dags/

# Airflow's home in terraform/modules/airflow, shared by its containers: a mount takes its owner from here.
RUN mkdir airflow-home
VOLUME /opt/finlake/airflow-home

ENV PATH=/opt/finlake/.venv/bin:$PATH AIRFLOW__CORE__DAGS_FOLDER=/opt/finlake/dags FINLAKE_STATE_HOME=/tmp/finlake
# No entrypoint: the task says what runs, `finlake run` or an Airflow component.
