"""What `cytoreg plan` says about the next refresh."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import small_registry
from typer.testing import CliRunner

from cytoreg.cli.app import app, load_commands
from cytoreg.nights.plan import plan
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import Project, load_project

AS_OF = date(2016, 12, 31)
ESTIMATES = ("survival.overall",)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(small_registry.write(tmp_path))


@pytest.fixture
def after_a_night(project: Project) -> Project:
    assert refresh(project, as_of=AS_OF).published
    return project


def planned(project: Project):
    return plan(load_project(project.root), as_of=AS_OF)


def reasons(project: Project) -> dict[str, tuple[str, ...]]:
    return {step.name: step.why or step.after for step in planned(project).steps}


def edit(project: Project, name: str, before: str, after: str) -> None:
    path = project.root / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def test_a_first_night_makes_everything(project: Project) -> None:
    found = planned(project)
    assert found.before == ""
    assert found.why == ("there is no build that tables can be taken over from",)
    assert [step.name for step in found.steps] == ["judge rows", "marts.cohort", *ESTIMATES]
    assert found.sources == {"office": "new"}
    assert "marts.survival_curve" in found.marts


def test_without_a_change_nothing_is_made(after_a_night: Project) -> None:
    found = planned(after_a_night)
    assert (found.steps, found.kept, found.marts) == ([], 3, [])
    assert found.sources == {"office": "unchanged"}
    assert found.before == next(after_a_night.builds.glob("*/verdict.json")).parent.name


def test_a_delivery_is_followed_to_the_marts(after_a_night: Project) -> None:
    edit(after_a_night, "extracts/people.csv", ",107", ",108")
    found = planned(after_a_night)
    assert found.sources == {"office": "changed"}
    assert reasons(after_a_night) == {
        "judge rows": ("landing.office_people", "staging.person"),
        "marts.cohort": ("registry.person",),
        "survival.overall": ("marts.cohort",),
    }
    assert {"marts.cohort", "marts.survival_curve"} <= set(found.marts)


def test_a_changed_model_is_the_reason_for_its_table(after_a_night: Project) -> None:
    edit(after_a_night, "sql/marts/cohort.sql", "days % 2", "days % 3")
    assert reasons(after_a_night) == {
        "marts.cohort": ("its SQL changed",),
        "survival.overall": ("marts.cohort",),
    }


def test_a_changed_view_is_followed(after_a_night: Project) -> None:
    edit(after_a_night, "sql/staging/person.sql", "  days, -- follow-up", "  days, -- days")
    assert list(reasons(after_a_night)) == ["judge rows", "marts.cohort", "survival.overall"]


@pytest.mark.parametrize(
    ("name", "before", "after", "step", "why"),
    [
        ("schemas/person.py", "First visit.", "The first visit.", "judge rows", "schemas changed"),
        (
            "cytoreg.toml",
            'default = ["office"]',
            "default = []",
            "judge rows",
            "[linkage] changed",
        ),
        (
            "cytoreg.toml",
            "From the first visit",
            "Since the first visit",
            "survival.overall",
            "its section of cytoreg.toml changed",
        ),
    ],
)
def test_what_changed_in_a_step_is_named(
    after_a_night: Project, name: str, before: str, after: str, step: str, why: str
) -> None:
    edit(after_a_night, name, before, after)
    assert reasons(after_a_night)[step] == (why,)


def test_another_day_is_a_reason_where_it_is_used(after_a_night: Project) -> None:
    later = AS_OF.replace(day=30)
    steps = {step.name: step for step in plan(after_a_night, as_of=later).steps}
    assert steps["judge rows"].why == ("as_of changed",)
    assert steps["marts.cohort"].why == ()


def test_another_key_makes_everything(
    after_a_night: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(after_a_night, "cytoreg.toml", "[registry]", '[registry]\ntime_zone = "Asia/Tokyo"')
    found = planned(after_a_night)
    assert (found.before, found.why) == ("", ("the time zone changed",))
    assert len(found.steps) == 3


def test_a_source_without_files_is_told_with_its_reason(after_a_night: Project) -> None:
    (after_a_night.root / "extracts/people.csv").unlink()
    found = planned(after_a_night)
    assert found.sources["office"].endswith("its last landing would serve")
    assert found.steps == []


def test_a_damaged_build_is_no_build(after_a_night: Project) -> None:
    (path,) = after_a_night.builds.glob("*/build.duckdb")
    path.chmod(0o600)
    path.write_bytes(b"nothing")
    assert planned(after_a_night).why == ("there is no build that tables can be taken over from",)


def test_a_mart_that_is_no_longer_made_is_listed(after_a_night: Project) -> None:
    (after_a_night.root / "sql/marts/cohort.sql").unlink()
    edit(after_a_night, "cytoreg.toml", "[survival.overall]", "[words]\n[survival.overall]")
    assert "marts.cohort" in planned(after_a_night).marts


def test_the_command_says_it_in_words_and_as_json(after_a_night: Project) -> None:
    edit(after_a_night, "sql/marts/cohort.sql", "days % 2", "days % 3")
    load_commands()
    given = ["-p", str(after_a_night.root), "--as-of", str(AS_OF)]
    shown = CliRunner().invoke(app, ["plan", *given])
    assert shown.exit_code == 0
    assert "because its SQL changed" in shown.stdout
    assert "marts that could change: marts.cohort" in shown.stderr
    told = json.loads(CliRunner().invoke(app, ["plan", *given, "--json"]).stdout)
    assert [step["name"] for step in told["steps"]] == ["marts.cohort", "survival.overall"]
