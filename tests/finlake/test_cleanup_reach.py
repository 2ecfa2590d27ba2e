"""What the clean-up can't reach: links, `..`, other lakes, files that are refused or vanish meanwhile."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finlake.cleanup import CleanupReport
from finlake.errors import NotFound
from finlake.lake_tree import LakeTree, Refused
from finlake.settings import CleanupSettings
from tests.finlake.cleanup_kit import clean, files, publish, put, reasons

NOBODY = 65534

# What it cannot reach -----------------------------------------------------------------------------


@pytest.mark.parametrize("marker", [None, "", "{}", "[1]", '{"lake_id": ""}'])
def test_a_folder_that_is_no_lake_is_refused(tmp_path: Path, marker: str | None) -> None:
    victim = put(tmp_path, "cache/file.tmp")
    if marker is not None:
        (tmp_path / "finlake-lake.json").write_text(marker)
    with pytest.raises(NotFound, match="no finlake lake"):
        clean(tmp_path)
    assert victim.exists()


def test_a_root_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        clean(tmp_path / "nowhere")


def test_a_marker_that_is_a_link_is_refused(empty_lake: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    victim = put(other, "cache/file.tmp")
    (other / "finlake-lake.json").symlink_to(empty_lake / "finlake-lake.json")
    with pytest.raises(NotFound):
        clean(other)
    assert victim.exists()


@pytest.mark.parametrize(
    "folder", ["cache", "landing", "state", "reports", "logs", "warehouse", "quarantine"]
)
def test_an_own_folder_that_is_a_link_is_not_followed(empty_lake: Path, tmp_path: Path, folder: str) -> None:
    victim = put(tmp_path / "outside", "a.tmp", days_old=900)
    (empty_lake / folder).symlink_to(tmp_path / "outside")
    report = clean(empty_lake)
    assert victim.exists()
    assert reasons(report)[folder] == "symlink"


@pytest.mark.parametrize(
    "place", ["cache/link", "landing/link", "landing/0123456789abcdef/link", "state/x.tmp"]
)
def test_links_inside_are_neither_followed_nor_removed(empty_lake: Path, tmp_path: Path, place: str) -> None:
    victim = put(tmp_path / "outside", "deep/a.tmp", days_old=900)
    link = empty_lake / place
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "outside", target_is_directory=True)
    report = clean(empty_lake, CleanupSettings(max_cache_mb=0))
    assert victim.exists() and link.is_symlink()
    assert reasons(report)[place] == "symlink"


def test_a_link_to_a_file_keeps_the_file(empty_lake: Path, tmp_path: Path) -> None:
    victim = put(tmp_path, "precious.txt", days_old=900)
    (empty_lake / "cache").mkdir()
    (empty_lake / "cache/a.tmp").symlink_to(victim)
    clean(empty_lake)
    assert victim.exists()


@pytest.mark.parametrize(
    "place", ["cache/inner", "landing/inner", "landing/0123456789abcdef/inner", "state/x.tmp"]
)
def test_another_lake_inside_is_left_whole(empty_lake: Path, place: str) -> None:
    inner = empty_lake / place
    put(inner, "cache/file.tmp", days_old=900)
    put(inner, "landing/x/y")
    shutil.copy(empty_lake / "finlake-lake.json", inner)
    before = files(inner)
    report = clean(empty_lake, CleanupSettings(max_cache_mb=0))
    assert files(inner) == before
    assert reasons(report)[place] == "another lake"


def test_an_own_folder_that_is_another_lake_is_left_whole(empty_lake: Path) -> None:
    shutil.copytree(empty_lake, empty_lake / "cache")
    put(empty_lake, "cache/cache/a.tmp")
    clean(empty_lake)
    assert files(empty_lake / "cache") == {"finlake-lake.json", "cache/a.tmp"}


def test_dotted_names_lead_nowhere(empty_lake: Path, tmp_path: Path) -> None:
    (empty_lake / "cache").mkdir()
    victim = put(tmp_path, "outside.tmp")
    publish(empty_lake, "../../../outside", ["..", "../.."])
    clean(empty_lake, keep_landing={"..", "../..", "/"})
    assert victim.exists()
    with LakeTree(empty_lake) as tree:
        for parts in (("..",), ("cache", ".."), ("",), (".",), ("a/b",)):
            with pytest.raises(Refused):
                tree.entries(parts)
            with pytest.raises(Refused):
                tree.unlink((*parts, "outside.tmp"))


def test_a_root_spelt_with_dots_cleans_that_lake_only(empty_lake: Path, tmp_path: Path) -> None:
    put(empty_lake, "cache/a.tmp")
    outside = put(tmp_path, "cache/a.tmp")
    clean(empty_lake / "cache" / "..")
    assert outside.exists() and not (empty_lake / "cache/a.tmp").exists()


def test_what_is_no_regular_file_stays(empty_lake: Path) -> None:
    (empty_lake / "cache").mkdir()
    os.mkfifo(empty_lake / "cache/pipe.tmp")
    report = clean(empty_lake)
    assert (empty_lake / "cache/pipe.tmp").exists()
    assert "no regular file" in reasons(report)["cache/pipe.tmp"]


def test_another_file_system_is_not_entered(empty_lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = put(empty_lake, "cache/mounted/a.tmp")
    with LakeTree(empty_lake) as tree:
        tree._device += 1
        with pytest.raises(Refused, match="another file system"):
            tree.entries(("cache",))
    assert victim.exists()


# When things go wrong -----------------------------------------------------------------------------


def refuse(monkeypatch: pytest.MonkeyPatch, function: str, name: str, error: Callable[[], OSError]) -> None:
    """Let the system call `function` fail for one name, as the kernel would (root is refused nothing)."""
    real = getattr(os, function)

    def call(path: object, *args: object, **kwargs: object) -> object:
        if path == name:
            raise error()
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, function, call)


def denied() -> OSError:
    return PermissionError(errno.EACCES, "Permission denied")


def test_a_file_that_may_not_be_removed_is_told_and_the_rest_goes(
    empty_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_lake, "cache/a.tmp")
    put(empty_lake, "cache/b.tmp")
    refuse(monkeypatch, "unlink", "a.tmp", denied)
    report = clean(empty_lake)
    assert files(empty_lake / "cache") == {"a.tmp"}
    assert reasons(report) == {"cache/a.tmp": "permission denied"}
    assert report.files == 1


def test_a_folder_that_may_not_be_read_is_told_and_the_rest_goes(
    empty_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_lake, "landing/locked/file")
    put(empty_lake, "state/b.tmp")
    refuse(monkeypatch, "open", "locked", denied)
    report = clean(empty_lake)
    assert files(empty_lake) == {"finlake-lake.json", "landing/locked/file"}
    assert reasons(report) == {"landing/locked": "permission denied"}


@pytest.fixture
def lake_of_a_plain_user() -> Iterator[Path]:
    """A lake of a user whom the kernel refuses things, also where the tests run as root."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    lake = base / "lake"
    put(lake, "cache/folder/a.tmp")
    put(lake, "landing/locked/b")
    (lake / "finlake-lake.json").write_text('{"lake_id": "1"}')
    is_root = os.geteuid() == 0
    if is_root:
        for path in (lake, *lake.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        (lake / "cache/folder").chmod(0o500)
        (lake / "landing/locked").chmod(0o000)
        yield lake
    finally:
        (lake / "cache/folder").chmod(0o700)
        (lake / "landing/locked").chmod(0o700)
        if is_root:
            os.seteuid(0)
        shutil.rmtree(base)


def test_what_the_kernel_refuses_is_told(lake_of_a_plain_user: Path) -> None:
    report = clean(lake_of_a_plain_user)
    assert reasons(report) == {
        "cache/folder/a.tmp": "permission denied",
        "landing/locked": "permission denied",
    }
    assert report.files == 0


def test_files_that_vanish_meanwhile_are_no_error(empty_lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(empty_lake, "cache/a.tmp")
    put(empty_lake, "cache/b.tmp")

    def gone() -> OSError:
        return FileNotFoundError(errno.ENOENT, "No such file or directory")

    refuse(monkeypatch, "unlink", "a.tmp", gone)
    refuse(monkeypatch, "stat", "b.tmp", gone)
    report = clean(empty_lake)
    assert (report.files, report.skipped) == (0, [])


def test_a_folder_exchanged_for_a_link_meanwhile_leads_nowhere(
    empty_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = put(tmp_path / "outside", "a")
    put(empty_lake, "landing/0123456789abcdef/a")
    real = LakeTree.entries

    def entries(tree: LakeTree, parts: tuple[str, ...]) -> object:
        found = real(tree, parts)
        folder = empty_lake / "landing/0123456789abcdef"
        if parts == ("landing", "0123456789abcdef") and not folder.is_symlink():
            shutil.rmtree(folder)
            folder.symlink_to(tmp_path / "outside")
        return found

    monkeypatch.setattr(LakeTree, "entries", entries)
    clean(empty_lake)
    assert victim.exists()


def test_a_dry_run_counts_and_removes_nothing(empty_lake: Path) -> None:
    put(empty_lake, "cache/a.tmp", size=5)
    put(empty_lake, "landing/x/y", size=6)
    before = files(empty_lake)
    report = clean(empty_lake, dry_run=True)
    assert files(empty_lake) == before
    assert (report.files, report.bytes, report.dry_run) == (2, 11, True)


def test_a_second_clean_up_finds_nothing(empty_lake: Path) -> None:
    put(empty_lake, "cache/a.tmp")
    clean(empty_lake)
    assert clean(empty_lake).as_dict() == CleanupReport().as_dict()


def test_no_handle_stays_open(empty_lake: Path) -> None:
    put(empty_lake, "landing/x/y/z/a")
    put(empty_lake, "cache/b.tmp")
    before = len(list(Path("/dev/fd").iterdir()))
    clean(empty_lake)
    assert len(list(Path("/dev/fd").iterdir())) == before


# Any name -----------------------------------------------------------------------------------------

NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=40
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)
PLACES = st.sampled_from(
    ["bronze", "silver", "mine", "cache", "landing", "state", "reports", "logs", "quarantine"]
)


@given(places=st.lists(st.tuples(PLACES, NAMES, NAMES), max_size=8))
def test_whatever_the_names_only_our_folders_change(
    places: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("any")
    lake, outside = base / "lake", put(base, "outside/a.tmp", days_old=900)
    lake.mkdir()
    (lake / "finlake-lake.json").write_text('{"lake_id": "1"}')
    for place, folder, name in places:
        try:
            put(lake, f"{place}/{folder}/{name}", days_old=1)
        except (NotADirectoryError, IsADirectoryError, FileExistsError):
            continue
    kept_before = {name for name in files(lake) if name.split("/")[0] in ("bronze", "silver", "mine")}
    report = clean(lake)
    json.dumps(report.as_dict()).encode()
    left = files(lake)
    assert {name for name in left if name.split("/")[0] in ("bronze", "silver", "mine")} == kept_before
    assert outside.exists()
    others = left - kept_before - {"finlake-lake.json"}
    assert not [name for name in others if name.endswith((".tmp", ".bkp")) or name.startswith("landing/")]


def test_names_that_are_no_text_are_told_in_plain_ascii(empty_lake: Path) -> None:
    (empty_lake / "cache").mkdir()
    (empty_lake / "cache" / os.fsdecode(b"\xff\xfe.tmp")).symlink_to("/nowhere")
    report = clean(empty_lake)
    assert json.dumps(report.as_dict(), ensure_ascii=False).encode("utf-8")
    assert len(report.skipped) == 1


def test_only_regular_files_are_read(empty_lake: Path) -> None:
    (empty_lake / "warehouse").mkdir()
    os.mkfifo(empty_lake / "warehouse/published.json")
    report = clean(empty_lake)
    assert "no regular file" in reasons(report)["warehouse/builds"]
