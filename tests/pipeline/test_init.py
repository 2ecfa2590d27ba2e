"""`finlake init` writes a file that explains itself, loads, and means the defaults."""

from __future__ import annotations

import json
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from finlake.errors import ExitCode
from finlake.messages import LANGUAGES, catalogue
from finlake.settings import Settings, load_settings
from pipeline.cli import main
from pipeline.settings_text import EXAMPLES, config_text, leaves


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_written_file_means_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == ExitCode.OK
    assert "finlake.yml" in capsys.readouterr().out
    assert load_settings() == Settings()
    assert set(yaml.safe_load(Path("finlake.yml").read_text())) == set(Settings.model_fields) - set(EXAMPLES)


def test_a_setting_without_a_default_stands_there_as_an_example_that_loads() -> None:
    assert set(EXAMPLES) == {name for name, field in leaves(Settings) if field.default is None}
    uncommented = re.sub(r"^( *)# (\w+: \S+)$", r"\1\2", config_text(), flags=re.MULTILINE)
    Path("finlake.yml").write_text(uncommented)
    assert {name: attrgetter(name)(load_settings()) for name in EXAMPLES} == EXAMPLES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_explained(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the language of the call, which only the environment can say before there is a file."""
    monkeypatch.setenv("FINLAKE_LANGUAGE", language)
    assert main(["init"]) == ExitCode.OK
    words = " ".join(line.strip(" #") for line in Path("finlake.yml").read_text().splitlines())
    meanings = [str(said[language]) for key, said in catalogue().items() if key.startswith("settings.")]
    assert len(meanings) > 15 and not [meaning for meaning in meanings if meaning not in words]
    monkeypatch.delenv("FINLAKE_LANGUAGE")
    assert load_settings().language == language


def test_another_folder_and_values_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["init", "conf", "--lake", "here", "--source", "s3://bills/a: b # c", "--json"]) == ExitCode.OK
    )
    written = json.loads(capsys.readouterr().out)
    assert written["file"] == str(tmp_path / "conf" / "finlake.yml")
    settings = load_settings(Path(written["file"]))
    assert (settings.lake, settings.source) == (str(tmp_path / "here"), "s3://bills/a: b # c")


def test_a_file_that_is_there_stays_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("finlake.yml").write_text("lake: mine\n")
    assert main(["init"]) == ExitCode.USAGE
    assert "--force" in capsys.readouterr().err
    assert Path("finlake.yml").read_text() == "lake: mine\n"
    assert main(["init", "--force"]) == ExitCode.OK
    assert load_settings() == Settings()


def test_a_file_is_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("thing").write_text("")
    assert main(["init", "thing"]) == ExitCode.USAGE
    assert "no folder" in capsys.readouterr().err


def test_wrong_values_are_refused_before_writing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--source", "ftp://x"]) == ExitCode.CONFIGURATION
    assert not Path("finlake.yml").exists()
    assert "--source" in capsys.readouterr().err


@given(tag=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_tag_key_survives_the_file(tag: str) -> None:
    if not tag.strip() or tag == "cost_category:":
        return
    values: dict[str, Any] = {"dimensions": {"env": [tag, "user_a"]}}
    Path("any.yml").write_text(config_text(**values), encoding="utf-8")
    assert load_settings(Path("any.yml")).dimensions["env"] == [tag, "user_a"]
