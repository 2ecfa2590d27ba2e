"""finlake.yml and the table of docs/configuration.md, both written from the settings' own descriptions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from finlake.settings import ENV_PREFIX, OTHER_VARIABLES, Settings

WIDTH = 90
HEADER = """\
Settings of finlake. Each stands here with its default; delete what you don't change.
A flag (--lake) wins over the environment (FINLAKE_LAKE, FINLAKE_PUBLISH__KEEP_BUILDS), that over this file.
Relative folders count from this file's folder. All settings: docs/configuration.md"""


def config_text(**values: Any) -> str:
    """A commented finlake.yml that loads to the defaults, or to `values` where given."""
    parts = [_comment(HEADER)]
    for name, field in Settings.model_fields.items():
        default = values.get(name) or _default(field)
        if isinstance(default, BaseModel):
            body = "\n".join(_section_lines(name, default))
        else:
            body = _value(name, default)
        parts.append(f"{_comment(field.description or '', _allowed(field))}\n{body}")
    return "\n\n".join(parts) + "\n"


def settings_table() -> str:
    """Markdown: one row per setting with key, environment variable, default and meaning."""
    lines = ["| setting | environment | default | meaning |", "|---|---|---|---|"]
    for key, field in _leaves(Settings):
        variable = ENV_PREFIX + key.replace(".", "__").upper()
        allowed = _allowed(field)
        meaning = " ".join(words for words in (field.description, allowed) if words).replace("<", "&lt;")
        lines.append(f"| `{key}` | `{variable}` | {_shown(_default(field))} | {meaning} |")
    return "\n".join(lines)


def variables_table() -> str:
    """Markdown: the environment variables that are no settings."""
    lines = ["| environment | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {words} |" for name, words in OTHER_VARIABLES.items())])


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from _leaves(section, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _section_lines(name: str, section: BaseModel) -> Iterator[str]:
    yield f"{name}:"
    for inner, field in type(section).model_fields.items():
        yield textwrap.indent(_comment(field.description or "", _allowed(field)), "  ")
        yield f"  {_value(inner, getattr(section, inner))}"


def _value(name: str, value: Any) -> str:
    if value is None:
        return f"# {name}: s3://my-billing-bucket/exports"
    if isinstance(value, dict):
        inner = [f"  {key}: [{', '.join(_scalar(item) for item in items)}]" for key, items in value.items()]
        return "\n".join([f"{name}:", *inner])
    return f"{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    """One value as YAML writes it inside a list, quoted where it has to be."""
    return yaml.safe_dump([value], default_flow_style=True, width=10_000).strip()[1:-1]


def _comment(*texts: str) -> str:
    lines = " ".join(text for text in texts if text).split("\n")
    return "\n".join(
        f"# {line}" for text in lines for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False)
    )


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _allowed(field: FieldInfo) -> str:
    """What a setting may be, from its type and limits: "One of: en, pt-BR.", "At least 1, at most 100."."""
    choices = [item for item in get_args(field.annotation) if isinstance(item, str)]
    if len(choices) > 1:
        return f"One of: {', '.join(choices)}."
    limits = [
        f"{word} {getattr(rule, name)}"
        for rule in field.metadata
        for name, word in (("ge", "at least"), ("le", "at most"))
        if hasattr(rule, name)
    ]
    return f"{', '.join(limits).capitalize()}." if limits else ""


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "<br>".join(
            f"`{key}`: {', '.join(f'`{item}`' for item in items)}" for key, items in value.items()
        )
    return f"`{value}`"
