"""Tables of inputs and outputs in the modules' READMEs, made from variables.tf and outputs.tf.

python -m tests.terraform.readmes      writes them between the marks; test_terraform_readmes.py holds them in step
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.terraform.run import MODULES, TERRAFORM

BEGIN, END = "<!-- generated: inputs and outputs -->", "<!-- end -->"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_DESCRIPTION = re.compile(r'^  description = "((?:[^"\\]|\\.)*)"', re.MULTILINE)
_DEFAULT = re.compile(r"^  default\s+= (.*)$", re.MULTILINE)


def described(folder: Path, file: str) -> list[tuple[str, str, str | None]]:
    """(name, description, default's text or None) of every variable or output, in the file's order."""
    text = (folder / file).read_text(encoding="utf-8")
    found = []
    for _, name, body in _BLOCK.findall(text):
        said, default = _DESCRIPTION.search(body), _DEFAULT.search(body)
        words = said.group(1).replace("|", "\\|") if said else ""
        found.append((name, words, default.group(1) if default else None))
    return found


def table(folder: Path) -> str:
    """Inputs and outputs as Markdown."""
    lines = ["| input | default | what it is |", "|---|---|---|"]
    for name, words, default in described(folder, "variables.tf"):
        lines.append(f"| `{name}` | {'required' if default is None else f'`{default}`'} | {words} |")
    lines += ["", "| output | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {words} |" for name, words, _ in described(folder, "outputs.tf")]
    return "\n".join(lines)


def renewed(folder: Path) -> str:
    """The folder's README with its table made anew. Raises ValueError where it has no marks."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{folder.name}/README.md has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table(folder)}\n\n{END}{after}"


def folders() -> list[Path]:
    """Everything with variables: modules, environments, examples."""
    places = [MODULES, TERRAFORM / "environments", TERRAFORM / "examples"]
    return sorted(path.parent for place in places for path in place.glob("*/variables.tf"))


def main() -> None:
    for folder in folders():
        (folder / "README.md").write_text(renewed(folder), encoding="utf-8")


if __name__ == "__main__":
    main()
