"""Promise 4 in the policies: finlake's roles may do what its code can call, read the customer's account, write only the lake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from finlake.lake import MARKER
from tests.house.test_aws_read_only import ALLOWED, READING
from tests.terraform.policies import OF_FINLAKE, grants, many, own_arns, statements
from tests.terraform.run import MODULES, POLICY_NAMES, policy_outputs

ACCOUNT = "000123456789"
MAPPING: dict[str, Any] = yaml.safe_load((MODULES / "policies" / "iam_actions.yml").read_text())
DELETES = {"s3:DeleteObject", "dynamodb:DeleteItem", "glue:DeleteTable", "glue:BatchDeleteTableVersion"}
"""Deleting what a VACUUM or the ledger no longer needs, and what dbt replaces in finlake's own databases (seeds, views' old
versions); never a bucket, a database or a key."""


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory, need: Callable[[str], str]) -> dict[str, Any]:
    need("terraform")
    return policy_outputs(tmp_path_factory.mktemp("policies"))


def listed() -> set[tuple[str, str]]:
    """(service, operation) of all three lists."""
    return {
        (service, operation)
        for name in ("reads", "lake_writes", "lake_store")
        for service, operations in ALLOWED[name].items()
        for operation in operations
    }


def test_every_listed_operation_is_granted_and_nothing_else(policies: dict[str, Any]) -> None:
    assert {(call["service"], call["operation"]) for call in policies["granted"]} == listed()
    from_list = {action for call in policies["granted"] for action in call["actions"]}
    allowed = {g.action for g in grants(policies["roles"]) if g.role in OF_FINLAKE}
    assert allowed <= from_list | set(MAPPING["beside"])
    # All of the list is allowed to the runner, which runs all of the code.
    assert from_list <= {g.action for g in grants(policies["roles"]) if g.role == "runner"}


def test_an_action_has_the_name_that_aws_gives_the_operation(policies: dict[str, Any]) -> None:
    """Derived from the method's name (`get_caller_identity`); an operation that AWS writes otherwise must be in the mapping."""
    session, wrong = botocore.session.get_session(), []
    for call in policies["granted"]:
        if f"{call['service']}.{call['operation']}" in MAPPING["operations"]:
            continue
        model = session.get_service_model(call["service"])
        real = {xform_name(name): name for name in model.operation_names}[call["operation"]]
        if call["actions"] != [f"{MAPPING['services'][call['service']]['prefix']}:{real}"]:
            wrong.append(f"{call['service']}.{call['operation']}: {call['actions']}, AWS says {real}")
    assert wrong == []


def test_what_the_libraries_do_are_operations_of_their_services() -> None:
    for service, named in ALLOWED["lake_store"].items():
        model = botocore.session.get_session().get_service_model(service)
        assert set(named) <= {xform_name(name) for name in model.operation_names}, service
    assert set(ALLOWED["lake_store"]) == {"s3", "athena", "glue"}


def test_in_the_customers_account_finlake_only_reads(policies: dict[str, Any]) -> None:
    own = own_arns(POLICY_NAMES, ACCOUNT)
    reads = {a for c in policies["granted"] if c["operation"].startswith(READING) for a in c["actions"]}
    beside = {"kms:Decrypt", "kms:GenerateDataKey", "sts:AssumeRole", "iam:PassRole"}  # nothing of S3
    outside = [
        g for g in grants(policies["roles"])
        if g.role in OF_FINLAKE and not g.resource.startswith(own) and g.action not in reads | beside
    ]  # fmt: skip
    assert outside == []


def test_what_is_allowed_beside_the_code_is_fenced_in(policies: dict[str, Any]) -> None:
    """KMS only by way of S3 and DynamoDB, on named keys; the role in member accounts by its whole name; uploads in
    finlake's own buckets."""
    uploads = {"s3:ListMultipartUploadParts", "s3:ListBucketMultipartUploads"}
    assert set(MAPPING["beside"]) == uploads | {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "sts:AssumeRole",
        "iam:PassRole",
    }
    of_uploads = [g for g in grants(policies["roles"]) if g.action in uploads]
    assert {g.role for g in of_uploads} == {"runner", "operator", "analyst"}
    assert all(
        g.resource.startswith(("arn:aws:s3:::the-lake", "arn:aws:s3:::the-results")) for g in of_uploads
    )
    assert all(len(reason) > 30 for reason in MAPPING["beside"].values())
    for role in OF_FINLAKE:
        for s in statements(policies["roles"][role]):
            if s["Effect"] == "Allow" and any(a.startswith("kms:") for a in s["Action"]):
                assert set(s["Condition"]["StringEquals"]) == {"kms:ViaService"}
                assert all(r.startswith("arn:aws:kms:") and "*" not in r for r in s["Resource"])
    (passed,) = [s for s in statements(policies["roles"]["runner"]) if s.get("Action") == ["iam:PassRole"]]
    assert passed["Resource"] == ["arn:aws:iam::000123456789:role/finlake-test-emr"]
    assert passed["Condition"]["StringEquals"] == {"iam:PassedToService": "emr-serverless.amazonaws.com"}
    taken = [g.resource for g in grants(policies["roles"]) if g.action == "sts:AssumeRole"]
    assert taken == ["arn:aws:iam::000000000042:role/finlake-reader"]


def test_nothing_is_deleted_but_what_the_lake_no_longer_needs(policies: dict[str, Any]) -> None:
    own = own_arns(POLICY_NAMES, ACCOUNT)
    deletes = [g for g in grants(policies["roles"]) if "Delete" in g.action or "Terminate" in g.action]
    assert deletes, "VACUUM needs s3:DeleteObject"
    assert [g for g in deletes if g.action not in DELETES or not g.resource.startswith(own)] == []
    assert {g.resource for g in deletes if g.action == "s3:DeleteObject"} == {
        "arn:aws:s3:::the-lake/lake/*",
        "arn:aws:s3:::the-results/*",
    }


@pytest.mark.parametrize("role", OF_FINLAKE)
def test_a_policy_attached_later_gives_nothing_more(policies: dict[str, Any], role: str) -> None:
    """Everything that isn't listed is denied by name of what is: explicit denials win over every allowance."""
    document = statements(policies["roles"][role])
    allowed = {a for s in document if s["Effect"] == "Allow" for a in many(s["Action"])}
    fences = [s for s in document if s["Effect"] == "Deny" and "NotAction" in s]
    assert [set(s["NotAction"]) for s in fences] == [allowed]
    assert fences[0]["Resource"] == ["*"] and "Condition" not in fences[0]


@pytest.mark.parametrize("role", ["runner", "emr"])
def test_objects_are_written_in_the_lake_only_whatever_else_is_attached(
    policies: dict[str, Any], role: str
) -> None:
    fence = [s for s in statements(policies["roles"][role]) if "NotResource" in s]
    assert len(fence) == 1 and fence[0]["Effect"] == "Deny"
    assert {"s3:PutObject", "s3:DeleteObject"} <= set(fence[0]["Action"])
    assert set(fence[0]["NotResource"]) == {"arn:aws:s3:::the-lake/lake/*", "arn:aws:s3:::the-results/*"}


def test_people_query_and_write_nothing_but_results(policies: dict[str, Any]) -> None:
    mine = [g for g in grants(policies["roles"]) if g.role == "analyst"]
    puts = {g.resource for g in mine if "Put" in g.action or "Delete" in g.action}
    assert puts == {"arn:aws:s3:::the-results/*"}
    assert not any("bronze" in g.resource or "/b" in g.resource.rpartition(":")[2] for g in mine)


def test_people_take_their_roles_with_a_second_factor(policies: dict[str, Any]) -> None:
    for role in ("analyst", "operator"):
        (said,) = statements(policies["trust"][role])
        assert said["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        assert said["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_an_operator_may_what_the_task_may_but_for_the_role_in_member_accounts(
    policies: dict[str, Any],
) -> None:
    def of(role: str) -> set[tuple[str, str]]:
        return {(g.action, g.resource) for g in grants(policies["roles"]) if g.role == role}

    assert of("runner") - of("operator") == {
        ("sts:AssumeRole", "arn:aws:iam::000000000042:role/finlake-reader")
    }
    assert of("operator") <= of("runner")


def test_an_analyst_opens_the_lake_and_finds_the_saved_queries(policies: dict[str, Any]) -> None:
    mine = {(g.action, g.resource) for g in grants(policies["roles"]) if g.role == "analyst"}
    assert ("s3:GetObject", f"arn:aws:s3:::the-lake/lake/{MARKER}") in mine
    workgroup = f"arn:aws:athena:sa-east-1:{ACCOUNT}:workgroup/finlake-test"
    for operation in ("ListNamedQueries", "BatchGetNamedQuery", "GetNamedQuery", "ListQueryExecutions"):
        assert (f"athena:{operation}", workgroup) in mine


def test_of_the_default_database_nothing_but_its_own_entry_is_read(policies: dict[str, Any]) -> None:
    """AWS asks for it of whoever queries by Athena; finlake keeps nothing there, so no table of it is named."""
    default = [g for g in grants(policies["roles"]) if g.resource.endswith(("/default", "table/default/*"))]
    assert {g.role for g in default} == {"runner", "operator", "analyst"}
    assert {(g.action, g.resource) for g in default} == {
        (action, f"arn:aws:glue:sa-east-1:{ACCOUNT}:database/default")
        for action in ("glue:GetDatabase", "glue:GetDatabases")
    }


def test_eventbridge_tells_the_topic_without_a_condition(policies: dict[str, Any]) -> None:
    """It fills in none: with one no failed run would be told. The other services keep theirs."""
    for document in (policies["topic"], policies["key"]):
        for said in statements(document):
            services = many(said["Principal"].get("Service", []))
            if "events.amazonaws.com" in services:
                assert services == ["events.amazonaws.com"] and "Condition" not in said
            elif services:
                assert said["Condition"], said["Sid"]


def test_stars_stand_only_where_aws_knows_no_resource(policies: dict[str, Any]) -> None:
    starred = {(g.role, g.action) for g in grants(policies["roles"]) if g.resource == "*"}
    reads = {
        (role, a)
        for role in ("runner", "operator", "member_reader")
        for c in policies["granted"]
        for a in c["actions"]
    }
    assert starred - reads == {
        ("execution", "ecr:GetAuthorizationToken"),
        ("analyst", "athena:ListDataCatalogs"),
        ("analyst", "athena:ListWorkGroups"),
    }


def test_policies_fit(policies: dict[str, Any]) -> None:
    """Inline policies of a role: 10,240 characters; a bucket policy: 20 KB; a key policy: 32 KB."""
    assert {role: len(text) for role, text in policies["roles"].items() if len(text) > 10_240} == {}
    assert {use: len(text) for use, text in policies["buckets"].items() if len(text) > 20_480} == {}
    assert len(policies["key"]) <= 32_768


def test_a_new_call_of_the_code_reaches_the_policy(tmp_path: Path, need: Callable[[str], str]) -> None:
    """One list: what the read-only test lets the code call is what the role may do."""
    need("terraform")
    calls = yaml.safe_load(yaml.safe_dump(ALLOWED))
    calls["reads"]["cloudwatch"] = ["get_metric_data"]
    calls["lake_writes"]["glue"] = {"update_table": ["pipeline/it.py"]}
    (tmp_path / "calls.yml").write_text(yaml.safe_dump(calls))
    (tmp_path / "run").mkdir()
    found = policy_outputs(tmp_path / "run", tmp_path / "calls.yml")
    told = {(g.role, g.action, g.resource) for g in grants(found["roles"])}
    assert ("runner", "cloudwatch:GetMetricData", "*") in told and (
        "member_reader",
        "cloudwatch:GetMetricData",
        "*",
    ) in told
    updates = {resource for role, action, resource in told if action == "glue:UpdateTable"}
    assert updates and all(resource.startswith(own_arns(POLICY_NAMES, ACCOUNT)) for resource in updates)
    assert not any(role == "member_reader" and action == "glue:UpdateTable" for role, action, _ in told)
