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
    """One CloudWatch metric; `dimensions` are fixed values that only this metric needs.

    `silence: zero` only where AWS documents that no data point means that nothing happened.
    """

    name: str
    stat: Annotated[str, Field(pattern=r"^(Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$")]
    dimensions: dict[str, str] = Field(default_factory=dict)
    silence: Literal["zero", "unknown"] = "unknown"

    @model_validator(mode="after")
    def _can_be_silent(self) -> Metric:
        if self.silence == "zero" and self.stat not in ("Sum", "SampleCount"):
            raise ValueError("only a Sum or a SampleCount is zero when nothing happened")
        return self


class CloudWatch(Strict):
    """Where the metrics of one resource type are: namespace, the dimensions that carry the id, home region.

    `dimension`: one name, or a list whose values joined by `/` are the id. `resource`: the type, where the service has
    several. `identity_like`: the ids that this namespace speaks of. `unique_in`: how far the dimension's value names
    one resource only: everywhere (AWS gave the id), or within a region of an account (people gave the name).
    """

    namespace: str
    dimension: Annotated[
        tuple[str, ...],
        BeforeValidator(lambda v: [v] if isinstance(v, str) else v),
        Field(min_length=1, max_length=2),
    ]
    dimensions: dict[str, str] = Field(default_factory=dict)
    region: str | None = None
    resource: str | None = None
    identity_like: LikePattern = "%"
    unique_in: Literal["everywhere", "region"] = "region"
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_one_fixed_dimension_at_most(self) -> CloudWatch:
        for name, metric in self.metrics.items():
            if len(self.fixed_of(metric)) > 1:
                raise ValueError(f"metrics.{name}: more than one fixed dimension")
        return self

    def fixed_of(self, metric: Metric) -> dict[str, str]:
        """The dimensions that a series of the metric has besides the id."""
        return {**self.dimensions, **metric.dimensions}


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
    """One AWS service of the catalogue: one file finlake/services/<service>.yml.

    `days_to_judge`: a resource billed for fewer days is too young to say anything about its use.
    """

    service: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    category: ServiceCategory
    match: Annotated[tuple[MatchRule, ...], Field(min_length=1)]
    resource: Annotated[tuple[ResourceRule, ...], BeforeValidator(_as_list)] = ()
    cloudwatch: Annotated[tuple[CloudWatch, ...], BeforeValidator(_as_list)] = ()
    days_to_judge: Annotated[int, Field(ge=1)]
    idle: tuple[IdleRule, ...] = ()
    alerts: Alerts
    examples: tuple[Example, ...]
    sources: tuple[Annotated[str, Field(pattern=r"^https://")], ...] = ()

    @model_validator(mode="after")
    def _metrics_belong_to_a_resource(self) -> Service:
        types = {rule.type for rule in self.resource}
        for source in self.cloudwatch:
            if source.resource is None and len(types) != 1:
                raise ValueError("cloudwatch must name its resource: the service has none or several types")
            if source.resource is not None and source.resource not in types:
                raise ValueError(f"cloudwatch speaks of {source.resource}, which is no type under resource")
        return self

    @property
    def metric_names(self) -> set[str]:
        """Our names of the service's metrics."""
        return {name for source in self.cloudwatch for name in source.metrics}

    def resource_of(self, source: CloudWatch) -> ResourceRule:
        """The resource rule whose resources the metrics speak of."""
        return next(rule for rule in self.resource if source.resource in (None, rule.type))

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

    days_to_judge: int
    resource: ResourceDefaults
    idle: IdleDefaults
    alerts: Alerts
