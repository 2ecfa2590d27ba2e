"""Terraform as tests use it: modules without a provider, applied in a folder of their own, no network, no state kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
MODULES = TERRAFORM / "modules"


def environment() -> dict[str, str]:
    """Without the person's own Terraform settings, and without a look for newer versions."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    return kept | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def terraform(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run terraform in a folder."""
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *words],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def without_provider() -> list[str]:
    """Names of the modules that need no provider: those with tests of Terraform's own."""
    return sorted(path.parent.name for path in MODULES.glob("*/tests"))


def outputs(folder: Path, module: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What a module without a provider gives for these variables; `folder` is an empty one."""
    names = [
        block.split('"')[1] for block in (MODULES / module / "outputs.tf").read_text().split("\noutput ")
    ]
    root = {
        "module": {"it": {"source": str(MODULES / module), **variables}},
        "output": {name: {"value": f"${{module.it.{name}}}"} for name in names},
    }
    (folder / "main.tf.json").write_text(json.dumps(root), encoding="utf-8")
    for words in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve"]):
        done = terraform(folder, *words)
        if done.returncode:
            raise AssertionError(done.stderr)
    told = json.loads(terraform(folder, "output", "-json").stdout)
    return {name: entry["value"] for name, entry in told.items()}


POLICY_NAMES: dict[str, Any] = {
    "prefix": "finlake-test",
    "buckets": {use: f"the-{use}" for use in ("lake", "exports", "results", "audit", "logs")},
    "databases": {"bronze": "b", "silver": "s", "gold": "g", "builds": "m", "work": "w"},
    "ledger_table": "finlake-test-ledger",
    "workgroup": "finlake-test",
}


def policy_outputs(folder: Path, calls_file: Path = ROOT / "tests/house/aws_calls.yml") -> dict[str, Any]:
    """The policies of an installation with everything turned on."""
    return outputs(
        folder,
        "policies",
        {
            "aws": {"account_id": "000123456789", "region": "sa-east-1"},
            "calls_file": str(calls_file),
            "names": POLICY_NAMES,
            "source_buckets": ["another-source"],
            "source_key_arns": ["arn:aws:kms:sa-east-1:000000000042:key/theirs"],
            "key_arn": "arn:aws:kms:sa-east-1:000123456789:key/ours",
            "members": {"account_ids": ["000000000042"], "external_id": "a-secret-word"},
            "trail_name": "finlake-test",
            "emr_application_arns": ["arn:aws:emr-serverless:sa-east-1:000123456789:/applications/00abc"],
            "runner": {
                "repository_arn": "arn:aws:ecr:sa-east-1:000123456789:repository/finlake",
                "secret_arns": ["arn:aws:secretsmanager:sa-east-1:000123456789:secret:it"],
                "log_group": "/finlake/test",
            },
        },
    )
