"""finlake.yml and the table of docs/configuration.md, both written from the settings and their words in the catalogue."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from finlake.messages import text
from finlake.settings import ENV_PREFIX, OTHER_VARIABLES, Settings

WIDTH = 90
EXAMPLES = {
    "source": "s3://my-billing-bucket/exports",
    "metrics_source": "s3://my-metrics-bucket/streams",
    "engine": "spark",
    "ledger": "dynamodb://finlake-prod-ledger",
    "spark_remote": "sc://spark.example.com:15002",
    "athena.results": "s3://my-results-bucket/athena",
    "emr.application": "00fabcdefg12345",
    "emr.role": "arn:aws:iam::111122223333:role/finlake-prod-emr",
    "emr.package": "s3://my-lake-bucket/lake/emr",
    "mlflow_uri": "https://mlflow.example.com",
}
"""What a setting without a default may look like."""


def config_text(told_in: str = "en", **values: Any) -> str:
    """A finlake.yml, commented in the language `told_in`, that loads to the defaults, or to `values` where given."""
    parts = [_comment(text("config.header", told_in).rstrip())]
    for name, field in Settings.model_fields.items():
        default = values.get(name) or _default(field)
        if isinstance(default, BaseModel):
            body = "\n".join(_section_lines(name, default, told_in))
        else:
            body = _value(name, default)
        parts.append(f"{_comment(text(f'settings.{name}', told_in), _allowed(field, told_in))}\n{body}")
    return "\n\n".join(parts) + "\n"


def settings_table() -> str:
    """Markdown: one row per setting with key, environment variable, default and meaning."""
    lines = ["| setting | environment | default | meaning |", "|---|---|---|---|"]
    for key, field in leaves(Settings):
        variable = ENV_PREFIX + key.replace(".", "__").upper()
        words = (text(f"settings.{key}", "en"), _allowed(field, "en"))
        meaning = " ".join(word for word in words if word).replace("<", "&lt;")
        lines.append(f"| `{key}` | `{variable}` | {_shown(_default(field))} | {meaning} |")
    return "\n".join(lines)


def variables_table() -> str:
    """Markdown: the environment variables that are no settings."""
    lines = ["| environment | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {words} |" for name, words in OTHER_VARIABLES.items())])


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting that is no section: (its dotted name, its field)."""
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from leaves(section, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _section_lines(name: str, section: BaseModel, language: str) -> Iterator[str]:
    yield f"{name}:"
    for inner, field in type(section).model_fields.items():
        words = text(f"settings.{name}.{inner}", language), _allowed(field, language)
        yield textwrap.indent(_comment(*words), "  ")
        yield f"  {_value(inner, getattr(section, inner), f'{name}.{inner}')}"


def _value(name: str, value: Any, path: str = "") -> str:
    """`path`: the name with its section's, where it has one."""
    if value is None:
        return f"# {name}: {EXAMPLES[path or name]}"
    if isinstance(value, dict):
        if not value:
            return f"{name}: {{}}"
        inner = [f"  {key}: [{', '.join(_scalar(item) for item in items)}]" for key, items in value.items()]
        return "\n".join([f"{name}:", *inner])
    return f"{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    """One value as YAML writes it inside a list, quoted where it has to be."""
    return yaml.safe_dump([value], default_flow_style=True, width=10_000).strip()[1:-1]


def _comment(*texts: str) -> str:
    lines = " ".join(words for words in texts if words).split("\n")
    return "\n".join(
        f"# {line}" for words in lines for line in textwrap.wrap(words, WIDTH, break_on_hyphens=False)
    )


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _allowed(field: FieldInfo, language: str) -> str:
    """What a setting may be, from its type and limits: "One of: en, pt-BR.", "At least 1, at most 100."."""
    choices = [item for item in get_args(field.annotation) if isinstance(item, str)]
    if len(choices) > 1:
        return text("config.one_of", language, choices=choices)
    limits = [
        text(f"config.{name}", language, limit=getattr(rule, name))
        for rule in field.metadata
        for name in ("ge", "le")
        if hasattr(rule, name)
    ]
    return f"{', '.join(limits).capitalize()}." if limits else ""


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, dict):
        return "<br>".join(
            f"`{key}`: {', '.join(f'`{item}`' for item in items)}" for key, items in value.items()
        )
    return f"`{value}`"
