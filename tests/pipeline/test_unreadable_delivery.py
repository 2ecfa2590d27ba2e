"""A delivery whose money is whole and whose other columns aren't: found by silver only, refused all the same."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipeline import tiny
from tests.pipeline.ingesting import command, ingest, silver

TEXT = b"description-of-the-line"


def damaged(lines: list[tiny.Line]) -> bytes:
    """The month's Parquet, uncompressed, with a byte in a text that no UTF-8 has."""
    sink = io.BytesIO()
    table = pq.read_table(pa.BufferReader(tiny.parquet_bytes(lines, {})))
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
    content = sink.getvalue()
    assert content.count(TEXT) == 1
    return content.replace(TEXT, b"\xff" + TEXT[1:])


@pytest.mark.parametrize("restated", [True, False])
def test_it_is_refused_and_the_month_stays(restated: bool, tmp_path: Path) -> None:
    source, lake = tmp_path / "b", tmp_path / "lake"
    if restated:
        tiny.cur2_parquet(source, [tiny.line("1")], "2026-04-04T05-12-11.000Z-a")
        ingest(lake, source)
    tiny.cur2_parquet(source, [tiny.line("7")], "2026-05-04T05-12-11.000Z-o", period="2026-04")
    said = {"lineItem/LineItemDescription": TEXT.decode()}
    manifest = tiny.cur2_parquet(source, [tiny.line("2", **said)], "2026-04-08T05-12-11.000Z-b")
    (file,) = (source / manifest).parent.parent.parent.parent.glob(
        f"data/BILLING_PERIOD=2026-03/{Path(manifest).parent.name}/*.parquet"
    )
    whole, bad = file.read_bytes(), damaged([tiny.line("2", **said)])
    file.write_bytes(bad)
    with pytest.raises(duckdb.Error):
        duckdb.sql(f"select * from '{file}'").fetchall()
    run = ingest(lake, source)
    assert [refusal["code"] for refusal in run["refused"]] == ["parquet_damaged"]
    costs = sorted(silver(lake, "billing_line_items")["unblended_cost"].to_pylist())
    assert costs == ([Decimal(1)] if restated else []) + [Decimal(7)]
    states = sorted(silver(lake, "deliveries")["state"].to_pylist())
    assert states == sorted((["loaded"] if restated else []) + ["loaded", "refused"])
    again = command("ingest", "--lake", lake, "--source", source, "--json")
    assert again.returncode == 3, "told until AWS delivers it anew"
    for ledger in (lake / "state").glob("ledger.sqlite*"):
        ledger.unlink()
    assert [refusal["code"] for refusal in ingest(lake, source)["refused"]] == ["parquet_damaged"]
    file.write_bytes(whole)
    assert not ingest(lake, source)["refused"]
    assert sorted(silver(lake, "billing_line_items")["unblended_cost"].to_pylist()) == [
        Decimal(2),
        Decimal(7),
    ]
