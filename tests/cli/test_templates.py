"""What a new registry is made from, and that each template works as it is."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run

from cytoreg import refresh
from cytoreg.project.load import load_project


@pytest.fixture(scope="module")
def survival(shared: Callable[..., Path]) -> Path:
    """A project of template survival, refreshed once. Nobody changes it."""

    def make(folder: Path) -> None:
        assert run("init", folder, "--template", "survival", cwd=folder.parent).code == 0
        done = run("refresh", "--untracked", "--as-of", "2024-12-31", cwd=folder)
        assert done.code == 0, done.err

    return shared("survival_template", make)


def ask(project: Path, sql: str) -> list[dict[str, object]]:
    done = run("query", "--format", "json", sql, cwd=project)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_the_survival_template_publishes_survival_of_its_simulated_patients(survival: Path) -> None:
    strata = ask(
        survival,
        "select stratum, patients, median_months from marts.survival_summary"
        " where stratum_variable in ('all', 'stage')",
    )
    found = {row["stratum"]: row for row in strata}
    assert set(found) == {"all", "I", "II", "III", "IV", "unknown"}
    members = ask(survival, "select count(*) as n from marts.survival_cohort")
    assert found["all"]["patients"] == members[0]["n"]
    assert found["IV"]["median_months"] < found["III"]["median_months"]


def test_the_survival_template_counts_each_patient_with_a_known_outcome(survival: Path) -> None:
    (counted,) = ask(
        survival,
        "select numerator, denominator, unknown from marts.outcome_summary"
        " where stratum = 'all' and measure = 'mortality_1_year'",
    )
    (by_hand,) = ask(
        survival,
        "select count(*) filter (died and follow_up_days between 0 and 365) as numerator,"
        " count(*) filter (follow_up_days >= 365 or died and follow_up_days >= 0) as denominator,"
        " count(*) filter (coalesce(follow_up_days < 365 and not died or follow_up_days < 0, true))"
        " as unknown from marts.patient_outcome",
    )
    assert counted == by_hand
    assert counted["numerator"] > 0


def test_the_survival_template_shows_what_its_rules_find(survival: Path) -> None:
    found = ask(survival, "select rule from quality.check_result where violated > 0")
    assert {row["rule"] for row in found} == {
        "patient.birth_date.type",
        "patient.sex.isin",
        "diagnosis.stage.isin",
        "diagnosis.patient_exists",
        "diagnosis.by_extract",
        "death.patient_exists",
        "death.after_diagnosis",
    }


def test_a_blank_project_loads_and_says_that_it_lacks_a_source(tmp_path: Path) -> None:
    made = run("init", "mine", cwd=tmp_path)  # blank, as nobody is at a terminal
    assert made.code == 0
    assert "README.md" in made.out
    assert load_project(tmp_path / "mine").config.sources == {}
    done = run("validate", cwd=tmp_path / "mine")
    assert done.code == 2
    assert "declares no source" in done.err
    assert "cytoreg sources add" in done.err


def test_a_project_without_persons_and_marts_publishes_the_findings_about_its_sources(
    tmp_path: Path,
) -> None:
    run("init", "mine", cwd=tmp_path)
    (tmp_path / "mine" / "extracts").mkdir()
    (tmp_path / "mine" / "extracts" / "lab.csv").write_text("sample,grade\n1,2\n2,x\n")
    added = run("sources", "add", "lab", "lab.csv", "--table", "lab=lab", cwd=tmp_path / "mine")
    assert "none yet: records are linked once a source has rows of patient" in added.out
    night = refresh(load_project(tmp_path / "mine"))
    assert night.published
    assert night.counts["persons"] == 0
    (told,) = (gate.detail for gate in night.gates if gate.name == "marts_present")
    assert told == "no mart is declared: only the findings about the sources are published"
    accepted = ask(tmp_path / "mine", "select accepted from quality.balance")
    assert accepted == [{"accepted": 2}]


def test_somebody_at_a_terminal_is_asked_for_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("tumour\nsurvival\n"))
    done = run("init", "mine", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "blank, survival, reference" in done.err
    assert list(load_project(tmp_path / "mine").config.survival) == ["overall"]


def test_a_folder_with_something_in_it_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.txt", "e.txt"):
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).touch()
    done = run("init", "mine", "--template", "survival", cwd=tmp_path)
    assert done.code == 2
    assert "mine is not empty: it holds a.txt, b.txt, c.txt and 2 more" in done.err
    assert "name a folder that is new or empty" in done.err
    assert not (tmp_path / "mine" / "cytoreg.toml").exists()
    file = run("init", "mine/a.txt", cwd=tmp_path)
    assert file.code == 2
    assert "cannot be a project" in file.err


def test_an_unknown_template_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    done = run("init", "mine", "--template", "tumour", cwd=tmp_path)
    assert done.code == 2
    for name in ("blank", "survival", "reference"):
        assert name in done.err
    assert not (tmp_path / "mine").exists()
