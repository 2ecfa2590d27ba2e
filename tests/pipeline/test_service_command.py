"""`finlake service`: list, check, new and sync, as a person or a script calls them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from finlake.catalogue import Catalogue
from finlake.errors import ExitCode
from finlake.paths import DBT_DIR, SERVICES_DIR
from pipeline.cli import main
from pipeline.service_seeds import stale_seeds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of three services of the catalogue."""
    copy = tmp_path / "services"
    copy.mkdir()
    for name in ("_defaults", "sqs", "sns", "kinesis"):
        shutil.copy(SERVICES_DIR / f"{name}.yml", copy)
    return copy


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["service", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert err == ""
    return code, json.loads(out)


def test_list(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, result = run_json(capsys, "list", "--dir", str(folder))
    assert code == ExitCode.OK
    assert [row["service"] for row in result["services"]] == ["kinesis", "sns", "sqs"]
    assert result["services"][2]["product_codes"] == ["AWSQueueService"]
    assert result["fingerprint"] == Catalogue.load(folder).fingerprint()
    code, out, _ = run(capsys, "list", "--dir", str(folder), "--category", "Integration")
    assert "AWSQueueService" in out
    assert "2 services" in out
    assert "AmazonKinesis" not in out


def test_check_of_the_whole_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check")
    assert (code, out.strip().endswith("no fault")) == (ExitCode.OK, True)


def test_check_names_each_fault_and_fails(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "sqs.yml").write_text("service: sqs\ntitel: Queues\n", encoding="utf-8")
    code, out, err = run(capsys, "check", "--dir", str(folder))
    assert code == ExitCode.CONFIGURATION
    assert "sqs.yml: titel: unknown key; did you mean 'title'?" in out
    assert "sqs.yml: match: required key is missing" in out
    assert "next:" in err
    code, result = run_json(capsys, "check", "sqs", "--dir", str(folder))
    assert (code, result["ok"]) == (ExitCode.CONFIGURATION, False)
    assert {"file": "sqs.yml", "key": "titel", "message": "unknown key; did you mean 'title'?"} in result[
        "problems"
    ]
    assert run_json(capsys, "check", "sns", "--dir", str(folder))[0] == ExitCode.OK
    assert run_json(capsys, "check", "sqss", "--dir", str(folder))[0] == ExitCode.NOT_FOUND


def test_new_service_is_valid_when_its_facts_are_given(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    facts = [
        "--title",
        "Amazon Chime",
        "--category",
        "Business Applications",
        "--product-code",
        "AmazonChime",
    ]
    code, result = run_json(capsys, "new", "chime", *facts, "--dir", str(folder))
    assert (code, result["to_fill"]) == (ExitCode.OK, [])
    service = Catalogue.load(folder).services["chime"]
    assert (service.title, service.category) == ("Amazon Chime", "Business Applications")
    assert service.match[0].conditions == {"product_code": "AmazonChime"}


def test_new_names_what_is_to_fill_and_overwrites_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, _ = run(capsys, "new", "chime", "--dir", str(folder))
    assert code == ExitCode.OK
    assert "match.0.product_code: must not be empty" in out
    before = (folder / "sqs.yml").read_bytes()
    assert run(capsys, "new", "sqs", "--dir", str(folder))[0] == ExitCode.USAGE
    assert run(capsys, "new", "../Evil", "--dir", str(folder))[0] == ExitCode.USAGE
    assert (folder / "sqs.yml").read_bytes() == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["services"]


def test_sync_writes_the_seeds_and_check_finds_stale_ones(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    seeds = folder.parent / "seeds"
    places = ["--dir", str(folder), "--seeds", str(seeds)]
    assert run(capsys, "sync", "--check", *places)[0] == ExitCode.CONFIGURATION
    assert not seeds.exists()
    code, result = run_json(capsys, "sync", *places)
    assert (code, len(result["written"])) == (ExitCode.OK, 4)
    assert run(capsys, "sync", "--check", *places)[0] == ExitCode.OK
    assert run_json(capsys, "sync", *places)[1]["written"] == []
    (folder / "sns.yml").unlink()
    code, _, err = run(capsys, "sync", "--check", *places)
    assert code == ExitCode.CONFIGURATION
    assert "services.csv" in err


def test_seeds_hold_the_rules_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, "sync", "--seeds", str(tmp_path))[0] == ExitCode.OK
    with (tmp_path / "service_matches.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    matches = Catalogue.load().ordered_matches()
    assert [row["position"] for row in rows] == [str(n) for n in range(1, len(matches) + 1)]
    filled = [{k: v for k, v in row.items() if v and k not in ("position", "service")} for row in rows]
    assert filled == [match.conditions for match in matches]
    assert [row["service"] for row in rows] == [match.service for match in matches]


def test_committed_seeds_are_current() -> None:
    assert list(stale_seeds(Catalogue.load(), DBT_DIR / "seeds")) == []


def test_the_seed_of_metrics_says_which_dimension_names_which_resource(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(capsys, "sync", "--seeds", str(tmp_path))[0] == ExitCode.OK
    with (tmp_path / "service_metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["service"], row["metric"]): row for row in csv.DictReader(file)}
    task = rows["ecs", "cpu"]
    assert (task["resource_type"], task["id_from"]) == ("ecs:service", "resource_path")
    assert (task["dimension"], task["second_dimension"]) == ("ClusterName", "ServiceName")
    size = rows["s3", "standard_bytes"]
    assert (size["fixed_dimension"], size["fixed_value"]) == ("StorageType", "StandardStorage")
    with (tmp_path / "resource_types.csv").open(encoding="utf-8", newline="") as file:
        owners = {row["resource_type"]: row["service"] for row in csv.DictReader(file)}
    assert {row["resource_type"] for row in rows.values()} <= set(owners)
    assert owners["ec2:volume"] == "ebs"
