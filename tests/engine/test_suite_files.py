"""Nothing in expectations/ is passed over: a suite is read in each of its forms, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cytoreg.errors import ConfigError
from cytoreg.publication.publish import export
from cytoreg.publication.reading import reading, tables_of
from cytoreg.suites import judge_tables, load_suites
from cytoreg.warehouse.connection import open_build

ENTRY = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "site", "value_set": ["ileum"]},
    "severity": "warning",
}
EXPORT = {
    "name": "registry.patient",
    "id": "0f6a3b0e-0000-4000-8000-000000000000",
    "expectations": [
        ENTRY
        | {
            "id": "1f6a3b0e-0000-4000-8000-000000000000",
            "description": "Sites are known.",
            "notes": None,
            "meta": {"profiler": "none", "anything": [1]},
            "rendered_content": None,
        }
    ],
    "meta": {"great_expectations_version": "1.24.1"},
    "notes": None,
}
OLDER = {
    "expectation_suite_name": "warning",
    "data_asset_type": None,
    "ge_cloud_id": None,
    "evaluation_parameters": {},
    "expectations": [
        {
            "expectation_type": ENTRY["type"],
            "kwargs": {**ENTRY["kwargs"], "result_format": "BASIC", "catch_exceptions": True},  # type: ignore[dict-item]
            "meta": {},
        }
    ],
    "meta": {"great_expectations_version": "0.15.50"},
}


def told(folder: Path) -> list[tuple[str, str, str, str]]:
    return [
        (suite.table, item.type, item.severity, item.reason)
        for suite in load_suites(folder)
        for item in suite.items
    ]


def test_an_export_of_great_expectations_is_a_suite(tmp_path: Path) -> None:
    (tmp_path / "any_name.json").write_text(json.dumps(EXPORT))
    assert told(tmp_path) == [("registry.patient", ENTRY["type"], "warning", "Sites are known.")]


def test_an_older_export_is_critical_and_of_the_table_that_its_file_names(tmp_path: Path) -> None:
    (tmp_path / "marts_patient_outcome.json").write_text(json.dumps(OLDER))
    assert told(tmp_path) == [("marts.patient_outcome", ENTRY["type"], "critical", "")]


def test_an_export_may_say_its_table_in_meta(tmp_path: Path) -> None:
    meta = {"table": "accepted.patient"}
    (tmp_path / "x.yml").write_text(json.dumps(EXPORT | {"name": "mine", "meta": meta}))
    assert told(tmp_path)[0][0] == "accepted.patient"


def test_parameters_of_an_export_are_put_in(tmp_path: Path) -> None:
    kwargs = {"column": "site", "value_set": {"$PARAMETER": "sites"}}
    suite = EXPORT | {"expectations": [ENTRY | {"kwargs": kwargs}]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(suite | {"suite_parameters": {"sites": ["ileum", "colon"]}}))
    assert load_suites(tmp_path)[0].items[0].kwargs["value_set"] == ["ileum", "colon"]
    path.write_text(json.dumps(suite))
    with pytest.raises(ConfigError, match=r"a\.json, expectation 1 .*the parameter sites has no"):
        load_suites(tmp_path)


def test_hidden_files_and_a_readme_are_none_of_our_business(tmp_path: Path) -> None:
    (tmp_path / ".ge_store_backend_id").write_text("x")
    (tmp_path / "README.md").write_text("x")
    assert load_suites(tmp_path) == []
    assert load_suites(tmp_path / "none") == []


YAML = (
    "table: registry.patient\nexpectations:\n"
    "  - {type: expect_column_to_exist, kwargs: {column: id}, severity: info}\n"
)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml.bak", YAML, r"a\.yaml\.bak: no file of expectations"),
        ("a.toml", YAML, r"a\.toml: no file of expectations"),
        ("a.YAML~", YAML, "no file of expectations"),
        ("a.json", YAML, r"a\.json, line 1: not valid JSON"),
        ("a.yaml", YAML + "expectations: []", r"a\.yaml, line 4: "
         "the key expectations occurs twice"),
        ("a.json", '{"name": "a", "name": "b"}', "the key name occurs twice"),
        ("a.yaml", YAML.replace("severity: info", "severity: info, meta: {rules: a}"),
         "unknown key rules in meta"),
        ("a.yaml", YAML.replace("registry.patient", "elsewhere.patient"), r"a\.yaml: table: is a"),
        ("patient.json", json.dumps(OLDER), r"patient\.json: table: is a schema"),
        ("a.yaml", YAML + "key: {a: b}\n", "key: is a column"),
        ("a.json", json.dumps(EXPORT | {"expectations": [ENTRY | {"windows": [1]}]}), "windows"),
        ("a.yaml", YAML.replace("expect_column_to_exist", "expect_column_pair_to_rhyme"),
         "no such type"),
        ("a.yaml", "table: registry.patient\n---\n" + YAML, "not valid YAML"),
    ],
)  # fmt: skip
def test_what_would_be_passed_over_is_refused(tmp_path: Path, name, text, message) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message) as refused:
        load_suites(tmp_path)
    assert refused.value.remedy


def test_a_suite_that_changes_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    assert told(tmp_path)[0][2] == "info"
    (tmp_path / "a.yaml").write_text(YAML.replace("info", "critical"))
    assert told(tmp_path)[0][2] == "critical"


def test_a_folder_among_suites_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with pytest.raises(ConfigError, match="old: a folder, which would not be read"):
        load_suites(tmp_path)


def test_a_table_has_one_suite(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    (tmp_path / "b.json").write_text(json.dumps(EXPORT))
    with pytest.raises(ConfigError, match=r"b\.json: registry\.patient also has the suite"):
        load_suites(tmp_path)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    path = tmp_path / "build.duckdb"
    with open_build(path) as con:
        con.execute(
            "create table registry.patient as select * from (values"
            " ('INVENTED 1', 'ileum', 1), ('INVENTED 2', 'colon', 1), ('INVENTED 3', 'colon', 2),"
            " ('INVENTED 3', null, 3)) as v(patient_id, site, n)"
        )
        con.execute("create table marts.by_site as select 'colon' as site, 2 as n")
    return path


def kept(build: Path) -> list[tuple[str, str, str, int | None]]:
    with open_build(build, read_only=True) as con:
        return con.execute("from quality.expectation_row order by all").fetchall()


SUITE = """
table: registry.patient
{key}expectations:
  - {{type: expect_column_values_to_be_in_set, kwargs: {{column: site, value_set: [ileum]}},
     severity: warning, meta: {{rule: p.site}}}}
  - {{type: expect_column_values_to_be_in_set, severity: warning,
     kwargs: {{column: n, value_set: [1, 2], mostly: 0.5}}, meta: {{rule: p.mostly}}}}
  - {{type: expect_column_mean_to_be_between, kwargs: {{column: n, min_value: 9}},
     severity: warning, meta: {{rule: p.mean}}}}
  - type: unexpected_rows_expectation
    kwargs: {{unexpected_rows_query: "select site, count(*) as n from {{batch}} group by site"}}
    severity: info
    meta: {{rule: p.query}}
"""


def test_the_failing_rows_of_a_failed_expectation_keep_their_keys(build, tmp_path) -> None:
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "p.yaml").write_text(SUITE.format(key=""))
    for _ in range(2):
        judge_tables(build, folder, keys={"registry.patient": ("patient_id", "n")})
    assert kept(build) == [
        ("p.query", "registry.patient", "/1", None),
        ("p.query", "registry.patient", "colon/2", None),
        ("p.query", "registry.patient", "ileum/1", None),
        ("p.site", "registry.patient", "INVENTED 2/1", 2),
        ("p.site", "registry.patient", "INVENTED 3/2", 3),
    ]
    (folder / "p.yaml").write_text(SUITE.format(key="key: n\n"))
    judge_tables(build, folder)
    assert [key for rule, _, key, _ in kept(build) if rule == "p.site"] == ["1", "2"]


def test_the_published_file_has_counts_only(build, tmp_path) -> None:
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "p.yaml").write_text(SUITE.format(key=""))
    judge_tables(build, folder)
    assert kept(build)
    export(build, tmp_path / "published.duckdb", pseudonym_key="a key")
    with reading(tmp_path / "published.duckdb") as con:
        assert "expectation_row" not in tables_of(con, "quality")


def test_marts_are_judged_apart(build, tmp_path) -> None:
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "p.yaml").write_text(YAML.replace("id}", "patient_id}"))
    (folder / "m.yaml").write_text(
        YAML.replace("registry.patient", "marts.by_site").replace("id}", "site}")
    )
    before = judge_tables(build, folder, marts=False)
    after = judge_tables(build, folder, marts=True)
    assert [(result.entity, result.status) for result in before] == [("patient", "pass")]
    assert [(result.entity, result.status) for result in after] == [("by_site", "pass")]
    assert len(judge_tables(build, folder)) == 2
