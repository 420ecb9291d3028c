"""The doctor compiles what a night would, says what does not, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_registry import write

from cytoreg.doctor import Check, examine, summary

Harm = Callable[[Path], object]


def replace(name: str, old: str, new: str) -> Harm:
    def harm(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return harm


def suite(root: Path, expectation: str) -> None:
    (root / "expectations").mkdir()
    (root / "expectations" / "registry_person.yaml").write_text(
        f"table: registry.person\ndescription: People.\nexpectations:\n  - {expectation}\n"
        "    severity: critical\n    meta: {rule: person.some, reason: Some reason.}\n"
    )


WRONG: dict[str, tuple[Harm, str, str]] = {
    "a model that reads what no source has": (
        replace("sql/staging/person.sql", "born as", "birthday as"),
        "night, stage",
        "birthday",
    ),
    "a heading that is gone": (
        replace("extracts/people.csv", "born", "birth"),
        "night, stage",
        "born",
    ),
    "a column that a rule judges and staging lacks": (
        replace("sql/staging/person.sql", "  days, -- follow-up\n", ""),
        "night, judge rows",
        "days",
    ),
    "a number that no entity has": (
        replace("cytoreg.toml", 'number = "chart"', 'number = "mrn"'),
        "night, judge rows",
        "person has no column mrn",
    ),
    "an entity that no schema has": (
        replace("cytoreg.toml", 'entity = "person"', 'entity = "patient"'),
        "night, judge rows",
        "no accepted.patient",
    ),
    "a mart that reads a column that is not there": (
        replace("sql/marts/cohort.sql", "days as time_days", "weeks as time_days"),
        "night, materialize",
        "weeks",
    ),
    "an endpoint without its column": (
        replace("cytoreg.toml", 'strata = ["sex"]', 'strata = ["stage"]'),
        "night, materialize",
        "marts.cohort has no column stage",
    ),
    "a life table that is not there": (
        replace("cytoreg.toml", 'life_table = "usa"', 'life_table = "narnia.csv"'),
        "night, materialize",
        "narnia.csv",
    ),
}


def look(root: Path) -> list[Check]:
    before = {
        path: path.stat().st_mtime_ns for path in root.rglob("*") if "__pycache__" not in path.parts
    }
    found = examine(root, None, None)
    after = {
        path: path.stat().st_mtime_ns for path in root.rglob("*") if "__pycache__" not in path.parts
    }
    assert {p: t for p, t in after.items() if p.suffix} == {
        p: t for p, t in before.items() if p.suffix
    }
    return found


def test_a_sound_project_is_well_in_one_line(tmp_path: Path) -> None:
    found = look(write(tmp_path))
    assert [check for check in found if check.state == "wrong"] == []
    assert {"night, stage", "night, judge rows", "night, materialize"} <= {
        check.what for check in found
    }
    assert summary(found).endswith("a refresh can begin")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("what", WRONG)
def test_what_would_end_a_night_is_found_by_day(what: str, tmp_path: Path) -> None:
    harm, stage, words = WRONG[what]
    harm(write(tmp_path))
    (wrong,) = (check for check in look(tmp_path) if check.state == "wrong")
    assert wrong.what == stage
    assert words in wrong.detail
    assert summary([wrong]).startswith("1 of 1 checks wrong")


def test_an_expectation_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    suite(
        write(tmp_path), "type: expect_column_values_to_not_be_null\n    kwargs: {column: nobody}"
    )
    (wrong,) = (check for check in look(tmp_path) if check.state == "wrong")
    assert wrong.what == "night, judge tables"
    assert "person.some" in wrong.detail
