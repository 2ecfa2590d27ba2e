"""DynamoDB's limits: an item that is too large is refused before anything is written, many large ones come in several steps."""

from __future__ import annotations

import random

import pytest

from finlake.dynamo import ITEM_BYTES, Items, Put
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
