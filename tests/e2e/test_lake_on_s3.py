"""Every command on a lake on S3 (moto), with its ledger in DynamoDB: the answers of a local lake, word for word."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from finlake import objects
from finlake.lake import open_lake
from finlake.warehouse import Warehouse
from pipeline import cli
from tests.ledger.conftest import make_table
from tests.pipeline import s3, tiny
from tests.pipeline.ingesting import SILVER, multiset, silver

MART = (
    "select payer_id, billing_period, currency, sum(unblended_cost) as cost, sum(line_count) as lines "
    "from cost_monthly group by all order by 1"
)
WHEN = ("ingested_at", "decided_at", "delivered_at")


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(local lake, lake on S3): a month, then its second version, each run to published marts."""
    root = tmp_path_factory.mktemp("lakes")
    with s3.moto(root / "log") as address, pytest.MonkeyPatch.context() as patch:
        for name, value in s3.environment(address, root / "state").items():
            patch.setenv(name, value)
        s3.client().create_bucket(Bucket="the-lake")
        s3.client().create_bucket(Bucket="the-bill")
        local, remote = str(root / "lake"), "s3://the-lake/fin ops/ção"
        for version, cost in (("20260310T000000Z", "1.75"), ("20260401T000000Z", "2")):
            tiny.cur1_csv(root / "bill", [tiny.line(cost), tiny.line("9.000000000001", "Tax")], version)
            s3.upload(root / "bill", "the-bill", "exports/")
            said(local, "run", "--source", str(root / "bill"))
            if version == "20260310T000000Z":
                patch.setenv("FINLAKE_LEDGER", make_table("ledger"))
            said(remote, "run", "--source", "s3://the-bill/exports")
            patch.delenv("FINLAKE_LEDGER", raising=False)
        yield local, remote


def said(lake: str, *arguments: str, code: int = 0) -> Any:
    """A command's JSON on a lake."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert cli.main([*arguments, "--lake", lake, "--json"]) == code, out.getvalue()
    return json.loads(out.getvalue())


def in_common(answer: Any, lake: str) -> Any:
    """An answer without what must differ: places, ids, instants, durations."""
    text = json.dumps(answer, ensure_ascii=False, sort_keys=True).replace(lake, "LAKE")
    text = re.sub(r"b\d{8}T\d{6}Z-[0-9a-f]{6}", "BUILD", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "INSTANT", text)


def test_silver_and_marts_are_the_same(lakes: tuple[str, str]) -> None:
    local, remote = lakes
    for table in SILVER:
        assert multiset(silver(remote, table), WHEN) == multiset(silver(local, table), WHEN), table
    rows = said(remote, "query", MART)["rows"]
    assert rows == said(local, "query", MART)["rows"]
    assert "11.000000000001" in json.dumps(rows)


@pytest.mark.parametrize("part", ["periods", "deliveries", "refused", "published", "metrics"])
def test_status(lakes: tuple[str, str], part: str) -> None:
    local, remote = lakes
    found, wanted = (in_common(said(lake, "status").get(part), lake) for lake in (remote, local))
    assert re.sub(r"the-bill/exports/|file://|/[^\"]*/bill/", "", found) == re.sub(
        r"the-bill/exports/|file://|/[^\"]*/bill/", "", wanted
    )


def test_diff(lakes: tuple[str, str]) -> None:
    local, remote = lakes
    found, wanted = (said(lake, "diff", "2026-03") for lake in (remote, local))
    assert found.keys() == wanted.keys()
    for part in ("totals", "groups", "lines"):
        if part in wanted:
            assert found[part] == wanted[part], part


def test_authority(lakes: tuple[str, str]) -> None:
    local, remote = lakes
    assert in_common(said(remote, "authority", "list"), remote) == in_common(
        said(local, "authority", "list"), local
    )


def test_a_build_that_no_way_leads_to_is_removed_whole(lakes: tuple[str, str]) -> None:
    """Also one whose run was killed before it was audited, and what this machine had brought of it."""
    for place in lakes:
        warehouse = Warehouse(open_lake(place))
        old = "b20200101T000000Z-aaaaaa"
        objects.write_atomically(warehouse.lake.uri("warehouse", "builds", f"{old}.duckdb"), b"half")
        assert old in warehouse.ids()
        warehouse.forget(old)
        warehouse.forget(old)
        assert len(warehouse.ids()) == 2, place


def test_rollback_and_publish(lakes: tuple[str, str]) -> None:
    for place in lakes:
        warehouse = Warehouse(open_lake(place))
        newest = warehouse.pointer()
        assert newest is not None
        said(place, "rollback")
        assert "10.750000000001" in json.dumps(said(place, "query", MART)), place
        said(place, "publish", "--build", newest.build_id)
        assert "11.000000000001" in json.dumps(said(place, "query", MART)), place


def test_house_keeping_engine_ledger_and_doctor(lakes: tuple[str, str]) -> None:
    _, remote = lakes
    assert said(remote, "maintain")["tables"]
    assert said(remote, "maintain", "--dry-run")["files"] == 0
    assert said(remote, "engine", "show")["engine"] == "duckdb"
    assert said(remote, "ledger", "show")["ledger"].startswith("dynamodb://")
    found = said(remote, "doctor")
    assert {check["status"] for check in found["checks"]} <= {"ok", "warn"}, found


def test_again_nothing_is_changed(lakes: tuple[str, str]) -> None:
    _, remote = lakes
    assert not said(remote, "run", "--source", "s3://the-bill/exports")["changed"]
