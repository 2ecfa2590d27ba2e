"""Two machines on one lake, each with a ledger of its own: numbers that were given twice, tables that both replace."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError

from finlake import tables
from finlake.bronze import BronzeFile, bronze_deliveries, store_delivery
from finlake.contracts import arrow_schema, load_contract
from finlake.errors import ExitCode, LakeBusy
from finlake.lake import open_lake
from finlake.ledger import DeliveryRecord, SqliteLedger
from pipeline.plain_errors import plain


def record(delivery_id: str, sequence: int) -> dict[str, Any]:
    return DeliveryRecord(
        delivery_id=delivery_id,
        export_id="cur2-1-x",
        source_format="cur2",
        billing_period="2026-04",
        sequence=sequence,
        state="stored",
        manifest="m",
        version_id="v",
        delivered_at=None,
        dated=False,
        file_count=1,
        byte_count=1,
    ).as_dict()


def test_a_delivery_never_takes_anothers_number(tmp_path: Path) -> None:
    """Both logs say number 1: the ledger knows both deliveries, each with a number of its own, however often it is mended."""
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    found = {name: record(name, 1) for name in ("aa", "bb")}
    assert ledger.restore(found) == 2 and ledger.restore(found) == 0
    assert [(d.delivery_id, d.sequence) for d in ledger.deliveries()] == [("aa", 1), ("bb", 2)]
    ledger.close()


def test_a_claim_gives_way_to_what_is_stored(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    ledger.put(DeliveryRecord(**record("mine", 1) | {"state": "claimed"}))
    ledger.restore({"theirs": record("theirs", 1)})
    assert [(d.delivery_id, d.sequence) for d in ledger.deliveries()] == [("theirs", 1)]
    assert ledger.next_sequence() == 2
    ledger.close()


def test_a_number_that_bronze_knows_is_not_stored_again(empty_lake: Path, tmp_path: Path) -> None:
    lake = open_lake(str(empty_lake))

    def store(delivery_id: str) -> str:
        keys = {"export_id": "cur2-1-x", "billing_period": "2026-04", "delivery_id": delivery_id}
        file = tmp_path / f"{delivery_id}.parquet"
        pq.write_table(pa.table({"cost": [1.1]}), file)
        return store_delivery(
            lake, "cur2_parquet", keys, [BronzeFile(file, file.name)], record(delivery_id, 1)
        )

    assert store("aa") == "g1" and store("aa") == "g1"
    with pytest.raises(LakeBusy, match="another machine"):
        store("bb")
    assert set(bronze_deliveries(lake)) == {"aa"}


def test_an_empty_table_that_both_replace_takes_one(
    empty_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delta alone would let both append to an empty table: each row stood there twice."""
    lake, contract = open_lake(str(empty_lake)), load_contract("silver", "billing_authority")
    row = {name: "x" for name in arrow_schema(contract).names} | {
        "decided_at": datetime(2026, 4, 1, tzinfo=UTC)
    }
    rows = pa.Table.from_pylist([row], schema=arrow_schema(contract))
    tables.ensure_table(lake, contract)
    read, others = tables.read_table, iter([True])

    def other_one_first(*arguments: Any) -> pa.Table | None:
        current = read(*arguments)
        if next(others, False):
            tables.replace_table(lake, contract, rows)
        return current

    monkeypatch.setattr(tables, "read_table", other_one_first)
    with pytest.raises(CommitFailedError) as lost:
        tables.replace_table(lake, contract, rows)
    told = plain(lost.value)
    assert told.exit_code == ExitCode.BUSY and "another machine" in told.what
    found = read(lake, contract)
    assert found is not None and found.num_rows == 1
