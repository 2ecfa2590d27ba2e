"""The service catalogue as it is: its files, its precedence, and the reference bills.."""

from __future__ import annotations

import csv
from itertools import chain, repeat
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finlake.catalogue import Catalogue
from finlake.paths import SERVICES_DIR
from finlake.service_files import examine, service_files
from finlake.service_matching import CONDITION_FIELDS, BillLine, like
from finlake.service_model import UNMAPPED, ServiceCategory
from tests.conftest import SHARED_DATA, missing

CATALOGUE = Catalogue.load()
EXAMPLES = [(s.service, line) for s in CATALOGUE.services.values() for line in s.bill_examples]


# --- the files as they are ---


def test_every_file_is_valid_and_loaded() -> None:
    services, problems = examine()
    assert [str(problem) for problem in problems] == []
    assert sorted(services) == [path.stem for path in service_files(SERVICES_DIR)]
    assert len(services) >= 60


def test_every_example_line_belongs_to_its_own_service_only() -> None:
    for service, line in EXAMPLES:
        claims = [match for match in CATALOGUE.ordered_matches() if match.claims(line)]
        best = {match.service for match in claims if match.rank == max(m.rank for m in claims)}
        assert best == {service}, line


def test_every_match_rule_is_shown_by_an_example() -> None:
    """A rule that no example reaches could be misspelt for ever."""
    for service in CATALOGUE.services.values():
        for rule in service.match:
            assert any(rule.claims(line) for line in service.bill_examples), (
                service.service,
                rule.conditions,
            )


def test_example_resources_have_a_type() -> None:
    for service, line in EXAMPLES:
        if line.resource_id:
            assert CATALOGUE.resource_type_of(service, line.resource_id), line


def test_categories_are_those_of_focus() -> None:
    reference = SHARED_DATA.parent / "reference" / "billing" / "focus_1_2_columns.csv"
    if not reference.is_file():
        missing(f"the list of FOCUS columns {reference}")
    with reference.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["column_id"] == "ServiceCategory")
    words = row["allowed_values"].split("|")[1:]  # the first is the table's heading
    assert [category.value for category in ServiceCategory] == words


def test_arn_patterns_give_their_type_with_the_rules_that_are_kept() -> None:
    for service in CATALOGUE.services.values():
        for rule in service.resource:
            if rule.arn_like:
                wildcards = chain(["aws", "sa-east-1:111122223333"], repeat("x"))
                arn = "".join(chain.from_iterable(zip(rule.arn_like.split("%"), wildcards, strict=False)))
                assert CATALOGUE.resource_type_of(service.service, arn) == rule.type, arn


def test_titles_are_unique_and_sources_are_aws() -> None:
    titles = [service.title for service in CATALOGUE.services.values()]
    assert len(set(titles)) == len(titles)
    hosts = {source.split("/")[2] for s in CATALOGUE.services.values() for source in s.sources}
    assert hosts == {"docs.aws.amazon.com"}


# --- what a line comes out as ---


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ({"product_code": "AmazonEC2", "usage_type": "BoxUsage:t3.micro"}, "ec2"),
        ({"product_code": "AmazonEC2", "usage_type": "EUW2_EBS-DataTransfer-Out-Bytes"}, "data_transfer"),
        ({"product_code": "AmazonEC2", "usage_type": "SAE1-EBS:VolumeUsage"}, "ebs"),
        ({"product_code": "AmazonEC2", "usage_type": "NatGateway-Hours"}, "nat_gateway"),
        ({"product_code": "AmazonEC2", "usage_type": "DataTransfer-In-Bytes", "operation": "NatGateway"},
         "data_transfer"),
        ({"product_code": "AmazonVPC", "usage_type": "PublicIPv4:InUseAddress"}, "vpc"),
        ({"product_code": "0seller0code", "billing_entity": "AWS Marketplace"}, "marketplace"),
        ({"product_code": "AmazonEC2", "billing_entity": "AWS Marketplace"}, "ec2"),
        ({"product_code": "amazonec2"}, UNMAPPED),
        ({"product_code": "NotYetInvented"}, UNMAPPED),
    ],
)  # fmt: skip
def test_service_of_a_line(line: dict[str, str], service: str) -> None:
    assert CATALOGUE.service_of(BillLine(**line)) == service


def test_matches_are_ordered_most_specific_first() -> None:
    matches = CATALOGUE.ordered_matches()
    ranks = [match.rank for match in matches]
    assert ranks == sorted(ranks, reverse=True)
    assert matches == Catalogue(dict(reversed(CATALOGUE.services.items()))).ordered_matches()


@pytest.mark.parametrize(
    ("service", "resource_id", "resource_type"),
    [
        ("ec2", "i-0a1b2c3d", "ec2:instance"),
        ("data_transfer", "i-0a1b2c3d", "ec2:instance"),
        ("ebs", "vol-0a1b2c3d", "ec2:volume"),
        ("ebs", "snap-0a1b2c3d", "ec2:snapshot"),
        ("nat_gateway", "arn:aws:ec2:sa-east-1:111122223333:natgateway/nat-0a1b", "ec2:natgateway"),
        ("vpc", "eni-0a1b2c3d", "ec2:network-interface"),
        ("transit_gateway", "tgw-attach-0a1b", "ec2:transit-gateway-attachment"),
        ("s3", "i-love-s3", "s3:bucket"),
        ("sqs", "my-bucket", None),
        ("ecs", "arn:aws:ecs:sa-east-1:111122223333:task/web/0a1b", "ecs:task"),
        ("lambda", "arn:aws:lambda:sa-east-1:111122223333:function:thumbs", "lambda:function"),
        ("unmapped", "arn:aws:new:sa-east-1:111122223333:thing/0a1b", "new:thing"),
        ("unmapped", "arn:aws:new:sa-east-1:111122223333:thing", "new"),
    ],
)
def test_resource_type_of_a_billed_id(service: str, resource_id: str, resource_type: str | None) -> None:
    assert CATALOGUE.resource_type_of(service, resource_id) == resource_type


@pytest.mark.parametrize(
    ("service", "resource_id", "identity"),
    [
        ("elb", "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/0a1b", "app/web/0a1b"),
        ("rds", "arn:aws:rds:us-east-1:1:db:orders", "orders"),
        ("ebs", "vol-0a1b", "vol-0a1b"),
        ("sqs", "arn:aws:sqs:us-east-1:1:orders", "orders"),
        ("ecs", "arn:aws:ecs:us-east-1:1:service/shop/web", "shop/web"),
        (
            "step_functions",
            "arn:aws:states:us-east-1:1:stateMachine:x",
            "arn:aws:states:us-east-1:1:stateMachine:x",
        ),
    ],
)
def test_identity_is_what_cloudwatch_calls_the_resource(
    service: str, resource_id: str, identity: str
) -> None:
    known = CATALOGUE.services[service]
    assert known.resource_of(known.cloudwatch[0]).identity(resource_id) == identity


@given(st.text("aA%.*\n", max_size=8), st.text("aA%.*\n", min_size=1, max_size=6))
def test_like_is_sql_like(value: str, pattern: str) -> None:
    assert like(value, pattern) == duckdb.execute("select ? like ?", [value, pattern]).fetchone()[0]  # type: ignore[index]


def test_null_matches_nothing() -> None:
    assert not like(None, "%")


# --- the reference bills ---

BILLS = {
    "history": (
        "golden/history/exports/finops-history/data/**/*.parquet",
        "line_item_{}",
        "bill_billing_entity",
    ),
    "cur2_csv": ("golden/billing/cur2_csv/exports/**/*.csv.gz", "line_item_{}", "bill_billing_entity"),
    "cur1_csv": ("golden/billing/cur1_csv_versions/**/*.csv.gz", "lineItem/{}", "bill/BillingEntity"),
    "nise": ("outside/nise_small/cur/**/*.csv.gz", "lineItem/{}", "bill/BillingEntity"),
    "koku": ("outside/koku_local_bucket/**/*.csv.gz", "lineItem/{}", "bill/BillingEntity"),
}
PARTS = ("product_code", "usage_type", "operation")


def bill_lines(root: Path, bill: str) -> list[BillLine]:
    """The distinct lines of a reference bill; no rule of the catalogue looks at a resource id yet."""
    pattern, column, entity = BILLS[bill]
    parts = PARTS if "/" not in column else tuple(p.title().replace("_", "") for p in PARTS)
    reader = (
        "read_parquet(?)"
        if pattern.endswith("parquet")
        else "read_csv(?, all_varchar=true, union_by_name=true)"
    )
    columns = ", ".join(f"nullif(\"{column.format(part)}\", '')" for part in parts)
    rows = duckdb.execute(
        f"select distinct {columns}, nullif(\"{entity}\", '') from {reader}", [str(root / pattern)]
    ).fetchall()
    return [BillLine(**dict(zip((*PARTS, "billing_entity"), row, strict=True))) for row in rows]


@pytest.mark.parametrize("bill", BILLS)
def test_every_line_of_the_reference_bills_has_one_service(bill: str, shared_data: Path) -> None:
    matches = CATALOGUE.ordered_matches()
    lines = bill_lines(shared_data, bill)
    assert lines
    for line in lines:
        claims = [match for match in matches if match.claims(line)]
        assert claims, f"unmapped: {line}"
        assert len({match.service for match in claims if match.rank == claims[0].rank}) == 1, line


def test_sql_decides_as_python_does(shared_data: Path) -> None:
    """The rules as CASE branches, as silver uses them, give each line the service that `service_of` gives."""
    lines = [
        *(line for _, line in EXAMPLES),
        *bill_lines(shared_data, "nise"),
        *bill_lines(shared_data, "cur1_csv"),
    ]
    branches, values = [], []
    for match in CATALOGUE.ordered_matches():
        tests = [
            f"{f.removesuffix('_like')} {'like' if f.endswith('_like') else '='} ?" for f in match.conditions
        ]
        branches.append(f"when {' and '.join(tests)} then ?")
        values += [*match.conditions.values(), match.service]
    names = [field.removesuffix("_like") for field in CONDITION_FIELDS]
    with duckdb.connect() as connection:
        columns = {name: pa.array([getattr(line, name) for line in lines], pa.string()) for name in names}
        connection.register("line", pa.table({"n": pa.array(range(len(lines))), **columns}))
        sql = f"select case {' '.join(branches)} else '{UNMAPPED}' end from line order by n"
        found = [row[0] for row in connection.execute(sql, values).fetchall()]
    assert found == [CATALOGUE.service_of(line) for line in lines]
