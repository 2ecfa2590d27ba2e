"""The bill as series: what follows usage, what is trusted, and that every level holds the same money."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ml.forecast.panel import is_modeled, last_trusted_day, panel_of
from tests.ml.conftest import AS_OF


def test_every_level_holds_the_same_money_each_day(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    panel = panel_of(bill, AS_OF, config, {"111111111111": "Prod", "222222222222": "Data"})
    totals = {level: panel.values[panel.at(level)].sum(axis=1) for level in config["levels"]}
    assert set(panel.keys["level"]) == set(config["levels"])
    for total in totals.values():
        pd.testing.assert_series_equal(total, totals["organisation"], check_names=False)


def test_without_units_there_is_no_level_of_units(bill: pd.DataFrame, config: dict[str, Any]) -> None:
    assert "organizational_unit" not in set(panel_of(bill, AS_OF, config).keys["level"])


def test_tax_fees_and_credits_are_not_modeled_and_recurring_commitments_are() -> None:
    rows = pd.DataFrame(
        {
            "charge_category": ["Usage", "Tax", "Purchase", "Purchase", "Credit", "Adjustment"],
            "charge_frequency": [
                "Usage-Based",
                "Usage-Based",
                "One-Time",
                "Recurring",
                "One-Time",
                "One-Time",
            ],
        }
    )
    assert is_modeled(rows).tolist() == [True, False, False, True, False, False]


def test_the_last_two_days_still_grow(bill: pd.DataFrame) -> None:
    assert last_trusted_day(bill, 2) == AS_OF


def test_a_series_is_unknown_before_its_first_charge_and_zero_after_its_last(
    bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    short = bill[(bill["service"] != "rds") | bill["usage_date"].between("2026-01-10", "2026-02-10")]
    values = panel_of(short, AS_OF, config).values["account_service|account=222222222222/service=rds"]
    assert values[:"2026-01-09"].isna().all()
    assert (values["2026-02-11":] == 0).all()


def test_what_was_known_on_a_day_leaves_out_what_began_later(
    bill: pd.DataFrame, config: dict[str, Any]
) -> None:
    late = bill[(bill["service"] != "rds") | (bill["usage_date"] >= "2026-03-01")]
    known = panel_of(late, AS_OF, config).until(pd.Timestamp("2026-02-28"))
    assert "account_service|account=222222222222/service=rds" not in known.values
    assert known.values.index[-1] == pd.Timestamp("2026-02-28")
