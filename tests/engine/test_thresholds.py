"""Thresholds of cytoreg.toml: which counts, what it decides, and that nothing is judged again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
import small_registry
from typer.testing import CliRunner

from cytoreg.cli.app import app, load_commands
from cytoreg.errors import ConfigError
from cytoreg.nights.plan import plan
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import Project, load_project
from cytoreg.project.thresholds import Threshold, named

AS_OF = date(2016, 12, 31)
RULE = "person.sex.isin"
SUITE = """
name: registry_person
expectations:
  - type: expect_column_values_to_be_in_set
    kwargs: {column: sex, value_set: [male]}
    meta: {severity: critical, reason: Only men here.}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Twelve persons, one of them of a sex that is not listed."""
    root = small_registry.write(tmp_path)
    people = root / "extracts" / "people.csv"
    text = people.read_text(encoding="utf-8").replace("12,female", "12,x")
    people.write_text(text, encoding="utf-8")
    return load_project(root)


def declare(project: Project, *lines: str) -> Project:
    path = project.root / "cytoreg.toml"
    text = path.read_text(encoding="utf-8").split("[thresholds]")[0]
    path.write_text("\n".join([text, "[thresholds]", *lines, ""]), encoding="utf-8")
    return load_project(project.root)


def result(project: Project, rule: str = RULE) -> tuple[object, ...]:
    with duckdb.connect(str(project.published), read_only=True) as con:
        (found,) = con.execute(
            "select violated, denominator, not_applicable, round(percent, 2), threshold, status,"
            " threshold_from, threshold_note from quality.check_result where rule = ?",
            [rule],
        ).fetchall()
    return found


def listed(project: Project, *arguments: str) -> dict[str, dict[str, object]]:
    load_commands()
    asked = CliRunner().invoke(app, ["rules", "--json", "--project", str(project.root), *arguments])
    assert asked.exit_code == 0, asked.output
    return {one["rule"]: one for one in json.loads(asked.stdout)}


def test_without_a_threshold_no_record_may_violate_a_rule(project: Project) -> None:
    assert refresh(project, as_of=AS_OF).published
    assert result(project) == (1, 12, 0, 8.33, 0, "fail", "the rule", "")
    assert result(project, "person.days.ge")[5] == "pass"


def test_a_threshold_decides_the_status_and_says_where_it_comes_from(project: Project) -> None:
    told = 'note = "The office types x until June."'
    project = declare(project, f'"person.sex.*" = {{ share = 0.1, {told} }}')
    assert refresh(project, as_of=AS_OF).published
    assert result(project)[3:] == (
        *(8.33, 0.1, "pass", "cytoreg.toml: person.sex.*"),
        "The office types x until June.",
    )


def test_another_threshold_judges_no_row_again(project: Project) -> None:
    refresh(project, as_of=AS_OF)
    project = declare(project, f'"{RULE}" = 0.1')
    assert plan(project, as_of=AS_OF).steps == []
    again = refresh(project, as_of=AS_OF)
    assert again.published
    assert result(project)[5] == "pass"
    project = declare(project, f'"{RULE}" = 0.01')
    refresh(project, as_of=AS_OF)
    assert result(project)[4:6] == (0.01, "fail")
    refresh(declare(project), as_of=AS_OF)
    assert result(project)[4:7] == (0, "fail", "the rule")


def test_a_kept_run_is_judged_by_the_thresholds_of_today(project: Project) -> None:
    refresh(project, as_of=AS_OF)
    assert listed(project, "--run", "last")[RULE]["status"] == "fail"
    declare(project, f'"{RULE}" = 0.1')
    assert listed(project, "--run", "last")[RULE]["status"] == "pass"
    assert listed(project, "--run", "published", "person")[RULE]["percent"] == pytest.approx(
        100 / 12
    )
    assert result(project)[5] == "fail", "the run keeps its own verdict"


def test_a_threshold_of_an_expectation_decides_the_gate(project: Project) -> None:
    folder = project.root / "expectations"
    folder.mkdir()
    (folder / "accepted_person.yaml").write_text(
        SUITE.replace("registry_person", "accepted_person"), encoding="utf-8"
    )
    refused = refresh(project, as_of=AS_OF)
    assert [gate.name for gate in refused.closed] == ["critical_expectations"]
    (rule,) = (one for one in listed(project, "--run", "last") if "in_set" in one)
    project = declare(project, f'"{rule}" = 0.4')
    assert refresh(project, as_of=AS_OF).published
    assert result(project, rule)[:1] + result(project, rule)[4:6] == (3, 0.4, "pass")
    assert listed(declare(project), "--run", "last")[rule]["status"] == "fail"


def test_a_rule_without_a_record_is_not_applicable(project: Project) -> None:
    people = project.root / "extracts" / "people.csv"
    head = people.read_text(encoding="utf-8").splitlines()[0]
    people.write_text(f"{head}\n1,male,1950-01-01,2000-01-01,x\n", encoding="utf-8")
    refresh(project, as_of=AS_OF)
    found = listed(project, "--run", "last")["person.days.ge"]
    assert (found["violated"], found["denominator"], found["not_applicable"]) == (0, 0, 1)
    assert (found["percent"], found["status"]) == (None, "not applicable")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '"person.sexx.isin" = 0.1',
            rf"\[thresholds\] person.sexx.isin is no rule .perhaps {RULE}",
        ),
        ('"office.*" = 0.1', r"\[thresholds\] office\.\* is no rule"),
    ],
)
def test_a_name_that_fits_no_rule_is_refused(project: Project, line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        refresh(declare(project, line), as_of=AS_OF)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f'"{RULE}" = 1.5', "less than or equal to 1"),
        (f'"{RULE}" = "few"', "valid dictionary"),
        (f'"{RULE}" = {{ share = 0.1, why = "" }}', "unknown key"),
        ("person.sex = 0.1", "a rule's name has dots and stands in quotes"),
        (f'"{RULE}" = nan', "less than or equal to 1"),
    ],
)
def test_what_is_no_share_is_refused(project: Project, line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        declare(project, line)


def test_a_name_counts_before_a_pattern_and_a_longer_pattern_before_a_shorter() -> None:
    of = dict.fromkeys(["*", "a.*", "a.b*", "a.b.c"], Threshold(share=0))
    assert [named(of, rule) for rule in ("a.b.c", "a.b.d", "a.x", "z")] == [
        *("a.b.c", "a.b*", "a.*", "*")
    ]
    assert named({"a.*": Threshold(share=0)}, "b") is None
