"""Provider type check (no plan): every AWS resource against the AWS provider's own types, blocks in blocks included.

No provider can be had where this is built, so nothing here plans. The types are those of the npm package @cdktf/provider-aws
(terraform/tools.yml), generated from the provider's schema: names, required or not, block or argument, one or many, and
what only AWS sets. Values aren't checked, nor what the provider says of them at plan time.

    python -m tests.terraform.provider_types PACKAGE.tgz [TERRAFORM_DIR]
"""

from __future__ import annotations

import re
import sys
import tarfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from tests.terraform.hcl import Block, Body, Module, arguments, nested, read_modules

META = {"count", "for_each", "provider", "depends_on"}
META_BLOCKS = {"lifecycle", "timeouts", "provisioner", "connection"}
ONLY_AWS = {"id", "tags_all"}
"""The package's types let them be set; the provider doesn't."""

_INTERFACE = re.compile(r"^export interface (\w+)([^{]*)\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_PROPERTY = re.compile(
    r"/\*\*(?P<doc>(?:(?!\*/).)*)\*/\s*readonly (?P<name>\w+)(?P<optional>\??): (?P<type>.*?);\n(?=\s*(?:/\*\*|$|readonly|\}))",
    re.DOTALL,
)
_ANCHOR = re.compile(r"docs/(?:resources|data-sources)/\w+#(\w+) ")
_GETTER = re.compile(r"^    get (\w+)\(\)", re.MULTILINE)


@dataclass(frozen=True)
class Argument:
    """What may stand in a block: required, a block of its own (its interface), once or many times."""

    required: bool
    block: str | None
    many: bool


@dataclass(frozen=True)
class ResourceTypes:
    """The types of one resource: its interfaces, the one at the top, and the names that can be read from it."""

    interfaces: Mapping[str, Mapping[str, Argument]]
    top: str
    readable: frozenset[str]


@cache
def parse(text: str) -> ResourceTypes:
    """Read one index.d.ts."""
    interfaces, top = {}, ""
    for name, extends, body in _INTERFACE.findall(text):
        interfaces[name] = dict(_arguments(body))
        if len(interfaces[name]) != body.count("readonly "):
            raise ValueError(f"not every property of {name} was understood")
        if "TerraformMetaArguments" in extends:
            top = name
    readable = {_snake(name) for name in _GETTER.findall(text)} | set(interfaces[top])
    return ResourceTypes(interfaces, top, frozenset(readable))


def _arguments(body: str) -> Iterable[tuple[str, Argument]]:
    for found in _PROPERTY.finditer(body):
        anchor = _ANCHOR.search(found["doc"])
        name = anchor.group(1) if anchor else _snake(found["name"])
        kind = found["type"].split("|")[0].strip()
        is_block = re.search(r"^\s*\* \w+ block$", found["doc"], re.MULTILINE) is not None
        block = kind.removesuffix("[]") if is_block else None
        yield name, Argument(not found["optional"], block, kind.endswith("[]"))


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda hit: f"_{hit.group(1).lower()}", name).lower()


def faults(body: Body, types: ResourceTypes, interface: str, where: str) -> list[str]:
    """Everything in a block that the provider's types don't know, or miss."""
    known, found, top = types.interfaces[interface], [], interface == types.top
    written = dict(arguments(body))
    for name in written:
        if top and name in META:
            continue
        if name not in known:
            only_read = top and name in types.readable
            found.append(f"{where}: `{name}` " + ("is only set by AWS" if only_read else "is no argument"))
        elif top and name in ONLY_AWS:
            found.append(f"{where}: `{name}` is only set by AWS")
        elif known[name].block:
            found.append(f"{where}: `{name}` is a block, not an argument")
    inner = list(nested(body))
    found += _block_faults(inner, types, interface, where)
    there = set(written) | {name for name, _ in inner}
    return found + [f"{where}: `{n}` is missing" for n, a in known.items() if a.required and n not in there]


def _block_faults(
    inner: list[tuple[str, Body]], types: ResourceTypes, interface: str, where: str
) -> list[str]:
    known, found, top = types.interfaces[interface], [], interface == types.top
    times = Counter(name for name, _ in inner)
    for name, body in inner:
        if top and name in META_BLOCKS:
            continue
        if name not in known:
            found.append(f"{where}: `{name}` is no block")
        elif (block := known[name].block) is None:
            found.append(f"{where}: `{name}` is an argument, not a block")
        else:
            found += faults(body, types, block, f"{where} > {name}")
    once = [
        n for n, count in times.items() if count > 1 and n in known and known[n].block and not known[n].many
    ]
    return found + [f"{where}: `{name}` may stand there once" for name in once]


class Package:
    """The npm package: types of a resource or data source by its Terraform name, or None."""

    _read: ClassVar[dict[Path, dict[str, str | None]]] = {}
    """What was read of each archive already: it is long."""

    def __init__(self, archive: Path, wanted: set[str]) -> None:
        self._texts = self._read.setdefault(archive, {})
        new = {self._member(name): name for name in wanted - set(self._texts)}
        if not new:
            return
        self._texts.update({name: None for name in new.values()})
        with tarfile.open(archive, "r|gz") as files:
            for entry in files:
                if entry.name in new and (stream := files.extractfile(entry)):
                    self._texts[new[entry.name]] = stream.read().decode()

    @staticmethod
    def _member(name: str) -> str:
        kind, _, resource = name.partition(".")
        folder = resource.removeprefix("aws_").replace("_", "-")
        return f"package/lib/{'data-aws-' if kind == 'data' else ''}{folder}/index.d.ts"

    def types(self, name: str) -> ResourceTypes | None:
        text = self._texts.get(name)
        return parse(text) if text else None


def of_aws(module: Module) -> list[tuple[str, Block]]:
    """(`resource.aws_x` or `data.aws_x`, block) of a module."""
    return [
        (f"{b.kind}.{b.labels[0]}", b)
        for b in module.blocks
        if b.kind in ("resource", "data") and len(b.labels) == 2
    ]


def check(root: Path, archive: Path) -> tuple[list[str], int, int]:
    """All faults below root, and how many resources (data sources too) and kinds of them were looked at."""
    all_blocks = [found for module in read_modules(root) for found in of_aws(module)]
    package = Package(archive, {name for name, _ in all_blocks})
    found = []
    for name, block in all_blocks:
        where = f"{block.file}: {'.'.join(block.labels)}"
        types = package.types(name)
        if types is None:
            found.append(f"{where}: the provider has no {name.replace('.', ' ')}")
        else:
            found += faults(block.body, types, types.top, where)
    return found, len(all_blocks), len({name for name, _ in all_blocks})


def main(argv: list[str]) -> int:
    """Print the faults; exit code 1 where there are any."""
    found, blocks, kinds = check(Path(argv[1] if len(argv) > 1 else "terraform"), Path(argv[0]))
    print("\n".join(found))
    print(f"provider type check (no plan): {blocks} blocks of {kinds} kinds, {len(found)} faults")
    return 1 if found or not blocks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
