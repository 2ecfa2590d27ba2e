"""Ledgers of both forms for one suite of tests; DynamoDB is moto's server in its own process, reached as AWS is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from finlake import lease
from finlake.dynamo import PARTITION, SORT, Items
from finlake.ledger import Ledger, SqliteLedger
from finlake.ledger.dynamo import DynamoLedger
from finlake.metric_ledger import MetricLedger, SqliteMetricLedger
from finlake.metric_ledger.dynamo import DynamoMetricLedger
from tests.pipeline import s3

FORMS = ("sqlite", "dynamodb")
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def moto_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3.moto(tmp_path_factory.mktemp("moto") / "log") as address:
        yield address


@pytest.fixture
def aws(moto_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The environment leads to moto; its address."""
    for name, value in s3.environment(moto_address, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    yield moto_address


@pytest.fixture
def table(aws: str) -> str:
    """Location of an empty table with the keys that terraform/modules/ledger gives it."""
    return make_table(f"finlake-{next(_NUMBERS)}")


def make_table(name: str, endpoint: str | None = None) -> str:
    """As Terraform would: not by finlake's own client, whose requests a test may note."""
    boto3.client("dynamodb", endpoint_url=endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": PARTITION, "KeyType": "HASH"},
            {"AttributeName": SORT, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in (PARTITION, SORT)],
    )
    return f"dynamodb://{name}"


@pytest.fixture
def items(table: str) -> Iterator[Items]:
    """The items of a lake whose lease this process holds."""
    with lease.held(table, "lake"):
        yield Items(table, "lake", (lease.LEASE, str(lease.token(table, "lake"))))


@pytest.fixture(params=FORMS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Ledger]]:
    """Opens the ledger of one lake: the same one each time, as a new process would."""
    opened: list[Ledger] = []
    items = request.getfixturevalue("items") if request.param == "dynamodb" else None

    def fresh() -> Ledger:
        opened.append(DynamoLedger(items) if items else SqliteLedger(tmp_path / "ledger.sqlite"))
        return opened[-1]

    yield fresh
    for each in opened:
        each.close()


@pytest.fixture(params=FORMS)
def metric_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], MetricLedger]]:
    """Opens the metric ledger of one lake: the same one each time, as a new process would."""
    opened: list[MetricLedger] = []
    items = request.getfixturevalue("items") if request.param == "dynamodb" else None

    def fresh() -> MetricLedger:
        opened.append(DynamoMetricLedger(items) if items else SqliteMetricLedger(tmp_path / "metrics.sqlite"))
        return opened[-1]

    yield fresh
    for each in opened:
        each.close()
