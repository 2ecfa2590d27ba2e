"""The lease: one holder, taken over from a dead one by watching it, and fencing for one that slept."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from finlake import dynamo, lease
from finlake.dynamo import Items, Put
from finlake.errors import ConfigurationError, FinlakeError, LakeBusy

SECONDS = 0.9


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_LEASE_SECONDS", str(SECONDS))


def items(table: str, token: str | None) -> Items:
    return Items(table, "lake", (lease.LEASE, token) if token else None)


def test_a_holder_that_lives_keeps_others_out_however_long_it_works(table: str) -> None:
    with lease.held(table, "lake"):
        time.sleep(2 * SECONDS)
        with pytest.raises(LakeBusy, match="another finlake process"), lease.held(table, "lake"):
            pass
        with lease.held(table, "another lake"):
            pass
    with lease.held(table, "lake"):
        pass
    assert lease.token(table, "lake") is None


def test_waiting_for_the_holder_to_end(table: str) -> None:
    ended: list[float] = []

    def first() -> None:
        with lease.held(table, "lake"):
            time.sleep(2 * SECONDS)
            ended.append(time.monotonic())

    holder = threading.Thread(target=first)
    holder.start()
    time.sleep(0.3)
    with lease.held(table, "lake", wait_seconds=30):
        assert ended
    holder.join()


HOLD = """
import sys, time
from finlake import lease
with lease.held(sys.argv[1], "lake"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_holder_is_replaced_after_its_lease(table: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, table], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    started = time.monotonic()
    with lease.held(table, "lake"):
        assert SECONDS <= time.monotonic() - started < 10 * SECONDS


def test_a_holder_that_slept_changes_nothing_any_more(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its renewals stop, another one takes over; waking up, it is refused, and its end doesn't free the other's lease."""
    monkeypatch.setattr(lease._Lease, "renew_until", lambda *_: None)
    sleeper = lease.held(table, "lake")
    sleeper.__enter__()
    old = items(table, lease.token(table, "lake"))
    old.change([Put("note", 1)])
    with lease.held(table, "lake"):
        new = items(table, lease.token(table, "lake"))
        with pytest.raises(LakeBusy, match="took over the lease"):
            old.change([Put("note", 2)])
        new.change([Put("note", 3)])
        lease._HELD[table, "lake"] = str(old.guard and old.guard[1])
        sleeper.__exit__(None, None, None)
        new.change([Put("note", 4)])
        lease._HELD[table, "lake"] = "x"
    assert new.get("note") == 4


def test_many_at_once_one_wins(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes a free lease is the only one, and the others see it. DynamoDB checks a condition and writes in one step;
    moto's threads don't, so its requests come one by one here."""
    monkeypatch.setenv("FINLAKE_LEASE_SECONDS", "60")
    one_by_one, client = threading.Lock(), dynamo.client()

    class OneByOne:
        def get_item(self, **said: Any) -> Any:
            return client.get_item(**said)

        def update_item(self, **said: Any) -> Any:
            with one_by_one:
                return client.update_item(**said)

    monkeypatch.setattr(lease, "client", OneByOne)
    inside: list[int] = []
    most: list[int] = []

    def contend(number: int) -> None:
        contender = lease._Lease(table, "lake")
        contender.acquire(wait_seconds=60)
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.05)
        inside.remove(number)
        contender.release()

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_without_a_lease_nothing_is_changed(table: str) -> None:
    with pytest.raises(LakeBusy):
        items(table, None).change([Put("note", 1)])
    assert items(table, None).get("note") is None


@pytest.mark.parametrize("call", [lambda i: i.get("x"), lambda i: list(i.all("x")), lambda i: i.some(["x"])])
def test_a_table_that_is_not_there(aws: str, call: Any) -> None:
    with pytest.raises(ConfigurationError, match="isn't there") as refused:
        call(Items("dynamodb://nowhere", "lake"))
    assert "terraform/modules/ledger" in refused.value.next_step


def test_dynamodb_out_of_reach(monkeypatch: pytest.MonkeyPatch, aws: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(dynamo, "ATTEMPTS", 1)
    with pytest.raises(FinlakeError, match="can't be reached") as refused:
        Items("dynamodb://table", "lake").get("x")
    assert refused.value.code == "aws_unreachable" and "127.0.0.1:1" in refused.value.detail


def said_by_dynamodb(code: str, status: int = 400, reasons: tuple[str, ...] = ()) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "words"},
            "ResponseMetadata": {"HTTPStatusCode": status},
            "CancellationReasons": [{"Code": reason} for reason in reasons],
        },
        "TransactWriteItems",
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            said_by_dynamodb("TransactionCanceledException", reasons=("ConditionalCheckFailed", "None")),
            "lease_lost",
        ),
        (
            said_by_dynamodb("TransactionCanceledException", reasons=("None", "TransactionConflict")),
            "aws_unreachable",
        ),
        (said_by_dynamodb("ThrottlingException"), "aws_unreachable"),
        (said_by_dynamodb("InternalServerError", 500), "aws_unreachable"),
        (said_by_dynamodb("AccessDeniedException"), "ledger_unusable"),
        (said_by_dynamodb("ResourceNotFoundException"), "ledger_table_missing"),
        (NoCredentialsError(), "aws_credentials_missing"),
    ],
)
def test_what_dynamodb_says_in_finlakes_words(error: Exception, told: str) -> None:
    with pytest.raises(FinlakeError) as raised, dynamo.told("dynamodb://table"):
        raise error
    assert raised.value.code == told


def test_what_no_commit_refuses_asks_for_the_lease_first(table: str) -> None:
    with pytest.raises(LakeBusy):
        lease.check(table, "lake")
    with lease.held(table, "lake"):
        lease.check(table, "lake")
        other = lease._Lease(table, "lake")
        assert other._take(lease._Lease(table, "lake")._read())
        with pytest.raises(LakeBusy) as lost:
            lease.check(table, "lake")
    assert lost.value.code == "lease_lost"
