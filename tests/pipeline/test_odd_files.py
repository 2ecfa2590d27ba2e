"""Files that contradict each other or their manifest, and archives: refused with file and reason, or read whole."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipeline import tiny
from tests.pipeline.ingesting import command, ingest, query, silver

MONTH = "cur/zipped/20260301-20260401"
HEADER = sorted(tiny.line())


def archive(*members: tuple[str, str]) -> bytes:
    """A zip of members (name, text)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, text in members:
            writer.writestr(name, text)
    return packed.getvalue()


def csv_of(*lines: tiny.Line) -> str:
    return tiny.csv_text(HEADER, lines)


def deliver(root: Path, *files: bytes, ending: str = "csv.zip") -> None:
    """A legacy report with compression ZIP, overwrite layout."""
    keys = [f"{MONTH}/zipped-{number}.{ending}" for number in range(1, len(files) + 1)]
    for key, content in zip(keys, files, strict=True):
        tiny.write(root / key, content)
    said = {
        "assemblyId": "20260401T000000Z",
        "account": tiny.PAYER,
        "reportName": "zipped",
        "bucket": "bucket",
        "compression": "ZIP",
        "columns": [],
        "billingPeriod": {"start": "20260301T000000.000Z", "end": "20260401T000000.000Z"},
        "reportKeys": keys,
    }
    tiny.write(root / MONTH / "zipped-Manifest.json", json.dumps(said).encode())


@pytest.mark.parametrize("ending", ["csv.zip", "zip"])
def test_zip_equals_gzip(ending: str, tmp_path: Path) -> None:
    lines = [tiny.line("1.1", **{"resourceTags/user:team": 'a "b", c\nd'}), tiny.line("2.000000000001")]
    header = sorted({*HEADER, "resourceTags/user:team"})
    texts = [tiny.csv_text(header, [line]) for line in lines]
    deliver(
        tmp_path / "b", *[archive((f"zipped-{n}.csv", text)) for n, text in enumerate(texts)], ending=ending
    )
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert not said["refused"] and said["deliveries"][0]["file_count"] == 2
    tiny.cur1_csv(tmp_path / "gz", lines, "v1", columns=header, files=2)
    ingest(tmp_path / "gz-lake", tmp_path / "gz")
    sql = "select unblended_cost, resource_tags, usage_type, account_id from t order by 1"
    ours, wanted = (
        query(sql, t=silver(tmp_path / lake, "billing_line_items")) for lake in ("lake", "gz-lake")
    )
    assert ours == wanted and len(ours) == 2
    assert not ingest(tmp_path / "lake", tmp_path / "b")["changed"]


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


GOOD = archive(("zipped-1.csv", csv_of(tiny.line())))
BAD_ZIPS = {
    "cut off": (GOOD[:-30], "cut off or damaged"),
    "a byte changed": (flipped(GOOD, 80), "cut off or damaged"),
    "no zip": (csv_of(tiny.line()).encode(), "cut off or damaged"),
    "two members": (archive(("a.csv", csv_of(tiny.line())), ("b.csv", csv_of(tiny.line()))), "holds 2 files"),
    "no member": (archive(), "holds 0 files"),
    "nothing": (b"", "cut off or damaged"),
    "another width": (archive(("a.csv", csv_of(tiny.line()) + "1,2\n")), "don't fit"),
}


@pytest.mark.parametrize("case", BAD_ZIPS)
def test_a_bad_zip_is_refused_alone(case: str, tmp_path: Path) -> None:
    content, reason = BAD_ZIPS[case]
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "good", period="20260401-20260501")
    deliver(tmp_path / "b", GOOD, content)
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert [d["billing_period"] for d in said["deliveries"]] == ["2026-04"]
    [refused] = said["refused"]
    assert reason.replace("don't", "doesn't") in refused["what"] or reason in refused["what"]
    assert refused["where"] == f"{MONTH}/zipped-2.csv.zip" and refused["next_step"]
    assert not list((tmp_path / "lake" / "landing").glob("*"))


def parquet(
    cost: str, name: str = "line_item_product_code", kind: pa.DataType | None = None, **cells: Any
) -> bytes:
    """A file of one line; `name` is written with another type."""
    table = pq.read_table(io.BytesIO(tiny.parquet_bytes([tiny.line(cost)], {})))
    if kind is not None:
        table = table.drop_columns([name] if name in table.column_names else [])
        table = table.append_column(
            name, pa.array([None], kind) if not cells else pa.array([cells["value"]], kind)
        )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def deliver_parquet(root: Path, *files: bytes) -> list[str]:
    """A CUR 2.0 of several Parquet files; their keys."""
    manifest = tiny.cur2_parquet(root, [tiny.line()], "2026-04-04T05-12-11.000Z-abc")
    said = json.loads((root / manifest).read_text())
    first = said["dataFiles"][0].removeprefix("s3://bucket/")
    keys = [first.replace("00001", f"{n:05}") for n in range(1, len(files) + 1)]
    for key, content in zip(keys, files, strict=True):
        tiny.write(root / key, content)
    text = json.dumps(said | {"dataFiles": [f"s3://bucket/{key}" for key in keys]}).encode()
    for place in (root / manifest, (root / manifest).parent.parent / Path(manifest).name):
        tiny.write(place, text)
    return keys


def test_two_types_of_one_column_are_refused_with_file_column_and_both(tmp_path: Path) -> None:
    """Read together, one of the two would lose its values without a word."""
    column = "line_item_net_unblended_cost"
    files = [parquet("1", column, pa.float64(), value=1.5), parquet("2", column, pa.string(), value="1.5")]
    keys = deliver_parquet(tmp_path / "b", *files)
    [refused] = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert refused["where"] == keys[1]
    assert refused["what"] == f"column {column} is string here and double in {keys[0]}"
    done = command("ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b")
    assert done.returncode == 3 and column in done.stdout and "Traceback" not in done.stderr


def test_types_that_say_the_same_are_taken(tmp_path: Path) -> None:
    """Text and large text, instants of another precision, a column without any value or missing in one file."""
    start = pa.timestamp("us")
    files = [
        parquet("1"),
        parquet("2", "line_item_product_code", pa.large_string(), value="AmazonEC2"),
        parquet("4", "line_item_net_unblended_cost", pa.null()),
        parquet("8", "line_item_net_unblended_cost", pa.float64(), value=7.5),
        parquet("16", "line_item_usage_end_date", start),
    ]
    deliver_parquet(tmp_path / "b", *files)
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    lines = silver(tmp_path / "lake", "billing_line_items")
    [(gross, net)] = query("select sum(unblended_cost), sum(net_unblended_cost) from t", t=lines)
    assert (gross, net) == (Decimal(31), Decimal("30.5"))


def test_one_column_spelt_in_two_ways_is_refused(tmp_path: Path) -> None:
    files = [parquet("1", "unit_a", pa.string(), value="x"), parquet("2", "Unit_A", pa.string(), value="y")]
    keys = deliver_parquet(tmp_path / "b", *files)
    [refused] = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert refused["where"] == keys[1] and "Unit_A is also spelt unit_a" in refused["what"]


def test_csv_and_parquet_in_one_manifest_are_refused(tmp_path: Path) -> None:
    manifest = tiny.cur2_parquet(tmp_path / "b", [tiny.line()], "2026-04-04T05-12-11.000Z-abc")
    said = json.loads((tmp_path / "b" / manifest).read_text())
    said["dataFiles"].append(said["dataFiles"][0].replace("snappy.parquet", "csv.gz"))
    for place in (manifest, str(Path(manifest).parent.parent / Path(manifest).name)):
        tiny.write(tmp_path / "b" / place, json.dumps(said).encode())
    refused = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert refused and all("several formats: csv, parquet" in r["what"] for r in refused)
