"""A lake that several processes make at the same moment is one lake."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from finlake import objects
from finlake.lake import create_or_open


def test_made_by_many_at_once(tmp_path: Path) -> None:
    for number in range(20):
        root, together = str(tmp_path / f"lake-{number}"), Barrier(8)

        def make(root: str = root, together: Barrier = together) -> str:
            together.wait()
            return create_or_open(root).lake_id

        with ThreadPoolExecutor(8) as pool:
            ids = {made.result() for made in [pool.submit(make) for _ in range(8)]}
        assert len(ids) == 1 and objects.names(root) == ["finlake-lake.json"]


def test_what_is_there_stays(tmp_path: Path) -> None:
    objects.write_new(str(tmp_path / "a"), b"first")
    objects.write_new(str(tmp_path / "a"), b"second")
    assert (tmp_path / "a").read_bytes() == b"first" and objects.names(str(tmp_path)) == ["a"]
