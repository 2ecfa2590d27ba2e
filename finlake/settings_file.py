"""finlake.yml as text: read strictly; a mistake is told with its file, key path, line and what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import MappingNode, Node

from finlake.errors import ConfigurationError
from finlake.messages import catalogue, message
from finlake.yaml_text import SafeLoader, parse

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file as read: its values and the line (from 1) where each key path stands."""

    path: Path
    values: dict[str, Any]
    lines: dict[KeyPath, int]


def read_config_file(path: Path) -> ConfigFile:
    """Read a YAML mapping. Raises ConfigurationError: unreadable, no YAML, no mapping, or a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=SafeLoader)
        values = parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError.of("config_unreadable", place=_at(path), detail=str(error)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        place = _at(path, mark.line + 1 if mark else None)
        raise ConfigurationError.of("config_no_yaml", place=place, problem=problem) from error
    if values is None:
        return ConfigFile(path, {}, {})
    if not isinstance(values, dict):
        raise ConfigurationError.of("config_no_mapping", place=_at(path, 1))
    lines: dict[KeyPath, int] = {}
    _note_lines(root, (), lines, path)
    return ConfigFile(path, values, lines)


def _note_lines(node: Node | None, at: KeyPath, lines: dict[KeyPath, int], path: Path) -> None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            here = (*at, str(key.value))
            if here in lines:
                place = _at(path, key.start_mark.line + 1, here)
                raise ConfigurationError.of("config_key_twice", place=place, key=str(key.value))
            lines[here] = key.start_mark.line + 1
            _note_lines(value, here, lines, path)
    elif node is not None and isinstance(node.value, list):
        for index, value in enumerate(node.value):
            lines[(*at, index)] = value.start_mark.line + 1
            _note_lines(value, (*at, index), lines, path)


def explain(
    error: ValidationError,
    model: type[BaseModel],
    *,
    file: ConfigFile | None,
    environment: dict[str, Any],
    flags: dict[str, Any],
) -> ConfigurationError:
    """The first mistake of a validation as a ConfigurationError; the others are counted."""
    details = error.errors(include_url=False)
    first = details[0]
    location: KeyPath = tuple(part for part in first["loc"] if part != "[key]")
    dotted = ".".join(str(part) for part in location)
    place = _place(location, file, environment, flags)
    if first["type"] == "extra_forbidden":
        close, allowed = _suggestion(model, location)
        said: dict[str, Any] = {"name": dotted, "count": len(details), "allowed": allowed}
        if close is None:
            return ConfigurationError.of("setting_unknown", place=place, **said)
        return ConfigurationError.of("setting_misspelt", place=place, close=close, **said)
    return ConfigurationError.of(
        "setting_wrong",
        place=place,
        name=dotted,
        value=repr(first["input"]),
        reason=_reason(first),
        allowed=_allowed(model, location),
        count=len(details),
    )


def _reason(error: ErrorDetails) -> Any:
    """Why a value can't be: the catalogue's words for what pydantic says, or pydantic's own where it has none."""
    key, said = f"config.{error['type']}", error.get("ctx") or {}
    if key not in catalogue():
        return error["msg"][:1].lower() + error["msg"][1:]
    if error["type"] == "literal_error":
        said = {"expected": re.findall(r"'([^']*)'", said["expected"])}
    return message(
        key, **{name: value for name, value in said.items() if isinstance(value, str | int | float | list)}
    )


def _place(
    location: KeyPath, file: ConfigFile | None, environment: dict[str, Any], flags: dict[str, Any]
) -> Any:
    """Where the refused value came from: the strongest layer that holds the longest part of the key path."""
    dotted = ".".join(str(part) for part in location)
    if _holds(flags, location):
        return f"--{str(location[0]).replace('_', '-')}"
    if _holds(environment, location):
        name = f"FINLAKE_{'__'.join(str(part) for part in location)}".upper()
        return message("config.variable", name=name)
    if file is None:
        return dotted
    known = [location[:n] for n in range(len(location), 0, -1) if location[:n] in file.lines]
    return _at(file.path, file.lines[known[0]] if known else None, location)


def _holds(values: Any, location: KeyPath) -> bool:
    for part in location:
        if isinstance(values, list):
            values = dict(enumerate(values))
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return bool(location)


def _section(model: type[BaseModel], location: KeyPath) -> tuple[type[BaseModel], str]:
    """The model that a key path's last key belongs to, and the path up to it with its dot."""
    prefix = ""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if inner is None or not _is_section(inner):
            break
        model, prefix = inner, f"{prefix}{part}."
    return model, prefix


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _suggestion(model: type[BaseModel], location: KeyPath) -> tuple[str | None, str]:
    """The name that was probably meant, and all that are allowed there."""
    section, prefix = _section(model, location)
    names = list(section.model_fields)
    close = get_close_matches(str(location[-1]), names, n=1)
    return (prefix + close[0] if close else None), ", ".join(prefix + name for name in names)


def _allowed(model: type[BaseModel], location: KeyPath) -> dict[str, Any]:
    section, prefix = _section(model, location)
    for part in location:
        field = section.model_fields.get(str(part))
        if field is not None and not _is_section(field.annotation):
            return message(
                "config.meaning", name=f"{prefix}{part}", meaning=message(f"settings.{prefix}{part}")
            )
    return message("config.see_docs")


def _at(path: Path, line: int | None = None, key: KeyPath = ()) -> dict[str, Any]:
    """A place in a configuration file, in words."""
    said = {"file": str(path)} | ({"line": str(line)} if line else {})
    said |= {"key": ".".join(map(str, key))} if key else {}
    return message("_".join(["config.at", *(name for name in ("line", "key") if name in said)]), **said)
