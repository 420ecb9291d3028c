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
        "night, staging",
        "birthday",
    ),
    "a heading that is gone": (
        replace("extracts/people.csv", "born", "birth"),
        "night, staging",
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
    "a source that no list ranks": (
        replace("cytoreg.toml", 'default = ["office"]', "default = []"),
        "night, judge rows",
        "does not rank office, whose fields would be lost",
    ),
    "a source that is misspelled": (
        replace("cytoreg.toml", '["office"]', '["office"]\nsex = ["ofice"]'),
        "night, judge rows",
        "[linkage.precedence] sex: there is no source ofice (perhaps office)",
    ),
    "a cut field of a source that is none": (
        replace("cytoreg.toml", "[linkage.pre", "[linkage.cut]\nofice={chart=9}\n[linkage.pre"),
        "night, judge rows",
        "[linkage.cut]: there is no source ofice",
    ),
    "a table of an entity that no schema has": (
        replace("cytoreg.toml", 'people = "person"', 'people = "persn"'),
        "night, judge rows",
        "people: there is no schema of persn (perhaps person)",
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
    assert {"night, staging", "night, judge rows", "night, materialize"} <= {
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
    assert summary([wrong]).startswith("1 of 1 checks failed")


def test_an_expectation_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    suite(
        write(tmp_path), "type: expect_column_values_to_not_be_null\n    kwargs: {column: nobody}"
    )
    (wrong,) = (check for check in look(tmp_path) if check.state == "wrong")
    assert wrong.what == "night, judge tables"
    assert "person.some" in wrong.detail
    assert "nobody" in wrong.detail


def test_an_expectation_that_would_fail_on_the_first_value_is_named(tmp_path: Path) -> None:
    quantiles = "{quantiles: [0.5], value_ranges: [[0, 1]]}"
    suite(
        write(tmp_path),
        "type: expect_column_quantile_values_to_be_between\n"
        f"    kwargs: {{column: sex, quantile_ranges: {quantiles}}}",
    )
    (wrong,) = (check for check in look(tmp_path) if check.state == "wrong")
    assert "person.some (sex is VARCHAR, and this is about numbers)" in wrong.detail


def test_a_night_is_rehearsed_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CYTOREG_PSEUDONYM_KEY", raising=False)
    found = {check.what: check.state for check in look(write(tmp_path))}
    assert [what for what, state in found.items() if state == "wrong"] == ["pseudonyms"]
    assert found["night, materialize"] == "ok"


def test_an_interrupt_within_a_statement_ends_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB says it

    monkeypatch.setattr("cytoreg.models.build.build", interrupt)
    with pytest.raises(KeyboardInterrupt):
        examine(write(tmp_path), None, None)
