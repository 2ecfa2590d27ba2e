"""Quirks of AWS's exports, one by one (quirks.yml says which test stands for which): what is odd is read as it is meant."""

from __future__ import annotations

import ast
import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.pipeline import tiny, tiny_focus
from tests.pipeline.ingesting import ingest, query, silver

LISTED = Path(__file__).with_name("quirks.yml")
NET = "lineItem/NetUnblendedCost"


def loaded(lake: Path, source: Path) -> pa.Table:
    """Silver's lines after an ingest that refuses nothing."""
    said = ingest(lake, source)
    assert not said["refused"], said["refused"]
    return silver(lake, "billing_line_items")


def cur2_with(
    root: Path, lines: list[tiny.Line], more: dict[str, pa.Array], execution: str, **where: Any
) -> None:
    """A CUR 2.0 in Parquet with these further columns, in place of those of the same name."""
    manifest = tiny.cur2_parquet(root, lines, execution, **where)
    [key] = json.loads((root / manifest).read_text())["dataFiles"]
    file = root / key.removeprefix("s3://bucket/")
    table = pq.read_table(io.BytesIO(file.read_bytes()))
    table = table.drop_columns([name for name in more if name in table.column_names])
    for name, values in more.items():
        table = table.append_column(name, values)
    pq.write_table(table, file)


def execution(number: int) -> str:
    return f"2026-04-0{number}T05-12-11.000Z-e{number}"


def test_every_quirk_has_its_test_or_its_reason(shared_data: Path) -> None:
    """The list is complete, each test that it names exists, and each reason stands in the decision."""
    listed: dict[str, dict[str, str]] = yaml.safe_load(LISTED.read_text())
    decision = (REPOSITORY / "docs" / "decisions" / "0013-quirks.md").read_text()
    for quirk, said in listed.items():
        if "test" in said:
            path, _, name = said["test"].partition("::")
            tree = ast.parse((REPOSITORY / path).read_text())
            assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, (quirk, name)
        else:
            assert said["decision"] in decision, quirk
    reference = shared_data / "reference" / "billing" / "quirks.csv"
    if reference.is_file():
        with reference.open(newline="") as text:
            assert {row["quirk"] for row in csv.DictReader(text)} == listed.keys()


def test_final_is_said_of_a_line_not_of_a_file(tmp_path: Path) -> None:
    lines = [tiny.line("1", **{"bill/InvoiceId": "77"}), tiny.line("2", **{"bill/InvoiceId": ""})]
    tiny.cur1_csv(tmp_path / "b", lines, "v1")
    found = query("select unblended_cost, is_final from t", t=loaded(tmp_path / "lake", tmp_path / "b"))
    assert sorted(found) == [(Decimal(1), True), (Decimal(2), False)]


def test_line_ids_are_no_key(tmp_path: Path) -> None:
    """Three lines share an id, and the next delivery gives new ones: none is lost, none is doubled."""
    root, ident = tmp_path / "b", "identity/LineItemId"
    tiny.cur1_csv(root, [tiny.line(cost, **{ident: "same"}) for cost in ("1", "1", "2")], "20260401T000000Z")
    assert loaded(tmp_path / "lake", root).num_rows == 3
    tiny.cur1_csv(
        root, [tiny.line(cost, **{ident: "new"}) for cost in ("1", "1", "2", "4")], "20260402T000000Z"
    )
    found = query("select count(*), sum(unblended_cost) from t", t=loaded(tmp_path / "lake", root))
    assert found == [(4, Decimal(8))]


def test_only_files_that_the_manifest_names_count(tmp_path: Path) -> None:
    """An earlier refresh left its files in the very same folder, and one without any manifest beside it."""
    root = tmp_path / "b"
    manifest = tiny.cur2_parquet(root, [tiny.line("1")], execution(1))
    [key] = json.loads((root / manifest).read_text())["dataFiles"]
    named = root / key.removeprefix("s3://bucket/")
    tiny.write(named.with_name("tiny2-00002.snappy.parquet"), tiny.parquet_bytes([tiny.line("100")], {}))
    tiny.write(named.parent.parent / "stray" / named.name, tiny.parquet_bytes([tiny.line("1000")], {}))
    assert query("select unblended_cost from t", t=loaded(tmp_path / "lake", root)) == [(Decimal(1),)]


def test_the_period_of_a_data_export_is_in_its_path(tmp_path: Path) -> None:
    """Its manifest has neither period nor row count; the folder is spelt in either case."""
    root = tmp_path / "b"
    tiny.cur2_parquet(root, [tiny.line("1")], execution(1))
    for file in sorted(root.rglob("*.json")):
        assert not {"billingPeriod", "period", "rowCount"} & json.loads(file.read_text()).keys()
        tiny.write(
            root / str(file.relative_to(root)).replace("BILLING_PERIOD=2026-03", "billing_period=2026-03"),
            file.read_bytes(),
        )
        file.unlink()
    table = loaded(tmp_path / "lake", root)
    assert table["billing_period"].to_pylist() == ["2026-03"]


def test_a_column_of_the_dictionary_that_is_not_there(tmp_path: Path) -> None:
    """No bill_invoicing_entity, no invoice id, no region, no usage type: null, and whether it is final isn't known."""
    bare = {k: v for k, v in tiny.line("1").items() if k != "lineItem/UsageType"}
    tiny.cur1_csv(tmp_path / "b", [bare], "v1")
    [row] = loaded(tmp_path / "lake", tmp_path / "b").to_pylist()
    names = ("invoice_issuer", "invoice_id", "is_final", "region", "usage_type", "list_cost")
    assert {name: row[name] for name in names} == dict.fromkeys(names)


def test_new_columns_of_cur2_are_kept(tmp_path: Path) -> None:
    root, tags = tmp_path / "b", pa.map_(pa.string(), pa.string())
    tiny.cur2_parquet(root, [tiny.line("1")], execution(1))
    loaded(tmp_path / "lake", root)
    more = {
        "line_item_iam_principal": pa.array(["arn:aws:iam::1:role/x"]),
        "tags": pa.array([[("user:team", "web")]], tags),
    }
    cur2_with(root, [tiny.line("2")], more, execution(2))
    assert query("select unblended_cost from t", t=loaded(tmp_path / "lake", root)) == [(Decimal(2),)]
    [table] = (tmp_path / "lake" / "bronze").iterdir()
    assert [place.name for place in table.iterdir()] == ["g1"]
    kept = [pq.read_schema(file).names for file in table.rglob("*.parquet")]
    assert sum({"line_item_iam_principal", "tags"} <= set(names) for names in kept) == 1


def test_map_columns_whatever_their_values_are(tmp_path: Path) -> None:
    """`discount` comes with values of double or of text; the other maps are of text."""
    root, text, number = tmp_path / "b", pa.map_(pa.string(), pa.string()), pa.map_(pa.string(), pa.float64())
    maps = {
        "resource_tags": pa.array([[("user_team", "web"), ("user_Team", "b")]], text),
        "cost_category": pa.array([[("A, b=c", "x")]], text),
        "product": pa.array([[("region", "sa-east-1"), ("product_name", "EC2")]], text),
    }
    for number_of, kind, value in ((1, number, -0.5), (2, text, "-0.5")):
        discount = {"discount": pa.array([[("total_discount", value)]], kind)}
        cur2_with(root, [tiny.line("2", **{NET: "1.5"})], maps | discount, execution(number_of))
        rows = query(
            "select resource_tags, cost_categories, region, net_unblended_cost from t",
            t=loaded(tmp_path / "lake", root),
        )
        tags = {"user_team": "web", "user_Team": "b"}
        assert rows == [(tags, {"A, b=c": "x"}, "sa-east-1", Decimal("1.5"))]


def test_discounts_as_columns_or_as_lines(tmp_path: Path) -> None:
    """AWS's compatibility switch takes the discount out of the lines and bills it on lines of its own: the month is the same."""
    root = tmp_path / "b"
    discount = {"discount": pa.array([[("edp_discount", -1.0)]] * 2, pa.map_(pa.string(), pa.float64()))}
    lines = [tiny.line("10", **{NET: "9"}), tiny.line("-1", "EdpDiscount", **{NET: "0"})]
    cur2_with(root, lines, discount, execution(1))
    first = loaded(tmp_path / "lake", root)
    tiny.cur2_parquet(root, [tiny.line("10"), tiny.line("-1", "EdpDiscount")], execution(2))
    second = loaded(tmp_path / "lake", root)
    sql = "select sum(unblended_cost), sum(net_unblended_cost), sum(net_amortized_cost), any_value(net_cost_basis) from t"
    assert query(sql, t=first) == [(Decimal(9), Decimal(9), Decimal(9), "delivered")]
    assert query(sql, t=second) == [(Decimal(9), Decimal(9), Decimal(9), "equals_gross")]


DISAGREEING = {
    "reservation_start_time": ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
    "savings_plan_start_time": ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
    "savings_plan_end_time": ("2027-03-01T00:00:00Z", datetime(2027, 3, 1, tzinfo=UTC)),
    "savings_plan_total_commitment_to_date": ("0.2", 0.2),
    "savings_plan_used_commitment": ("0.1348", 0.1348),
    "split_line_item_split_usage_ratio": ("0.25", 0.25),
}
"""Columns that two public descriptions of CUR 2.0 type differently; the seventh, `discount`, has its own test."""


def test_types_on_which_descriptions_disagree(tmp_path: Path) -> None:
    for number, root in enumerate((tmp_path / "text", tmp_path / "typed")):
        more = {name: pa.array([values[number]]) for name, values in DISAGREEING.items()}
        cur2_with(root, [tiny.line("0.2", "SavingsPlanRecurringFee")], more, execution(1))
        lines = loaded(tmp_path / f"lake{number}", root)
        assert query("select amortized_cost from t", t=lines) == [(Decimal("0.0652"),)]


def test_rates_and_unit_counts_are_text(tmp_path: Path) -> None:
    """Delivered as text, kept as text, never summed: no figure of silver is made of them."""
    names = (
        "line_item_unblended_rate",
        "pricing_public_on_demand_rate",
        "reservation_number_of_reservations",
    )
    cur2_with(
        tmp_path / "b", [tiny.line("1")], {name: pa.array(["0.0960000000"]) for name in names}, execution(1)
    )
    assert query("select unblended_cost from t", t=loaded(tmp_path / "lake", tmp_path / "b")) == [
        (Decimal(1),)
    ]
    used = (REPOSITORY / "spark_jobs" / "silver" / "source_columns.yml").read_text()
    assert not any(name in used for name in names)


INSTANTS = (
    "2026-03-02T05:00:00Z",
    "2026-03-02T05:00:00.000Z",
    "2026-03-02 05:00:00",
    "2026-03-02 05:00:00+00:00",
)


def test_instants_in_every_spelling(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1", start=said) for said in INSTANTS], "v1")
    starts = loaded(tmp_path / "lake", tmp_path / "b")["charge_period_start"].to_pylist()
    assert starts == [datetime(2026, 3, 2, 5, tzinfo=UTC)] * len(INSTANTS)


def test_tax_spans_the_month_and_closes_it(tmp_path: Path) -> None:
    month = {"start": "2026-03-01T00:00:00Z", "lineItem/UsageEndDate": "2026-04-01T00:00:00Z"}
    tax = tiny.line("3", "Tax", **month) | {"lineItem/UsageType": ""}
    tiny.cur1_csv(tmp_path / "b", [tax, tiny.line("1")], "v1")
    lines = loaded(tmp_path / "lake", tmp_path / "b")
    [row] = [row for row in lines.to_pylist() if row["charge_category"] == "Tax"]
    assert row["usage_date"] == date(2026, 3, 1) and row["usage_type"] is None
    costs = silver(tmp_path / "lake", "delivery_costs")
    assert dict(query("select charge_category, is_closing_line from t", t=costs)) == {
        "Tax": True,
        "Usage": False,
    }


def test_lines_that_cost_nothing_are_lines(tmp_path: Path) -> None:
    tiny.cur1_csv(tmp_path / "b", [tiny.line("0"), tiny.line("0.0000000000"), tiny.line("1")], "v1")
    lines = loaded(tmp_path / "lake", tmp_path / "b")
    assert query("select count(*), count_if(unblended_cost = 0) from t", t=lines) == [(3, 2)]
    assert silver(tmp_path / "lake", "source_totals")["line_count"].to_pylist() == [3]


def test_one_negation_takes_back_many_covered_lines(cur2_parquet_lake: Path) -> None:
    """Per hour, plan, account, operation, usage type and zone, on the golden bill: what is left is nothing."""
    keys = "charge_period_start, commitment_id, account_id, operation, usage_type, availability_zone"
    rows = query(
        f"select sum(unblended_cost), count_if(charge_type = 'SavingsPlanNegation'), count(*) from t "
        f"where charge_type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') group by {keys}",
        t=silver(cur2_parquet_lake, "billing_line_items"),
    )
    assert {row[0] for row in rows} == {Decimal(0)} and {row[1] for row in rows} == {1}
    assert max(row[2] for row in rows) > 2


def test_a_discount_that_moves_to_another_account(tmp_path: Path) -> None:
    """Owner first allocation: a restatement moves a bundled discount; each account shows what it is given, the total stays."""
    root, other = tmp_path / "b", "900100000012"
    usage = [tiny.line("10"), tiny.line("20", account=other)]
    sql = "select account_id, sum(unblended_cost) from t group by all order by 1"
    tiny.cur1_csv(root, [*usage, tiny.line("-3", "BundledDiscount")], "20260401T000000Z")
    before = query(sql, t=loaded(tmp_path / "lake", root))
    tiny.cur1_csv(root, [*usage, tiny.line("-3", "BundledDiscount", account=other)], "20260402T000000Z")
    after = query(sql, t=loaded(tmp_path / "lake", root))
    assert before == [("012345000045", Decimal(7)), (other, Decimal(20))]
    assert after == [("012345000045", Decimal(10)), (other, Decimal(17))]


@pytest.mark.parametrize("kind", [pa.float64(), pa.decimal128(38, 12), pa.string()])
def test_focus_costs_in_any_number_type(kind: pa.DataType, tmp_path: Path) -> None:
    value: Any = {"double": 0.1, "string": "0.1"}.get(str(kind), Decimal("0.1"))
    lines = [tiny_focus.line(BilledCost=value, EffectiveCost=value) for _ in range(3)]
    types = {"BilledCost": kind, "EffectiveCost": kind}
    tiny_focus.focus_parquet(tmp_path / "b", lines, types=types)
    lines_of_silver = loaded(tmp_path / "lake", tmp_path / "b")
    found = query("select sum(net_unblended_cost), sum(net_amortized_cost) from t", t=lines_of_silver)
    assert found == [(Decimal("0.3"), Decimal("0.3"))]


def test_account_ids_stay_text(tmp_path: Path) -> None:
    """A leading zero is part of the number of an account; a file whose account ids were made numbers is refused."""
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1", payer="012345678901", account="000000000007")], "v1")
    [row] = loaded(tmp_path / "lake", tmp_path / "b").to_pylist()
    assert (row["payer_id"], row["account_id"]) == ("012345678901", "000000000007")
    accounts = {"line_item_usage_account_id": pa.array([7], pa.int64())}
    cur2_with(tmp_path / "c", [tiny.line("1")], accounts, execution(1))
    [refused] = ingest(tmp_path / "lake2", tmp_path / "c")["refused"]
    assert "line_item_usage_account_id should be text but is int64" in refused["what"]


RENAMED: dict[str, dict[str, pa.Array]] = {
    "legacy": {"product_region": pa.array(["sa-east-1"]), "product_servicename": pa.array(["Compute Cloud"])},
    "renamed": {"product_region_code": pa.array(["sa-east-1"])},
    "in the map": {"product": pa.array([[("region_code", "sa-east-1")]], pa.map_(pa.string(), pa.string()))},
}


@pytest.mark.parametrize("form", RENAMED)
def test_product_columns_under_their_old_and_new_names(form: str, tmp_path: Path) -> None:
    cur2_with(tmp_path / "b", [tiny.line("1")], RENAMED[form], execution(1))
    [row] = loaded(tmp_path / "lake", tmp_path / "b").to_pylist()
    assert row["region"] == "sa-east-1" and row["service"] == "ec2" and row["service_name"]


def test_lines_that_name_another_month_are_told_and_counted_where_they_were_delivered(tmp_path: Path) -> None:
    """docs/decisions/0013-quirks.md: the manifest says which bill a line is on."""
    other = tiny.line("4", period="2026-02-01T00:00:00.000Z", start="2026-02-27T05:00:00.000Z")
    tiny.cur1_csv(tmp_path / "b", [tiny.line("1"), other], "v1")
    said = ingest(tmp_path / "lake", tmp_path / "b")
    [warning] = said["warnings"]
    assert warning["code"] == "lines_of_another_month"
    assert warning["values"] == {"count": 1, "other": "2026-02", "period": "2026-03"}
    found = query(
        "select billing_period, sum(unblended_cost) from t group by all",
        t=silver(tmp_path / "lake", "billing_line_items"),
    )
    assert found == [("2026-03", Decimal(5))]
