"""DynamoDB's limits: an item that is too large is refused before anything is written, many large ones come in several steps."""

from __future__ import annotations

import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from finlake import dynamo
from finlake.dynamo import ATTEMPTS, ITEM_BYTES, Items, Put
from finlake.errors import FinlakeError


def text_of(size: int) -> str:
    """A text that doesn't compress below `size` bytes: hexadecimal digits hold half a byte each."""
    return random.Random(7).randbytes(size).hex()


def test_an_item_beyond_the_limit_is_refused_and_nothing_is_written(items: Items) -> None:
    with pytest.raises(FinlakeError, match="more than DynamoDB takes") as refused:
        items.change([Put("small", 1), Put("delivery#of many files", text_of(ITEM_BYTES))])
    assert "delivery#of many files" in str(refused.value.where)
    assert items.get("small") is None


def test_what_one_transaction_cant_hold_is_written_in_several(
    items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = text_of(ITEM_BYTES * 2 // 3)
    sent: list[int] = []
    client = items._client
    write = client.transact_write_items

    def noted(TransactItems: list[object]) -> object:
        sent.append(len(TransactItems) - 1)
        return write(TransactItems=TransactItems)

    monkeypatch.setattr(client, "transact_write_items", noted)
    items.change([Put(f"large#{n:02}", body + str(n)) for n in range(20)])
    assert sum(sent) == 20 and len(sent) > 1
    assert [name for name, _ in items.all("large#")] == [f"{n:02}" for n in range(20)]
    assert items.get("large#19") == body + "19"


def cancelled(*codes: str) -> ClientError:
    """As DynamoDB refuses a transaction: a reason for each of its items."""
    said: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(said, "TransactWriteItems")


def refusing(items: Items, monkeypatch: pytest.MonkeyPatch, *refusals: ClientError) -> list[ClientError]:
    """moto knows no conflicts: the client refuses so often, then asks moto. Returns what is left of the refusals."""
    left, write = list(refusals), items._client.transact_write_items

    def first_refused(**asked: Any) -> Any:
        if left:
            raise left.pop()
        return write(**asked)

    monkeypatch.setattr(items._client, "transact_write_items", first_refused)
    monkeypatch.setattr(dynamo, "_FIRST_PAUSE", 0.0)
    return left


def test_a_transaction_that_met_the_renewal_of_its_own_lease_is_asked_again(
    items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(
        items, monkeypatch, cancelled("TransactionConflict", "None"), cancelled("ThrottlingError", "None")
    )
    items.change([Put("a", 1)])
    assert items.get("a") == 1


@pytest.mark.parametrize(
    "codes", [("TransactionConflict", "ValidationError"), ("ConditionalCheckFailed", "None")]
)
def test_one_that_will_never_pass_is_asked_once(
    codes: tuple[str, str], items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = refusing(items, monkeypatch, *[cancelled(*codes)] * 2)
    with pytest.raises(FinlakeError):
        items.change([Put("a", 1)])
    assert len(left) == 1 and items.get("a") is None


def test_what_does_not_pass_is_told_in_the_end(items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    left = refusing(items, monkeypatch, *[cancelled("TransactionConflict")] * (ATTEMPTS + 1))
    with pytest.raises(FinlakeError) as told:
        items.change([Put("a", 1)])
    assert told.value.code == "aws_unreachable" and len(left) == 1
