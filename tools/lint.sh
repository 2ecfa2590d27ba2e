#!/bin/sh
# Runs every linter, two at a time, all of them even when one fails, and says which failed. Called by `make lint`.
set -u
bin=.venv/bin
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT

check() { # check NAME COMMAND...
    name=$1
    shift
    started=$(date +%s)
    if output=$("$@" 2>&1); then
        printf '  ok      %-18s %3ss\n' "$name" "$(($(date +%s) - started))"
    else
        printf '  FAILED  %-18s %3ss   %s\n%s\n' "$name" "$(($(date +%s) - started))" "$(echo "$*" | cut -c 1-150)" \
            "$(printf '%s\n' "$output" | sed 's/^/      /')"
        printf ' %s' "$name" >>"$failed"
    fi
}

tracked() { # tracked PATTERN...: files under version control that still exist (an export without git: all of them)
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files -- "$@" | while read -r file; do [ -f "$file" ] && echo "$file"; done
    else
        find . -type f -not -path './.venv/*'
    fi
}

secrets() {
    # Known not to be secrets: hashes of packages, ARN patterns of the secrets service, the made-up ones that the
    # redaction of reports is tested with, hashes of configurations and data in the models' log, AWS's own documented example key, the word none.
    # shellcheck disable=SC2046
    "$bin/detect-secrets-hook" --no-verify --exclude-files '\.lock$' \
        --exclude-files '^finlake/services/secrets_manager\.yml$' --exclude-files '^tests/finlake/test_report\.py$' \
        --exclude-files '^ml/(frozen\.yml|evaluations\.jsonl)$' \
        --exclude-secrets 'EXAMPLE$' --exclude-secrets '^none$' $(tracked | grep -v ' ')
}

code="finlake collect spark_jobs expectations ml pipeline"
[ -d dags ] && code="$code dags"

# Types take as long as all the rest when nothing is cached.
check mypy "$bin/mypy" &
check "ruff check" "$bin/ruff" check --output-format concise .
check "ruff format" "$bin/ruff" format --check --output-format concise .
check import-linter "$bin/lint-imports" --no-cache
# shellcheck disable=SC2086
check bandit "$bin/bandit" -q -r $code -c bandit.yml
check "secret scan" secrets
[ -d dbt/models ] && check sqlfluff "$bin/sqlfluff" lint dbt/models
check "contract lint" "$bin/python" -m expectations.contracts_ci
check "contracts sync" "$bin/finlake" contracts sync --check
check "service sync" "$bin/finlake" service sync --check
check "docs in step" "$bin/python" -m pipeline.docs --check
wait

if [ -s "$failed" ]; then
    echo "lint failed:$(cat "$failed")"
    exit 1
fi
echo "lint: all clean"
