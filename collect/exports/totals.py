"""What delivered files sum to, straight from their cells: the second path, which shares no code with silver.

Arrow reads the cells as text, sums decimals, and this module applies AWS's cost formulas once more in its own words
(AWS CUR user guide, «Line item details»). `reconciliation` holds silver and the marts against these figures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

MEASURES = ("unblended_cost", "net_unblended_cost", "blended_cost", "amortized_cost", "net_amortized_cost")
PLACES = Decimal("1e-12")
LIMIT = Decimal("1e16")
"""Money is decimal(28,12): a cell of 10^16 or more is refused, no part of it is dropped."""
_WIDE = pa.decimal256(60, 24)
_MONEY = pa.decimal256(60, 12)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")

# Cell -> its name in legacy CUR's CSV, in its Parquet and CUR 2.0.
CELLS: dict[str, tuple[str, ...]] = {
    "payer": ("bill/PayerAccountId", "bill_payer_account_id"),
    "account": ("lineItem/UsageAccountId", "line_item_usage_account_id"),
    "currency": ("lineItem/CurrencyCode", "line_item_currency_code"),
    "start": ("lineItem/UsageStartDate", "line_item_usage_start_date"),
    "end": ("lineItem/UsageEndDate", "line_item_usage_end_date"),
    "type": ("lineItem/LineItemType", "line_item_line_item_type"),
    "product": ("lineItem/ProductCode", "line_item_product_code"),
    "period": ("bill/BillingPeriodStartDate", "bill_billing_period_start_date"),
    "unblended": ("lineItem/UnblendedCost", "line_item_unblended_cost"),
    "net": ("lineItem/NetUnblendedCost", "line_item_net_unblended_cost"),
    "blended": ("lineItem/BlendedCost", "line_item_blended_cost"),
    "reservation": ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
    "ri_cost": ("reservation/EffectiveCost", "reservation_effective_cost"),
    "ri_net": ("reservation/NetEffectiveCost", "reservation_net_effective_cost"),
    "ri_unused_up": (
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
        "reservation_unused_amortized_upfront_fee_for_billing_period",
    ),
    "ri_unused_rec": ("reservation/UnusedRecurringFee", "reservation_unused_recurring_fee"),
    "ri_net_unused_up": (
        "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
        "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    ),
    "ri_net_unused_rec": ("reservation/NetUnusedRecurringFee", "reservation_net_unused_recurring_fee"),
    "sp_cost": ("savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost"),
    "sp_net": ("savingsPlan/NetSavingsPlanEffectiveCost", "savings_plan_net_savings_plan_effective_cost"),
    "sp_total": ("savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date"),
    "sp_used": ("savingsPlan/UsedCommitment", "savings_plan_used_commitment"),
    "sp_up": (
        "savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod",
        "savings_plan_amortized_upfront_commitment_for_billing_period",
    ),
    "sp_rec": (
        "savingsPlan/RecurringCommitmentForBillingPeriod",
        "savings_plan_recurring_commitment_for_billing_period",
    ),
    "sp_net_up": (
        "savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod",
        "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    ),
    "sp_net_rec": (
        "savingsPlan/NetRecurringCommitmentForBillingPeriod",
        "savings_plan_net_recurring_commitment_for_billing_period",
    ),
}
REQUIRED = ("payer", "account", "currency", "start", "type", "unblended")
"""Cells without which a line can't be accounted for: their columns must be there and filled."""
STRICT = ("unblended", "net", "blended")
"""Money cells in which a text that is no number refuses the delivery; in the others it is told and counts as blank."""
MONEY_CELLS = tuple(
    name
    for name in CELLS
    if name
    not in {"payer", "account", "currency", "start", "end", "type", "product", "period", "reservation"}
)
INSTANTS = ("start", "end")
"""Cells that are an instant where they aren't blank: of lines of a month, a few distinct texts."""


class BadCell(Exception):
    """A cell that can't be what its column promises: which column, the value, the row within the batch."""

    def __init__(self, column: str, value: str | None, row: int) -> None:
        super().__init__(column)
        self.column, self.value, self.row = column, value, row


@dataclass
class Totals:
    """Running sums: (payer, currency) -> lines and the five views of cost. Also what was odd, counted.

    The class says which cells it reads: under which column names, which of them every file has, which are money, which text.
    """

    cells: ClassVar[Mapping[str, tuple[str, ...]]] = CELLS
    required: ClassVar[tuple[str, ...]] = REQUIRED
    money_cells: ClassVar[tuple[str, ...]] = MONEY_CELLS
    text_cells: ClassVar[tuple[str, ...]] = ("payer", "account", "currency", "type", "product")

    lines: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[tuple[str, str], dict[str, Decimal]] = field(default_factory=dict)
    not_numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    types: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    periods: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    instants: set[str] = field(default_factory=set)

    @property
    def line_count(self) -> int:
        return sum(self.lines.values())

    def add(self, cells: Mapping[str, pa.Array]) -> None:
        """Add a batch: cell name -> array of text (a cell whose column is absent is left out). Raises BadCell."""
        size = len(cells["unblended"])
        filled = {name: blank_to_null(array) for name, array in cells.items()}
        for name in REQUIRED:
            if filled[name].null_count:
                raise BadCell(name, None, pc.index(pc.is_null(filled[name]), True).as_py())
        self._require_instants(filled)
        blank = pa.nulls(size, pa.string())
        text = {name: filled.get(name, blank) for name in CELLS}
        money = {name: self._money(name, text[name], name in STRICT) for name in MONEY_CELLS}
        costs = _costs(text, money)
        table = pa.table({"payer": text["payer"], "currency": text["currency"], **costs})
        grouped = table.group_by(["payer", "currency"]).aggregate(
            [([], "count_all"), *[(m, "sum") for m in MEASURES]]
        )
        for row in grouped.to_pylist():
            key = (row["payer"], row["currency"])
            self.lines[key] += row["count_all"]
            sums = self.sums.setdefault(key, dict.fromkeys(MEASURES, Decimal(0)))
            for measure in MEASURES:
                sums[measure] += row[f"{measure}_sum"] or Decimal(0)
        for name, counts in (("type", self.types), ("period", self.periods)):
            column = text[name] if name == "type" else pc.utf8_slice_codeunits(text[name], 0, 7)
            for row in pc.value_counts(column).to_pylist():
                counts[row["values"]] += row["counts"]

    def merge(self, other: Totals) -> None:
        """Add what another thread summed of the same delivery."""
        for counts, more in (
            (self.lines, other.lines),
            (self.not_numbers, other.not_numbers),
            (self.types, other.types),
            (self.periods, other.periods),
        ):
            for key, count in more.items():
                counts[key] += count  # type: ignore[index]
        for key, sums in other.sums.items():
            mine = self.sums.setdefault(key, dict.fromkeys(sums, Decimal(0)))
            for measure, amount in sums.items():
                mine[measure] += amount

    def _require_instants(self, filled: Mapping[str, pa.Array]) -> None:
        for name in INSTANTS:
            for text in pc.unique(filled[name]).to_pylist() if name in filled else ():
                if text is None or text in self.instants:
                    continue
                if not _is_instant(text):
                    raise BadCell(name, text, pc.index(filled[name], text).as_py())
                self.instants.add(text)

    def _money(self, name: str, text: pa.Array, strict: bool) -> pa.Array:
        if (money := _each_once(text)) is not None:
            return money
        if isinstance(text, pa.DictionaryArray):
            text = text.dictionary_decode()
        money = self._parsed(name, text, strict)
        if (pc.max(pc.abs(money)).as_py() or 0) >= LIMIT:
            row = next(
                i for i, value in enumerate(money.to_pylist()) if value is not None and abs(value) >= LIMIT
            )
            raise BadCell(name, text[row].as_py(), row)
        return money

    def _parsed(self, name: str, text: pa.Array, strict: bool) -> pa.Array:
        try:
            return pc.round(text.cast(_WIDE), 12, "half_towards_infinity").cast(_MONEY)
        except pa.ArrowInvalid:
            values = []
            for row, value in enumerate(text.to_pylist()):
                number = _number(value)
                if number is None and value is not None:
                    if strict:
                        raise BadCell(name, value, row) from None
                    self.not_numbers[name] += 1
                values.append(number)
            return pa.array(values, _MONEY)


def _costs(text: Mapping[str, pa.Array], money: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    kind, zero = text["type"], pa.scalar(Decimal(0), _MONEY)
    gross, net = money["unblended"], pc.coalesce(money["net"], money["unblended"])

    def is_a(*names: str) -> pa.Array:
        return pc.is_in(kind, pa.array(names))

    nothing = pc.or_(
        is_a("SavingsPlanNegation", "SavingsPlanUpfrontFee"),
        pc.or_(
            pc.and_(is_a("Fee"), pc.is_valid(text["reservation"])),
            pc.and_(is_a("Refund"), pc.fill_null(pc.equal(text["product"], "ComputeSavingsPlans"), False)),
        ),
    )
    unused_plan, net_unused_plan = _unused_plan(is_a("SavingsPlanRecurringFee"), money)
    amortized = [
        (is_a("SavingsPlanCoveredUsage"), money["sp_cost"], money["sp_net"]),
        (is_a("DiscountedUsage"), money["ri_cost"], money["ri_net"]),
        (
            is_a("RIFee"),
            _plus(money["ri_unused_up"], money["ri_unused_rec"]),
            _plus(money["ri_net_unused_up"], money["ri_net_unused_rec"]),
        ),
        (is_a("SavingsPlanRecurringFee"), unused_plan, net_unused_plan),
    ]
    spread, net_spread = pc.if_else(nothing, zero, gross), pc.if_else(nothing, zero, net)
    for mask, cost, net_cost in amortized:
        spread = pc.if_else(mask, pc.coalesce(cost, gross), spread)
        net_spread = pc.if_else(mask, pc.coalesce(net_cost, cost, net), net_spread)
    blended = pc.coalesce(money["blended"], zero)
    return dict(zip(MEASURES, (gross, net, blended, spread, net_spread), strict=True))


def _unused_plan(mask: pa.Array, money: Mapping[str, pa.Array]) -> tuple[pa.Array, pa.Array]:
    """Unused commitment of Savings Plan fee lines, gross and net; few lines have any, their net is made in plain decimals."""
    zero = pa.scalar(Decimal(0), _MONEY)
    unused = pc.subtract(money["sp_total"], money["sp_used"]).cast(_MONEY)
    commitment = pc.fill_null(_plus(money["sp_up"], money["sp_rec"]), zero)
    net_commitment = _plus(money["sp_net_up"], money["sp_net_rec"])
    inferred = pc.and_(mask, pc.and_(pc.is_valid(unused), pc.is_valid(net_commitment)))
    inferred = pc.and_(inferred, pc.not_equal(commitment, zero))
    some = pc.fill_null(pc.and_(inferred, pc.not_equal(unused, zero)), False)
    left, of, net_of = (array.filter(some).to_pylist() for array in (unused, commitment, net_commitment))
    with localcontext(prec=60):
        shares = [
            (amount * net / gross).quantize(PLACES, ROUND_HALF_UP)
            for amount, gross, net in zip(left, of, net_of, strict=True)
        ]
    nothing = pa.scalar(None, _MONEY)
    net_unused = pc.replace_with_mask(pc.if_else(inferred, zero, nothing), some, pa.array(shares, _MONEY))
    return pc.if_else(mask, unused, nothing), net_unused


def _plus(first: pa.Array, second: pa.Array) -> pa.Array:
    zero = pa.scalar(Decimal(0), _MONEY)
    total = pc.add(pc.coalesce(first, zero), pc.coalesce(second, zero)).cast(_MONEY)
    return pc.if_else(pc.or_(pc.is_valid(first), pc.is_valid(second)), total, pa.nulls(len(first), _MONEY))


def blank_to_null(array: pa.Array) -> pa.Array:
    """Trimmed text, null where nothing remains. Numbers come as a dictionary of their texts and stay one: none is blank."""
    if isinstance(array, pa.DictionaryArray):
        return array
    encoded = array.dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed).take(encoded.indices)


def _each_once(text: pa.Array) -> pa.Array | None:
    """Amounts of a batch, each distinct text read once; None where one is no plain number or too much for money."""
    encoded = text if isinstance(text, pa.DictionaryArray) else text.dictionary_encode()
    try:
        money = pc.round(encoded.dictionary.cast(_WIDE), 12, "half_towards_infinity").cast(_MONEY)
    except pa.ArrowInvalid:
        return None
    if (pc.max(pc.abs(money)).as_py() or 0) >= LIMIT:
        return None
    return money.take(encoded.indices)


def _is_instant(text: str) -> bool:
    """ISO 8601 as AWS writes it, and as Arrow says a timestamp: with a date, maybe a time, maybe a zone."""
    if not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text))
    except ValueError:
        return False
    return True


def _number(value: str | None) -> Decimal | None:
    """A plain or scientific number; Python alone would also take `1_000`, `Infinity` and digits of other scripts."""
    if value is None or not _NUMBER.fullmatch(value):
        return None
    number = Decimal(value)
    if number.adjusted() > 40:
        return None
    with localcontext(prec=80):
        return number.quantize(PLACES, ROUND_HALF_UP)
