"""Terraform files as plain Python: blocks, arguments and what an expression names. Parsing itself is python-hcl2's.

python-hcl2 lives in an environment of its own (terraform/tools.yml); everything else here works on its output, so that the
rules can be tested without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Body = dict[str, Any]
SKIPPED = {".terraform", "tests"}
_STRING = re.compile(r'^"(.*)"$', re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A top-level block: its kind (`resource`, `variable`…), labels, body, and the file it stands in."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    file: str


@dataclass
class Module:
    """A folder of Terraform files, with its blocks in reading order."""

    folder: Path
    blocks: list[Block] = field(default_factory=list)

    def of(self, kind: str) -> list[Block]:
        return [block for block in self.blocks if block.kind == kind]


def unquoted(text: str) -> str:
    """python-hcl2 keeps the quotes of labels and strings."""
    found = _STRING.match(text)
    return found.group(1) if found else text


def blocks_of(document: Body, file: str) -> Iterator[Block]:
    """The top-level blocks of a parsed file, in its order."""
    for kind, bodies in document.items():
        if kind.startswith("__"):
            continue
        for body in bodies:
            yield _block(kind, body, file)


def _block(kind: str, body: Any, file: str) -> Block:
    labels = []
    while isinstance(body, dict) and "__is_block__" not in body:
        label, body = next((k, v) for k, v in body.items() if not k.startswith("__"))
        labels.append(unquoted(label))
    return Block(kind, tuple(labels), body, file)


def arguments(body: Body) -> Iterator[tuple[str, Any]]:
    """(name, value) of every argument that is no block."""
    for name, value in body.items():
        if not name.startswith("__") and not is_blocks(value):
            yield name, value


def nested(body: Body) -> Iterator[tuple[str, Body]]:
    """(name, body) of every nested block; a dynamic block counts as what its content makes."""
    for name, value in body.items():
        if name == "dynamic":
            for dynamic in value:
                inner = _block(name, dynamic, "")
                yield inner.labels[0], inner.body["content"][0]
        elif not name.startswith("__") and is_blocks(value):
            for inner_body in value:
                yield name, inner_body


def is_blocks(value: Any) -> bool:
    """Whether a value stands for blocks: python-hcl2 gives a list of marked bodies, labels around them."""
    if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
        return False
    body = value[0]
    while isinstance(body, dict) and "__is_block__" not in body:
        inner = [v for k, v in body.items() if not k.startswith("__")]
        if len(inner) != 1:
            return False
        body = inner[0]
    return isinstance(body, dict)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys included: where references may stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "__comments__":
                yield key
                yield from texts(item)


@cache
def parsed(text: str) -> Body:
    """python-hcl2's reading of a file; it takes its time, so that a text is read once."""
    import hcl2

    document: Body = hcl2.loads(text)
    return document


def read_modules(root: Path) -> list[Module]:
    """Every folder below root with .tf files. Needs python-hcl2."""
    modules = []
    for folder in sorted({path.parent for path in root.rglob("*.tf")}):
        if SKIPPED & set(folder.relative_to(root).parts):
            continue
        module = Module(folder)
        for path in sorted(folder.glob("*.tf")):
            document = parsed(path.read_text(encoding="utf-8"))
            module.blocks += list(blocks_of(document, str(path.relative_to(root))))
        modules.append(module)
    return modules
