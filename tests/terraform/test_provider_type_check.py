"""The provider type check finds planted mistakes; here on types in the package's format, `make terraform-check` on real ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.hcl import blocks_of, nested
from tests.terraform.iam_levels import faults as level_faults
from tests.terraform.policies import Grant
from tests.terraform.provider_types import Package, faults, parse


def doc(name: str, block: bool = False) -> str:
    lines = [f"    * {name} block", "    *"] if block else []
    link = f"    * Docs at Terraform Registry: {{@link https://x/docs/resources/pond#{name} Pond#{name}}}"
    return "\n".join(["    /**", *lines, link, "    */"])


TYPES = parse(
    f"""
export interface PondConfig extends cdktf.TerraformMetaArguments {{
{doc("id")}
    readonly id?: string;
{doc("pond_name")}
    readonly pondName: string;
{doc("tags")}
    readonly tags?: {{
        [key: string]: string;
    }};
{doc("fish", block=True)}
    readonly fish?: PondFish[] | cdktf.IResolvable;
{doc("rim", block=True)}
    readonly rim?: PondRim;
}}
export interface PondFish {{
{doc("id")}
    readonly id: string;
{doc("scale", block=True)}
    readonly scale?: PondScale[] | cdktf.IResolvable;
}}
export interface PondScale {{
{doc("colour")}
    readonly colour: string;
}}
export interface PondRim {{
{doc("stone")}
    readonly stone?: number;
}}
export declare class Pond extends cdktf.TerraformResource {{
    get arn(): string;
    get pondName(): string;
}}
"""
)
M = {"__is_block__": True}


def pond(**more: Any) -> dict[str, Any]:
    return {
        "pond_name": '"a"',
        "fish": [{"id": '"one"', "scale": [{"colour": '"red"', **M}], **M}],
        **more,
        **M,
    }


def told(body: dict[str, Any]) -> list[str]:
    return faults(body, TYPES, TYPES.top, "pond")


def test_what_fits_passes() -> None:
    more = {
        "count": 1,
        "lifecycle": [{"prevent_destroy": True, **M}],
        "rim": [{"stone": 3, **M}],
        "tags": "${var.tags}",
    }
    assert told(pond(**more)) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (pond(colour='"red"'), "pond: `colour` is no argument"),
        (pond(arn='"arn"'), "pond: `arn` is only set by AWS"),
        (pond(id='"a"'), "pond: `id` is only set by AWS"),
        ({"tags": "${var.tags}", **M}, "pond: `pond_name` is missing"),
        (pond(fihs=[{"id": '"one"', **M}]), "pond: `fihs` is no block"),
        (pond(tags=[{"a": '"b"', **M}]), "pond: `tags` is an argument, not a block"),
        (pond(rim=[{"stone": 1, **M}, {"stone": 2, **M}]), "pond: `rim` may stand there once"),
        (pond(rim='"round"'), "pond: `rim` is a block, not an argument"),
        ({"pond_name": '"a"', "fish": [{**M}], **M}, "pond > fish: `id` is missing"),
        (
            {
                "pond_name": '"a"',
                "fish": [{"id": '"x"', "scale": [{"color": '"r"', "colour": '"r"', **M}], **M}],
                **M,
            },
            "pond > fish > scale: `color` is no argument",
        ),
    ],
)
def test_a_planted_mistake_is_found(body: dict[str, Any], fault: str) -> None:
    assert told(body) == [fault]


def test_the_content_of_a_dynamic_block_counts() -> None:
    dynamic = {'"fish"': {"for_each": "${var.fish}", "content": [{"idd": '"x"', "id": '"x"', **M}], **M}}
    assert told({"pond_name": '"a"', "dynamic": [dynamic], **M}) == ["pond > fish: `idd` is no argument"]


def test_types_that_are_only_half_understood_are_refused() -> None:
    with pytest.raises(ValueError, match="PondConfig"):
        parse(
            "export interface PondConfig extends cdktf.TerraformMetaArguments {\n    readonly name: string;\n}\n"
        )


def test_a_misspelt_resource_is_no_file_of_the_package() -> None:
    assert Package._member("resource.aws_s3_bucket") == "package/lib/s3-bucket/index.d.ts"
    assert Package._member("data.aws_region") == "package/lib/data-aws-region/index.d.ts"


def test_labels_and_bodies_are_told_apart() -> None:
    document = {
        "resource": [{'"aws_pond"': {'"this"': {"pond_name": '"a"', "fish": [{"id": '"x"', **M}], **M}}}]
    }
    (block,) = blocks_of(document, "main.tf")
    assert (block.kind, block.labels) == ("resource", ("aws_pond", "this"))
    assert [name for name, _ in nested(block.body)] == ["fish"]


@pytest.mark.parametrize(
    ("grant", "level", "fault"),
    [
        (Grant("runner", "s", "ec2:DescribeInstances", "*"), "List", None),
        (Grant("runner", "s", "s3:PutObject", "arn:aws:s3:::the-lake/lake/*"), "Write", None),
        (
            Grant("runner", "s", "s3:PutObject", "arn:aws:s3:::theirs/*"),
            "Write",
            "runner: s3:PutObject (Write) on arn:aws:s3:::theirs/*",
        ),
        (
            Grant("member_reader", "s", "ec2:StopInstances", "*"),
            "Write",
            "member_reader: ec2:StopInstances (Write) on *",
        ),
        (Grant("runner", "s", "s3:GetObjekt", "*"), None, "runner: AWS knows no action s3:GetObjekt"),
        (
            Grant("analyst", "s", "s3:PutBucketPolicy", "x"),
            "Permissions management",
            "analyst: s3:PutBucketPolicy (Permissions management) changes permissions",
        ),
        (Grant("runner", "s", "kms:Decrypt", "arn:aws:kms:x"), "Write", None),
    ],
)
def test_levels_are_held_against_awss_own(grant: Grant, level: str | None, fault: str | None) -> None:
    assert level_faults([grant], {grant.action: level}) == ([fault] if fault else [])
