"""`finlake diff`: equal to the known answers for every layout that keeps its deliveries, in money and in lines."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from finlake.ledger import DeliveryRecord
from pipeline import cli
from pipeline.diff_view import view
from pipeline.silver import current_of, in_time

CASES = [
    ("cur1_csv_lake", "2026-04 v1->v2 (S2->S3)", ["--to", "second"]),
    ("cur1_csv_lake", "2026-04 v2->v3 (S3->S4)", []),
    ("cur1_csv_lake", "2026-03 v1->v2 (S4->S5)", []),
    ("cur2_parquet_lake", "2026-04 v2->v3 (S3->S4)", []),
    ("cur2_parquet_lake", "2026-03 v1->v2 (S4->S5)", []),
]
PARTS = ("earlier_days", "new_days", "closing_lines", "total")


@pytest.fixture(scope="session")
def expected(golden: Path) -> dict[str, Any]:
    """expected/restatement.json: what each new delivery changed."""
    return dict(json.loads((golden / "expected" / "restatement.json").read_text()))


def diff(lake: Path, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert cli.main(["diff", *arguments, "--lake", str(lake), "--json"]) == code
    return dict(json.loads(capsys.readouterr().out))


def deliveries_of(lake: Path, period: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert cli.main(["status", "--lake", str(lake), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["deliveries"]
    return [d["delivery_id"] for d in said if d["billing_period"] == period]


@pytest.mark.parametrize(("loaded", "case", "options"), CASES)
def test_equal_to_the_known_answers(
    loaded: str,
    case: str,
    options: list[str],
    expected: dict[str, Any],
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lake, answer = request.getfixturevalue(loaded), expected[case]
    period = case[:7]
    known = deliveries_of(lake, period, capsys)
    chosen = [known[1][:8] if word == "second" else word for word in options]
    (change,) = diff(lake, capsys, period, "--lines", *chosen)["changes"]
    (total,) = change["totals"]
    for part in PARTS:
        assert abs(
            Decimal(total["unblended_cost"][part]) - Decimal(answer["unblended_delta"][part])
        ) < Decimal("1e-9")
    found = {
        (g["account_id"], g["product_code"]): g for g in change["groups"] if any(Decimal(g[p]) for p in PARTS)
    }
    wanted = {(g["account_id"], g["service"]): g for g in answer["by_account_service"]}
    assert found.keys() == wanted.keys()
    for key, group in wanted.items():
        assert found[key]["currency"] == "USD"
        for part in PARTS:
            assert abs(Decimal(found[key][part]) - Decimal(group[part])) < Decimal("1e-9"), (key, part)
    none = {
        "added_in_earlier_days",
        "cost_changed",
        "removed",
        "same_cost_other_attributes_changed",
        "unchanged",
    }
    counts = {name: change["rows"][name] for name in none}
    assert counts == dict.fromkeys(none, 0) | answer["rows"]


def test_groups_add_up_whatever_they_are(cur1_csv_lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for by in ("account,service", "day", "category,account", "service"):
        (change,) = diff(cur1_csv_lake, capsys, "2026-04", "--by", by)["changes"]
        (total,) = change["totals"]
        assert change["rows"] is None
        for part in PARTS:
            assert sum(Decimal(g[part]) for g in change["groups"]) == Decimal(total["unblended_cost"][part])
            net = sum(Decimal(g["other_costs"]["net_amortized_cost"][part]) for g in change["groups"])
            assert net == Decimal(total["net_amortized_cost"][part])
        sizes = [abs(Decimal(g["total"])) for g in change["groups"]]
        assert sizes == sorted(sizes, reverse=True)


def test_back_is_the_mirror_image(cur2_parquet_lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older, newer = deliveries_of(cur2_parquet_lake, "2026-04", capsys)
    forth = diff(cur2_parquet_lake, capsys, "2026-04", "--from", older, "--to", newer)["changes"][0]
    back = diff(cur2_parquet_lake, capsys, "2026-04", "--from", newer, "--to", older)["changes"][0]
    there, here = (c["totals"][0]["unblended_cost"]["total"] for c in (forth, back))
    assert Decimal(there) == -Decimal(here) != 0


def test_a_delivery_against_itself_changed_nothing(
    cur2_parquet_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older, _ = deliveries_of(cur2_parquet_lake, "2026-03", capsys)
    arguments = ["2026-03", "--from", older, "--to", older, "--lines"]
    (change,) = diff(cur2_parquet_lake, capsys, *arguments)["changes"]
    assert change["groups"] == []
    assert {name for name, count in change["rows"].items() if count} == {"unchanged"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["2026-05"], 7),
        (["2031-01"], 7),
        (["2026-04", "--payer", "000000000000"], 7),
        (["2026-04", "--payer", "' or 1=1 --"], 7),
        (["2026-04", "--export", "none"], 7),
        (["2026-04", "--to", "zzz"], 7),
        (["2031-01", "--to", "zzz"], 7),
        (["2026-04", "--to", ""], 0),
        (["2026-04", "--by", "colour"], 2),
        (["2026-04", "--by", ""], 2),
        (["April"], 2),
    ],
)
def test_what_cannot_be_compared(
    arguments: list[str], code: int, cur1_csv_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = diff(cur1_csv_lake, capsys, *arguments, code=code)
    assert code == 0 or (said["exit_code"] == code and said["next_step"])


def test_only_one_payer(cur1_csv_lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = diff(cur1_csv_lake, capsys, "2026-04", "--lines")
    assert diff(cur1_csv_lake, capsys, "2026-04", "--lines", "--payer", "900100000001") == whole


def test_groups_of_other_costs_only_are_counted_and_not_shown_as_zeros() -> None:
    nothing = dict.fromkeys(("earlier_days", "new_days", "closing_lines", "total"), Decimal(0))
    some = nothing | {"earlier_days": Decimal("1.25"), "total": Decimal("1.25")}
    keys = {"payer_id": "9", "account_id": "A-SHOWN", "currency": "USD"}
    delivery = {"delivery_id": "d", "delivered_at": None, "dated": False, "line_count": 1}
    change = {
        "export_id": "e", "from": delivery, "to": delivery, "earlier_days_until": None, "rows": None,
        "groups": [keys | some | {"other_costs": {}}, keys | nothing | {"account_id": "A-ZERO", "other_costs": {}}],
        "totals": [{"payer_id": "9", "currency": "USD", "unblended_cost": some}],
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=120)
    console.print(view({"billing_period": "2026-04", "by": ["account"], "changes": [change]}, "en"))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "A-SHOWN" in said and "A-ZERO" not in said and "1 group more changed in other costs only" in said


def test_for_people_in_both_languages(
    cur1_csv_lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["diff", "2026-04", "--lines", "--lake", str(cur1_csv_lake)]) == 0
    english = capsys.readouterr().out
    assert (
        "+575.80" in english
        and "10,855  lines unchanged" in english
        and "earlier days: up to 2026-04-23" in english
    )
    monkeypatch.setenv("FINLAKE_LANGUAGE", "pt-BR")
    assert cli.main(["diff", "2026-04", "--lake", str(cur1_csv_lake)]) == 0
    assert "+575,80" in capsys.readouterr().out


def record(sequence: int, delivered_at: str, dated: bool, lines: int = 1) -> DeliveryRecord:
    return DeliveryRecord(
        *(f"d{sequence}", "export", "cur2", "2026-04", sequence, "stored", "manifest", "version"),
        delivered_at=delivered_at,
        dated=dated,
        file_count=1,
        byte_count=1,
        line_count=lines,
    )


@pytest.mark.parametrize(
    ("arrived", "order"),
    [
        ([("3", True), ("2", True), ("1", True)], [3, 2, 1]),
        ([("9", False), ("1", True), ("0", True)], [1, 3, 2]),
        ([("9", True), ("1", False), ("0", True)], [3, 1, 2]),
        ([("1", True), ("1", True)], [1, 2]),
    ],
)
def test_deliveries_stand_in_the_order_of_aws_where_it_is_known(
    arrived: list[tuple[str, bool]], order: list[int]
) -> None:
    group = [record(number, *facts) for number, facts in enumerate(arrived, 1)]
    assert [r.sequence for r in in_time(group)] == order
    assert in_time(group)[-1] == current_of(group)


def test_an_empty_delivery_is_compared_only_where_there_is_no_other() -> None:
    group = [record(1, "1", True), record(2, "2", True, lines=0)]
    assert in_time(group) == group[:1]
    assert in_time(group[1:]) == group[1:] and current_of(group[1:]) == group[1]
