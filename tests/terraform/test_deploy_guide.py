"""docs/*/deploy.md against the Terraform files: what its commands ask for is there, in both environments and both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.terraform.readmes import described
from tests.terraform.run import ROOT, TERRAFORM

ENVIRONMENTS = sorted(path.parent for path in TERRAFORM.glob("environments/*/outputs.tf"))
GUIDES = [ROOT / "docs" / language / "deploy.md" for language in ("en", "pt-BR")]


def commands(page: Path) -> list[str]:
    """The indented lines without their comments."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.startswith("    ")]


def asked(page: Path) -> set[str]:
    """Names of the outputs that the page's commands ask for."""
    return set(re.findall(r"terraform output -(?:raw|json) (\w+)", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.parent.name)
def test_every_output_that_the_guide_asks_for_is_there(page: Path, folder: Path) -> None:
    assert {"exports", "run_task", "operator_role"} <= asked(page)
    assert asked(page) - {name for name, _, _ in described(folder, "outputs.tf")} == set()


def test_both_languages_give_the_same_commands() -> None:
    english, portuguese = map(commands, GUIDES)
    assert english == portuguese and len(english) > 20


def test_the_environments_have_the_same_outputs() -> None:
    dev, prod = (described(folder, "outputs.tf") for folder in ENVIRONMENTS)
    assert dev == prod


def test_what_a_person_needs_is_exported() -> None:
    """All that the task is given but its place for state."""
    outputs = (TERRAFORM / "modules/stack/outputs.tf").read_text(encoding="utf-8")
    exported = outputs.partition('output "exports"')[2].partition("\n}\n")[0]
    assert "for name, value in local.settings" in exported and 'if name != "FINLAKE_STATE_HOME"' in exported
    main = (TERRAFORM / "modules/stack/main.tf").read_text(encoding="utf-8")
    for name in ("AWS_REGION", "FINLAKE_LAKE", "FINLAKE_LEDGER", "FINLAKE_TARGET", "FINLAKE_ATHENA__RESULTS"):
        assert re.search(rf"^\s+{name}\s+= ", main, re.MULTILINE), name
