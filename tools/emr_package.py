"""Packs what `finlake ingest` needs on EMR Serverless: build/emr/environment.tar.gz and entry.py. Called by `make emr-package`.

Into the archive go finlake's code and data, and the packages of the dependency group `emr` at the versions of requirements.lock,
as wheels for EMR's Linux and Python. PySpark isn't among them: EMR brings its own.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build" / "emr"
PLATFORM, PYTHON = "x86_64-manylinux_2_28", "3.11"
ROOMS = ("finlake", "collect", "spark_jobs", "expectations", "pipeline", "models")


def main() -> None:
    """Make both files anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    environment = TARGET / "environment"
    environment.mkdir(parents=True)
    pins = TARGET / "requirements.txt"
    uv = [str(ROOT / ".venv" / "bin" / "uv"), "pip"]
    chosen = ["--python-platform", PLATFORM, "--python-version", PYTHON, "--quiet"]
    lock = _without_hashes(ROOT / "requirements.lock")
    compiled = [*uv, "compile", "--group", "emr", "-c", str(lock), "--no-header", "--no-annotate", *chosen]
    subprocess.run([*compiled, "-o", str(pins)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    installed = [*uv, "install", "--target", str(environment), "--no-deps", "--only-binary", ":all:", *chosen]
    subprocess.run([*installed, "-r", str(pins)], check=True, cwd=ROOT)
    for room in ROOMS:
        shutil.copytree(ROOT / room, environment / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pipeline" / "emr_entry.py", TARGET / "entry.py")
    with tarfile.open(TARGET / "environment.tar.gz", "w:gz", compresslevel=6) as archive:
        archive.add(environment, arcname=".")
    size = (TARGET / "environment.tar.gz").stat().st_size / 1_000_000
    print(f"build/emr/environment.tar.gz ({size:,.0f} MB), build/emr/entry.py: copy both to emr.package")


def _without_hashes(lock: Path) -> Path:
    """The lock's versions as constraints."""
    lines = [line.split(" \\")[0] for line in lock.read_text(encoding="utf-8").splitlines()]
    constraints = TARGET / "constraints.txt"
    constraints.write_text("\n".join(line for line in lines if line and not line.startswith(" ")) + "\n")
    return constraints


if __name__ == "__main__":
    main()
