"""The service catalogue: what finlake knows of AWS services, loaded from finlake/services/*.yml.

Facts are in the YAML files, one per service; what a file may say: finlake/service_model.py; how to add one:
docs/catalogue.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import dropwhile
from pathlib import Path

from finlake.errors import ConfigurationError, NotFound
from finlake.paths import SERVICES_DIR
from finlake.service_files import all_matches, examine
from finlake.service_matching import BillLine, Match, like
from finlake.service_model import UNMAPPED, Service

FINGERPRINT_DIGITS = 12
ARN_TYPE = re.compile("([a-zA-Z0-9-]+)[/:]")


@dataclass(frozen=True)
class ResourcePattern:
    """A LIKE pattern on the billed resource id and the resource type it means (`ec2:instance`).

    `own_lines_only`: it holds on lines of `service` only (an S3 bucket is billed by its bare name).
    """

    like: str
    resource_type: str
    service: str
    own_lines_only: bool


@dataclass(frozen=True)
class Catalogue:
    """All services, by key. Build it with `Catalogue.load()`."""

    services: dict[str, Service]

    @cached_property
    def _matches(self) -> tuple[Match, ...]:
        return all_matches(self.services)

    @classmethod
    def load(cls, directory: Path = SERVICES_DIR) -> Catalogue:
        """The catalogue of a folder, kept in memory until a file changes.

        Raises ConfigurationError (where: file and key) for the first fault, NotFound without the folder.
        """
        return _load(directory, _stamp(directory))

    def ordered_matches(self) -> tuple[Match, ...]:
        """Every match rule with its service, most specific first: the first one that claims a line decides.

        Rules with a product code stand before those without, then rules with a usage type, then those with
        more conditions; the rest of the order (service name, conditions) makes it the same on every machine.
        """
        return self._matches

    def service_of(self, line: BillLine) -> str:
        """Key of the service that a bill line belongs to, or `unmapped`."""
        return next((match.service for match in self.ordered_matches() if match.claims(line)), UNMAPPED)

    def resource_rules(self) -> tuple[ResourcePattern, ...]:
        """Patterns on the billed resource id, own-lines first, then longest first: the first decides.

        Left out are ARN patterns that only repeat what any ARN says of itself (`type_in_arn`): a line that no
        pattern fits takes its type from there.
        """
        patterns = [
            ResourcePattern(pattern, rule.type, service.service, rule.own_lines_only)
            for service in self.services.values()
            for rule in service.resource
            for pattern in rule.patterns
            if type_in_pattern(pattern) != rule.type
        ]
        return tuple(sorted(patterns, key=lambda p: (not p.own_lines_only, -len(p.like), p.like, p.service)))

    def resource_type_of(self, service: str, resource_id: str) -> str | None:
        """Resource type of a billed id on a line of `service`; None where neither rule nor ARN tells it."""
        return next(
            (
                rule.resource_type
                for rule in self.resource_rules()
                if (not rule.own_lines_only or rule.service == service) and like(resource_id, rule.like)
            ),
            type_in_arn(resource_id),
        )

    def fingerprint(self) -> str:
        """12 hex digits of the sha256 over all rules: comments, examples and sources don't change it."""
        rules = [
            service.model_dump(mode="json", exclude={"examples", "sources"})
            for _, service in sorted(self.services.items())
        ]
        text = json.dumps(rules, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]


def type_in_arn(resource_id: str) -> str | None:
    """`service:type` that an ARN says of itself, its service alone where it has no type; None for a bare id.

    arn:partition:service:region:account:type/id or type:id (AWS General Reference, "Amazon Resource Names").
    """
    parts = resource_id.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None
    kind = ARN_TYPE.match(parts[5])
    return f"{parts[2]}:{kind[1]}" if kind else parts[2]


def type_in_pattern(pattern: str) -> str | None:
    """What `type_in_arn` gives for every ARN that fits the pattern; None where the pattern leaves it open."""
    parts = pattern.split(":")
    named = dropwhile(lambda part: not part.strip("%"), parts[3:])
    kind = ARN_TYPE.match(":".join(named))
    return f"{parts[2]}:{kind[1]}" if parts[0] == "arn" and kind else None


def _stamp(directory: Path) -> tuple[tuple[str, int, int], ...]:
    if not directory.is_dir():
        raise NotFound.of("catalogue_missing", where=str(directory))
    stats = ((path.name, path.stat()) for path in sorted(directory.glob("*.yml")))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


@lru_cache(maxsize=8)
def _load(directory: Path, _stamp_of_files: tuple[tuple[str, int, int], ...]) -> Catalogue:
    services, problems = examine(directory)
    if problems:
        first = problems[0]
        place = f"{directory / first.file}: {first.key}"
        raise ConfigurationError.of("catalogue_wrong", where=place, fault=first.message, count=len(problems))
    return Catalogue(services)
