"""Settings: one class per section, the only home of defaults; what each means stands in finlake/messages/settings.yml.

Precedence: command-line flag > environment `FINLAKE_*` (sections by `__`: FINLAKE_PUBLISH__KEEP_BUILDS) >
finlake.yml > default. `finlake init` and docs/configuration.md are generated from both.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from finlake.errors import ConfigurationError
from finlake.messages import message, text
from finlake.settings_file import ConfigFile, explain, read_config_file

CONFIG_NAME = "finlake.yml"
ENV_PREFIX = "FINLAKE_"
OTHER_VARIABLES = {
    "FINLAKE_STATE_HOME": "Folder for the log outside a lake and the state of lakes on S3 "
    "(default ~/.local/state/finlake).",
    "FINLAKE_LEASE_SECONDS": "How long others wait for the lease of a writer that died, where the ledger lies in DynamoDB "
    "(default 30).",
    "FINLAKE_LAKE_ROOT": "Set by finlake for dbt: the lake that a build reads.",
    "FINLAKE_BUILD_DB": "Set by finlake for dbt: the database that a build writes.",
    "FINLAKE_DUCKDB_MEMORY": "Set by finlake for dbt: how much memory DuckDB may hold.",
    "FINLAKE_DBT_KEPT_AS": "Set by finlake for dbt: how models are kept that are made month by month.",
    "FINLAKE_DBT_MADE_AS": "Set by finlake for dbt: how models are kept that are made as a whole.",
    "FINLAKE_DBT_DATABASE": "Set by finlake for dbt: how the Glue databases' names begin.",
    "FINLAKE_DBT_SILVER": "Set by finlake for dbt: the Glue database of silver.",
    "FINLAKE_DBT_WORKGROUP": "Set by finlake for dbt: Athena's workgroup.",
    "FINLAKE_DBT_RESULTS": "Set by finlake for dbt: where Athena leaves results.",
    "FINLAKE_DBT_POLL_SECONDS": "Set by finlake for dbt: how long it waits before it asks Athena again.",
    "FINLAKE_DBT_DATA": "Set by finlake for dbt: where Athena keeps the marts.",
    "FINLAKE_FAILPOINT": "For tests: the named point at which the process is killed.",
    "FINLAKE_CI": "For tests: 1 makes a skipped test a failure.",
}

LEDGER = r"^(sqlite|dynamodb://[A-Za-z0-9_.-]{3,255})$"
"""DynamoDB's naming rule: docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""

DEFAULT_DIMENSIONS: dict[str, list[str]] = {
    "env": ["user_env", "user_environment", "user_Env", "user_Environment", "cost_category:Environment"],
    "team": ["user_team", "user_Team", "cost_category:Team"],
    "app": ["user_app", "user_App", "user_application", "user_Application"],
    "cost_center": ["user_CostCenter", "user_cost_center", "user_costcenter", "cost_category:CostCenter"],
    "business_unit": ["cost_category:BusinessUnit", "user_BusinessUnit", "user_business_unit"],
}


def is_s3(location: str) -> bool:
    """Whether a lake or source is on S3 (`s3://bucket/prefix`) and not a local folder."""
    return location.startswith("s3://")


def _wrong(reason: str, **values: Any) -> PydanticCustomError:
    """Why a value can't be, by its key in finlake/messages/config.yml."""
    return PydanticCustomError(reason, text(f"config.{reason}", "en", **values), values)


def _location(value: str) -> str:
    """A local folder as an absolute path, or s3://bucket/prefix without a trailing slash."""
    text = value.strip()
    if is_s3(text):
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", text):
            raise _wrong("bucket")
        return text.rstrip("/")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) or not text:
        raise _wrong("location")
    return os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - no symlink may be resolved here


def _all_dimensions(value: dict[str, list[str]]) -> dict[str, list[str]]:
    """Dimensions that the user doesn't mention keep their default; an empty list switches one off."""
    return {**DEFAULT_DIMENSIONS, **value}


def _dimension(name: str) -> str:
    if name not in DEFAULT_DIMENSIONS:
        raise _wrong("dimension", names=list(DEFAULT_DIMENSIONS))
    return name


def _tag_key(key: str) -> str:
    if not key.strip() or key == "cost_category:":
        raise _wrong("tag_key")
    return key


DimensionName = Annotated[str, AfterValidator(_dimension)]
TagKey = Annotated[str, AfterValidator(_tag_key)]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Location = Annotated[str, AfterValidator(_location)]
Dimensions = Annotated[dict[DimensionName, list[TagKey]], AfterValidator(_all_dimensions)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CleanupSettings(_Section):
    """What the clean-up at the end of each run may leave in the lake."""

    max_age_days: int = Field(default=7, ge=0)
    max_cache_mb: int = Field(default=512, ge=0)
    max_reports: int = Field(default=200, ge=1)
    max_log_mb: int = Field(default=20, ge=1)
    max_log_days: int = Field(default=30, ge=0)
    unpublished_build_days: int = Field(default=2, ge=0)


class PublishSettings(_Section):
    """How builds of the marts are published."""

    keep_builds: int = Field(default=3, ge=1, le=100)


class AthenaSettings(_Section):
    """Where target athena builds."""

    workgroup: str = Field(default="primary", pattern=r"^[A-Za-z0-9._-]{1,128}$")
    database: str = Field(default="finlake", pattern=r"^[a-z0-9_]{1,200}$")
    results: Location | None = Field(default=None, pattern=r"^s3://")
    poll_seconds: float = Field(default=0.5, ge=0.05, le=60)


class EmrSettings(_Section):
    """Where `finlake emr submit` runs jobs."""

    application: str | None = Field(default=None, pattern=r"^[0-9a-z]{1,64}$")
    role: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")
    package: Location | None = Field(default=None, pattern=r"^s3://")
    python: str = Field(default="/usr/bin/python3.11", pattern=r"^[\w./-]+$")
    most_executors: int = Field(default=8, ge=1, le=1000)
    timeout_minutes: int = Field(default=360, ge=5, le=10080)


class Settings(BaseSettings):
    """All settings of one call. Build it with load_settings(), which names the place of a mistake."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", validate_default=True
    )

    lake: Location = Field(default="finlake-lake")
    source: Location | None = Field(default=None)
    metrics_source: Location | None = Field(default=None)
    engine: Literal["duckdb", "spark"] | None = Field(default=None)
    target: Literal["duckdb", "athena"] = Field(default="duckdb")
    ledger: str | None = Field(default=None, pattern=LEDGER)
    spark_remote: str | None = Field(default=None, pattern=r"^sc://[^\s/]+")
    language: Literal["en", "pt-BR"] = Field(default="en")
    dimensions: Dimensions = Field(default=DEFAULT_DIMENSIONS)
    cleanup: CleanupSettings = Field(default_factory=CleanupSettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    athena: AthenaSettings = Field(default_factory=AthenaSettings)
    emr: EmrSettings = Field(default_factory=EmrSettings)
    organizational_units: dict[str, list[AccountId]] = Field(default_factory=dict)
    mlflow_uri: str | None = Field(default=None, pattern=r"^(https?|sqlite|postgresql|mysql)(\+\w+)?://\S+$")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what load_settings() hands over, then the environment: no .env file, no secrets folder."""
        return init_settings, env_settings


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """One call's settings: `overrides` (None = not given) > FINLAKE_* > `config` file > defaults.

    Relative folders in the file count from the file's folder; elsewhere from the current one.
    Raises ConfigurationError naming file, key path and line (or variable, or flag) and what is allowed.
    """
    flags = {key: value for key, value in overrides.items() if value is not None}
    file = _config_file(config)
    _refuse_misspelt_variables()
    environment = _environment()
    try:
        return Settings(**_merge(_merge(_anchored(file), environment), flags))
    except ValidationError as error:
        raise explain(error, Settings, file=file, environment=environment, flags=flags) from error


def environment_names() -> list[str]:
    """Every environment variable that finlake reads: one per setting, and OTHER_VARIABLES."""
    names = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            names += [f"{ENV_PREFIX}{name}__{inner}".upper() for inner in section.model_fields]
        else:
            names.append(f"{ENV_PREFIX}{name}".upper())
    return [*names, *OTHER_VARIABLES]


def unknown_variables() -> list[str]:
    """Variables FINLAKE_* of the environment that nothing reads; a Kubernetes service named finlake makes some, too."""
    heads = {name.upper() for name in Settings.model_fields}
    return sorted(
        name
        for name in os.environ
        if name.startswith(ENV_PREFIX)
        and name not in OTHER_VARIABLES
        and name.removeprefix(ENV_PREFIX).partition("__")[0] not in heads
    )


def _refuse_misspelt_variables() -> None:
    """Raises ConfigurationError for a variable that almost names a setting: its value would be ignored without a word."""
    known = {name.removeprefix(ENV_PREFIX): name for name in environment_names()}
    for name in unknown_variables():
        close = get_close_matches(name.removeprefix(ENV_PREFIX), known, n=1, cutoff=0.75)
        if close:
            place = message("config.variable", name=name)
            raise ConfigurationError.of("variable_misspelt", place=place, name=name, close=known[close[0]])


def _config_file(config: Path | None) -> ConfigFile | None:
    if config is None:
        found = Path(CONFIG_NAME)
        return read_config_file(found) if found.is_file() else None
    if not config.is_file():
        raise ConfigurationError.of("config_missing", where=str(config), file=str(config))
    return read_config_file(config)


def _environment() -> dict[str, Any]:
    try:
        return dict(EnvSettingsSource(Settings)())
    except SettingsError as error:
        place = message("config.variables", name=ENV_PREFIX)
        raise ConfigurationError.of("variable_unreadable", place=place, detail=str(error)) from error


def _anchored(file: ConfigFile | None) -> dict[str, Any]:
    """The file's values, with its relative folders made absolute from the file's own folder."""
    if file is None:
        return {}
    values = dict(file.values)
    for key in ("lake", "source", "metrics_source"):
        value = values.get(key)
        if (
            isinstance(value, str)
            and value.strip()
            and "://" not in value
            and not value.strip().startswith("~")
        ):
            values[key] = str(file.path.absolute().parent / value.strip())
    return values


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two layers of settings, section by section; `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        merged[key] = _merge(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged
