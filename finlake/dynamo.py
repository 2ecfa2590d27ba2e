"""One lake's part of a DynamoDB table: the items whose partition key is the lake's id, each an envelope round a JSON text.

Every change is one transaction that first checks the lake's lease (`Guard`), so a writer that slept past its lease changes
nothing. The sort key names the kind of item: `delivery#<id>`, `lease`, … DynamoDB's limits: 400 KB an item (bodies are
compressed), 100 items a transaction (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html).
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from finlake.errors import ConfigurationError, FinlakeError, LakeBusy

SCHEME = "dynamodb://"
PARTITION, SORT = "pk", "sk"
AT_ONCE = 99
"""Changes in one transaction: DynamoDB takes 100, one is the check of the lease."""
BYTES_AT_ONCE = 3_500_000
"""Bytes of bodies in one transaction: DynamoDB takes 4 MB with names and indexes."""
ITEM_BYTES = 390_000
"""Bytes of one body: DynamoDB takes 400 KB with name and index."""
_KEYS_AT_ONCE = 100
_MAY_PASS = frozenset(
    (
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TransactionConflict",
        "TransactionConflictException",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    )
)
"""What DynamoDB says when it is asked too much or at a bad moment, and still says after ATTEMPTS tries; of a transaction that it
cancelled, the reasons: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html."""
ATTEMPTS = 8
_FIRST_PAUSE = 0.01
"""Seconds, doubled before each further try: 2.5 s in all."""


@dataclass(frozen=True)
class Put:
    """Write an item, in place of the one of that name. `index`: further attributes, for people who look into the table."""

    name: str
    body: Any
    index: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Delete:
    """Remove an item where there is one."""

    name: str


Change = Put | Delete


class Items:
    """The items of one lake in one table. `guard` is a name and a token: changes are made while that item holds that token."""

    def __init__(self, location: str, lake_id: str, guard: tuple[str, str] | None = None) -> None:
        self.location, self.lake_id, self.guard = location, lake_id, guard
        self.table = location.removeprefix(SCHEME)

    def get(self, name: str) -> Any:
        """An item's body, or None. Always what was written last (a consistent read)."""
        with self._told():
            found = self._client.get_item(TableName=self.table, Key=self._key(name), ConsistentRead=True)
        return _body(found["Item"]) if "Item" in found else None

    def some(self, names: Sequence[str]) -> dict[str, Any]:
        """Name -> body of those of the names that there are."""
        found: dict[str, Any] = {}
        for start in range(0, len(names), _KEYS_AT_ONCE):
            wanted = {
                self.table: {
                    "Keys": [self._key(name) for name in dict.fromkeys(names[start : start + _KEYS_AT_ONCE])],
                    "ConsistentRead": True,
                }
            }
            while wanted:
                with self._told():
                    said = self._client.batch_get_item(RequestItems=wanted)
                found |= {item[SORT]["S"]: _body(item) for item in said["Responses"].get(self.table, [])}
                wanted = said.get("UnprocessedKeys", {})
        return found

    def all(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """(name without the prefix, body) of every item whose name starts so, by name."""
        with self._told():
            pages = self._client.get_paginator("query").paginate(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression=f"{PARTITION} = :lake and begins_with({SORT}, :prefix)",
                ExpressionAttributeValues={":lake": {"S": self.lake_id}, ":prefix": {"S": prefix}},
            )
            for page in pages:
                for item in page["Items"]:
                    yield item[SORT]["S"].removeprefix(prefix), _body(item)

    def change(self, changes: Iterable[Change]) -> None:
        """Make changes in their order, 99 or 3.5 MB at once: up to that all or none. Raises LakeBusy where the lease is
        another's, FinlakeError, before anything is written, where an item is larger than DynamoDB takes."""
        for some in _at_once([self._written(change) for change in changes]):
            self._transact([self._check(), *some])

    def _transact(self, items: list[dict[str, Any]]) -> None:
        """All or none. DynamoDB cancels a transaction that meets another write of one of its items, as the renewal of this very
        lease; botocore doesn't repeat that."""
        with self._told():
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._client.transact_write_items(TransactItems=items)
                    return
                except ClientError as error:
                    if attempt == ATTEMPTS or not _met_another(error):
                        raise
                time.sleep(_FIRST_PAUSE * 2**attempt)

    def replace(self, prefix: str, wanted: dict[str, Any]) -> None:
        """Make these, by name without the prefix, all the items whose name starts so."""
        there = dict(self.all(prefix))
        changes: list[Change] = [Put(prefix + n, said) for n, said in wanted.items() if there.get(n) != said]
        self.change([*changes, *(Delete(prefix + name) for name in there if name not in wanted)])

    @property
    def _client(self) -> Any:
        return client()

    def _key(self, name: str) -> dict[str, Any]:
        return {PARTITION: {"S": self.lake_id}, SORT: {"S": name}}

    def _check(self) -> dict[str, Any]:
        if self.guard is None:
            raise LakeBusy.of("lease_lost", where=self.location)
        name, token = self.guard
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": self._key(name),
                "ConditionExpression": "#token = :token",
                "ExpressionAttributeNames": {"#token": "token"},
                "ExpressionAttributeValues": {":token": {"S": token}},
            }
        }

    def _written(self, change: Change) -> dict[str, Any]:
        if isinstance(change, Delete):
            return {"Delete": {"TableName": self.table, "Key": self._key(change.name)}}
        index = {key: {"N": str(v)} if isinstance(v, int) else {"S": v} for key, v in change.index}
        packed = gzip.compress(json.dumps(change.body).encode(), mtime=0)
        if len(packed) > ITEM_BYTES:
            raise FinlakeError.of(
                "ledger_item_too_large", where=f"{self.location} {change.name}", size=len(packed) // 1000
            )
        return {
            "Put": {
                "TableName": self.table,
                "Item": self._key(change.name) | {"body": {"B": packed}} | index,
            }
        }

    @contextmanager
    def _told(self) -> Iterator[None]:
        with told(self.location):
            yield


def _at_once(written: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The changes in their order, in transactions that DynamoDB takes."""
    some: list[dict[str, Any]] = []
    size = 0
    for one in written:
        own = len(one["Put"]["Item"]["body"]["B"]) if "Put" in one else 0
        if some and (len(some) == AT_ONCE or size + own > BYTES_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(one)
        size += own
    if some:
        yield some


@contextmanager
def told(location: str) -> Iterator[None]:
    """DynamoDB's refusals in finlake's words: what may pass by itself as `aws_unreachable`, the rest as configuration."""
    try:
        yield
    except ClientError as error:
        raise _refused(location, error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigurationError.of("aws_credentials_missing", where=location, detail=str(error)) from error
    except BotoCoreError as error:
        raise FinlakeError.of("aws_unreachable", where=location, detail=str(error)) from error


def _refused(location: str, error: ClientError) -> FinlakeError:
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    if reasons[:1] == ["ConditionalCheckFailed"]:
        return LakeBusy.of("lease_lost", where=location)
    if code == "ResourceNotFoundException":
        return ConfigurationError.of("ledger_table_missing", where=location)
    if status >= 500 or _MAY_PASS.intersection([code, *reasons]):
        return FinlakeError.of("aws_unreachable", where=location, detail=str(error))
    return ConfigurationError.of("ledger_unusable", where=location, detail=str(error))


def _met_another(error: ClientError) -> bool:
    """Whether a transaction was cancelled by nothing but what passes by itself."""
    reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {
        "None",
        None,
    }
    return bool(reasons) and reasons <= _MAY_PASS


def client() -> Any:
    """DynamoDB as the usual AWS environment says, retried with care for a busy table."""
    return _client(os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL"))


@cache
def _client(_endpoint: str | None) -> Any:
    settings = Config(
        retries={"mode": "standard", "max_attempts": ATTEMPTS}, connect_timeout=10, read_timeout=30
    )
    return boto3.client("dynamodb", config=settings)


def _body(item: dict[str, Any]) -> Any:
    return json.loads(gzip.decompress(bytes(item["body"]["B"])))
