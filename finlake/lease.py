"""The writer's lease on a lake whose ledger lies in DynamoDB: one writing process on any machine; one that dies is soon replaced.

The holder renews the lease by counting it up. Another one takes it over only after it has itself watched the count stand still
for the lease's whole length, by its own steady clock: no two clocks are compared, so one that is hours off costs nothing
(as AWS's DynamoDB Lock Client does: https://aws.amazon.com/blogs/database/building-distributed-locks-with-the-dynamodb-lock-client/).
Whoever slept past its lease and goes on can't change the ledger (`finlake.dynamo.Items.change`) and is refused by Delta's
commits where another one wrote meanwhile (docs/decisions/0017-two-machines.md).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from finlake.dynamo import PARTITION, SCHEME, SORT, client, told
from finlake.errors import FinlakeError, LakeBusy

LEASE = "lease"
_HELD: dict[tuple[str, str], str] = {}


def seconds() -> float:
    """Length of a lease: how long others wait for one that died. Renewed three times in it."""
    return float(os.environ.get("FINLAKE_LEASE_SECONDS", "30"))


def token(location: str, lake_id: str) -> str | None:
    """The token of the lease that this process holds on a lake, or None."""
    return _HELD.get((location, lake_id))


def check(location: str, lake_id: str) -> None:
    """Raise LakeBusy where the lease that this process took is another's by now, or it took none."""
    mine, found = token(location, lake_id), _Lease(location, lake_id).holder()
    if mine is None or found != mine:
        raise LakeBusy.of("lease_lost", where=location)


@contextmanager
def held(location: str, lake_id: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold a lake's lease. Raises LakeBusy where another process still holds it after `wait_seconds`; one that died is taken
    over after it stood still for `seconds()`, whatever `wait_seconds` says."""
    lease = _Lease(location, lake_id)
    lease.acquire(wait_seconds)
    _HELD[location, lake_id] = lease.token
    ended = threading.Event()
    renewing = threading.Thread(target=lease.renew_until, args=(ended,), name="finlake lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join(lease.seconds)
        del _HELD[location, lake_id]
        lease.release()


class _Lease:
    def __init__(self, location: str, lake_id: str) -> None:
        self.location, self.table = location, location.removeprefix(SCHEME)
        self.key = {PARTITION: {"S": lake_id}, SORT: {"S": LEASE}}
        self.token = secrets.token_hex(16)
        self.seconds = seconds()

    def acquire(self, wait_seconds: float) -> None:
        """Take a free lease at once, one that stands still after its length."""
        started = since = time.monotonic()
        before, lives = self._read(), False
        while True:
            waited, stands = time.monotonic() - started, time.monotonic() - since
            if before is None and self._take(None):
                return
            if before is not None and stands >= self.seconds and self._take(before):
                return
            if lives and waited >= wait_seconds:
                raise LakeBusy.of("lake_busy", where=self.location)
            time.sleep(min(0.5, self.seconds / 10))
            found = self._read()
            if found != before:
                lives = found is not None
                before, since = found, time.monotonic()

    def renew_until(self, ended: threading.Event) -> None:
        """Count up until told to end; a count that doesn't succeed is tried again, and fails for good where it is another's."""
        while not ended.wait(self.seconds / 3):
            with suppress(FinlakeError):
                if not self._update("set beat = beat + :one", {":one": {"N": "1"}}):
                    return

    def release(self) -> None:
        """Free for the next one. One that can't be freed now stands still, and is taken over like that of a dead one."""
        with suppress(FinlakeError):
            self._update("remove #token, holder", {})

    def holder(self) -> str | None:
        """The token of the present holder, or None where the lease is free."""
        found = self._read()
        return found[0] if found else None

    def _read(self) -> tuple[str, str] | None:
        """(token, count) of the present holder, or None where the lease is free."""
        with told(self.location):
            found = client().get_item(TableName=self.table, Key=self.key, ConsistentRead=True).get("Item", {})
        return (found["token"]["S"], found["beat"]["N"]) if "token" in found else None

    def _take(self, former: tuple[str, str] | None) -> bool:
        condition, values = "attribute_not_exists(#token)", {}
        if former is not None:
            condition = "#token = :former and beat = :beat"
            values = {":former": {"S": former[0]}, ":beat": {"N": former[1]}}
        values |= {
            ":new": {"S": self.token},
            ":holder": {"S": f"{socket.gethostname()}:{os.getpid()}"},
            ":one": {"N": "1"},
            ":zero": {"N": "0"},
        }
        change = "set #token = :new, holder = :holder, beat = if_not_exists(beat, :zero) + :one"
        return self._write(change, condition, values)

    def _update(self, change: str, values: dict[str, Any]) -> bool:
        return self._write(change, "#token = :mine", values | {":mine": {"S": self.token}})

    def _write(self, change: str, condition: str, values: dict[str, Any]) -> bool:
        with told(self.location):
            try:
                client().update_item(
                    TableName=self.table,
                    Key=self.key,
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#token": "token"},
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                    return False
                raise
        return True
