"""What `terraform validate` would say of names, without a provider: each reference leads somewhere, each module gets what it
needs, no value depends on itself.

    python -m tests.terraform.references [TERRAFORM_DIR [PACKAGE.tgz]]

With the package of provider types, what is read from an AWS resource is looked up too.
"""

from __future__ import annotations

import graphlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.terraform.hcl import Block, Module, read_modules, texts, unquoted
from tests.terraform.provider_types import Package, of_aws

_NAMED = re.compile(r"(?<![\w.])(var|local)\.(\w+)")
_CALLED = re.compile(r"(?<![\w.])module\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?")
_AWS = re.compile(r"(?<![\w./])(data\.)?(aws_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?")

Node = tuple[str, str]
"""(path of module calls, `var.x`, `local.x`, `output.x` or `aws_x.name`)."""


def source_of(module: Module, call: Block) -> Path:
    """Folder of a called module."""
    return (module.folder / unquoted(call.body["source"])).resolve()


def nodes_of(module: Module) -> dict[str, list[str]]:
    """What a module declares, with the texts that say what it depends on."""
    nodes: dict[str, list[str]] = {}
    for block in module.blocks:
        if block.kind == "locals":
            for name, value in block.body.items():
                if not name.startswith("__"):
                    nodes[f"local.{unquoted(name)}"] = list(texts(value))
        elif block.kind in ("variable", "output"):
            kind = "var" if block.kind == "variable" else "output"
            nodes[f"{kind}.{block.labels[0]}"] = list(texts(block.body))
        elif block.kind in ("resource", "data"):
            prefix = "data." if block.kind == "data" else ""
            nodes[prefix + ".".join(block.labels)] = list(texts(block.body))
    return nodes


def references(written: list[str]) -> Iterator[tuple[str, str | None]]:
    """(node, attribute read from it or None) of every reference; module outputs as `module.m.out`."""
    for text in written:
        for kind, name in _NAMED.findall(text):
            yield f"{kind}.{name}", None
        for call, output in _CALLED.findall(text):
            yield f"module.{call}", output or None
        for data, kind, name, attribute in _AWS.findall(text):
            yield f"{data}{kind}.{name}", attribute or None


def name_faults(module: Module, known: dict[Path, Module], package: Package | None) -> Iterator[str]:
    """References of one module that lead nowhere, and calls that fit no module."""
    declared, here = nodes_of(module), module.folder.name
    calls = {call.labels[0]: call for call in module.of("module")}
    written = [text for node in declared.values() for text in node]
    written += [text for call in calls.values() for text in texts(call.body)]
    for node, read in sorted(set(references(written)), key=str):
        if node.startswith("module."):
            call = calls.get(node.removeprefix("module."))
            child = known.get(source_of(module, call)) if call else None
            if child is None or (read and f"output.{read}" not in nodes_of(child)):
                yield f"{here}: `{node}.{read}` leads nowhere"
        elif node not in declared:
            yield f"{here}: `{node}` isn't declared"
        elif package and read and "aws_" in node:
            types = package.types(_type_name(node))
            if types and read not in types.readable:
                yield f"{here}: `{node}.{read}` can't be read from it"
    for call in calls.values():
        yield from _call_faults(module, call, known)


def _type_name(node: str) -> str:
    data, kind = node.startswith("data."), node.removeprefix("data.").split(".")[0]
    return f"{'data' if data else 'resource'}.{kind}"


def _call_faults(module: Module, call: Block, known: dict[Path, Module]) -> Iterator[str]:
    where = f"{module.folder.name}: module {call.labels[0]}"
    child = known.get(source_of(module, call))
    if child is None:
        yield f"{where}: there is no module at its source"
        return
    variables = {block.labels[0]: block for block in child.of("variable")}
    given = {k for k in call.body if not k.startswith("__")} - {
        "source",
        "providers",
        "count",
        "for_each",
        "depends_on",
    }
    for name in sorted(given - set(variables)):
        yield f"{where}: it has no variable `{name}`"
    for name, block in variables.items():
        if "default" not in block.body and name not in given:
            yield f"{where}: `{name}` is missing"


def graph_of(root: Module, known: dict[Path, Module], path: str = "") -> dict[Node, set[Node]]:
    """What depends on what, every called module unrolled."""
    graph: dict[Node, set[Node]] = {}
    calls = {call.labels[0]: call for call in root.of("module")}

    def places(written: list[str]) -> set[Node]:
        found: set[Node] = set()
        for node, read in references(written):
            if node.startswith("module."):
                found.add((f"{path}/{node.removeprefix('module.')}", f"output.{read}"))
            else:
                found.add((path, node))
        return found

    for node, written in nodes_of(root).items():
        itself = {(path, node)} if node.startswith("var.") else set()  # its own validation
        graph[path, node] = places(written) - itself
    for name, call in calls.items():
        child = known[source_of(root, call)]
        below = f"{path}/{name}"
        always = places(list(texts([call.body.get(key) for key in ("count", "for_each", "depends_on")])))
        for (place, node), needs in graph_of(child, known, below).items():
            is_input = place == below and node.startswith("var.")
            given = call.body.get(node.removeprefix("var.")) if is_input else None
            graph[place, node] = needs | always | places(list(texts(given)))
    return graph


def cycle_of(root: Module, known: dict[Path, Module]) -> str | None:
    """A value that depends on itself, as the way round; None where there is none."""
    try:
        list(graphlib.TopologicalSorter(graph_of(root, known)).static_order())
    except graphlib.CycleError as error:
        return " <- ".join(f"{place}:{node}" for place, node in error.args[1])
    return None


def check(folder: Path, archive: Path | None = None) -> tuple[list[str], int]:
    """All faults below the folder, and the number of references that were followed."""
    modules = read_modules(folder)
    known = {module.folder.resolve(): module for module in modules}
    wanted = {name for module in modules for name, _ in of_aws(module)}
    package = Package(archive, wanted) if archive else None
    found = [fault for module in modules for fault in name_faults(module, known, package)]
    if not found:
        for module in modules:
            cycle = cycle_of(module, known)
            found += [f"{module.folder.name}: a value depends on itself: {cycle}"] if cycle else []
    followed = sum(1 for m in modules for written in nodes_of(m).values() for _ in references(written))
    return found, followed


def main(argv: list[str]) -> int:
    """Print the faults; exit code 1 where there are any."""
    found, followed = check(Path(argv[0] if argv else "terraform"), Path(argv[1]) if len(argv) > 1 else None)
    print("\n".join(found))
    print(f"references: {followed} followed, {len(found)} faults")
    return 1 if found or not followed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
