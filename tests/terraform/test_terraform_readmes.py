"""READMEs of the Terraform folders: there for each, tables in step, and a word on what each module can never do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terraform.readmes import described, folders, renewed, table
from tests.terraform.run import MODULES, TERRAFORM


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_readme_says_what_goes_in_and_out(folder: Path) -> None:
    assert (folder / "README.md").read_text() == renewed(folder), "run: python -m tests.terraform.readmes"
    assert "**It never**" in (folder / "README.md").read_text()


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_input_and_output_is_described(folder: Path) -> None:
    for file in ("variables.tf", "outputs.tf"):
        for name, words, _ in described(folder, file):
            assert len(words) > 3 and words.endswith((".", ";", "?")), f"{folder.name}: {name}"
        written = (folder / file).read_text().count(f'\n{file.removesuffix("s.tf")} "') + 1
        assert written == len(described(folder, file))


def test_the_overview_names_every_module() -> None:
    overview = (TERRAFORM / "README.md").read_text()
    missing = [path.name for path in MODULES.iterdir() if f"modules/{path.name}/README.md" not in overview]
    assert missing == []


@pytest.mark.parametrize(
    "folder", [*TERRAFORM.glob("environments/*"), *TERRAFORM.glob("examples/*")], ids=lambda f: f.name
)
def test_an_example_of_the_settings_names_every_one_that_is_required(folder: Path) -> None:
    example = (folder / "terraform.tfvars.example").read_text()
    names = {name: default for name, _, default in described(folder, "variables.tf")}
    assert [
        name for name, default in names.items() if default is None and f"\n{name} " not in f"\n{example}"
    ] == []
    given = [
        line.lstrip("# ").split("=")[0].strip()
        for line in example.splitlines()
        if " = " in line and line[0] not in " }"
    ]
    assert set(given) <= set(names)


def test_a_table_has_a_row_for_each(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(
        'variable "a" {\n  description = "One | two."\n  type = string\n}\n'
    )
    (tmp_path / "outputs.tf").write_text('output "b" {\n  description = "Three."\n  value = 1\n}\n')
    assert "| `a` | required | One \\| two. |" in table(tmp_path) and "| `b` | Three. |" in table(tmp_path)
