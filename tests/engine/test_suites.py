"""Whole tables are judged by Great Expectations inside DuckDB; counts come out, values do not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.errors import ConfigError
from cytoreg.suites import CheckResult, judge_tables, load_suites, record
from cytoreg.warehouse.connection import open_build

SUITE = """
table: registry.patient
description: One row a person.
expectations:
  - type: expect_table_row_count_to_be_between
    kwargs: {min_value: 1, max_value: 50}
    severity: critical
    meta: {rule: patients.some, reason: There are some.}
  - type: expect_column_values_to_not_be_null
    kwargs: {column: site}
    severity: warning
    meta: {rule: patients.site}
  - type: expect_column_values_to_be_in_set
    kwargs: {column: site, value_set: [s1], mostly: 0.4}
    severity: warning
  - type: expect_column_values_to_be_in_set
    kwargs: {column: site, value_set: [s1, s2], mostly: 0.95}
    severity: warning
  - type: expect_column_values_to_be_unique
    kwargs: {column: id}
    severity: critical
  - type: expect_compound_columns_to_be_unique
    kwargs: {column_list: [name, site]}
    severity: critical
  - type: expect_column_values_to_be_between
    kwargs: {column: id, min_value: 5}
    severity: info
  - type: expect_column_proportion_of_non_null_values_to_be_between
    kwargs: {column: site, min_value: 0.9}
    severity: warning
  - type: expect_column_mean_to_be_between
    kwargs: {column: id, min_value: 1, max_value: 100}
    severity: warning
  - type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: >
        select p.name from {batch} as p
        inner join accepted.patient as a on a.id = p.id where p.id < 3
    severity: critical
  - type: unexpected_rows_expectation
    kwargs: {unexpected_rows_query: "select cast(name as integer) from {batch} where id > 3"}
    severity: warning
    meta: {rule: patients.breaks, reason: Names are numbers.}
  - type: unexpected_rows_expectation
    kwargs: {unexpected_rows_query: "select p.id from {batch} as p where p.id = 7"}
    severity: warning
    meta: {rule: patients.alias}
  - type: unexpected_rows_expectation
    kwargs: {unexpected_rows_query: "select id from {batch} where regexp_matches(name, '^S{{2}}')"}
    severity: warning
    meta: {rule: patients.braces}
  - type: expect_column_values_to_not_be_null
    kwargs: {column: no_such_column}
    severity: warning
  - type: unexpected_rows_expectation
    kwargs: {unexpected_rows_query: "select nothing from {batch}"}
    severity: warning
  - type: expect_column_values_to_match_regex
    kwargs: {column: name, regex: "^S"}
    severity: info
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CheckResult]]:
    folder = tmp_path_factory.mktemp("build") / "expectations"
    folder.mkdir()
    (folder / "registry_patient.yaml").write_text(SUITE)
    (folder / "accepted_patient.yaml").write_text(
        "table: accepted.patient\nexpectations:\n"
        "  - {type: expect_column_values_to_be_unique, kwargs: {column: id}, severity: critical}\n"
    )
    build = folder.with_name("build.duckdb")
    with open_build(build) as con:
        con.execute(
            """create table registry.patient as
            select i as id, 'SIMULATED ' || i as name,
              case when i % 5 <> 0 then 's' || i % 2 end as site
            from range(20) as t(i)"""
        )
        # The same name in another schema, with other columns.
        con.execute("create table accepted.patient as select i as id from range(3) as t(i)")
    return build, judge_tables(build, folder)


def verdicts(results: list[CheckResult]) -> dict[str, tuple[str, int, int]]:
    return {item.rule: (item.status, item.violated, item.denominator) for item in results}


def test_each_expectation_gives_one_result_with_counts(judged) -> None:
    found = verdicts(judged[1])
    assert len(judged[1]) == 17
    assert found["patients.some"] == ("pass", 0, 1)
    assert found["patients.site"] == ("fail", 4, 20)
    assert found["registry.patient.column_values_to_be_in_set.site"] == ("pass", 8, 16)
    assert found["registry.patient.column_values_to_be_in_set.site#2"] == ("fail", 8, 16)
    assert found["registry.patient.column_values_to_be_unique.id"] == ("pass", 0, 20)
    assert found["registry.patient.compound_columns_to_be_unique"] == ("pass", 0, 20)
    assert found["registry.patient.column_values_to_be_between.id"] == ("fail", 5, 20)
    proportion = "registry.patient.column_proportion_of_non_null_values_to_be_between.site"
    assert found[proportion] == ("fail", 1, 1)
    assert found["registry.patient.column_mean_to_be_between.id"] == ("pass", 0, 1)
    assert found["registry.patient.unexpected_rows_expectation"] == ("fail", 3, 20)
    assert found["patients.alias"] == ("fail", 1, 20)
    assert found["registry.patient.column_values_to_match_regex.name"] == ("pass", 0, 20)
    assert found["patients.braces"] == ("pass", 0, 20)
    assert found["accepted.patient.column_values_to_be_unique.id"] == ("pass", 0, 3)


def test_results_say_what_was_judged_and_why(judged) -> None:
    by_rule = {item.rule: item for item in judged[1]}
    assert by_rule["patients.some"] == CheckResult(
        "table", "patients.some", "patient", None, "critical", "There are some.", 0, 1, 0.0, "pass"
    )
    assert by_rule["registry.patient.column_values_to_be_in_set.site#2"].threshold == 0.05
    assert by_rule["patients.site"].column == "site"


def test_what_cannot_be_run_is_an_error_of_its_own_severity_without_values(judged) -> None:
    errors = {item.rule: item for item in judged[1] if item.status == "error"}
    assert set(errors) == {
        "patients.breaks",
        "registry.patient.column_values_to_not_be_null.no_such_column",
        "registry.patient.unexpected_rows_expectation#2",
    }
    assert {item.severity for item in errors.values()} == {"warning"}
    assert errors["patients.breaks"].reason == (
        "Names are numbers. Could not be run: ConversionException"
        " (its text may quote a value and is not shown)"
    )
    told = " ".join(item.reason for item in judged[1])
    assert 'The column "no_such_column"' in told
    assert '"nothing" not found' in told
    assert "SIMULATED" not in told


def test_nothing_is_printed_and_the_build_can_be_written_again(judged, tmp_path, capfd) -> None:
    build, _ = judged
    results = judge_tables(build, build.with_name("expectations"))
    assert capfd.readouterr() == ("", "")
    with open_build(build) as con:
        record(con, results)
        record(con, results)
        assert con.execute(
            "select count(*), count(distinct rule) from quality.check_result"
        ).fetchone() == (17, 17)


def test_recording_keeps_the_results_of_rows(build: duckdb.DuckDBPyConnection) -> None:
    row = CheckResult("table", "t.x", "t", None, "info", "", 0, 1, 0.0, "pass")
    record(build, [row])
    build.execute("update quality.check_result set kind = 'row', rule = 'r.x'")
    record(build, [row])
    record(build, [row])
    assert build.execute("select rule from quality.check_result order by 1").fetchall() == [
        ("r.x",),
        ("t.x",),
    ]


def test_no_suites_is_no_work(tmp_path: Path) -> None:
    assert judge_tables(tmp_path / "no.duckdb", tmp_path) == []


HEAD = "table: registry.patient\nexpectations:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("table: [", r"bad\.yaml, line 1: not valid YAML"),
        ("- 1", r"bad\.yaml: a suite is a mapping"),
        ("table: patient\nexpectations: []", r"bad\.yaml: table:"),
        ("table: registry.patient", r"bad\.yaml: expectations:"),
        ("tables: x\n" + HEAD, r"unknown key tables"),
        (HEAD + "  - {kwargs: {}}", r"expectation 1: has no type"),
        (HEAD + "  - {type: x, severity: fatal}", r"expectation 1 \(x\): severity:"),
        (HEAD + "  - {type: x, severity: info, kwarg: {}}", r"\(x\): unknown key kwarg"),
        (
            HEAD + "  - {type: expect_miracles, severity: info}",
            r"expectation 1 \(expect_miracles\): Great Expectations has no such type",
        ),
        (
            HEAD + "  - {type: expect_column_values_to_be_unique, severity: info,"
            " kwargs: {colum: id}}",
            r"expectation 1 \(expect_column_values_to_be_unique\): .*colum",
        ),
        (
            HEAD.replace("registry", "marts")
            + "  - {type: expect_column_values_to_be_unique, severity: info, kwargs: {column: id}}",
            r"bad\.yaml: the build has no marts\.patient",
        ),
    ],
)
def test_what_is_wrong_with_a_suite_is_said_of_its_file(judged, tmp_path, text, message) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        judge_tables(judged[0], tmp_path)


def test_a_rule_has_one_place(tmp_path: Path) -> None:
    text = HEAD + (
        "  - {type: expect_column_to_exist, kwargs: {column: id}, severity: info,"
        " meta: {rule: a.b}}"
    )
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(text.replace("patient", "tumor"))
    with pytest.raises(ConfigError, match=r"b\.yaml: the rule a\.b is also in .*a\.yaml"):
        load_suites(tmp_path)
