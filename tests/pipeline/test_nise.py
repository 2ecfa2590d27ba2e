"""A month freshly made by koku-nise, in the layout that it writes: silver and the totals at source equal a plain csv sum."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.pipeline.ingesting import ingest, query, silver

SEEDED = "import random; random.seed(7); from faker import Faker; Faker.seed(7); from nise.__main__ import main; main()"
COLUMNS = {"unblended_cost": "lineItem/UnblendedCost", "blended_cost": "lineItem/BlendedCost"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that mirrors the bucket into which nise delivers; nise has no seed of its own, so its random numbers get one."""
    if importlib.util.find_spec("nise") is None:
        missing("koku-nise, a tool of the test environment")
    root = tmp_path_factory.mktemp("nise")
    (root / "bucket").mkdir()
    said = {
        "--start-date": "2026-03-01",
        "--end-date": "2026-03-06",
        "--static-report-file": str(Path(__file__).with_name("nise_month.yml")),
        "--aws-s3-bucket-name": str(root / "bucket"),
        "--aws-s3-report-prefix": "bills/of.nise",
        "--aws-s3-report-name": "fresh_1.0",
        "--file-row-limit": "500",
    }
    arguments = ["report", "aws", *[word for pair in said.items() for word in pair]]
    subprocess.run(
        [sys.executable, "-c", SEEDED, *arguments], cwd=root, check=True, capture_output=True, timeout=240
    )
    return root / "bucket"


def plain_rows(bucket: Path) -> list[dict[str, str]]:
    """Every row of the files that the version's manifest names, with nothing but the standard library."""
    [manifest] = bucket.glob("bills/of.nise/fresh_1.0/20260301-20260401/*/*Manifest.json")
    rows = []
    for key in json.loads(manifest.read_text())["reportKeys"]:
        with gzip.open(bucket / key.lstrip("/"), "rt", newline="", encoding="utf-8") as text:
            rows += list(csv.DictReader(text))
    return rows


def test_equal_to_a_plain_sum(made: Path, tmp_path: Path) -> None:
    plain: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    rows = plain_rows(made)
    for row in rows:
        sums = plain[row["lineItem/UsageAccountId"], row["lineItem/LineItemType"]]
        sums["rows"] += 1
        for name, column in COLUMNS.items():
            sums[name] += Decimal(row[column] or 0)
    said = ingest(tmp_path / "lake", made)
    assert not said["refused"] and said["deliveries"][0]["file_count"] > 1
    lines = silver(tmp_path / "lake", "billing_line_items")
    found = query(
        "select account_id, charge_type, count(*), sum(unblended_cost), sum(blended_cost) from t group by all",
        t=lines,
    )
    assert {row[:2] for row in found} == plain.keys() and len(found) >= 4
    for account, kind, *figures in found:
        assert figures == [plain[account, kind][name] for name in ("rows", *COLUMNS)], (account, kind)
    [(count, total)] = query(
        "select sum(line_count), sum(unblended_cost) from t", t=silver(tmp_path / "lake", "source_totals")
    )
    assert (count, total) == (len(rows), sum(sums["unblended_cost"] for sums in plain.values()))
    assert not ingest(tmp_path / "lake", made)["changed"]


def test_tags_that_no_column_can_be_named_after(made: Path, tmp_path: Path) -> None:
    rows = plain_rows(made)
    tagged = sum(row["resourceTags/user:dono da conta"] == 'Ação, "aspas"' for row in rows)
    ingest(tmp_path / "lake", made)
    wanted = "resource_tags['user_dono da conta'] = 'Ação, \"aspas\"' and resource_tags['user_team'] = 'web'"
    [(count,)] = query(
        f"select count(*) from t where {wanted} and resource_tags['user_Team'] = 'b' and cost_categories['Área'] = 'produção'",
        t=silver(tmp_path / "lake", "billing_line_items"),
    )
    assert count == tagged > 0
