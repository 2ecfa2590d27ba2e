"""Planted mistakes: copies of the real Terraform files, each with one fault that the checks must name.

python -m tests.terraform.planted PACKAGE.tgz [TERRAFORM_DIR]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.terraform import provider_types, references


class Plant(NamedTuple):
    """In `file`, `old` becomes `new`; `told` must be in what the checks say."""

    file: str
    old: str
    new: str
    told: str


PLANTS = (
    Plant(
        "ledger/main.tf",
        '"aws_dynamodb_table"',
        '"aws_dynamo_table"',
        "the provider has no resource aws_dynamo_table",
    ),
    Plant("ledger/main.tf", "billing_mode  ", "biling_mode  ", "`biling_mode` is no argument"),
    Plant("ledger/main.tf", "  name                        = var.table\n", "", "`name` is missing"),
    Plant(
        "ledger/main.tf",
        "point_in_time_recovery {",
        "point_in_time_recovry {",
        "`point_in_time_recovry` is no block",
    ),
    Plant(
        "ledger/main.tf",
        '    type = "S"\n  }\n\n  attribute',
        "  }\n\n  attribute",
        "> attribute: `type` is missing",
    ),
    Plant("kms/main.tf", "  policy   ", '  arn      = "x"\n  policy   ', "`arn` is only set by AWS"),
    Plant(
        "exports/main.tf",
        "      s3_destination {",
        "      s3_destinations {",
        "destination_configurations: `s3_destinations`",
    ),
    Plant(
        "exports/main.tf",
        "          format ",
        "          formt ",
        "s3_output_configurations: `format` is missing",
    ),
    Plant(
        "buckets/main.tf",
        "          days = expiration.value",
        "          day = expiration.value",
        "expiration: `day`",
    ),
    Plant(
        "trigger/main.tf", "      subnets  ", "      subnet  ", "network_configuration: `subnets` is missing"
    ),
    Plant("backup/main.tf", "        delete_after", "        delete_afte", "lifecycle: `delete_afte`"),
    Plant(
        "emr/main.tf",
        "  auto_start_configuration {\n    enabled = true\n  }",
        "  auto_start_configuration = true",
        "is a block",
    ),
    Plant(
        "kms/outputs.tf",
        "aws_kms_key.this.arn",
        "aws_kms_key.this.arm",
        "`aws_kms_key.this.arm` can't be read",
    ),
    Plant(
        "stack/lake.tf",
        "module.names.ledger_table",
        "module.names.ledger_tabel",
        "`module.names.ledger_tabel` leads nowhere",
    ),
    Plant(
        "stack/runs.tf",
        "  schedule     = var.run.schedule\n",
        "  shedule     = var.run.schedule\n",
        "no variable `shedule`",
    ),
    Plant("stack/runs.tf", "  topic_arn    = module.alarms.topic_arn\n", "", "`topic_arn` is missing"),
    Plant(
        "stack/main.tf",
        "  policy = module.key_policy.key\n",
        "  policy = module.policies.roles.runner\n",
        "depends on itself",
    ),
)


def told(root: Path, archive: Path) -> str:
    """What both checks say about a tree."""
    types, _, _ = provider_types.check(root, archive)
    names, _ = references.check(root, archive)
    return "\n".join(types + names)


def unnoticed(plant: Plant, root: Path, archive: Path) -> str | None:
    """Why a planted mistake counts as not found; None where it was."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "terraform")
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".terraform*"))
        path = copy / "modules" / plant.file
        text = path.read_text(encoding="utf-8")
        if plant.old not in text:
            return f"{plant.file} has no {plant.old.strip()!r} any more: plant another"
        path.write_text(text.replace(plant.old, plant.new, 1), encoding="utf-8")
        said = told(copy, archive)
    return (
        None
        if plant.told in said
        else f"{plant.file}: {plant.new.strip()!r} wasn't noticed; told: {said or 'nothing'}"
    )


def main(argv: list[str]) -> int:
    """Print what went unnoticed; exit code 1 where anything did."""
    archive, root = Path(argv[0]), Path(argv[1] if len(argv) > 1 else "terraform")
    missed = [why for plant in PLANTS if (why := unnoticed(plant, root, archive))]
    print("\n".join(missed))
    print(f"planted mistakes: {len(PLANTS) - len(missed)} of {len(PLANTS)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
