"""What a project's configuration promises: clear errors, environment, documentation."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copytree

import pytest
from pydantic import BaseModel

from cytoreg.errors import ConfigError
from cytoreg.project import config
from cytoreg.project.load import find_project, load_project
from cytoreg.sources.declaration import Source
from cytoreg.sources.sql.config import SqlSource

ROOT = Path(__file__).resolve().parents[1]
ME = 12345
TOML = (ROOT / "cytoreg.toml").read_text(encoding="utf-8")


def project_with(folder: Path, text: str) -> Path:
    (folder / "cytoreg.toml").write_text(text, encoding="utf-8")
    copytree(ROOT / "views", folder / "views", dirs_exist_ok=True)
    return folder


def test_the_reference_project_loads() -> None:
    project = load_project(ROOT)
    assert list(project.config.sources) == [
        "tumor_registry",
        "hospital",
        "or_log",
        "research",
        "death_index",
        "pathology",
        "laboratory",
        "biomarkers",
    ]


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    below = project_with(tmp_path, TOML) / "sql" / "marts"
    below.mkdir(parents=True)
    assert find_project(below) == tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("part", ["", "cytoreg.toml", "schemas"])
def test_a_project_of_another_user_is_taken_only_where_it_is_named(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "shared"
    project.mkdir()
    project_with(project, TOML)
    below = project / "schemas"
    below.mkdir()
    monkeypatch.chdir(below)
    monkeypatch.setattr(os, "geteuid", lambda: ME)
    for path in (project, *project.iterdir()):
        os.chown(path, ME, -1)
    assert find_project() == project
    os.chown(project / part, 0, -1)
    assert find_project() == project
    os.chown(project / part, ME + 1, -1)
    for start in (None, below):
        with pytest.raises(ConfigError, match=f"belongs to another.*\n.*--project {project}"):
            find_project(start)
    assert find_project(project) == project
    monkeypatch.chdir(project)
    with pytest.raises(ConfigError, match="belongs to another user"):
        load_project()


def test_a_working_directory_that_was_removed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ConfigError, match="the working directory has been removed"):
        find_project()


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cytoreg\.toml.*\n.*cytoreg init"):
        load_project(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TOML + "\n[gatse]\n", r"gatse: unknown key \(perhaps gates\)"),
        ('extracts = "x"\n' + TOML, r"extracts: unknown key \(it belongs into \[paths\]\)"),
        ('timezone = "UTC"\n' + TOML, r"unknown key \(perhaps time_zone in \[registry\]\)"),
        (TOML.replace("builds = 7", "max_drop = 1"), r"max_drop: unknown .* belongs into \[gates"),
        (
            TOML.replace('kind = "csv"', 'kind = "csv"\noptinal = []'),
            r"sources\.or_log\.optinal: unknown key \(perhaps optional\)",
        ),
        (TOML.replace('kind = "csv"', ""), r"sources\.or_log\.kind: Field required"),
        (TOML.replace("max_drop", "max_drops"), r"gates\.max_drops: unknown key"),
        (TOML.replace('kind = "csv"', 'kind = "cvs"'), r"sources\.or_log.*'cvs'"),
        (TOML.replace("length = 80", ""), r"sources\.death_index.*length: Field required"),
        ("sources.lab = 5\n" + TOML, r"sources\.lab: Input should be a valid dictionary"),
        ("[registry\n", r"not valid TOML"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_project(project_with(tmp_path, text))


def test_text_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project_with(tmp_path, TOML)
    monkeypatch.setenv("HOSPITAL_URL", "postgresql://reader@db/hospital")
    source = load_project(tmp_path).config.sources["hospital"]
    assert isinstance(source, SqlSource)
    assert source.url == "postgresql://reader@db/hospital"


def test_a_variable_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project_with(tmp_path, TOML)
    secret = tmp_path / "secret"
    monkeypatch.setenv("HOSPITAL_URL_FILE", str(secret))
    with pytest.raises(ConfigError, match="the file that HOSPITAL_URL_FILE names cannot be read"):
        load_project(tmp_path)
    secret.write_text("postgresql://reader@db/hospital\n")
    source = load_project(tmp_path).config.sources["hospital"]
    assert isinstance(source, SqlSource)
    assert source.url == "postgresql://reader@db/hospital"
    monkeypatch.setenv("HOSPITAL_URL", "sqlite:///nearer.db")
    source = load_project(tmp_path).config.sources["hospital"]
    assert isinstance(source, SqlSource)
    assert source.url == "sqlite:///nearer.db"


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    project_with(tmp_path, TOML.replace("${HOSPITAL_URL:-", "${NO_SUCH_VARIABLE}${X:-"))
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE"):
        load_project(tmp_path)


def test_two_dollars_stand_for_one_that_means_itself(tmp_path: Path) -> None:
    title = 'title = "$${HOME} costs $5, $${x} and $1"\n'
    project_with(tmp_path, TOML.replace("title = ", f"{title}#"))
    assert load_project(tmp_path).config.registry.title == "${HOME} costs $5, ${x} and $1"


def test_the_content_hash_follows_rules_and_models(tmp_path: Path) -> None:
    project = load_project(project_with(tmp_path, TOML))
    before = project.content_hash()
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "model.sql").write_text("select 1")
    assert project.content_hash() != before


def test_every_key_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    sections = [
        value
        for value in vars(config).values()
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not config.Config
    ]
    keys = {key for section in (*sections, Source) for key in section.model_fields}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
