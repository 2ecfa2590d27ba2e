"""The facts of the sample organisation, read from the YAML files beside this module into frozen models."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from finlake.yaml_text import read as read_yaml

HERE = Path(__file__).resolve().parent
Stage = Literal["partial", "closing", "restated"]
STAGES: tuple[Stage, ...] = ("partial", "closing", "restated")


class Fact(BaseModel):
    """Base: unknown keys are refused, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(Fact):
    """One thing that is sold: a usage type with its price in USD in us-east-1."""

    usage_type: str
    operation: str
    family: str
    unit: str
    rate: Decimal
    metered: Literal["hour", "day"]
    places: int = 6
    nu: Decimal | None = None
    instance_type: str | None = None
    resource: str | None = None


class Service(Fact):
    """An AWS product code and its items; `seller` is set for AWS Marketplace."""

    name: str
    items: dict[str, Item]
    seller: str | None = None


class Region(Fact):
    """A region: usage type prefixes and price factor against us-east-1."""

    name: str
    prefix: str
    new_prefix: str
    price: Decimal


class Discount(Fact):
    """Enterprise discount from a month on."""

    start: int
    rate: Decimal


class Support(Fact):
    """Support fee: a share of the month's charges."""

    rate: Decimal
    code: str


class Tax(Fact):
    """Tax on the month's charges."""

    type: str
    rate: Decimal


class Payer(Fact):
    """A payer account, its currency and the export that delivers its bill."""

    format: Literal["cur1", "cur2"]
    account: str
    currency: str
    price: Decimal
    bucket: str
    prefix: str
    export: str
    seller: str
    invoice: str
    discount: Discount
    support: Support
    tax: Tax


class Account(Fact):
    """A member account."""

    name: str
    ou: str
    business_unit: str
    tier: str
    payer: str


class Workload(Fact):
    """One thing that runs: what it uses, how much an hour, when, and whether it is planted as idle.

    `name`: the resource's name where it isn't the id; workloads of one name are charges of one resource.
    """

    id: str
    account: str
    region: str
    use: str
    per_hour: Decimal
    shape: Literal["steady", "office", "traffic", "nightly", "growing"]
    tags: str
    name: str | None = None
    zone: str | None = None
    start: int | None = None
    until: int | None = None
    idle: str | None = None


class Pod(Fact):
    """A pod: vCPU and GB reserved, and used where measured."""

    name: str
    vcpu: Decimal
    gb: Decimal
    vcpu_used: Decimal | None = None
    gb_used: Decimal | None = None


class Split(Fact):
    """A Kubernetes node whose cost is split over pods from a month on."""

    payer: str
    start: int
    node: str
    cluster: str
    vcpu: Decimal
    gb: Decimal
    pods: list[Pod]


class Commitment(Fact):
    """A Savings Plan or a reservation; amounts an hour (and, for a reservation, a normalised unit)."""

    id: str
    payer: str
    kind: Literal["savings_plan", "reservation"]
    payment: Literal["No Upfront", "Partial Upfront", "All Upfront"]
    years: int
    month: int
    day: int
    owner: str
    recurring: Decimal
    upfront: Decimal
    covers: dict[str, Decimal]
    offering: str | None = None
    family: str | None = None
    region: str = ""
    item: str = ""
    count: int = 1


class ExtraDelivery(Fact):
    """A delivery besides a month's closing one."""

    payer: str
    month: int
    stage: Stage
    time: str
    through: int | None = None
    day: int | None = None


class Adjustment(Fact):
    """A credit or refund and the first stage that holds it."""

    id: str
    payer: str
    month: int
    day: int
    since: Stage
    type: Literal["Credit", "Refund"]
    account: str
    code: str
    amount: Decimal
    text: str


class Correction(Fact):
    """Usage that some stages bill with another factor than the last delivery does."""

    id: str
    workload: str
    month: int
    days: tuple[int, int]
    stages: list[Stage]
    factor: Decimal


class Anomaly(Fact):
    """A planted rise of usage."""

    id: str
    workload: str
    month: int
    days: tuple[int, int]
    factor: Decimal
    story: str


class Close(Fact):
    """When closing deliveries arrive, in the month after."""

    day: int
    time: str


class Organisation(Fact):
    """All facts of the sample organisation."""

    about: str
    end_month: str
    open_through_day: int
    hourly_months: int
    close: Close
    regions: dict[str, Region]
    payers: dict[str, Payer]
    accounts: dict[str, Account]
    tags: dict[str, dict[str, str]]
    workloads: list[Workload]
    split: list[Split]
    commitments: list[Commitment]
    deliveries: list[ExtraDelivery]
    adjustments: list[Adjustment]
    corrections: list[Correction]
    anomalies: list[Anomaly]
    services: dict[str, Service]

    def item(self, use: str) -> Item:
        """The item that `product code/item` names."""
        code, name = use.split("/", 1)
        return self.services[code].items[name]

    def normalised_units(self, use: str) -> Decimal:
        """Normalised units of one instance of that size; 0 where the item is no instance."""
        return self.item(use).nu or Decimal(0)

    def workload(self, name: str) -> Workload:
        """The workload of that id."""
        return next(each for each in self.workloads if each.id == name)


class Column(Fact):
    """A column of CUR 2.0: Parquet type, legacy name if any, whether a legacy CUR always has it."""

    name: str
    type: Literal["string", "double", "timestamp", "map_string", "map_double"]
    legacy: str | None
    static: bool


def read(name: str) -> dict[str, Any]:
    """A YAML file beside this module."""
    return dict(read_yaml(HERE / name))


@cache
def load() -> Organisation:
    """Read and check the organisation. The files belong to the package: a mistake raises pydantic's error."""
    return Organisation.model_validate(
        {**read("organisation.yml"), **read("history.yml"), "services": read("services.yml")["services"]}
    )


@cache
def columns() -> tuple[Column, ...]:
    """Columns of CUR 2.0 in order, with their names in the legacy CUR."""
    return tuple(
        Column(name=name, type=kind, legacy=legacy, static=presence == "static")
        for name, (kind, legacy, presence) in read("columns.yml")["columns"].items()
    )


@cache
def product_map() -> dict[str, str]:
    """Keys of the product map -> legacy column."""
    return dict(read("columns.yml")["product_map"])
