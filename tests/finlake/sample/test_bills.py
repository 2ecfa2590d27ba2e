"""What the bills of the sample look like: organisation, tags, periods, ids, stages."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from finlake.sample import bill, facts, months
from finlake.sample.plan import Request, editions
from tests.finlake.sample.conftest import Bills
from tests.finlake.sample.laws import of_type


def test_the_organisation_is_as_large_as_promised() -> None:
    org = facts.load()
    assert len(org.accounts) == 12
    assert any(number.startswith("0") for number in org.accounts)
    assert all(len(number) == 12 and each.name.startswith("sample-") for number, each in org.accounts.items())
    assert len({each.ou for each in org.accounts.values()}) == 4
    assert len(org.regions) == 4 and "sa-east-1" in org.regions
    assert {each.currency for each in org.payers.values()} == {"USD", "BRL"}
    assert "SYNTHETIC" in org.about and all("sample" in each.export for each in org.payers.values())


def test_facts_refer_to_what_exists() -> None:
    org = facts.load()
    names = [each.id for each in org.workloads]
    assert len(set(names)) == len(names)
    covered = Counter(name for each in org.commitments for name in each.covers)
    assert not set(covered) - set(names) and max(covered.values()) == 1
    for each in org.workloads:
        assert org.item(each.use) and each.account in org.accounts and each.tags in org.tags
        assert each.region in org.regions or each.region == "global"
        assert each.id not in covered or org.item(each.use).metered == "hour"
    for event in [*org.anomalies, *org.corrections]:
        assert event.workload in names and event.workload not in covered
    for adjustment in org.adjustments:
        assert org.accounts[adjustment.account].payer == adjustment.payer
        assert adjustment.code in org.services


def test_about_thirty_services_are_billed(bills: Bills) -> None:
    codes = {line["line_item_product_code"] for _, lines in bills for line in lines}
    assert codes == set(facts.load().services)
    assert len(codes) >= 30


def test_number_of_deliveries_and_lines_is_modest(bills: Bills) -> None:
    assert 32 <= len(bills) <= 38
    assert 60_000 <= sum(len(lines) for _, lines in bills) <= 120_000
    assert len({each.month for each, _ in bills}) == 14
    assert bills[-1][0].month == facts.load().end_month


def test_deliveries_arrive_in_order_and_after_what_they_bill(bills: Bills) -> None:
    arrivals = [each.delivered_at for each, _ in bills]
    assert arrivals == sorted(arrivals)
    assert all(each.delivered_at >= each.until for each, _ in bills)


def test_only_the_two_newest_months_are_hourly(bills: Bills) -> None:
    for each, lines in bills:
        hours = {
            (line["line_item_usage_end_date"] - line["line_item_usage_start_date"]) // timedelta(hours=1)
            for line in of_type(lines, "Usage", "SavingsPlanCoveredUsage", "DiscountedUsage")
        }
        assert hours == ({1, 24} if each.offset >= -1 else {24})


def test_every_day_of_the_delivery_is_billed_and_none_after(bills: Bills) -> None:
    for each, lines in bills:
        days = {line["line_item_usage_start_date"].day for line in of_type(lines, "Usage")}
        assert days == set(range(1, each.through + 1))


def test_invoice_ids_are_set_on_closed_months_only(bills: Bills) -> None:
    for each, lines in bills:
        assert {("bill_invoice_id" in line) for line in lines} == {each.closed}
        sellers = {(line["bill_billing_entity"], line.get("bill_invoice_id")) for line in lines}
        assert len(sellers) == len({line["bill_billing_entity"] for line in lines})


def test_tax_and_support_come_at_close_for_the_whole_month(bills: Bills) -> None:
    for each, lines in bills:
        taxes = of_type(lines, "Tax")
        assert bool(taxes) == each.closed
        assert not any("line_item_usage_type" in line for line in taxes)
        support = [line for line in lines if line["line_item_product_code"] == "AWSSupportBusiness"]
        support = of_type(support, "Fee")
        assert len(support) == int(each.closed)
        for line in taxes + support:
            assert line["line_item_usage_start_date"] == months.start(each.month)
            assert line["line_item_usage_end_date"] == months.end(each.month)


def test_line_ids_are_unique_in_a_delivery_with_the_interval_and_reissued_in_the_next(bills: Bills) -> None:
    seen: set[str] = set()
    for _, lines in bills:
        keys = {(line["identity_line_item_id"], line["identity_time_interval"]) for line in lines}
        assert len(keys) == len(lines)
        ids = {line["identity_line_item_id"] for line in lines}
        assert not ids & seen
        seen |= ids


def test_net_values_begin_with_the_discount(bills: Bills) -> None:
    org = facts.load()
    for each, lines in bills:
        discounted = each.offset >= org.payers[each.payer].discount.start
        assert {("line_item_net_unblended_cost" in line) for line in lines} == {discounted}
        assert bool(of_type(lines, "EdpDiscount")) == discounted


def test_tags_have_gaps_and_keys_that_differ_only_in_case(bills: Bills) -> None:
    tags = [line.get("resource_tags", {}) for _, lines in bills for line in of_type(lines, "Usage")]
    keys = {key for each in tags for key in each}
    assert keys == {"user_env", "user_team", "user_Team", "user_app", "user_CostCenter"}
    assert any(not each for each in tags)
    assert any("user_team" in each and "user_CostCenter" not in each for each in tags)


def test_credits_and_refunds_arrive_after_close(bills: Bills) -> None:
    for each, lines in bills:
        late = of_type(lines, "Refund")
        assert not late or each.stage == "restated"
    assert any(of_type(lines, "Credit") for each, lines in bills if each.stage == "restated")


def test_another_seed_gives_another_bill() -> None:
    org = facts.load()
    first, second = (
        bill.lines_of(org, editions(org, Request(seed, 1, org.end_month))[0])[:500] for seed in (7, 8)
    )
    assert first != second
