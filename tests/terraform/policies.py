"""IAM policies as sentences: who may do what on which resource. Pure, for the tests and for iam_levels.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

OF_FINLAKE = ("runner", "operator", "emr", "member_reader")
"""The roles of finlake's own code, made from the allow-list, that of people who run it included; the others belong to AWS's
services and to analysts."""


class Grant(NamedTuple):
    """One allowed action on one resource."""

    role: str
    sid: str
    action: str
    resource: str


def many(value: Any) -> list[Any]:
    """IAM lets one be written without a list."""
    return value if isinstance(value, list) else [value]


def statements(document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def grants(roles: Mapping[str, str]) -> Iterator[Grant]:
    """Every allowed action on every resource of all roles."""
    for role, document in roles.items():
        for statement in statements(document):
            if statement["Effect"] == "Allow":
                for action in many(statement["Action"]):
                    for resource in many(statement["Resource"]):
                        yield Grant(role, statement["Sid"], action, resource)


def own_arns(names: Mapping[str, Any], account_id: str) -> tuple[str, ...]:
    """Starts of the ARNs that are finlake's own to write to."""
    return (
        f"arn:aws:s3:::{names['buckets']['lake']}",
        f"arn:aws:s3:::{names['buckets']['results']}",
        f"arn:aws:dynamodb:sa-east-1:{account_id}:table/{names['ledger_table']}",
        f"arn:aws:glue:sa-east-1:{account_id}:catalog",
        *(
            f"arn:aws:glue:sa-east-1:{account_id}:{kind}/{db}"
            for kind in ("database", "table")
            for db in names["databases"].values()
        ),
        f"arn:aws:emr-serverless:sa-east-1:{account_id}:/applications/00abc",
        f"arn:aws:athena:sa-east-1:{account_id}:workgroup/{names['workgroup']}",
    )
