"""What one file of finlake/services/ may say: frozen models of a catalogue entry.

Match rules and precedence: finlake/service_matching.py. Reading and checking files: finlake/service_files.py.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from finlake.service_matching import BillLine, LikePattern, MatchRule, Strict

UNMAPPED = "unmapped"
"""Value of `service` for a bill line that no catalogue entry claims; no file may take this name."""


class ServiceCategory(StrEnum):
    """FOCUS 1.2 ServiceCategory, exact spelling (FOCUS_Spec v1.2, columns/servicecategory.md)."""

    AI_AND_MACHINE_LEARNING = "AI and Machine Learning"
    ANALYTICS = "Analytics"
    BUSINESS_APPLICATIONS = "Business Applications"
    COMPUTE = "Compute"
    DATABASES = "Databases"
    DEVELOPER_TOOLS = "Developer Tools"
    MULTICLOUD = "Multicloud"
    IDENTITY = "Identity"
    INTEGRATION = "Integration"
    INTERNET_OF_THINGS = "Internet of Things"
    MANAGEMENT_AND_GOVERNANCE = "Management and Governance"
    MEDIA = "Media"
    MIGRATION = "Migration"
    MOBILE = "Mobile"
    NETWORKING = "Networking"
    SECURITY = "Security"
    STORAGE = "Storage"
    WEB = "Web"
    OTHER = "Other"


class ResourceRule(Strict):
    """How a resource of this service is named in the bill (an ARN or a bare id) and what type that means."""

    type: Annotated[str, Field(pattern=r"^[a-z0-9-]+:[a-zA-Z0-9-]+$")]
    arn_like: LikePattern | None = None
    id_like: LikePattern | None = None
    own_lines_only: bool
    id_from: Literal["resource_id", "resource_path", "arn"]

    @model_validator(mode="after")
    def _is_usable(self) -> ResourceRule:
        if not self.patterns:
            raise ValueError("needs arn_like or id_like")
        if self.arn_like and not self.arn_like.startswith("arn:"):
            raise ValueError("arn_like must begin with arn:")
        if self.id_like and self.id_like.startswith("%") and not self.own_lines_only:
            raise ValueError(
                "an id_like that begins with % would claim every resource: set own_lines_only: true"
            )
        return self

    @property
    def patterns(self) -> tuple[str, ...]:
        """The LIKE patterns on the billed resource id."""
        return tuple(pattern for pattern in (self.arn_like, self.id_like) if pattern)

    def identity(self, resource_id: str) -> str:
        """The billed id as CloudWatch has it: its last part, its path after the type, or the whole ARN."""
        if self.id_from == "arn":
            return resource_id
        tail = resource_id.split(":", 5)[-1] if resource_id.startswith("arn:") else resource_id
        if self.id_from == "resource_path":
            return re.split(r"[/:]", tail, maxsplit=1)[-1]
        return re.split(r"[/:]", tail)[-1]


class Metric(Strict):
    """One CloudWatch metric; `dimensions` are fixed values that only this metric needs."""

    name: str
    stat: Annotated[str, Field(pattern=r"^(Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$")]
    dimensions: dict[str, str] = Field(default_factory=dict)


class CloudWatch(Strict):
    """Where the metrics are: namespace, the dimension that carries the id, fixed dimensions, home region."""

    namespace: str
    dimension: str
    dimensions: dict[str, str] = Field(default_factory=dict)
    region: str | None = None
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]


class Bound(Strict):
    """Limits on a metric over the rule's days, both ends included."""

    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> Bound:
        if self.at_most is None and self.at_least is None:
            raise ValueError("needs at_most or at_least")
        return self

    def holds(self, value: float) -> bool:
        """Whether the value lies within the limits."""
        above = self.at_most is not None and value > self.at_most
        return not above and not (self.at_least is not None and value < self.at_least)


class IdleRule(Strict):
    """Idle: every named metric keeps its bound for `for_days` days; `saves` is a share of the cost."""

    when: Annotated[dict[str, Bound], Field(min_length=1)]
    for_days: Annotated[int, Field(ge=1)]
    missing_means: Literal["zero", "unknown"]
    saves: Annotated[float, Field(gt=0, le=1)]

    def verdict(self, metrics: dict[str, float | None], days: int) -> bool | None:
        """True idle, False not idle, None unknown (too young, or a metric silent where silence isn't 0)."""
        unknown = days < self.for_days
        for name, bound in self.when.items():
            value = metrics.get(name)
            if value is None and self.missing_means == "unknown":
                unknown = True
            elif not bound.holds(value or 0.0):
                return False
        return None if unknown else True


class DailyJump(Strict):
    """Alert when a day's cost is `ratio` times the usual and at least `at_least_usd` US dollars above it."""

    ratio: Annotated[float, Field(gt=1)]
    at_least_usd: Annotated[Decimal, Field(ge=0)]


class Alerts(Strict):
    """Alert thresholds of a service."""

    daily_jump: DailyJump


class BillExample(Strict):
    """A bill line and the service it must come out as: always the file's own."""

    model_config = ConfigDict(populate_by_name=True)

    bill: BillLine
    service: Annotated[str, Field(alias="is")]


class IdleExample(Strict):
    """Metric values over a number of days and the verdict that the idle rules must give."""

    metrics: dict[str, float | None]
    days: Annotated[int, Field(ge=0)]
    idle: bool | Literal["unknown"]


def _example_kind(value: Any) -> str:
    is_idle = "metrics" in value if isinstance(value, dict) else isinstance(value, IdleExample)
    return "<idle>" if is_idle else "<bill>"


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Example = Annotated[
    Annotated[BillExample, Tag("<bill>")] | Annotated[IdleExample, Tag("<idle>")],
    Discriminator(_example_kind),
]


class Service(Strict):
    """One AWS service of the catalogue: one file finlake/services/<service>.yml."""

    service: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    category: ServiceCategory
    match: Annotated[tuple[MatchRule, ...], Field(min_length=1)]
    resource: Annotated[tuple[ResourceRule, ...], BeforeValidator(_as_list)] = ()
    cloudwatch: CloudWatch | None = None
    idle: tuple[IdleRule, ...] = ()
    alerts: Alerts
    examples: tuple[Example, ...]
    sources: tuple[Annotated[str, Field(pattern=r"^https://")], ...] = ()

    @property
    def bill_examples(self) -> tuple[BillLine, ...]:
        """The example bill lines of the file."""
        return tuple(example.bill for example in self.examples if isinstance(example, BillExample))

    def idle_verdict(self, metrics: dict[str, float | None], days: int) -> bool | None:
        """All idle rules together: idle if one says so, unknown if one can't say, else not idle."""
        verdicts = [rule.verdict(metrics, days) for rule in self.idle]
        if True in verdicts:
            return True
        return None if None in verdicts else False


class ResourceDefaults(Strict):
    """Defaults of every resource rule."""

    own_lines_only: bool
    id_from: Literal["resource_id", "resource_path", "arn"]


class IdleDefaults(Strict):
    """Defaults of every idle rule."""

    for_days: int
    missing_means: Literal["zero", "unknown"]
    saves: float


class Defaults(Strict):
    """finlake/services/_defaults.yml: what a service file needn't repeat."""

    resource: ResourceDefaults
    idle: IdleDefaults
    alerts: Alerts
