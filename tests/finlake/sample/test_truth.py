"""The truth file says what is in the bills: held against the bills with and without the planted events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finlake.sample import bill, facts
from finlake.sample.formulas import unblended
from finlake.sample.plan import Edition, Request, editions
from finlake.sample.truth import plain, planted, totals
from tests.finlake.sample.conftest import Bills

CHARGES = ("Usage",)


@pytest.fixture(scope="module")
def events(bills: Bills) -> dict[str, Any]:
    org = facts.load()
    newest = {(each.payer, each.offset): each for each, _ in bills}
    return planted(org, Request(7, 14, org.end_month), list(newest.values()))


def last_edition(bills: Bills, payer: str, offset: int) -> Edition:
    return [each for each, _ in bills if (each.payer, each.offset) == (payer, offset)][-1]


def cost_of(org: facts.Organisation, edition: Edition, resource: str) -> Decimal:
    lines = [line for line in bill.lines_of(org, edition) if line.get("line_item_resource_id") == resource]
    return sum(map(unblended, lines), Decimal(0))


def test_extra_cost_of_each_anomaly_is_the_difference_to_a_bill_without_it(
    bills: Bills, events: dict[str, Any]
) -> None:
    org = facts.load()
    quiet = org.model_copy(update={"anomalies": []})
    assert len(events["anomalies"]) == len(org.anomalies)
    for told, fact in zip(events["anomalies"], org.anomalies, strict=True):
        payer = org.accounts[told["account_id"]].payer
        edition = last_edition(bills, payer, fact.month)
        extra = cost_of(org, edition, told["resource_id"]) - cost_of(quiet, edition, told["resource_id"])
        assert plain(extra) == told["extra_unblended_cost"]
        assert extra > 0 and told["first_day"][:7] == edition.month


def test_idle_resources_cost_what_is_told(bills: Bills, events: dict[str, Any]) -> None:
    org = facts.load()
    assert len(events["idle_resources"]) >= 4
    for told in events["idle_resources"]:
        edition = last_edition(bills, org.accounts[told["account_id"]].payer, -1)
        lines = next(lines for each, lines in bills if each is edition)
        mine = [line for line in lines if line.get("line_item_resource_id") == told["resource_id"]]
        assert mine and plain(sum(map(unblended, mine), Decimal(0))) == told["unblended_cost"]


def test_corrections_change_what_an_earlier_delivery_said(bills: Bills) -> None:
    org = facts.load()
    for fact in org.corrections:
        workload = org.workload(fact.workload)
        payer = org.accounts[workload.account].payer
        found = [(each, lines) for each, lines in bills if (each.payer, each.offset) == (payer, fact.month)]
        costs = {}
        for each, lines in found:
            mine = [x for x in lines if x.get("_workload") == fact.workload]
            mine = [x for x in mine if fact.days[0] <= x["line_item_usage_start_date"].day <= fact.days[1]]
            costs[each.stage] = sum(map(unblended, mine), Decimal(0))
        first, last = found[0][0].stage, found[-1][0].stage
        assert first in fact.stages and last not in fact.stages
        assert costs[first] != costs[last]


def test_events_of_months_that_are_not_made_are_not_told() -> None:
    org = facts.load()
    request = Request(7, 1, org.end_month)
    told = planted(org, request, editions(org, request))
    assert told["anomalies"] == told["restatements"] == told["credits_and_refunds"] == []


def test_totals_of_a_scaled_delivery_are_those_of_its_sizes(bills: Bills) -> None:
    _, lines = bills[0]
    one, many = totals(lines, [1]), totals(lines, [1, 2, 3])
    assert many["lines"] == 3 * one["lines"]
    assert Decimal(many["unblended_cost"]) == 6 * Decimal(one["unblended_cost"])
