"""The dbt project as dbt parsed it, kept on this machine: parsing takes seconds, and nothing in it depends on a lake.

dbt's own partial parsing starts anew whenever a variable or the build's file changes, which is at every run here.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from finlake.errors import FinlakeError
from finlake.paths import DBT_DIR, cache_folder

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

ANY_LAKE = "any-lake"
"""Stands for the lake's root in what is kept."""
_PARSED_BY = ("dbt-core", "dbt-adapters", "dbt-duckdb", "dbt-athena")
_IN_NODES = ("FINLAKE_DBT_KEPT_AS", "FINLAKE_DBT_MADE_AS", "FINLAKE_DBT_DATABASE", "FINLAKE_DBT_SILVER")
"""Variables of the environment that dbt writes into each node when it parses."""
_KEPT = 8
"""So many parsed projects stay: one for each target and database name in use."""


def parsed_project(options: Sequence[str], environment: Mapping[str, str], target: str) -> Manifest:
    """The manifest for a run with this environment, which must already be set. Raises FinlakeError where dbt can't parse.

    `options`: dbt's options that say where project and profiles lie. The sources point to the lake of the environment.
    """
    kept = cache_folder() / "dbt" / f"{_key(environment, target)}.msgpack"
    manifest = _kept(kept)
    if manifest is None:
        packed = _parse(options)
        _keep(kept, packed)
        manifest = _unpacked(packed)
    _point_to(manifest, environment["FINLAKE_LAKE_ROOT"])
    manifest.build_flat_graph()
    return manifest


def _kept(kept: Path) -> Manifest | None:
    """Nothing where there is none, or only a piece."""
    try:
        manifest = _unpacked(kept.read_bytes())
    except (OSError, ValueError):
        return None
    with suppress(OSError):  # a cache that can only be read serves as well
        kept.touch()
    return manifest


def _unpacked(packed: bytes) -> Manifest:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    return manifest


def _key(environment: Mapping[str, str], target: str) -> str:
    """Changes with each thing that a parsed project depends on."""
    files = {
        str(path.relative_to(DBT_DIR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(DBT_DIR.rglob("*"))
        if path.is_file() and path.relative_to(DBT_DIR).parts[0] not in ("target", "logs")
    }
    database = Path(environment["FINLAKE_BUILD_DB"]).stem
    said = {name: environment.get(name, os.environ.get(name)) for name in _IN_NODES}
    of = [files, str(DBT_DIR), [version(name) for name in _PARSED_BY], target, database, said]
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:32]


def _parse(options: Sequence[str]) -> bytes:
    from dbt.cli.main import dbtRunner
    from dbt.parser.manifest import PARTIAL_PARSE_FILE_NAME

    before = os.environ["FINLAKE_LAKE_ROOT"]
    os.environ["FINLAKE_LAKE_ROOT"] = ANY_LAKE
    try:
        with tempfile.TemporaryDirectory(prefix="finlake-dbt-") as folder:
            where = ["--target-path", folder, "--log-path", folder]
            outcome = dbtRunner().invoke(["parse", *options, *where, "--no-partial-parse"])
            if not outcome.success:
                raise FinlakeError.of("marts_not_built", where="dbt parse", models=str(outcome.exception))
            return (Path(folder) / PARTIAL_PARSE_FILE_NAME).read_bytes()
    finally:
        os.environ["FINLAKE_LAKE_ROOT"] = before


def _keep(kept: Path, packed: bytes) -> None:
    """A machine where nothing can be kept parses each time."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(packed)
        Path(file.name).replace(kept)
        for old in sorted(kept.parent.glob("*.msgpack"), key=lambda path: -path.stat().st_mtime)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def _point_to(manifest: Manifest, lake_root: str) -> None:
    """Sources name their Delta tables in a text that string.Template reads, inside quotes of SQL."""
    root = lake_root.replace("$", "$$").replace("'", "''")
    for source in manifest.sources.values():
        for meta in (source.meta, source.config.meta):
            if "external_location" in meta:
                meta["external_location"] = meta["external_location"].replace(ANY_LAKE, root)
