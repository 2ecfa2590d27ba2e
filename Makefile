# finlake: every entry point of a developer or user. GNU make 3.81 or newer (the one macOS ships will do).
# `make` alone lists the targets.

BIN     := .venv/bin
LOCKS   := requirements.lock requirements-uv.lock pyproject.toml
# The stamp's name is the content of the locks: a second `make setup` is instant, a changed lock is noticed.
STAMP   := .venv/.setup-$(shell cat $(LOCKS) | cksum | tr ' ' '-')
JOBS    ?= 2
# Extra pytest flags (make test ARGS="-k money"), and a folder for JUnit reports, used by .ci/run.
ARGS    ?=
REPORTS ?=
# Million lines of a month's bill and region of make plan-cost. Not ?=: a terminal has LINES of its own.
LINES   := 1
REGION  := us-east-1
SUITES  := unit ml jobs lake s3 marts bench e2e faults spark airflow athena production
PYTEST   = TZ=America/Sao_Paulo $(BIN)/python -m pytest

# Tests and targets start many processes: each would compile pandas, dbt and Airflow anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test $(addprefix test-,$(SUITES)) test-thorough faults bench backtest lint format lock emr-package image ui docs contracts terraform-check plan-cost clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## .venv with every locked package and .venv/bin/finlake (needs Python 3.11 or 3.12)
	@:

$(STAMP):
	@sh tools/setup.sh
	@rm -f .venv/.setup-*
	@touch $@

run: setup ## sample bill -> Airflow -> published, reconciled marts, and a summary
	@$(BIN)/finlake demo

test: setup $(addprefix test-,$(SUITES)) ## all tests, suite by suite (tests/suites.yml says which is which)

test-unit test-jobs test-lake test-s3 test-marts: test-%: setup ## one suite, two tests at a time
	$(PYTEST) -n $(JOBS) --dist worksteal -m suite_$* $(if $(REPORTS),--junitxml=$(REPORTS)/$*.xml --cov-append) $(ARGS)

# Coverage makes whole runs a quarter slower and adds nothing here: they run what the suites above measure.
test-bench test-e2e test-faults: test-%: setup ## one suite of whole runs, two tests at a time, without coverage
	$(PYTEST) -n $(JOBS) --dist worksteal -m suite_$* $(if $(REPORTS),--junitxml=$(REPORTS)/$*.xml) $(filter-out --cov%,$(ARGS))

test-spark test-ml: test-%: setup ## the suites of engine spark and of the models, two files at a time: a JVM, a trained model a worker
	$(PYTEST) -n $(JOBS) --dist loadfile -m suite_$* $(if $(REPORTS),--junitxml=$(REPORTS)/$*.xml --cov-append) $(ARGS)

test-athena: test-%: setup ## the suite of target athena, one test at a time: they share one Trino
	$(PYTEST) -m suite_$* $(if $(REPORTS),--junitxml=$(REPORTS)/$*.xml --cov-append) $(ARGS)

test-airflow test-production: test-%: setup ## suites of Airflow's scheduler, one test at a time
	$(PYTEST) -m suite_$* $(if $(REPORTS),--junitxml=$(REPORTS)/$*.xml) $(filter-out --cov%,$(ARGS))

test-thorough: setup ## the property tests with very many examples (hours)
	HYPOTHESIS_PROFILE=thorough $(PYTEST) -n $(JOBS) --timeout 0 tests/properties tests/collect tests/spark_jobs tests/ml/commands/test_scoring.py $(ARGS)

faults: setup ## the fault suite, resumable: make faults SEED=20261123 FROM=0 N=50 (all without them)
	@$(BIN)/python -m tests.faults.run $(if $(SEED),--seed $(SEED)) $(if $(FROM),--from $(FROM)) $(if $(N),--n $(N)) $(ARGS)

bench: setup ## speed beside scripts that do the same, resumable (hours): make bench SIZES=1000000 ROUNDS=1
	@$(BIN)/python -m benchmarks.run $(if $(SIZES),--sizes $(SIZES)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)
	@$(BIN)/python -m benchmarks.page $(if $(SEED),--seed $(SEED))
	@$(BIN)/python -m benchmarks.models

backtest: setup ## how good forecasts and anomalies are, all tables (needs the test data; ten minutes and more)
	@$(BIN)/python -m tests.backtest $(ARGS)

lint: setup ## ruff, mypy, sqlfluff, import-linter, bandit, secret scan, contracts, generated files
	@sh tools/lint.sh

format: setup ## let ruff sort imports and format the code
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

lock: setup ## resolve pyproject.toml again into requirements.lock (changes versions)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --quiet --upgrade --group dev pyproject.toml -o requirements.lock

emr-package: setup ## what `finlake emr submit` runs: build/emr, to be copied to S3
	@$(BIN)/python tools/emr_package.py

image: ## the container image, and a sample bill to published marts in it (docker or buildah; minutes)
	@sh tools/image.sh

ui: setup ## Airflow's own UI on 127.0.0.1
	@$(BIN)/finlake ui

docs: setup ## dbt docs of the marts as one page
	@sh tools/docs.sh

contracts: setup ## lint the table contracts and name breaking changes since the last release
	@$(BIN)/python -m expectations.contracts_ci

terraform-check: setup ## every check of terraform/ (needs terraform, go, npm; minutes the first time)
	@$(BIN)/python tools/terraform_check.py

plan-cost: setup ## monthly cost of finlake itself on AWS: make plan-cost LINES=5 REGION=sa-east-1
	@$(BIN)/python -m tools.plan_cost --lines $(LINES) --region $(REGION) $(ARGS)

clean: ## remove what these targets build (never a lake, never .venv)
	rm -rf build dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov
	rm -f .coverage .coverage.*
	find finlake collect spark_jobs expectations ml pipeline dags tests tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
