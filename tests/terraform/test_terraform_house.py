"""Rules about the Terraform files that need no Terraform: what is never destroyed, what is exported, queried, written down."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot.optimizer.qualify import qualify

from finlake.contracts import all_contracts, athena_types
from finlake.errors import ExitCode
from tests.terraform.run import MODULES, ROOT, TERRAFORM

MODULE_NAMES = sorted(path.parent.name for path in MODULES.glob("*/main.tf"))
RESOURCE = re.compile(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
NEVER_DESTROYED = {
    "aws_s3_bucket": "buckets",
    "aws_kms_key": "kms",
    "aws_dynamodb_table": "ledger",
    "aws_glue_catalog_database": "catalogue",
    "aws_db_instance": "airflow",
    "aws_backup_vault": "backup",
}
QUERIES = sorted((ROOT / "models" / "queries").glob("*.sql"))


def sources() -> dict[str, str]:
    found = [path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts]
    return {path.relative_to(TERRAFORM).as_posix(): path.read_text(encoding="utf-8") for path in found}


def resources() -> list[tuple[str, str, str]]:
    return [(file, kind, body) for file, text in sources().items() for kind, body in RESOURCE.findall(text)]


def test_what_holds_data_is_never_destroyed_by_a_plan() -> None:
    guarded = {kind for _, kind, body in resources() if re.search(r"prevent_destroy\s+= true", body)}
    assert guarded == set(NEVER_DESTROYED)
    for _, kind, body in resources():
        if kind in NEVER_DESTROYED:
            assert re.search(r"lifecycle \{[^}]*prevent_destroy\s+= true", body), kind


def test_nothing_is_emptied_by_force() -> None:
    text = "\n".join(sources().values())
    assert set(re.findall(r"force_destroy\s+= (\w+)", text)) == {"false"}
    assert set(re.findall(r"skip_final_snapshot\s+= (\w+)", text)) == {"false"}
    assert set(re.findall(r"deletion_protection\w*\s+= (\w+)", text)) == {"true"}
    assert not re.search(r"force_detach_policies\s+= true|force_delete\s+= true", text)


def test_no_dollar_swallows_a_value() -> None:
    """Two dollar signs before a brace are an escape: the text would hold the expression instead of its value."""
    assert [file for file, text in sources().items() if "$${" in text] == []


def test_the_ledger_is_watched_where_the_code_writes_it() -> None:
    calls = yaml.safe_load((ROOT / "tests/house/aws_calls.yml").read_text())["lake_writes"]["dynamodb"]
    (watched,) = re.findall(r"ledger_writes = (\[.*\])", sources()["modules/alerts/main.tf"])
    assert {operation.replace("_", "") for operation in calls} == {
        name.lower() for name in re.findall(r"\w+", watched)
    }


def test_of_the_exit_codes_only_done_and_busy_are_not_told() -> None:
    (untold,) = re.findall(r"anything-but = \[([^\]]*)\]", sources()["modules/trigger/main.tf"])
    assert [int(code) for code in untold.split(",")] == [ExitCode.OK, ExitCode.BUSY]


def test_every_skip_of_a_check_has_its_reason() -> None:
    skips = re.findall(r"#\s*checkov:skip=([A-Z0-9_]+)(.*)", "\n".join(sources().values()))
    assert skips and [name for name, reason in skips if len(reason) < 20] == []


def test_modules_have_about_ten_variables() -> None:
    counts = {
        name: (MODULES / name / "variables.tf").read_text().count('\nvariable "') + 1 for name in MODULE_NAMES
    }
    assert {name: count for name, count in counts.items() if count > 12} == {}


def test_no_secret_passes_through_a_variable() -> None:
    text = "\n".join(sources().values())
    named = re.findall(r'variable "(\w*(?:password|secret|token)\w*)"', text)
    assert set(named) == {"secret_arn", "airflow_secret_arn", "secrets"}, (
        "these hold addresses of secrets; anything else would hold one"
    )
    assert "manage_master_user_password" in text and not re.search(r"^\s*password\s*=", text, re.MULTILINE)


def test_the_exports_deliver_every_column_that_finlake_reads() -> None:
    reads = yaml.safe_load((ROOT / "spark_jobs/silver/source_columns.yml").read_text())
    cur2 = set(yaml.safe_load((ROOT / "finlake/sample/columns.yml").read_text())["columns"])
    focus = set(yaml.safe_load((MODULES / "exports/focus_columns.yml").read_text())["columns"])
    for canonical, names in {k: v for group in reads.values() for k, v in group.items()}.items():
        if not set(names) & cur2:
            assert set(names) & focus, canonical
        upper = [name for name in names if name[0].isupper() or name.startswith("x_")]
        assert not upper or set(upper) & focus, canonical


@pytest.mark.parametrize(
    ("file", "column", "ours", "optional"),
    [
        ("cur2_columns.csv", "column", "finlake/sample/columns.yml", {"tags", "line_item_iam_principal"}),
        ("focus_1_2_aws_export_columns.csv", "column", "terraform/modules/exports/focus_columns.yml", set()),
    ],
)
def test_the_exports_name_aws_columns(
    shared_data: Path, file: str, column: str, ours: str, optional: set[str]
) -> None:
    with (shared_data.parent / "reference" / "billing" / file).open(encoding="utf-8") as handle:
        theirs = {row[column] for row in csv.DictReader(handle)}
    assert set(yaml.safe_load((ROOT / ours).read_text())["columns"]) == theirs - optional


@pytest.mark.parametrize("path", QUERIES, ids=[path.stem for path in QUERIES])
def test_named_queries_fit_the_contracts(path: Path) -> None:
    """Parsed as Athena reads them, every column looked up in the contracts; and each says in its first line what it shows."""
    text = path.read_text(encoding="utf-8")
    assert re.match(r"-- [A-Z].{20,}\n", text)
    schema: dict[str, Any] = {}
    for contract in all_contracts():
        schema.setdefault(contract.layer, {})[contract.name] = athena_types(contract)
    query = sqlglot.parse_one(re.sub(r"\$\{(\w+)\}", r"\1", text), dialect="athena")
    qualify(query, schema=schema, dialect="athena", validate_qualify_columns=True)
    assert "${gold}." in text or "${silver}." in text


def test_queries_with_a_wrong_column_would_be_found() -> None:
    schema: dict[str, Any] = {"silver": {"t": {"a": "varchar"}}}
    with pytest.raises(sqlglot.errors.OptimizeError):
        qualify(
            sqlglot.parse_one('select b from "silver"."t"', dialect="athena"), schema=schema, dialect="athena"
        )
