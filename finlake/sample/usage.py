"""How much each workload uses in each slot, and which part of it a commitment covers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from finlake.sample import chance, months
from finlake.sample.facts import Anomaly, Commitment, Correction, Item, Organisation, Workload
from finlake.sample.money import ZERO, money
from finlake.sample.plan import Edition, Slot, payer_of

# Share of the mean that each hour of the day (UTC) carries; 24 numbers with the sum 24.
_BY_HOUR = [
    Decimal(n) / 100
    for n in (
        62,
        55,
        50,
        48,
        50,
        56,
        66,
        80,
        96,
        110,
        120,
        126,
        130,
        132,
        134,
        134,
        132,
        130,
        128,
        124,
        118,
        108,
        94,
        117,
    )
]
_OFFICE = range(8, 20)
_NIGHT = range(2, 4)
_WEEKEND = Decimal("0.7")
_GROWTH_A_MONTH = Decimal("0.012")
_GROWTH_SINCE = -14


@dataclass(frozen=True)
class Piece:
    """Usage of a workload in a slot, billed as one line; `effective` is what a Savings Plan takes for it."""

    workload: Workload
    item: Item
    slot: Slot
    amount: Decimal
    commitment: Commitment | None = None
    effective: Decimal = ZERO


def metered(org: Organisation, edition: Edition) -> Iterator[Piece]:
    """Usage of every workload of the payer in every slot, before commitments; none where nothing was used."""
    slots = {by_hour: edition.slots(by_hour) for by_hour in (False, True)}
    for workload in org.workloads:
        if org.accounts[workload.account].payer != edition.payer or not runs(workload, edition.offset):
            continue
        item = org.item(workload.use)
        for slot in slots[edition.hourly and item.metered == "hour"]:
            amount = quantity(workload, item, slot, edition) * factor(org, workload, edition, slot.start.day)
            amount = _rounded(amount, item)
            if amount:
                yield Piece(workload, item, slot, amount)


def quantity(workload: Workload, item: Item, slot: Slot, edition: Edition) -> Decimal:
    """Usage in the slot by the workload's shape, in the item's unit, before events."""
    hours = range(slot.start.hour, slot.start.hour + slot.hours)
    weekday = slot.start.weekday() < 5
    growth = 1 + _GROWTH_A_MONTH * (edition.offset - _GROWTH_SINCE)
    if workload.shape == "steady":
        on = Decimal(len(hours))
    elif workload.shape == "office":
        on = Decimal(sum(hour in _OFFICE for hour in hours)) if weekday else ZERO
    elif workload.shape == "nightly":
        on = Decimal(sum(hour in _NIGHT for hour in hours)) * _noise(workload, slot, edition)
    elif workload.shape == "growing":
        on = len(hours) * (growth + Decimal(slot.start.day) / 2500)
    else:
        curve = sum((_BY_HOUR[hour] for hour in hours), ZERO)
        on = curve * growth * (1 if weekday else _WEEKEND) * _noise(workload, slot, edition)
    return _rounded(workload.per_hour * on, item)


def factor(
    org: Organisation, workload: Workload, edition: Edition, day: int, *, anomalies: bool = True
) -> Decimal:
    """What planted events multiply the day's usage by in this edition."""
    found = Decimal(1)
    events: list[Anomaly | Correction] = [each for each in org.corrections if edition.stage in each.stages]
    for event in [*events, *(org.anomalies if anomalies else [])]:
        if (event.workload, event.month) == (workload.id, edition.offset) and event.days[
            0
        ] <= day <= event.days[1]:
            found *= event.factor
    return found


def covered(org: Organisation, edition: Edition, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Split usage into what commitments cover and the rest: never more than a commitment holds in a slot."""
    by_workload = {name: each for each in org.commitments for name in each.covers}
    left: dict[tuple[str, datetime], Decimal] = {}
    for piece in pieces:
        commitment = by_workload.get(piece.workload.id)
        if commitment is None or not in_force(commitment, edition.end_month, piece.slot):
            yield piece
            continue
        key = (commitment.id, piece.slot.start)
        room = left.get(key, capacity(org, commitment, piece.slot))
        price = price_of(org, edition, commitment, piece)
        fits = min(piece.amount, (room / price).quantize(Decimal("0.000001"), ROUND_FLOOR))
        taken = min(money(fits * price), room)
        left[key] = room - taken
        effective = taken if commitment.kind == "savings_plan" else ZERO
        if fits:
            yield Piece(piece.workload, piece.item, piece.slot, fits, commitment, effective)
        if piece.amount > fits:
            yield Piece(piece.workload, piece.item, piece.slot, piece.amount - fits)


def rate(org: Organisation, edition: Edition, workload: Workload, item: Item) -> Decimal:
    """On-demand rate of the item where the workload runs, in the payer's currency."""
    region = org.regions.get(workload.region)
    return money(item.rate * (region.price if region else 1) * payer_of(org, edition).price)


def price_of(org: Organisation, edition: Edition, commitment: Commitment, piece: Piece) -> Decimal:
    """What one unit of usage takes from the commitment: its Savings Plan rate, or normalised units."""
    if commitment.kind == "reservation":
        return org.normalised_units(piece.workload.use)
    off = commitment.covers[piece.workload.id]
    return money(rate(org, edition, piece.workload, piece.item) * (1 - off))


def capacity(org: Organisation, commitment: Commitment, slot: Slot) -> Decimal:
    """What the commitment holds in the slot: money for a Savings Plan, normalised units for a reservation."""
    if commitment.kind == "savings_plan":
        return (commitment.recurring + commitment.upfront) * slot.hours
    return units(org, commitment) * slot.hours


def units(org: Organisation, commitment: Commitment) -> Decimal:
    """Normalised units an hour of a reservation."""
    return org.normalised_units(commitment.item) * commitment.count


def term(commitment: Commitment, end_month: str) -> tuple[datetime, datetime]:
    """Start and end (exclusive) of the commitment."""
    begins = months.start(months.shift(end_month, commitment.month), commitment.day)
    return begins, months.anniversary(begins, commitment.years)


def in_force(commitment: Commitment, end_month: str, slot: Slot) -> bool:
    """True where the commitment holds in the slot."""
    begins, ends = term(commitment, end_month)
    return begins <= slot.start < ends


def runs(workload: Workload, offset: int) -> bool:
    """True where the workload exists in that month."""
    starts = workload.start is None or workload.start <= offset
    return starts and (workload.until is None or offset <= workload.until)


def _noise(workload: Workload, slot: Slot, edition: Edition) -> Decimal:
    """0.9 to 1.1; keyed by the instant, so that all editions of a month agree."""
    return Decimal("0.9") + chance.share(edition.seed, workload.id, slot.start.isoformat()) / 5


def _rounded(amount: Decimal, item: Item) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-item.places), ROUND_HALF_UP)
