"""Settings: flag > environment > file > default; a mistake is told with its place and what is allowed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from finlake.error_words import told
from finlake.errors import ConfigurationError, ExitCode
from finlake.messages import catalogue
from finlake.settings import DEFAULT_DIMENSIONS, Settings, environment_names, load_settings, unknown_variables
from finlake.settings_file import explain


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "finlake.yml") -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def mistake(config: Path | None = None, **flags: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(config, **flags)
    assert caught.value.exit_code == ExitCode.CONFIGURATION
    assert caught.value.intact == "nothing was started"
    assert caught.value.next_step
    return caught.value


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.lake == str(tmp_path / "finlake-lake")
    assert (settings.source, settings.engine, settings.language) == (None, None, "en")
    assert settings.dimensions == DEFAULT_DIMENSIONS
    assert settings.publish.keep_builds == 3


def test_precedence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write("lake: from-file\nlanguage: pt-BR\npublish: {keep_builds: 7}\ncleanup: {max_reports: 9}\n")
    assert load_settings().lake == str(tmp_path / "from-file")
    monkeypatch.setenv("FINLAKE_LAKE", "from-environment")
    monkeypatch.setenv("FINLAKE_PUBLISH__KEEP_BUILDS", "8")
    settings = load_settings()
    assert settings.lake == str(tmp_path / "from-environment")
    assert (settings.publish.keep_builds, settings.cleanup.max_reports, settings.language) == (8, 9, "pt-BR")
    settings = load_settings(lake="s3://bucket/from-flag/", source=None)
    assert settings.lake == "s3://bucket/from-flag"
    assert settings.source is None


def test_folders_in_a_file_count_from_its_folder(tmp_path: Path) -> None:
    file = write("lake: ../lake\nsource: ' exports '\n", "conf/finlake.yml")
    settings = load_settings(file)
    assert settings.lake == str(tmp_path / "lake")
    assert settings.source == str(tmp_path / "conf" / "exports")
    assert load_settings(file, lake="here").lake == str(tmp_path / "here")


def test_home_and_s3_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    file = write("lake: ~/lake\nsource: s3://bucket/p/\n", "conf/finlake.yml")
    assert (load_settings(file).lake, load_settings(file).source) == ("/home/ana/lake", "s3://bucket/p")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "{}\n"])
def test_an_empty_file_means_the_defaults(text: str) -> None:
    write(text)
    assert load_settings() == Settings()


def test_dimensions_that_are_not_mentioned_keep_their_default(monkeypatch: pytest.MonkeyPatch) -> None:
    write("dimensions: {team: [user_squad], app: []}\n")
    dimensions = load_settings().dimensions
    assert dimensions == {**DEFAULT_DIMENSIONS, "team": ["user_squad"], "app": []}
    monkeypatch.setenv("FINLAKE_DIMENSIONS", '{"env": ["user_stage"]}')
    assert load_settings().dimensions == {**dimensions, "env": ["user_stage"]}


@pytest.mark.parametrize(
    ("text", "where", "what", "advice"),
    [
        ("laek: x\n", "line 1, key laek", "no setting `laek`", "did you mean `lake`?"),
        (
            "lake: x\npublish:\n  keep_build: 3\n",
            "line 3, key publish.keep_build",
            "no setting `publish.keep_build`",
            "did you mean `publish.keep_builds`?",
        ),
        ("zzz: 1\n", "line 1, key zzz", "no setting `zzz`", "allowed: lake, source,"),
        (
            "\npublish: {keep_builds: 0}\n",
            "line 2, key publish.keep_builds",
            "must be at least 1",
            "rollback",
        ),
        ("publish: 3\n", "line 1, key publish", "`publish` can't be 3", "configuration.md"),
        ("language: pt\n", "line 1, key language", "must be one of: en, pt-BR", "language:"),
        ("lake: {a: 1}\n", "line 1, key lake", "must be text", "s3://bucket/prefix"),
        ("lake: ''\n", "line 1, key lake", "local folder or s3://", "s3://bucket/prefix"),
        ("source: gs://b/p\n", "line 1, key source", "local folder or s3://", "s3://bucket/prefix"),
        ("source: s3://B\n", "line 1, key source", "3 to 63 lower-case", "s3://bucket/prefix"),
        (
            "dimensions:\n  envv: [a]\n",
            "line 2, key dimensions.envv",
            "the dimensions are env, team,",
            "tag key",
        ),
        ("dimensions:\n  env:\n  - a\n  - 3\n", "line 4, key dimensions.env.1", "must be text", "tag key"),
        ("dimensions: {env: [' ']}\n", "line 1, key dimensions.env.0", "a tag key is written", "user_<tag>"),
        (
            "dimensions: {env: ['cost_category:']}\n",
            "line 1, key dimensions.env.0",
            "a tag key is",
            "user_<tag>",
        ),
        ("dimensions: 3\n", "line 1, key dimensions", "`dimensions` can't be 3", "tag key"),
        ("lake: a\nlake: b\n", "line 2, key lake", "stands twice", "finlake init"),
        ("lake: [a\n", "line 2", "no valid YAML", "finlake init"),
        ("- a\n- b\n", "line 1", "`key: value`", "finlake init"),
        ("lake: \0\n", "finlake.yml", "no valid YAML", "finlake init"),
    ],
)
def test_mistakes_in_the_file(text: str, where: str, what: str, advice: str) -> None:
    error = mistake(write(text))
    assert error.where.startswith("finlake.yml") and where in error.where
    assert what in error.what
    assert advice in error.next_step


def test_several_mistakes_are_counted() -> None:
    assert mistake(write("laek: 1\n")).what.endswith("`laek`")
    assert mistake(write("laek: 1\nsorce: 2\n")).what.endswith("`laek` (mistakes in all: 2)")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "there is no configuration file" in mistake(tmp_path / "none.yml").what
    (tmp_path / "latin.yml").write_bytes("lake: cão".encode("latin-1"))
    assert "can't be read" in mistake(tmp_path / "latin.yml").what


def test_mistakes_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_PUBLISH__KEEP_BUILDS", "many")
    assert mistake().where == "environment variable FINLAKE_PUBLISH__KEEP_BUILDS"
    monkeypatch.delenv("FINLAKE_PUBLISH__KEEP_BUILDS")
    monkeypatch.setenv("FINLAKE_CLEANUP__MAX_REPORT", "3")
    error = mistake()
    assert error.where == "environment variable FINLAKE_CLEANUP__MAX_REPORT"
    assert "cleanup.max_reports" in error.next_step
    monkeypatch.delenv("FINLAKE_CLEANUP__MAX_REPORT")
    monkeypatch.setenv("FINLAKE_DIMENSIONS", "no json")
    assert "JSON" in mistake().next_step


def test_a_misspelt_variable_is_told_and_one_of_others_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_PORT_80_TCP_ADDR", "a Kubernetes service named finlake")
    monkeypatch.setenv("FINLAKE_CI", "1")
    assert unknown_variables() == ["FINLAKE_PORT_80_TCP_ADDR"] and load_settings()
    monkeypatch.setenv("FINLAKE_SORCE", "s3://bucket")
    error = mistake()
    assert error.where == "environment variable FINLAKE_SORCE" and "FINLAKE_SOURCE?" in error.next_step
    monkeypatch.delenv("FINLAKE_SORCE")
    monkeypatch.setenv("FINLAKE_PUBLIS__KEEP_BUILDS", "3")
    assert "FINLAKE_PUBLISH__KEEP_BUILDS?" in mistake().next_step


def test_mistakes_in_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINLAKE_LAKE", "fine")
    assert mistake(lake="http://x").where == "--lake"


def test_a_wrong_value_is_found_where_it_stands_and_not_below(monkeypatch: pytest.MonkeyPatch) -> None:
    write("lake: fine\n")
    monkeypatch.setenv("FINLAKE_LAKE", "ftp://x")
    assert mistake().where == "environment variable FINLAKE_LAKE"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().lake = "other"  # type: ignore[misc]


def test_every_variable_that_counts_is_listed() -> None:
    names = environment_names()
    assert {"FINLAKE_LAKE", "FINLAKE_CLEANUP__MAX_AGE_DAYS", "FINLAKE_STATE_HOME"} <= set(names)
    assert len(names) == len(set(names))


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    key=st.sampled_from([*Settings.model_fields, "other"]),
    value=YAML_VALUES,
)
def test_whatever_stands_in_the_file_it_loads_or_names_the_mistake(key: str, value: Any) -> None:
    import yaml

    file = Path("any.yml")
    file.write_text(yaml.safe_dump({key: value}, allow_unicode=True), encoding="utf-8")
    try:
        load_settings(file)
    except ConfigurationError as error:
        assert error.what and error.where.startswith("any.yml") and error.next_step


ODD_VALUES: list[Any] = [
    *(None, True, 1, -1, 101, 1.5, float("inf"), 10**30, "x", "", "s3://B", [], ["user_x"], {}, {"a": 1}),
    *({1: 2}, {"env": None}, {"env": [1]}, {"env": [" "]}, {"env": "x"}, {"envv": ["a"]}, "9" * 5000),
]


def whys() -> set[tuple[str, str]]:
    """Every reason for which the settings refuse an odd value, and a sentence that says so in Portuguese."""
    found = set()
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        for value in [*ODD_VALUES, *({key: odd} for key in inner for odd in ODD_VALUES)]:
            try:
                load_settings(**{name: value})
            except ConfigurationError as error:
                assert isinstance(error.__cause__, ValidationError)
                first = error.__cause__.errors(include_url=False)[0]["type"]
                found.add((first, told(error.as_dict(), "pt-BR")["what"].rpartition(": ")[2]))
    return found


def test_every_reason_that_settings_can_give_has_words_in_both_languages() -> None:
    reasons = {name for name, _ in whys()} - {"extra_forbidden"}
    assert {f"config.{name}" for name in reasons} <= set(catalogue())
    assert len(reasons) >= 14
    assert not [said for _, said in whys() if re.search(r"\b(must|should|is|the|valid|be)\b", said)]


def test_a_reason_that_the_catalogue_does_not_know_keeps_pydantics_words() -> None:
    class Model(BaseModel):
        lake: date

    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"lake": "x"})
    error = explain(caught.value, Model, file=None, environment={}, flags={})
    assert "input should be a valid date" in told(error.as_dict(), "pt-BR")["what"]


def test_a_mistake_is_told_in_portuguese_with_its_place_and_what_is_allowed() -> None:
    error = told(mistake(write("\npublish: {keep_builds: 0}\n")).as_dict(), "pt-BR")
    assert error["what"] == "`publish.keep_builds` não pode ser 0: deve ser no mínimo 1"
    assert error["where"] == "finlake.yml, linha 2, chave publish.keep_builds"
    assert error["next_step"].startswith("publish.keep_builds: Builds publicados")


def test_every_setting_says_what_it_means() -> None:
    inner = {
        f"{name}.{key}"
        for name, field in Settings.model_fields.items()
        for key in getattr(field.annotation, "model_fields", {})
    }
    said = {key.removeprefix("settings.") for key in catalogue() if key.startswith("settings.")}
    assert said == inner | set(Settings.model_fields)
