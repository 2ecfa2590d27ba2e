"""The same models compile for Athena, and what they compile to is Athena's SQL. Nothing is sent anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from finlake.paths import DBT_DIR


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Compiled SQL of every model and data test, made by dbt with keys that open nothing."""
    folder = tmp_path_factory.mktemp("athena")
    command = [str(Path(sys.executable).parent / "dbt"), "compile", "--target", "athena"]
    command += [
        "--no-introspect",
        "--no-populate-cache",
        "--project-dir",
        str(DBT_DIR),
        "--profiles-dir",
        str(DBT_DIR),
    ]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]
    nowhere = {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        command, env=os.environ | nowhere, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted((folder / "target" / "compiled" / "finlake" / "models").rglob("*.sql"))


def test_every_model_and_test_is_sql_that_athena_parses(compiled: list[Path]) -> None:
    assert {path.stem for path in (DBT_DIR / "models").rglob("*.sql")} <= {path.stem for path in compiled}
    for path in compiled:
        tree = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="athena")
        assert isinstance(tree, exp.Query), path.name


def test_athena_reads_the_registered_tables_and_unnests_maps(compiled: list[Path]) -> None:
    text = {path.stem: path.read_text(encoding="utf-8") for path in compiled}
    assert '"awsdatacatalog"."silver"."billing_line_items"' in text["stg_billing_line_items"]
    assert "delta_scan" not in "".join(text.values())
    assert "cross join unnest(tag_sets.resource_tags)" in text["tag_coverage"]
    assert "map_keys" not in text["tag_coverage"]
