"""Every command on a lake on S3 (moto), with its ledger in DynamoDB: the answers of a local lake, word for word."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
import yaml
from botocore import xform_name

from finlake import objects
from finlake.lake import open_lake
from finlake.warehouse import Warehouse
from pipeline import cli
from tests.conftest import REPOSITORY
from tests.ledger.conftest import make_table
from tests.pipeline import s3, tiny
from tests.pipeline.faulty_s3 import faulty, met
from tests.pipeline.ingesting import SILVER, multiset, silver

MART = (
    "select payer_id, billing_period, currency, sum(unblended_cost) as cost, sum(line_count) as lines "
    "from cost_monthly group by all order by 1"
)
WHEN = ("ingested_at", "decided_at", "delivered_at")


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every request that finlake makes to AWS is noted."""
    return tmp_path_factory.mktemp("requests") / "log"


def upload(client: Any, bill: Path) -> None:
    """AWS delivers: not through what notes finlake's requests."""
    for file in sorted(bill.rglob("*")):
        if file.is_file():
            key = f"exports/{file.relative_to(bill)}"
            client.put_object(Bucket="the-bill", Key=key, Body=file.read_bytes())


@pytest.fixture(scope="module")
def lakes(requests: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(local lake, lake on S3): a month, then its second version, each run to published marts."""
    root = tmp_path_factory.mktemp("lakes")
    everything = {"fault": "note", "method": ".*", "path": "^/(?!moto-api)", "times": -1}
    with (
        s3.moto(root / "log") as moto,
        faulty(moto, requests, everything) as address,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in s3.environment(address, root / "state").items():
            patch.setenv(name, value)
        ours = boto3.client("s3", endpoint_url=moto)
        ours.create_bucket(Bucket="the-lake")
        ours.create_bucket(Bucket="the-bill")
        local, remote = str(root / "lake"), "s3://the-lake/fin ops/ção"
        for version, cost in (("20260310T000000Z", "1.75"), ("20260401T000000Z", "2")):
            tiny.cur1_csv(root / "bill", [tiny.line(cost), tiny.line("9.000000000001", "Tax")], version)
            upload(ours, root / "bill")
            said(local, "run", "--source", str(root / "bill"))
            if version == "20260310T000000Z":
                patch.setenv("FINLAKE_LEDGER", make_table("ledger", moto))
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
        with warehouse.lake.writing():
            warehouse.forget_old(keep=3)
            warehouse.forget_old(keep=3)
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


def test_every_request_is_on_the_allow_list_and_the_bill_is_only_read(
    lakes: tuple[str, str], requests: Path
) -> None:
    """Promise 4 from the other side: not what the code says, but what arrived at AWS in all the runs of this file."""
    made = {(operation(request), place(request)) for request in met(requests)}
    allowed = yaml.safe_load((REPOSITORY / "tests/house/aws_calls.yml").read_text())
    reads = {f"{service}.{name}" for service, names in allowed["reads"].items() for name in names}
    writes = {f"{service}.{name}" for service, names in allowed["lake_writes"].items() for name in names}
    store = {f"s3.{name}" for name in allowed["lake_store"]["s3"]}
    assert {name for name, _ in made} <= reads | writes | store
    assert {name for name, where in made if where == "the-bill"} <= reads
    assert {where for _, where in made} == {"the-bill", "the-lake", "dynamodb"}
    seen = {name for name, _ in made}
    assert {"s3.put_object", "s3.get_object", "dynamodb.transact_write_items", "dynamodb.update_item"} <= seen


def place(request: dict[str, str]) -> str:
    return "dynamodb" if request["target"] else request["path"].split("?")[0].split("/")[1]


def operation(request: dict[str, str]) -> str:
    """A request's operation, named as in boto3."""
    if request["target"]:
        service, _, name = request["target"].partition("_20120810.")
        return f"{service.lower()}.{xform_name(name)}"
    path, _, query = request["path"].partition("?")
    kind = "object" if path.strip("/").count("/") else "bucket"
    told = parse_qs(query, keep_blank_values=True)
    return "s3." + S3_OPERATIONS.get(
        (request["method"], kind, next((mark for mark in S3_MARKS if mark in told), "")), str(request)
    )


S3_MARKS = ("uploads", "uploadId", "delete", "list-type", "location")
S3_OPERATIONS = {
    ("GET", "bucket", "list-type"): "list_objects_v2",
    ("GET", "bucket", "location"): "get_bucket_location",
    ("HEAD", "bucket", ""): "head_bucket",
    ("POST", "bucket", "delete"): "delete_objects",
    ("GET", "object", ""): "get_object",
    ("HEAD", "object", ""): "head_object",
    ("PUT", "object", ""): "put_object",
    ("DELETE", "object", ""): "delete_object",
    ("POST", "object", "uploads"): "create_multipart_upload",
    ("PUT", "object", "uploadId"): "upload_part",
    ("POST", "object", "uploadId"): "complete_multipart_upload",
    ("DELETE", "object", "uploadId"): "abort_multipart_upload",
}
