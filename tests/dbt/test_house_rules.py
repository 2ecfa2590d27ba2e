"""What SQL in dbt/ may not do, and that what is generated from the contracts is in step with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from finlake.contracts import all_contracts
from finlake.errors import ExitCode
from finlake.paths import DBT_DIR
from pipeline.cli import main
from pipeline.contract_files import generated_files, stale_files, write_files

SQL = sorted([*(DBT_DIR / "models").rglob("*.sql"), *(DBT_DIR / "tests").rglob("*.sql")])
MACROS = sorted((DBT_DIR / "macros").rglob("*.sql"))
ENGINES = {"duckdb", "athena"}

# What differs silently between DuckDB and Trino, or belongs to one engine: pattern -> what to use instead.
BANNED = {
    r"/": "the macro divide(): 7/2 is 3.5 on DuckDB and 3 on Trino",
    r"\bconcat\s*\(": "||: concat('a', null) is 'a' on DuckDB and null on Trino",
    r"\belement_at\s*\(": "explode_map(): a list on DuckDB, a value on Trino",
    r"\bgroup by all\b": "the columns by name: Trino has no group by all",
    r"\bqualify\b": "a subquery: Trino has no qualify",
    r"\btarget\.": "a macro in macros/engine/: models don't know their engine",
    r"\b(double|float|real)\b": "money_type() or divide(): money is never a float",
    r"\bsplit_(unused_)?cost\b": "nothing: a split row's money is already in its parent's cost",
}


def code(path: Path) -> str:
    """The SQL of a file without comments."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--.*", "", text)


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_a_model_says_nothing_that_engines_understand_differently(path: Path) -> None:
    for pattern, instead in BANNED.items():
        assert not re.search(pattern, code(path), flags=re.IGNORECASE), (
            f"{path.name}: {pattern}: use {instead}"
        )


def test_engine_names_appear_only_in_their_folder() -> None:
    elsewhere = [
        *SQL,
        *(path for path in MACROS if "engine" not in path.relative_to(DBT_DIR).parts),
        DBT_DIR / "dbt_project.yml",
    ]
    for path in elsewhere:
        for engine in ENGINES:
            assert engine not in code(path).lower(), f"{path.name} names {engine}"


def test_each_engine_macro_has_every_engine_and_no_default() -> None:
    for path in (DBT_DIR / "macros" / "engine").glob("*.sql"):
        found = set(re.findall(rf"macro (\w+?)__{path.stem}\b", path.read_text(encoding="utf-8")))
        assert found == ENGINES, path.name


def test_generated_files_are_in_step_with_the_contracts() -> None:
    assert stale_files() == []
    assert main(["contracts", "sync", "--check"]) == ExitCode.OK


def test_sync_writes_removes_and_then_rests(tmp_path: Path) -> None:
    for path in (DBT_DIR / "models").rglob("*.sql"):
        copy = tmp_path / path.relative_to(DBT_DIR)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("select 1", encoding="utf-8")
    wanted = generated_files(tmp_path)
    gone = tmp_path / "models" / "marts" / "gone.yml"
    gone.write_text(next(iter(wanted.values())), encoding="utf-8")
    hand_written = tmp_path / "models" / "marts" / "mine.yml"
    hand_written.write_text("unit_tests: []\n", encoding="utf-8")
    assert set(write_files(tmp_path)) == {*wanted, gone.relative_to(tmp_path)}
    assert write_files(tmp_path) == []
    assert hand_written.exists() and not gone.exists()


def test_every_model_has_its_sentence_its_unit_test_and_every_mart_its_contract() -> None:
    described = "".join(path.read_text(encoding="utf-8") for path in (DBT_DIR / "models").rglob("*.yml"))
    for path in (DBT_DIR / "models").rglob("*.sql"):
        assert re.search(rf"- name: {path.stem}\n\s+description: ", described), path.stem
        beside = path.with_name(f"{path.stem}.unit.yml")
        assert path.stem.startswith("stg_") or beside.is_file(), f"{path.stem} has no unit test beside it"
    marts = {path.stem for path in (DBT_DIR / "models" / "marts").rglob("*.sql")}
    assert marts == {contract.name for contract in all_contracts() if contract.layer == "gold"}


def test_no_mart_takes_the_column_that_tells_builds_apart() -> None:
    marts = [contract for contract in all_contracts() if contract.layer == "gold"]
    assert [mart.name for mart in marts if "build_id" in mart.column_names] == []


def test_the_command_lists_and_spells_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "list", "--json"]) == ExitCode.OK
    listed = {f"{row['layer']}.{row['table']}" for row in json.loads(capsys.readouterr().out)}
    assert {"silver.billing_line_items", "gold.cost_monthly"} <= listed
    assert main(["contracts", "ddl", "gold.cost_monthly", "--engine", "athena"]) == ExitCode.OK
    assert "unblended_cost DECIMAL(38, 12)" in capsys.readouterr().out
    assert main(["contracts", "ddl", "cost_monthly"]) == ExitCode.USAGE
    assert main(["contracts", "ddl", "gold.nothing"]) == ExitCode.NOT_FOUND
