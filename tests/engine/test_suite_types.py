"""Each of Great Expectations' types: judged as GX judges it, or refused; never passed over.

Where GX runs a type on DuckDB, that is the oracle; else its pandas engine is, and for `like`, which
pandas does not have, its SQLite engine.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from cytoreg.errors import ConfigError
from cytoreg.suites import judge_tables, prove_suites
from cytoreg.suites.gx import _mended
from cytoreg.suites.prove import quiet
from cytoreg.suites.types import TYPES, as_table
from cytoreg.warehouse.connection import open_build

ROOT = Path(__file__).parents[2]

TEXT = [
    ("a1", "2020-01-31", '{"n": 1}', "A_x"),
    ("a1", "2020-1-5", "[1, 2]", "Axx"),
    ("Straße 7", "2020-02-30", '{"n": "x"}', "B%x"),
    ("b\n2", "31 May 2020", "{", "B%"),
    ("", "20200131", "null", ""),
    (None, None, None, None),
    ("10", "2020-01-31 ", "1", "A_"),
    ("a1 ", "today", "NaN", "\\"),
    (None, "1", '"text"', "_"),
]
NUMBERS = [
    (1, 1.0, 2.0),
    (2, 2.0, 2.0),
    (3, 3.5, None),
    (4, None, 2.0),
    (5, None, None),
    (6, 2.0, 1.0),
    (7, 900.0, 3.0),
    (8, 1.0, 2.0),
    (9, -4.0, 0.0),
]
COLUMNS = ["code", "day", "note", "mark", "id", "x", "y"]
ROWS = [(*text, *numbers) for text, numbers in zip(TEXT, NUMBERS, strict=True)]

LIST = {"regex_list": ["^a", "[0-9]$"]}
LIKES = {"like_pattern_list": ["A%", "%x"]}
V, P, M = "expect_column_values_to_", "expect_column_pair_values_", "expect_multicolumn_"
L = "expect_column_value_lengths_to_"
PAIR: dict[str, Any] = {"column_A": "x", "column_B": "y"}
NULL_PAIRS = [[1, 2], [2, 2], [3.5, None]]

AS_ON_DUCKDB: list[tuple[str, dict[str, Any]]] = [
    (f"{V}not_be_null", {"column": "code"}),
    (f"{V}be_null", {"column": "code"}),
    (f"{V}be_unique", {"column": "code"}),
    (f"{V}be_in_set", {"column": "code", "value_set": ["a1", "", None]}),
    (f"{V}be_in_set", {"column": "x", "value_set": []}),
    (f"{V}be_in_set", {"column": "id", "value_set": [1, 2, 3]}),
    (f"{V}not_be_in_set", {"column": "code", "value_set": ["a1", None]}),
    (f"{V}be_between", {"column": "x", "min_value": 1, "max_value": 3.5}),
    (f"{V}be_between", {"column": "x", "min_value": 1, "strict_min": True}),
    (f"{V}be_between", {"column": "x", "max_value": 3.5, "strict_max": True}),
    (f"{V}be_between", {"column": "since", "min_value": "2020-01-31", "max_value": "2020-02-01"}),
    (f"{L}be_between", {"column": "code", "min_value": 2, "max_value": 7}),
    (f"{L}be_between", {"column": "code", "min_value": 2, "strict_min": True}),
    (f"{L}equal", {"column": "code", "value": 2}),
    ("expect_column_value_z_scores_to_be_less_than",
     {"column": "x", "threshold": 2, "double_sided": True}),
    ("expect_column_value_z_scores_to_be_less_than",
     {"column": "x", "threshold": -0.3, "double_sided": False}),
    (f"{V}not_be_outliers", {"column": "x", "method": "std", "multiplier": 1}),
    (f"{V}not_be_outliers", {"column": "x", "method": "std", "multiplier": 0}),
    (f"{P}to_be_equal", PAIR),
    (f"{P}to_be_equal", PAIR | {"ignore_row_if": "either_value_is_missing"}),
    (f"{P}to_be_equal", PAIR | {"ignore_row_if": "neither"}),
    (f"{P}a_to_be_greater_than_b", PAIR),
    (f"{P}a_to_be_greater_than_b", PAIR | {"or_equal": True}),
    (f"{P}to_be_in_set", PAIR | {"value_pairs_set": NULL_PAIRS}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["x", "y"]}),
    ("expect_compound_columns_to_be_unique",
     {"column_list": ["code", "y"], "ignore_row_if": "any_value_is_missing"}),
    (f"{M}sum_to_equal", {"column_list": ["x", "y"], "sum_total": 3}),
    (f"{M}values_to_be_equal", {"column_list": ["x", "y"]}),
    (f"{M}values_to_be_equal", {"column_list": ["x", "y"], "ignore_row_if": "never"}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["x", "y"]}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select * from {batch} where x > 3"}),
]  # fmt: skip
AS_IN_PANDAS: list[tuple[str, dict[str, Any]]] = [
    (f"{V}be_dateutil_parseable", {"column": "day"}),
    (f"{V}be_increasing", {"column": "x"}),
    (f"{V}be_increasing", {"column": "id", "strictly": True}),
    (f"{V}be_increasing", {"column": "y", "strictly": True}),
    (f"{V}be_decreasing", {"column": "x"}),
    (f"{V}be_decreasing", {"column": "y", "strictly": True}),
    (f"{V}be_json_parseable", {"column": "note"}),
    (f"{V}match_regex", {"column": "code", "regex": "^a"}),
    (f"{V}match_regex", {"column": "code", "regex": r"\w\s\d$"}),
    (f"{V}match_regex", {"column": "code", "regex": r"^(\w)(?!1).*"}),
    (f"{V}match_regex", {"column": "code", "regex": "2$"}),
    (f"{V}match_regex", {"column": "id", "regex": "^[1-4]$"}),
    (f"{V}match_regex_list", {"column": "code", **LIST}),
    (f"{V}match_regex_list", {"column": "code", **LIST, "match_on": "all"}),
    (f"{V}match_regex_list", {"column": "code", "regex_list": ["(.)1(?=.)", "^b"]}),
    (f"{V}not_match_regex", {"column": "code", "regex": "^a"}),
    (f"{V}not_match_regex", {"column": "code", "regex": "a(?! )"}),
    (f"{V}not_match_regex_list", {"column": "code", **LIST}),
    (f"{V}match_strftime_format", {"column": "day", "strftime_format": "%Y-%m-%d"}),
    (f"{V}match_strftime_format", {"column": "day", "strftime_format": "%Y%m%d"}),
    (
        f"{P}to_be_in_set",
        PAIR | {"value_pairs_set": [[1, 2], [2, 2]], "ignore_row_if": "either_value_is_missing"},
    ),
    (f"{V}not_be_outliers", {"column": "x", "method": "iqr", "multiplier": 1.5}),
    (f"{V}not_be_outliers", {"column": "y", "method": "iqr", "multiplier": 0.0}),
]
AS_ON_SQLITE: list[tuple[str, dict[str, Any]]] = [
    (f"{V}match_like_pattern", {"column": "mark", "like_pattern": "A%"}),
    (f"{V}match_like_pattern", {"column": "mark", "like_pattern": "A!_%", "escape": "!"}),
    (f"{V}not_match_like_pattern", {"column": "mark", "like_pattern": "_x%"}),
    (f"{V}match_like_pattern_list", {"column": "mark", **LIKES}),
    (f"{V}match_like_pattern_list", {"column": "mark", **LIKES, "match_on": "all"}),
    (f"{V}not_match_like_pattern_list", {"column": "mark", **LIKES}),
]
CONDITIONS: list[dict[str, Any]] = [
    {"mostly": 0.5},
    {"row_condition": {"type": "comparison", "column": {"name": "id"}, "operator": "<=",
                       "parameter": 6}},
    {"row_condition": {"type": "or", "conditions": [
        {"type": "comparison", "column": {"name": "id"}, "operator": "IN", "parameter": [1, 8, 9]},
        {"type": "nullity", "column": {"name": "y"}, "is_null": True}]}, "mostly": 0.7},
    {"row_condition": 'col("id") > 4', "condition_parser": "great_expectations"},
]  # fmt: skip


def varied(cases: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Each case as it is and with one of the conditions, in turn."""
    found = []
    for number, (kind, kwargs) in enumerate(cases):
        found.append((kind, kwargs))
        more = CONDITIONS[number % len(CONDITIONS)]
        # GX counts more failures than rows where a set of pairs has a condition on DuckDB.
        if kind != "unexpected_rows_expectation" and kwargs.get("value_pairs_set") != NULL_PAIRS:
            found.append((kind, kwargs | more))
    return found


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("types") / "build.duckdb"
    with open_build(path) as con:
        con.execute(
            "create table registry.thing (code varchar, day varchar, note varchar, mark varchar,"
            " id bigint, x double, y double, since date, seen timestamp, sure boolean)"
        )
        con.executemany(
            "insert into registry.thing values (?, ?, ?, ?, ?, ?, ?, date '2020-01-31',"
            " timestamp '2020-01-31 10:00:00', true)",
            ROWS,
        )
        con.execute("create view registry.seen as from registry.thing")
        con.execute("create table registry.other as from registry.thing limit 3")
    return path


def ours(build: Path, folder: Path, cases: list[tuple[str, dict[str, Any]]]) -> list[tuple]:
    """(holds, violated, denominator) of each case, by cytoreg."""
    entries = [
        {"type": kind, "kwargs": kwargs, "severity": "info", "meta": {"rule": f"thing.{number}"}}
        for number, (kind, kwargs) in enumerate(cases)
    ]
    folder.mkdir(exist_ok=True)
    suite = {"table": "registry.thing", "key": "id", "expectations": entries}
    (folder / "registry_thing.yaml").write_text(yaml.safe_dump(suite))
    return [
        (result.status, result.violated, result.denominator)
        for result in judge_tables(build, folder)
    ]


def theirs(batch: Any, cases: list[tuple[str, dict[str, Any]]], pandas: bool) -> list[tuple]:
    """The same of Great Expectations itself."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.registry import get_expectation_impl

    asked = []
    for number, (kind, kwargs) in enumerate(cases):
        if pandas and isinstance(kwargs.get("row_condition"), str):
            kwargs = kwargs | {"row_condition": "id > 4", "condition_parser": "pandas"}
        asked.append(get_expectation_impl(kind)(**kwargs, meta={"number": number}))
    verdicts = batch.validate(
        ExpectationSuite(name="thing", expectations=asked),
        result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
    ).results
    found = {}
    for verdict in verdicts:
        number, info = verdict.expectation_config.meta["number"], verdict.exception_info or {}
        parts = [part for part in (info, *info.values()) if isinstance(part, dict)]
        assert not any(part.get("raised_exception") for part in parts), (cases[number], info)
        told = verdict.result
        if cases[number][0] == "unexpected_rows_expectation":
            counts = (told["observed_value"], len(ROWS))
        else:
            judged = told["element_count"] - (told.get("missing_count") or 0)
            counts = (told["unexpected_count"], judged)
        found[number] = ("pass" if verdict.success else "fail", *counts)
    return [found[number] for number in range(len(cases))]


@pytest.fixture(scope="module")
def gx(build: Path) -> dict[str, Any]:
    """A batch of the same rows in three of Great Expectations' engines."""
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    frame = pd.DataFrame(ROWS, columns=COLUMNS)
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("thing")
    whole = asset.add_batch_definition_whole_dataframe("all")
    lite = build.with_name("thing.sqlite")
    with sqlite3.connect(lite) as con:
        frame.to_sql("thing", con, index=False)
    sqlite = context.data_sources.add_sqlite("sqlite", connection_string=f"sqlite:///{lite}")
    duckdb = context.data_sources.add_sql(
        "duckdb",
        connection_string=f"duckdb:///{build}",
        kwargs={"connect_args": {"read_only": True}},
    )
    return {
        "pandas": lambda: whole.get_batch(batch_parameters={"dataframe": frame}),
        "sqlite": lambda: (
            sqlite.add_table_asset("thing", table_name="thing")
            .add_batch_definition_whole_table("all")
            .get_batch()
        ),
        "duckdb": lambda: (
            duckdb.add_table_asset("thing", table_name="thing", schema_name="registry")
            .add_batch_definition_whole_table("all")
            .get_batch()
        ),
        "close": lambda: (
            duckdb.get_execution_engine().close(),
            duckdb.get_engine().dispose(),
        ),
    }


@pytest.mark.parametrize(
    ("engine", "cases"),
    [("duckdb", AS_ON_DUCKDB), ("pandas", AS_IN_PANDAS), ("sqlite", AS_ON_SQLITE)],
)
def test_each_row_expectation_counts_as_great_expectations_does(
    build, gx, tmp_path, engine, cases
) -> None:
    asked = varied(cases)
    with quiet(), _mended("registry"):
        expected = theirs(gx[engine](), asked, engine == "pandas")
        gx["close"]()
    found = ours(build, tmp_path / "expectations", asked)
    told = [
        f"{kind} {kwargs}: {mine} for {their}"
        for (kind, kwargs), mine, their in zip(asked, found, expected, strict=True)
        if mine != their
    ]
    assert not told, "\n".join(told)


def test_every_row_type_is_compared_above() -> None:
    compared = {kind for kind, _ in AS_ON_DUCKDB + AS_IN_PANDAS + AS_ON_SQLITE}
    rows = {kind for kind, (judge, _) in TYPES.items() if judge in ("rows", "text")}
    assert rows - compared == {f"{V}match_json_schema"}


def test_json_is_held_against_its_schema(build, tmp_path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    kwargs: dict[str, Any] = {"column": "note", "json_schema": schema}
    asked = [(f"{V}match_json_schema", kwargs), (f"{V}match_json_schema", kwargs | {"mostly": 0.1})]
    # Of eight texts one is such an object; one is no JSON, at which GX's pandas would stop.
    assert ours(build, tmp_path / "expectations", asked) == [("fail", 7, 8), ("pass", 7, 8)]


@pytest.mark.parametrize(
    ("column", "names", "holds"),
    [
        ("id", ["BIGINT"], True),
        ("id", ["int8"], False),
        ("id", ["INT64"], True),
        ("id", ["Integer"], True),
        ("id", ["int"], True),
        ("id", ["VARCHAR", "DOUBLE"], False),
        ("code", ["VARCHAR(20)"], True),
        ("code", ["String"], True),
        ("code", ["str"], True),
        ("x", ["float64"], True),
        ("since", ["DATE"], True),
        ("since", ["datetime64[ns]"], False),
        ("seen", ["TIMESTAMP"], True),
        ("seen", ["datetime64[ns]"], True),
        ("sure", ["bool"], True),
        ("SURE", ["BOOLEAN"], True),
    ],
)
def test_a_type_is_named_as_duckdb_sqlalchemy_pandas_or_python_do(
    build, tmp_path, column, names, holds
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [
        (f"{V}be_in_type_list", {"column": column, "type_list": names})
    ]
    if len(names) == 1:
        asked += [
            (f"{V}be_of_type", {"column": column, "type_": names[0]}),
            ("expect_column_type_to_be", {"column": column, "type_": names[0]}),
        ]
    found = ours(build, tmp_path / "expectations", asked)
    assert {status for status, _, _ in found} == {"pass" if holds else "fail"}


def test_two_tables_have_as_many_rows(build, tmp_path) -> None:
    kind = "expect_table_row_count_to_equal_other_table"
    asked: list[tuple[str, dict[str, Any]]] = [
        (kind, {"other_table_name": "seen"}),
        (kind, {"other_table_name": "registry.other"}),
        (kind, {"other_table_name": "other", **CONDITIONS[-1]}),
        (kind, {"other_table_name": "nowhere"}),
    ]
    found = [status for status, _, _ in ours(build, tmp_path / "expectations", asked)]
    assert found == ["pass", "fail", "fail", "error"]


def test_what_needs_text_or_an_order_says_so(build, tmp_path) -> None:
    (tmp_path / "registry_seen.yaml").write_text(
        "table: registry.seen\nexpectations:\n"
        "  - {type: expect_column_values_to_be_increasing, kwargs: {column: id}, severity: info}\n"
        "  - type: expect_column_values_to_match_strftime_format\n"
        "    kwargs: {column: since, strftime_format: '%Y'}\n    severity: warning\n"
    )
    order, text = judge_tables(build, tmp_path)
    assert (order.status, order.severity) == ("error", "info")
    assert order.reason.endswith("registry.seen is a view, and its rows have no order")
    assert (text.status, text.severity) == ("error", "warning")
    assert text.reason.endswith("since is DATE, and this is about text")


def test_the_table_of_types_is_great_expectations_own() -> None:
    from great_expectations.expectations import core  # noqa: F401 - registers them
    from great_expectations.expectations.registry import (
        list_registered_expectation_implementations,
    )

    assert sorted(TYPES) == sorted(list_registered_expectation_implementations())


def test_the_page_tells_of_every_type() -> None:
    assert as_table() in (ROOT / "docs/how-to/expectations.md").read_text(encoding="utf-8")


MAKES_NO_SENSE: list[tuple[str, dict[str, Any], str]] = [
    (f"{V}be_between", {"column": "x"}, "cannot both be None"),
    (f"{V}be_between", {"column": "x", "min_value": 3, "max_value": 1}, "min_value is above"),
    (f"{V}match_regex", {"column": "code", "regex": "["}, "pattern is not valid"),
    (f"{V}match_regex_list", {"column": "code", "regex_list": []}, "must not be empty"),
    (f"{V}match_regex_list", {"column": "code", "regex_list": ["a", "("]}, "not valid"),
    (f"{V}match_like_pattern_list", {"column": "code", "like_pattern_list": []}, "At least one"),
    (f"{V}match_strftime_format", {"column": "day", "strftime_format": "%Q"}, "strftime_format"),
    (f"{V}match_json_schema", {"column": "note", "json_schema": {"type": 7}}, "json_schema"),
    (f"{V}be_of_type", {"column": "x", "type_": "object"}, "object is not a column type"),
    (f"{V}be_unique", {"column": "x", "mostly": 1.5}, "mostly"),
    (f"{V}be_unique", {"colum": "x"}, "colum"),
    (f"{V}be_unique", {"column": "x", "row_condition": "y > 1", "condition_parser": "pandas"},
     "in the syntax of pandas cannot be judged"),
    (f"{V}be_unique", {"column": "x", "row_condition": 'col("x") > 1 and col("y") > 2',
                       "condition_parser": "great_expectations"}, "is not one condition"),
    (f"{V}be_unique", {"column": "x", "row_condition": "y > 1",
                       "condition_parser": "great_expectations"}, "condition"),
    (f"{P}to_be_equal", PAIR | {"ignore_row_if": "sometimes"}, "ignore_row_if"),
    (f"{P}to_be_in_set", PAIR | {"value_pairs_set": [[1, 2, 3]]}, "value_pairs_set"),
    (f"{V}not_be_outliers", {"column": "x", "method": "guess", "multiplier": 1}, "method"),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "select {x} from {batch}"}, "braces"),
    ("expect_query_results_to_match_comparison",
     {"base_query": "a", "comparison_data_source_name": "b", "comparison_query": "c"},
     "compares with another data source"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "kwargs", "message"), MAKES_NO_SENSE)
def test_what_makes_no_sense_is_refused_before_a_night(tmp_path, kind, kwargs, message) -> None:
    entry = {"type": kind, "kwargs": kwargs, "severity": "info"}
    suite = {"table": "registry.thing", "expectations": [entry]}
    (tmp_path / "thing.yaml").write_text(yaml.safe_dump(suite))
    with pytest.raises(ConfigError, match=re.escape(message)) as refused:
        prove_suites(tmp_path)
    assert f"thing.yaml, expectation 1 ({kind})" in str(refused.value)
    assert refused.value.remedy
