"""`make terraform-check`: every check of the Terraform files, all of them even when one fails, with what each found.

The tools are those of terraform/tools.yml; each is put below build/tools the first time, in a place of its own. `terraform`
itself must be on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TERRAFORM, PLACE = ROOT / "terraform", ROOT / "build" / "tools"
TOOLS: dict[str, dict[str, str]] = yaml.safe_load((TERRAFORM / "tools.yml").read_text(encoding="utf-8"))


class Failed(Exception):
    """A check found something, or couldn't run; the text says what."""


def run(*words: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    """Standard output of a command. Raises Failed with all that it said."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**os.environ, **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}".strip())
    return done.stdout.strip()


def needed(tool: str, install: str) -> None:
    """Raise Failed where a tool isn't on the PATH."""
    if shutil.which(tool) is None:
        raise Failed(f"`{tool}` is not on the PATH: {install}")


def python_with(name: str) -> Path:
    """An environment of its own with one pinned package; its Python."""
    tool = TOOLS[name]
    pinned = f"{tool['python_package']}=={tool['version']}"
    home, stamp = PLACE / name, PLACE / name / f".{pinned}"
    if not stamp.exists():
        shutil.rmtree(home, ignore_errors=True)
        run(sys.executable, "-m", "venv", home)
        run(
            home / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            pinned,
            "pyyaml",
        )
        stamp.touch()
    return home / "bin" / "python"


def tflint_binary() -> Path:
    tool = TOOLS["tflint"]
    home = PLACE / f"tflint-{tool['version']}"
    if not (home / "tflint").exists():
        needed("go", "Go builds tflint; https://go.dev/doc/install")
        run("go", "install", f"{tool['go_module']}@{tool['version']}", GOBIN=str(home))
    return home / "tflint"


def provider_package() -> Path:
    tool = TOOLS["provider_types"]
    archive = PLACE / f"{tool['npm_package'].strip('@').replace('/', '-')}-{tool['version']}.tgz"
    if not archive.exists():
        needed("npm", "npm fetches the provider's types; https://nodejs.org")
        PLACE.mkdir(parents=True, exist_ok=True)
        run("npm", "pack", "--silent", f"{tool['npm_package']}@{tool['version']}", cwd=PLACE)
    return archive


def terraform_itself() -> str:
    """Format, modules' own tests, equality with the contracts, policies: the part that `make test` runs too."""
    needed("terraform", "https://developer.hashicorp.com/terraform/install")
    words = ["-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "tests/terraform"]
    told = run(sys.executable, *words, FINLAKE_CI="1")
    return " ".join(re.findall(r"\d+ passed", told)) or "no test ran"


def tflint() -> str:
    run(
        tflint_binary(),
        "--recursive",
        f"--config={TERRAFORM / '.tflint.hcl'}",
        "--format=compact",
        cwd=TERRAFORM,
    )
    return "no issue"


def checkov() -> str:
    """Failed checks, and skips in the files that skip nothing any more."""
    tool = python_with("checkov").with_name("checkov")
    options = ["--framework", "terraform", "--skip-download", "--compact", "--soft-fail", "-o", "json"]
    told: dict[str, Any] = json.loads(run(tool, "-d", TERRAFORM, *options, LOG_LEVEL="ERROR"))
    failed = [f"{c['check_id']} {c['resource']}: {c['check_name']}" for c in told["results"]["failed_checks"]]
    skipped = {c["check_id"] for c in told["results"]["skipped_checks"]}
    written = {
        name
        for path in TERRAFORM.rglob("*.tf")
        for name in re.findall(r"checkov:skip=([A-Z0-9_]+):", path.read_text(encoding="utf-8"))
    }
    failed += [f"{name} is skipped in a file, but checks nothing there" for name in sorted(written - skipped)]
    if failed or told["summary"]["parsing_errors"]:
        raise Failed("\n".join(failed) or "files that can't be read")
    passed = told["summary"]["passed"]
    return f"{passed} checks passed, {len(skipped)} kinds skipped, each with its reason in the file"


def hcl(check: str, *more: str | Path) -> Callable[[], str]:
    """A check of tests/terraform in the environment of python-hcl2."""

    def go() -> str:
        words = [provider_package(), TERRAFORM] if check != "references" else [TERRAFORM, provider_package()]
        return run(python_with("python_hcl2"), "-m", f"tests.terraform.{check}", *words, *more)

    return go


def iam_actions() -> str:
    """The policies' actions against AWS's own list of actions."""
    sys.path.insert(0, str(ROOT))
    from tests.terraform.run import policy_outputs

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "outputs.json")
        (place := Path(folder, "run")).mkdir()
        file.write_text(json.dumps(policy_outputs(place)), encoding="utf-8")
        return run(python_with("checkov"), "-m", "tests.terraform.iam_levels", file)


CHECKS: dict[str, Callable[[], str]] = {
    "terraform fmt, test": terraform_itself,
    "references": hcl("references"),
    "provider type check (no plan)": hcl("provider_types"),
    "planted mistakes": hcl("planted"),
    "IAM actions": iam_actions,
    "tflint": tflint,
    "checkov": checkov,
}


def main() -> int:
    """Run all checks; exit code 1 where one failed."""
    failed = []
    for name, check in CHECKS.items():
        started = time.monotonic()
        try:
            word, told = "ok", check()
        except Failed as error:
            word, told = "FAILED", str(error)
            failed.append(name)
        last = told if word == "FAILED" else told.rpartition("\n")[2]
        print(f"  {word:7} {name:30} {time.monotonic() - started:4.0f} s  {last}", flush=True)
    print(f"terraform-check failed: {', '.join(failed)}" if failed else "terraform-check: all clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
