"""Tags, cost categories and product attributes as JSON text: read whatever JSON allows, refused at the door where a cell is none.

docs/decisions/0013-quirks.md. The same cells on Spark: tests/spark/test_raw.py.
"""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from collect.exports.json_cells import JsonCells
from tests.pipeline import tiny, tiny_focus
from tests.pipeline.ingesting import command, ingest, query, silver

DEEP = "[" * 3000 + "]" * 3000
BROKEN = [
    *('{"a": ', "not json", "[1]", '"x"', "1", "true", '{"a":"1"} x', '{"a":"1",}', "{'a':'b'}", '{a:"b"}'),
    *('{"a":NaN}', '{"a":-Infinity}', '{"a":"\\ud83d"}', '{"a":"x\ty"}', '{"a":01}', '{"a":"b"}{"c":"d"}'),
    *('[{"key":"a","value":"b"}]', f'{{"a":{DEEP}}}', f'{{"a":{"7" * 5000}}}', "\ufeff{}", "# no"),
]
READ: dict[str, dict[str, str] | None] = {
    '{"user:team": "web", "user:env": "b"}': {"user_team": "web", "user_env": "b"},
    ' {"a" : "b"}\n': {"a": "b"},
    '{"a":"1","a":"2"}': {"a": "2"},
    '{"user:a":"1","user_a":"2","A":"3"}': {"user_a": "2", "A": "3"},
    '{"i":7,"big":12345678901234567890123,"neg":-1}': {
        "i": "7",
        "big": "12345678901234567890123",
        "neg": "-1",
    },
    '{"a":1.50,"b":1e10,"c":"2.5, \\"1.5\\" \\\\","d":0.0001}': {
        "a": "1.50",
        "b": "1e10",
        "c": '2.5, "1.5" \\',
        "d": "0.0001",
    },
    '{"yes":true,"no":false,"nothing":null,"blank":""}': {"yes": "true", "no": "false", "blank": ""},
    '{"o":{"b" : [1, 2]},"l":["x", null],"e":{}}': {"o": '{"b":[1,2]}', "l": '["x",null]', "e": "{}"},
    '{"\\u00e9":"\\ud83d\\ude00 \\/"}': {"é": "😀 /"},
    "{}": {},
    "null": None,
    " \n": None,
}


def deliver(root: Path, form: str, cells: list[str], column: str = "Tags") -> None:
    """A FOCUS month, one line for each cell; money 1, 2, 4 ..."""
    lines = [tiny_focus.line(str(2**n), **{column: cell}) for n, cell in enumerate(cells)]
    if form == "csv":
        tiny_focus.focus_csv(root, lines)
    else:
        tiny_focus.focus_parquet(root, lines, types={column: pa.string()})


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_an_object_is_read(form: str, tmp_path: Path) -> None:
    deliver(tmp_path / "b", form, list(READ))
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert not said["refused"] and not said["warnings"]
    lines = silver(tmp_path / "lake", "billing_line_items")
    found = dict(query("select net_unblended_cost::int, resource_tags from t", t=lines))
    assert {cell: found[2**n] for n, cell in enumerate(READ)} == READ
    assert sum(found) == 2 ** len(READ) - 1, "no cell touches money"


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("cell", BROKEN, ids=lambda cell: cell[:12])
def test_what_is_none_refuses_the_delivery(cell: str, form: str, tmp_path: Path) -> None:
    deliver(tmp_path / "b", form, ['{"a":"b"}', "", '{"a":"b"}', cell, "worse"])
    said = ingest(tmp_path / "lake", tmp_path / "b")
    [refused] = said["refused"]
    assert (refused["code"], refused["values"]["column"], refused["values"]["row"]) == (
        "cell_no_json",
        "Tags",
        4,
    )
    assert "tinyf-00001" in refused["where"] and len(refused["what"]) < 200
    assert said["deliveries"] == [] and not (tmp_path / "lake" / "bronze").exists()


def test_the_command_says_so_without_a_trace(tmp_path: Path) -> None:
    deliver(tmp_path / "b", "csv", ['{"a": '], column="x_CostCategories")
    arguments = ("ingest", "--lake", tmp_path / "lake", "--source", tmp_path / "b")
    done = command(*arguments, FINLAKE_LANGUAGE="pt-BR")
    assert done.returncode == 3 and "Traceback" not in done.stdout + done.stderr
    assert "a coluna x_CostCategories contém" in done.stdout and "linha de dados 1" in done.stdout


@pytest.mark.parametrize("column", ["resource_tags", "cost_category", "product"])
def test_the_columns_of_a_cur2_in_csv(column: str, tmp_path: Path) -> None:
    """`discount` is JSON text too; nothing reads it, and what it holds is kept as it is."""
    good = {"resource_tags": "{}", "cost_category": "", "product": '{"region":"sa-east-1"}', "discount": "{"}
    cur2_csv(tmp_path / "b", [tiny.line("1") | good, tiny.line("2") | good])
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    lines = silver(tmp_path / "lake", "billing_line_items")
    assert query("select sum(unblended_cost), min(region) from t", t=lines) == [(Decimal(3), "sa-east-1")]
    cur2_csv(tmp_path / "c", [tiny.line("1") | good, tiny.line("2") | good | {column: "{"}])
    [refused] = ingest(tmp_path / "lake2", tmp_path / "c")["refused"]
    assert refused["values"] == {"column": column, "value": "'{'", "row": 2}


def cur2_csv(root: Path, lines: list[tiny.Line]) -> None:
    """A CUR 2.0 month in CSV.gz."""
    renamed = [{tiny.to_column(name): value for name, value in line.items()} for line in lines]
    header = list(renamed[0])
    content = gzip.compress(tiny.csv_text(header, renamed).encode())
    tiny_focus.deliver(root, {"x-00001.csv.gz": content}, header, "x")


FORMS: dict[str, tuple[pa.DataType, Any, dict[str, str | None]]] = {
    "a map with a key twice": (
        pa.map_(pa.string(), pa.string()),
        [("user:a", "1"), ("user_a", "2")],
        {"user_a": "2"},
    ),
    "pairs with a key twice and none": (
        pa.list_(pa.struct({"k": pa.string(), "v": pa.string()})),
        [{"k": "a", "v": "1"}, {"k": None, "v": "x"}, {"k": "a", "v": "2"}],
        {"a": "2"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_keys_that_come_twice_in_typed_columns(form: str, tmp_path: Path) -> None:
    kind, value, wanted = FORMS[form]
    tiny_focus.focus_parquet(tmp_path / "b", [tiny_focus.line(Tags=value)], types={"Tags": kind})
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert query("select resource_tags from t", t=silver(tmp_path / "lake", "billing_line_items")) == [
        (wanted,)
    ]


@pytest.mark.parametrize("kind", [pa.int64(), pa.binary(), pa.list_(pa.int64())])
def test_a_column_that_can_hold_no_keys(kind: pa.DataType, tmp_path: Path) -> None:
    tiny_focus.focus_parquet(tmp_path / "b", [tiny_focus.line(Tags=None)], types={"Tags": kind})
    [refused] = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert refused["code"] == "column_no_map" and str(kind).partition("<")[0] in refused["what"]


def test_a_delivery_that_an_older_finlake_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in bronze and stopped every run; now it is refused after all, and the month keeps what it had."""
    source, lake = tmp_path / "b", tmp_path / "lake"
    deliver(source, "csv", ["{}"])
    ingest(lake, source)
    tiny_focus.focus_csv(source, [tiny_focus.line("5", Tags="{}"), tiny_focus.line(Tags="{")], execution="e2")
    with monkeypatch.context() as patched, pytest.raises(duckdb.Error):
        patched.setattr(JsonCells, "check", lambda *_: None)
        ingest(lake, source)
    [refused] = ingest(lake, source)["refused"]
    assert (refused["code"], refused["values"]["row"]) == ("cell_no_json", 2)
    assert silver(lake, "billing_line_items")["net_unblended_cost"].to_pylist() == [Decimal(1)]
    assert not ingest(lake, source)["changed"]
