"""FOCUS 1.0 and 1.2 as AWS exports them: figures and words as delivered, gross costs null with a reason, never a guess."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.conftest import missing
from tests.pipeline import tiny_focus
from tests.pipeline.ingesting import TOLERANCE, command, ingest, query, silver

COSTS = {
    "BilledCost": "net_unblended_cost",
    "EffectiveCost": "net_amortized_cost",
    "ListCost": "list_cost",
    "ContractedCost": "contracted_cost",
}
GROSS = ("unblended_cost", "blended_cost", "amortized_cost")


@pytest.fixture(scope="module", params=["focus_1_2_parquet", "focus_1_0_csv"])
def focus_lake(
    request: pytest.FixtureRequest, golden: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Lake with one golden FOCUS export. Read only."""
    lake = tmp_path_factory.mktemp(request.param) / "lake"
    said = ingest(lake, golden / request.param)
    assert not said["refused"] and not said["warnings"] and len(said["deliveries"]) == 3
    return lake


def test_every_group_equals_the_golden_answer(focus_lake: Path, totals: dict[str, Any]) -> None:
    sums = ", ".join(f"sum({ours})" for ours in COSTS.values())
    rows = query(
        f"select billing_period, account_id, product_code, charge_category, count(*), {sums} from t group by all",
        t=silver(focus_lake, "billing_line_items"),
    )
    found = {row[:4]: row[4:] for row in rows}
    wanted = {
        (version[:7], g["SubAccountId"], g["x_ServiceCode"], g["ChargeCategory"]): g
        for version, said in totals["focus_versions"].items()
        for g in said["groups"]
    }
    assert found.keys() == wanted.keys() and len(wanted) > 100
    for key, group in wanted.items():
        assert found[key][0] == group["rows"], key
        for value, name in zip(found[key][1:], COSTS, strict=True):
            assert isinstance(value, Decimal) and abs(value - Decimal(group[name])) <= TOLERANCE, (key, name)


def test_net_totals_are_those_of_the_cur_of_the_same_bill(focus_lake: Path, cur2_parquet_lake: Path) -> None:
    sql = "select billing_period, payer_id, currency, sum(net_unblended_cost), sum(net_amortized_cost) from t group by all"
    ours, cur = (
        sorted(query(sql, t=silver(lake, "billing_line_items"))) for lake in (focus_lake, cur2_parquet_lake)
    )
    assert ours == cur and len(ours) == 3


def test_what_focus_lacks_is_null_and_says_so(focus_lake: Path) -> None:
    for table in ("billing_line_items", "delivery_costs", "source_totals"):
        counts = ", ".join(f"count({name})" for name in (*GROSS, "net_unblended_cost"))
        [(*gross, net)] = query(f"select {counts} from t", t=silver(focus_lake, table))
        assert gross == [0, 0, 0] and net > 0, table
    lines = silver(focus_lake, "billing_line_items")
    said = query(
        "select distinct gross_cost_basis, net_cost_basis, charge_type, source_format from t", t=lines
    )
    assert said == [("not_delivered", "delivered", None, "focus")]


def test_both_paths_agree(focus_lake: Path) -> None:
    sums = "sum(net_unblended_cost), sum(net_amortized_cost)"
    one, other = (
        sorted(
            query(
                f"select billing_period, payer_id, currency, {lines}, {sums} from t group by all",
                t=silver(focus_lake, table),
            )
        )
        for table, lines in (("billing_line_items", "count(*)"), ("source_totals", "sum(line_count)"))
    )
    assert one == other and len(one) == 3


def test_tags_and_dimensions_are_those_of_the_cur(focus_lake: Path, cur2_parquet_lake: Path) -> None:
    """Cost by configured dimension: the FOCUS export and the CUR of one bill say the same; 1.2 has no cost categories."""
    sql = "select billing_period, {} as word, sum(net_amortized_cost) as cost from t group by all having cost <> 0"
    for name in ("env", "app", "cost_center"):
        ours, cur = (
            sorted(query(sql.format(name), t=silver(lake, "billing_line_items")), key=repr)
            for lake in (focus_lake, cur2_parquet_lake)
        )
        assert ours == cur, name


def test_invoices_are_open_or_unknown_never_guessed(focus_lake: Path) -> None:
    """FOCUS 1.2 has invoice ids, 1.0 has no such column: whether a line is final isn't known then."""
    lines = silver(focus_lake, "billing_line_items")
    found = dict(query("select billing_period, list(distinct is_final) from t group by all", t=lines))
    if "focus12" in lines["export_id"][0].as_py():
        assert found == {"2026-03": [True], "2026-04": [True], "2026-05": [False]}
    else:
        assert query("select count(is_final), count(invoice_id) from t", t=lines) == [(0, 0)]


def test_closing_lines_are_known_by_focus_words(focus_lake: Path) -> None:
    rows = query(
        "select distinct charge_category from t where is_closing_line order by 1",
        t=silver(focus_lake, "delivery_costs"),
    )
    assert rows == [("Credit",), ("Purchase",), ("Tax",), ("Usage",)]


TAGS = {
    "a map": (pa.map_(pa.string(), pa.string()), [("user:team", "web"), ("user:env", "b")]),
    "a struct": (
        pa.struct({"user:team": pa.string(), "user:env": pa.string()}),
        {"user:team": "web", "user:env": "b"},
    ),
    "a list of pairs": (
        pa.list_(pa.struct({"key": pa.string(), "value": pa.string()})),
        [{"key": "user:team", "value": "web"}, {"key": "user:env", "value": "b"}],
    ),
    "JSON text": (pa.string(), '{"user:team": "web", "user:env": "b"}'),
}


@pytest.mark.parametrize("form", TAGS)
def test_tags_in_every_form(form: str, tmp_path: Path) -> None:
    kind, value = TAGS[form]
    lines = [tiny_focus.line(Tags=value), tiny_focus.line(Tags=None)]
    tiny_focus.focus_parquet(tmp_path / "b", lines, types={"Tags": kind})
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    rows = query("select resource_tags, team from t", t=silver(tmp_path / "lake", "billing_line_items"))
    tagged = [row for row in rows if row[0]]
    assert tagged == [({"user_team": "web", "user_env": "b"}, "web")] and len(rows) == 2


NULLS_OF_AWS = ("ContractedUnitPrice", "ListUnitPrice", "PricingUnit", "InvoiceIssuerName", "PublisherName")


def test_nulls_that_aws_leaves_against_the_spec(tmp_path: Path) -> None:
    bare = dict.fromkeys((*NULLS_OF_AWS, "ListCost", "ContractedCost", "x_ServiceCode", "SubAccountId"), "")
    tiny_focus.focus_csv(tmp_path / "b", [tiny_focus.line("1.81E-8", "0.5", **bare)])
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    [row] = silver(tmp_path / "lake", "billing_line_items").to_pylist()
    assert (row["net_unblended_cost"], row["net_amortized_cost"]) == (Decimal("1.81E-8"), Decimal("0.5"))
    names = (
        "list_cost",
        "contracted_cost",
        "invoice_issuer",
        "pricing_unit",
        "pricing_category",
        "charge_class",
    )
    assert {name: row[name] for name in names} == dict.fromkeys(names)
    assert row["product_code"] == "(none)" and row["account_id"] == row["payer_id"]


REFUSED = {
    "no effective cost": ({"EffectiveCost": ""}, "EffectiveCost is blank"),
    "no billed cost": ({"BilledCost": "1,5"}, "BilledCost holds '1,5'"),
    "no payer": ({"BillingAccountId": ""}, "BillingAccountId is blank"),
    "a category of its own": ({"ChargeCategory": "Usagge"}, "Usagge"),
    "no frequency": ({"ChargeFrequency": ""}, "ChargeFrequency is blank"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    cells, reason = REFUSED[case]
    tiny_focus.focus_csv(tmp_path / "b", [tiny_focus.line(), tiny_focus.line() | cells])
    [refused] = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert reason in refused["what"] and "tinyf-00001.csv.gz" in refused["where"]


def test_a_column_that_every_focus_bill_has_is_missing(tmp_path: Path) -> None:
    tiny_focus.focus_csv(
        tmp_path / "b", [{k: v for k, v in tiny_focus.line().items() if k != "EffectiveCost"}]
    )
    [refused] = ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    assert "columns that every bill has are missing: EffectiveCost" in refused["what"]


def test_an_export_that_is_no_bill_is_told_and_left(tmp_path: Path) -> None:
    """Recommendations and carbon data come through Data Exports too, into the same bucket."""
    tiny_focus.focus_csv(tmp_path / "b", [tiny_focus.line()])
    tiny_focus.deliver(tmp_path / "b", {"r.parquet": b"x"}, ["recommendation_id", "action_type"], "advice")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    assert len(said["deliveries"]) == 1 and not said["refused"]
    assert said["unsupported"] == ["exports/advice/metadata/BILLING_PERIOD=2026-03/advice-Manifest.json"]


def test_the_sample_of_the_focus_project(shared_data: Path, tmp_path: Path) -> None:
    """Real AWS lines, anonymised, without AWS's own x_ columns: every sum equals a plain csv + Decimal sum."""
    file = shared_data / "outside" / "focus_1_0_sample" / "focus_sample_aws_only_nulls_blank.csv"
    if not file.is_file():
        missing(f"the FOCUS sample in {file}")
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    plain: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        for name in COSTS:
            plain[row["SubAccountId"]][name] += Decimal(row[name] or 0)
    tiny_focus.focus_csv(tmp_path / "b", rows, period="2024-09", account=rows[0]["BillingAccountId"])
    assert not ingest(tmp_path / "lake", tmp_path / "b")["refused"]
    sums = ", ".join(f"sum({ours})" for ours in COSTS.values())
    lines = silver(tmp_path / "lake", "billing_line_items")
    found = {row[0]: row[1:] for row in query(f"select account_id, {sums} from t group by all", t=lines)}
    assert found == {account: tuple(sums[name] for name in COSTS) for account, sums in plain.items()}
    assert lines.num_rows == len(rows) == 942
    assert query("select distinct product_code, service from t", t=lines) == [("(none)", "unmapped")]
    [(net,)] = query("select sum(net_unblended_cost) from t", t=silver(tmp_path / "lake", "source_totals"))
    assert net == sum(said["BilledCost"] for said in plain.values())


def test_a_restatement_is_told_in_net_cost(tmp_path: Path) -> None:
    """`finlake diff`: what FOCUS delivers is compared, what it lacks stays unknown."""
    lines = [tiny_focus.line("1.5"), tiny_focus.line("2", ChargeCategory="Tax", x_ServiceCode="AmazonS3")]
    tiny_focus.focus_csv(tmp_path / "b", lines)
    ingest(tmp_path / "lake", tmp_path / "b")
    tiny_focus.focus_csv(tmp_path / "b", [lines[0] | {"BilledCost": "1.75"}, lines[1]], execution="e2")
    ingest(tmp_path / "lake", tmp_path / "b")
    arguments = ("diff", "2026-03", "--lines", "--lake", tmp_path / "lake")
    [change] = json.loads(command(*arguments, "--json").stdout)["changes"]
    [total] = change["totals"]
    assert Decimal(total["net_unblended_cost"]["earlier_days"]) == Decimal("0.25")
    assert total["unblended_cost"] == dict.fromkeys(total["unblended_cost"])
    assert change["rows"]["cost_changed"] == 1 and change["rows"]["unchanged"] == 0
    said = command(*arguments).stdout
    assert "net unblended cost" in said and "+0.25" in said
