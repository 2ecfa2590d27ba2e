"""Promise 4, read-only on AWS: every AWS operation in the code is on the allow-list of aws_calls.yml.

The rule does not follow variables: any method call whose name is an operation of an AWS service that the code
opens counts as a call of that operation, whatever it is called on.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from finlake.paths import PROJECT_ROOT
from tests.house.tree import calls, room_sources

ALLOWED: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "aws_calls.yml").read_text(encoding="utf-8")
)
# Looked for even where the code opens no client for them.
ALWAYS = ("s3", "sts", "ec2", "dynamodb", "organizations", "cloudwatch", "ce", "glue", "athena")
# Verbs of operations that only read, by AWS's own naming.
READING = (
    "get_",
    "list_",
    "describe_",
    "head_",
    "lookup_",
    "search_",
    "query",
    "scan",
    "batch_get_",
    "select_",
)
# Names that are also everyday Python: counted only on something called client.
EVERYDAY = {"query", "scan", "close", "copy", "publish"}
INDIRECT = {"get_paginator": 0, "get_waiter": 0}
FORBIDDEN = {
    "resource",
    "make_api_call",
    "_make_api_call",
    "generate_presigned_url",
    "generate_presigned_post",
}


@cache
def operations(service: str) -> frozenset[str]:
    """Method names of all operations of the service, from botocore's own model."""
    model = botocore.session.get_session().get_service_model(service)
    return frozenset(xform_name(name) for name in model.operation_names)


def text_argument(node: ast.Call, position: int) -> str | None:
    """The literal text at that position, or None."""
    argument = node.args[position] if len(node.args) > position else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def opened(source: str) -> list[tuple[int, str | None]]:
    """(line, service) of every `….client("service")`; None where the service is no literal."""
    found = []
    for line, name, node in calls(source):
        if name.endswith(".client") and ("boto3" in source or "botocore" in source):
            found.append((line, text_argument(node, 0)))
    return found


def operations_called(source: str, services: frozenset[str]) -> list[tuple[int, str]]:
    """(line, operation) of every call that may reach AWS, also by paginator and waiter."""
    known = frozenset().union(*(operations(service) for service in services))
    found = []
    for line, name, node in calls(source):
        method = name.rpartition(".")[2]
        if method in INDIRECT:
            found.append((line, text_argument(node, INDIRECT[method]) or f"{method}(?)"))
        elif "." in name and method in known and (method not in EVERYDAY or "client" in name):
            found.append((line, method))
    return found


def test_every_aws_operation_is_on_the_allow_list() -> None:
    sources = dict(room_sources())
    services = frozenset(ALWAYS) | {s for text in sources.values() for _, s in opened(text) if s}
    reads = {operation for names in ALLOWED["reads"].values() for operation in names}
    writes = {
        (op, file)
        for names in ALLOWED["lake_writes"].values()
        for op, files in names.items()
        for file in files
    }
    found = [
        f"{name}:{line} {operation}"
        for name, text in sources.items()
        for line, operation in operations_called(text, services)
        if operation not in reads and (operation, name) not in writes
    ]
    assert found == [], "not on the allow-list tests/house/aws_calls.yml"


def test_clients_are_opened_by_a_literal_name_of_a_listed_service() -> None:
    listed = set(ALLOWED["reads"]) | set(ALLOWED["lake_writes"])
    found = [
        f"{name}:{line} {service}"
        for name, text in room_sources()
        for line, service in opened(text)
        if service not in listed
    ]
    assert found == []


def test_no_way_around_the_allow_list() -> None:
    """No boto3 resources, raw calls, presigned writes or the AWS command line."""
    found = []
    for name, text in room_sources():
        if "boto3" not in text and "botocore" not in text:
            continue
        for line, called, node in calls(text):
            dynamic = called == "getattr" and len(node.args) > 1 and text_argument(node, 1) is None
            if called.rpartition(".")[2] in FORBIDDEN or dynamic:
                found.append(f"{name}:{line} {called}")
    assert found == []
    commands = [f"{n}:{line}" for n, text in room_sources() for line in _aws_commands(text)]
    assert commands == []


def _aws_commands(source: str) -> list[int]:
    lists = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.List | ast.Tuple))
    return [
        n.lineno for n in lists if n.elts and isinstance(n.elts[0], ast.Constant) and n.elts[0].value == "aws"
    ]


def test_the_list_of_reads_holds_only_reading_verbs() -> None:
    for service, names in ALLOWED["reads"].items():
        assert set(names) <= operations(service), service
        assert [name for name in names if not name.startswith(READING)] == []


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("self._client.delete_object(Bucket=b, Key=k)", "delete_object"),
        ("boto3.client('ec2').terminate_instances(InstanceIds=[i])", "terminate_instances"),
        ("c.get_paginator('list_objects_v2')", "list_objects_v2"),
        ("c.get_waiter(name)", "get_waiter(?)"),
    ],
)
def test_the_rule_sees(source: str, operation: str) -> None:
    assert operations_called(source, frozenset({"s3", "ec2"})) == [(1, operation)]


@pytest.mark.parametrize("page", ["docs/en/deploy.md", "docs/pt-BR/deploy.md"])
def test_the_deploy_guide_gives_the_reason_of_every_operation(page: str) -> None:
    told = (PROJECT_ROOT / page).read_text(encoding="utf-8")
    for names in ALLOWED.values():
        for service, operations_of in names.items():
            listed = [line for line in told.splitlines() if line.startswith(f"| `{service}` ")]
            missing = [name for name in operations_of if not any(f"`{name}`" in line for line in listed)]
            assert missing == [], f"{page}: {service}"
