"""Hand-written checks across tables (`business.yml`): what a single table's contract cannot promise."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from expectations.results import ROWS, Check
from expectations.views import SCHEMA_OF_LAYER
from finlake.errors import ConfigurationError
from finlake.yaml_text import read as read_yaml

_LAYER_OF_SCHEMA = {schema: layer for layer, schema in SCHEMA_OF_LAYER.items()}
BUSINESS_FILE = Path(__file__).resolve().parent / "business.yml"


class BusinessCheck(BaseModel):
    """One entry of business.yml: `rows` selects what breaks the rule; `table` is where it is reported."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    table: str
    severity: Literal["error", "warning"]
    reason: str
    rows: str

    @property
    def needs(self) -> frozenset[str]:
        """Tables that the SQL reads, as `schema.table`."""
        return frozenset(re.findall(r"\b(?:silver|marts)\.\w+", self.rows))


def load_business_checks(path: Path = BUSINESS_FILE) -> list[BusinessCheck]:
    """All entries, in file order; raises ConfigurationError that names file and key."""
    entries = read_yaml(path)
    try:
        checks = [BusinessCheck.model_validate(entry) for entry in entries]
    except ValidationError as error:
        raise ConfigurationError.of(
            "check_wrong", where=str(path), file=path.name, fault=str(error)
        ) from error
    for check in checks:
        if f".{check.table}" not in {f".{name.split('.')[1]}" for name in check.needs}:
            raise ConfigurationError.of(
                "check_reads_other_table", where=str(path), file=path.name, check=repr(check.name)
            )
    return checks


def business_checks(present: Collection[str], path: Path = BUSINESS_FILE) -> list[Check]:
    """The checks all of whose tables (`silver.x`, `marts.y`) are present, ready to run."""
    return [_ready(check) for check in load_business_checks(path) if check.needs <= set(present)]


def _ready(check: BusinessCheck) -> Check:
    own = next(name for name in sorted(check.needs) if name.split(".")[1] == check.table)
    escaped = check.rows.strip().replace("{", "{{").replace("}", "}}")
    rows = re.sub(rf"\b{re.escape(own)}\b", "{batch}", escaped)
    return Check(
        table=check.table,
        name=f"business: {check.name}",
        severity=check.severity,
        kind=ROWS,
        offending_sql=rows,
        reason=check.reason,
        layer=_LAYER_OF_SCHEMA[own.split(".")[0]],
    )
