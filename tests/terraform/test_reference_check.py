"""The check of references finds names that lead nowhere, calls that don't fit, and values that depend on themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.terraform.hcl import Block, Module
from tests.terraform.references import cycle_of, name_faults

ROOT, CHILD = Path("/r"), Path("/r/child")
M = {"__is_block__": True}


def block(kind: str, *labels: str, **body: Any) -> Block:
    return Block(kind, labels, {**body, **M}, "main.tf")


def child(*more: Block) -> Module:
    plain = [
        block("variable", "a"),
        block("variable", "b", default=1),
        block("output", "o", value="${var.a}"),
    ]
    return Module(CHILD, [*plain, *more])


def root(*blocks: Block, **inputs: Any) -> Module:
    call = block("module", "c", source='"./child"', **({"a": "${local.x}"} | inputs))
    return Module(ROOT, [call, block("locals", x=1), *blocks])


def told(module: Module) -> list[str]:
    known = {ROOT: module, CHILD: child()}
    return sorted(name_faults(module, known, None))


def test_what_fits_passes() -> None:
    module = root(
        block("output", "o", value="${module.c.o}"),
        block("resource", "aws_x", "y", name="${aws_x.z[0].arn}"),
        block("resource", "aws_x", "z"),
    )
    assert told(module) == []
    assert cycle_of(module, {ROOT: module, CHILD: child()}) is None


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        (root(block("output", "o", value="${local.y}")), "r: `local.y` isn't declared"),
        (root(block("output", "o", value="${var.y}")), "r: `var.y` isn't declared"),
        (root(block("output", "o", value="${aws_x.y.arn}")), "r: `aws_x.y` isn't declared"),
        (root(block("output", "o", value="${module.c.other}")), "r: `module.c.other` leads nowhere"),
        (root(block("output", "o", value="${module.d.o}")), "r: `module.d.o` leads nowhere"),
        (root(z=1), "r: module c: it has no variable `z`"),
        (root(a="${[for s in local.w : s]}"), "r: `local.w` isn't declared"),
        (Module(ROOT, [block("module", "c", source='"./child"')]), "r: module c: `a` is missing"),
        (
            Module(ROOT, [block("module", "c", source='"./none"')]),
            "r: module c: there is no module at its source",
        ),
    ],
)
def test_a_planted_mistake_is_found(module: Module, fault: str) -> None:
    assert told(module) == [fault]


def test_a_file_name_is_no_reference() -> None:
    assert told(root(block("locals", f='"${local.x}/house/aws_calls.yml"'))) == []


def test_a_value_that_depends_on_itself_is_found_across_modules() -> None:
    module = Module(
        ROOT, [block("module", "c", source='"./child"', a="${local.x}"), block("locals", x="${module.c.o}")]
    )
    told_cycle = cycle_of(module, {ROOT: module, CHILD: child()})
    assert told_cycle is not None and ":local.x" in told_cycle and "/c:output.o" in told_cycle


def test_a_module_that_is_made_or_not_depends_on_what_decides_it() -> None:
    module = Module(
        ROOT,
        [
            block("module", "c", source='"./child"', a="1", count="${local.x ? 1 : 0}"),
            block("locals", x="${module.c[0].o}"),
        ],
    )
    assert cycle_of(module, {ROOT: module, CHILD: child()}) is not None


def test_a_variable_may_name_itself_in_its_own_validation() -> None:
    lone = Module(ROOT, [block("variable", "v", validation=[{"condition": "${var.v > 0}", **M}])])
    assert cycle_of(lone, {ROOT: lone}) is None
