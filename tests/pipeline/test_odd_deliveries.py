"""Deliveries broken in ways that the golden cases don't show: each is refused by itself, never a crash of the whole run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.pipeline import tiny
from tests.pipeline.ingesting import ingest, silver

HEADER = sorted(tiny.line())


def odd(root: Path, text: bytes, compress: bool = True) -> None:
    """April's delivery holds `text`; March's is sound."""
    tiny.cur1_csv(root, [tiny.line()], "good")
    tiny.cur1_csv(root, [tiny.line()], "odd", period="20260401-20260501")
    tiny.write(
        root / "cur/tiny/20260401-20260501/odd/tiny-1.csv.gz", gzip.compress(text) if compress else text
    )


def text(*lines: tiny.Line) -> str:
    return tiny.csv_text(HEADER, lines)


CASES = {
    "no gzip": (b"a,b\n1,2\n", False, "can't be unpacked"),
    "no byte": (b"", False, "the file is empty"),
    "no header": (b"", True, "columns that every bill has are missing"),
    "no utf-8 in the header": (b"\xff\xfe,b\n", True, "header can't be read"),
    "no utf-8 in a cell": (
        text(tiny.line(product="X#X")).encode().replace(b"X#X", b"\xff\xfe\xff"),
        True,
        "can't be read",
    ),
    "open quote": ((text(tiny.line()) + '"never closed,').encode(), True, ""),
    "no number": (text(tiny.line("1,5")).encode(), True, "'1,5', which is no number"),
    "blank cost": (text(tiny.line("")).encode(), True, "is blank in data row 1"),
    "too large": (text(tiny.line(), tiny.line("10000000000000000")).encode(), True, "data row 2"),
    "no date": (
        text(tiny.line(start="2026-03-32T00:00:00Z")).encode(),
        True,
        "no date or time in data row 1",
    ),
    "no end": (
        text(tiny.line(), tiny.line() | {"lineItem/UsageEndDate": "soon"}).encode(),
        True,
        "'soon', which is no date or time in data row 2",
    ),
    "not finite": (text(tiny.line("NaN")).encode(), True, "no number"),
    "a column twice": ((",".join([*HEADER, HEADER[0]]) + "\n").encode(), True, "names a column twice"),
    "no currency column": (
        tiny.csv_text([h for h in HEADER if "Currency" not in h], [tiny.line()]).encode(),
        True,
        "CurrencyCode",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_alone(case: str, tmp_path: Path) -> None:
    content, compress, reason = CASES[case]
    odd(tmp_path / "b", content, compress)
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert [d["billing_period"] for d in said["deliveries"]] == ["2026-03"]
    assert len(said["refused"]) == 1 and reason in said["refused"][0]["what"], said["refused"]
    assert "20260401-20260501/odd/tiny-1.csv.gz" in said["refused"][0]["where"]
    assert silver(tmp_path / "lake", "billing_line_items").num_rows == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"a": 1}', b'{"reportKeys": 3}', b"\xff\xfe"]
)
def test_a_manifest_that_is_none(content: bytes, tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "good")
    tiny.write(tmp_path / "b/cur/tiny/20260401-20260501/tiny-Manifest.json", content)
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert len(said["deliveries"]) == 1 and len(said["refused"]) == 1
    assert said["refused"][0]["where"] == "cur/tiny/20260401-20260501/tiny-Manifest.json"


def test_each_month_and_payer_is_told_of_its_own_broken_manifest(tmp_path: Path) -> None:
    """Once for a month's own manifest and its version's copy, whatever other months' are called."""
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "good")
    wanted = []
    for period, account in (
        ("20260401-20260501", tiny.PAYER),
        ("20260501-20260601", tiny.PAYER),
        ("20260401-20260501", "900100000002"),
    ):
        root = tmp_path / "b" / f"of-{account}"
        manifest = root / tiny.cur1_csv(root, [tiny.line()], "odd", period=period, account=account)
        for copy in (manifest, manifest.parent.parent / manifest.name):
            copy.write_bytes(b"{")
        wanted.append(f"of-{account}/cur/tiny/{period}/")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert len(said["refused"]) == 3
    assert all(any(one["where"].startswith(place) for one in said["refused"]) for place in wanted)


def test_a_cell_that_only_the_engine_can_make_nothing_of_refuses_its_delivery_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever passes the door: the month keeps what it had, later months go on, a sound delivery mends it."""
    monkeypatch.setattr("collect.exports.totals._is_instant", lambda _: True)
    source, lake = tmp_path / "b", tmp_path / "lake"
    tiny.cur1_csv(source, [tiny.line("1", start="2026-03-32T00:00:00Z")], "20260310T000000Z")
    tiny.cur1_csv(source, [tiny.line("5")], "20260410T000000Z", period="20260401-20260501")
    said = ingest(lake, source)
    assert [one["code"] for one in said["refused"]] == ["lines_not_computable"]
    assert [d["billing_period"] for d in said["deliveries"]] == ["2026-04"]
    assert len(ingest(lake, source)["refused"]) == 1
    tiny.cur1_csv(source, [tiny.line("2")], "20260320T000000Z")
    assert not [one for one in ingest(lake, source)["refused"] if "20260320" in one["where"]]
    assert sorted(silver(lake, "billing_line_items")["unblended_cost"].to_pylist()) == [2, 5]


def test_a_manifest_never_leads_out_of_the_lake_or_the_source(tmp_path: Path) -> None:
    """Version ids and keys are AWS's words, not paths to be trusted."""
    tiny.cur1_csv(tmp_path / "b", [tiny.line()], "good")
    outside = tmp_path / "keep" / "it.txt"
    tiny.write(outside, b"mine")
    month = tmp_path / "b/cur/tiny/20260301-20260401"
    said = json.loads((month / "tiny-Manifest.json").read_text()) | {"assemblyId": "../../../keep/x"}
    tiny.write(month / "tiny-Manifest.json", json.dumps(said).encode())
    ingest(tmp_path / "lake", tmp_path / "b")
    tiny.write(
        month / "tiny-Manifest.json", json.dumps(said | {"reportKeys": ["../../keep/it.txt"]}).encode()
    )
    refused = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert "outside its own folder" in refused[0]["what"]
    assert outside.read_bytes() == b"mine" and sorted(p.name for p in tmp_path.iterdir()) == [
        "b",
        "keep",
        "lake",
    ]


def test_a_lake_in_a_folder_with_spaces_and_accents(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "caixa de entrada", [tiny.line()], "v1")
    lake = tmp_path / "Área d'água #1"
    ingest(lake, tmp_path / "caixa de entrada")
    assert silver(lake, "billing_line_items").num_rows == 1
    assert not ingest(lake, tmp_path / "caixa de entrada")["changed"]
