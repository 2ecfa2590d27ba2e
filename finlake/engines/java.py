"""What engine spark needs on a machine: Java, and the JARs of spark_jars/pom.xml, fetched once by Maven, checked by SHA-256.

They lie in the user's cache folder (XDG_CACHE_HOME, else ~/.cache), beside those of other versions of finlake.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from finlake.errors import ConfigurationError
from finlake.paths import cache_folder

OLDEST_JAVA = 17
POM = Path(__file__).parent / "spark_jars" / "pom.xml"
CHECKSUMS = POM.with_name("sha256.txt")


def java_version() -> int | None:
    """Main version of the Java that Spark would start (JAVA_HOME, else the PATH); None where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).is_file():
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found.group(1)) if found else None


def require_java() -> None:
    """Raise ConfigurationError where Java is missing or too old for Spark."""
    version = java_version() or 0
    if version < OLDEST_JAVA:
        raise ConfigurationError.of("java_missing", oldest=OLDEST_JAVA, found=version)


def jars_folder() -> Path:
    """Where the JARs of this version lie, or will."""
    return cache_folder() / f"spark-jars-{hashlib.sha256(CHECKSUMS.read_bytes()).hexdigest()[:12]}"


def fetched_jars() -> Path | None:
    """The folder of the JARs where they have been fetched. They were checked before the folder got its name."""
    folder = jars_folder()
    return folder if folder.is_dir() else None


def fetch_jars() -> Path:
    """The folder of the JARs, fetched and checked now where they aren't there yet.

    Raises ConfigurationError where Maven or Java is missing, where Maven fails, or where a file isn't the one expected.
    """
    folder = jars_folder()
    if folder.is_dir():
        return folder
    require_java()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as temporary:
        fresh = Path(temporary, "jars")
        _maven(fresh)
        check_jars(fresh)
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():  # another finlake was quicker
                raise
    return folder


def check_jars(folder: Path) -> None:
    """Raise ConfigurationError unless the folder holds exactly the files of sha256.txt, byte for byte."""
    listed = [line.split() for line in CHECKSUMS.read_text().splitlines()]
    expected = {name: digest for digest, name in listed}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ConfigurationError.of("jars_unexpected", where=str(CHECKSUMS), names=", ".join(wrong[:5]))


def _maven(target: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ConfigurationError.of("maven_missing", folder=str(jars_folder()))
    command = [
        maven,
        "-q",
        "-B",
        "-f",
        str(POM),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={target}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        lines = [line for line in ran.stdout.splitlines() if line.startswith("[ERROR]")]
        detail = lines[0] if lines else ran.stderr.strip()[-300:]
        raise ConfigurationError.of("jars_not_fetched", where=str(POM), detail=detail)
