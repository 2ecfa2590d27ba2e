"""What delivered FOCUS files sum to: the second path for FOCUS 1.0 and 1.2 as AWS exports them; shares no code with silver.

BilledCost is the net cost that is billed, EffectiveCost the net amortised one (FOCUS 1.2, «BilledCost», «EffectiveCost»). FOCUS
delivers no gross cost: those measures are left out, not 0 (docs/decisions/0012-focus.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from collect.exports.totals import BadCell, Totals, blank_to_null

CELLS: dict[str, tuple[str, ...]] = {
    "payer": ("BillingAccountId",),
    "account": ("SubAccountId",),
    "currency": ("BillingCurrency",),
    "start": ("ChargePeriodStart",),
    "end": ("ChargePeriodEnd",),
    "period": ("BillingPeriodStart",),
    "category": ("ChargeCategory",),
    "frequency": ("ChargeFrequency",),
    "billed": ("BilledCost",),
    "effective": ("EffectiveCost",),
    "list": ("ListCost",),
    "contracted": ("ContractedCost",),
}
REQUIRED = ("payer", "currency", "start", "category", "frequency", "billed", "effective")
"""Cells without which a FOCUS line can't be accounted for. SubAccountId may be blank: the charge is the billing account's own."""
MONEY_CELLS = ("billed", "effective", "list", "contracted")
STRICT = ("billed", "effective")
"""Money cells in which a text that is no number refuses the delivery; in the others it is told and counts as blank."""
CATEGORIES = frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"})
"""FOCUS's words for ChargeCategory; another one can't be placed in any mart."""
SUMMED = {"net_unblended_cost": "billed", "net_amortized_cost": "effective"}


@dataclass
class FocusTotals(Totals):
    """Running sums of a FOCUS delivery: (payer, currency) -> lines, and the measures that FOCUS delivers."""

    cells: ClassVar[Mapping[str, tuple[str, ...]]] = CELLS
    required: ClassVar[tuple[str, ...]] = REQUIRED
    money_cells: ClassVar[tuple[str, ...]] = MONEY_CELLS
    text_cells: ClassVar[tuple[str, ...]] = ("payer", "account", "currency", "category", "frequency")

    categories: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, cells: Mapping[str, pa.Array]) -> None:
        """Add a batch: cell name -> array of text. Raises BadCell."""
        filled = {name: blank_to_null(array) for name, array in cells.items()}
        for name in REQUIRED:
            if filled[name].null_count:
                raise BadCell(name, None, pc.index(pc.is_null(filled[name]), True).as_py())
        self._require_instants(filled)
        money = {
            name: self._money(name, filled[name], strict=name in STRICT)
            for name in MONEY_CELLS
            if name in filled
        }
        costs = {measure: money[cell] for measure, cell in SUMMED.items()}
        table = pa.table({"payer": filled["payer"], "currency": filled["currency"], **costs})
        grouped = table.group_by(["payer", "currency"]).aggregate(
            [([], "count_all"), *[(measure, "sum") for measure in SUMMED]]
        )
        for row in grouped.to_pylist():
            key = (row["payer"], row["currency"])
            self.lines[key] += row["count_all"]
            sums = self.sums.setdefault(key, dict.fromkeys(SUMMED, Decimal(0)))
            for measure in SUMMED:
                sums[measure] += row[f"{measure}_sum"]
        self._count(filled)

    def merge(self, other: Totals) -> None:
        """Add what another thread summed of the same delivery."""
        super().merge(other)
        for word, count in getattr(other, "categories", {}).items():
            self.categories[word] += count

    @property
    def unknown_words(self) -> list[str]:
        """Values of ChargeCategory that FOCUS doesn't have."""
        return sorted(set(self.categories) - CATEGORIES)

    def _count(self, filled: Mapping[str, pa.Array]) -> None:
        for row in pc.value_counts(filled["category"]).to_pylist():
            self.categories[row["values"]] += row["counts"]
        if "period" in filled:
            for row in pc.value_counts(pc.utf8_slice_codeunits(filled["period"], 0, 7)).to_pylist():
                self.periods[row["values"]] += row["counts"]
