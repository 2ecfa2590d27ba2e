"""Terraform's own checks of what needs no provider: format, and the tests of each such module."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terraform.run import MODULES, ROOT, TERRAFORM, terraform, without_provider


@pytest.fixture(autouse=True)
def terraform_is_there(need: Callable[[str], str]) -> None:
    need("terraform")


def test_every_file_has_the_canonical_format() -> None:
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


def test_the_modules_with_logic_need_no_provider() -> None:
    assert without_provider() == ["alerts", "names", "policies", "retention", "tables"]
    for name in without_provider():
        assert "required_providers" not in (MODULES / name / "versions.tf").read_text()


@pytest.mark.parametrize("name", without_provider())
def test_the_module_passes_its_own_tests(name: str, tmp_path: Path) -> None:
    """In a copy with the folders that it reads beside it, so that no .terraform appears in the tree."""
    copy = tmp_path / "terraform" / "modules" / name
    shutil.copytree(MODULES / name, copy, ignore=shutil.ignore_patterns(".terraform*"))
    shutil.copytree(ROOT / "models", tmp_path / "models")
    (tmp_path / "tests" / "house").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "house" / "aws_calls.yml", tmp_path / "tests" / "house")
    assert terraform(copy, "init", "-input=false").returncode == 0
    done = terraform(copy, "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success!" in done.stdout and " 0 failed" in done.stdout


def test_a_wrong_module_fails_its_tests(tmp_path: Path) -> None:
    """The runs above can fail: a retention that lets the lake expire doesn't pass."""
    copy = tmp_path / "retention"
    shutil.copytree(MODULES / "retention", copy, ignore=shutil.ignore_patterns(".terraform*"))
    main = copy / "main.tf"
    main.write_text(
        main.read_text().replace('{ id = "older-versions",', '{ id = "older-versions", expire_days = 90,')
    )
    assert terraform(copy, "init", "-input=false").returncode == 0
    done = terraform(copy, "test")
    assert done.returncode == 1
    assert "lets current objects of lake or exports expire" in done.stdout + done.stderr
