"""Arguments read from the shipped schemas are those that Great Expectations would give.

Each argument of each type gets values of every kind, one at a time and two at a time: what is read
without Great Expectations is accepted by it, with the same values of the same types.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cytoreg import doctor
from cytoreg.errors import ConfigError
from cytoreg.project.load import load_project
from cytoreg.suites import load_suites
from cytoreg.suites.arguments import NOTED, plain_arguments
from cytoreg.suites.prove import quiet
from cytoreg.suites.sql import row_condition
from cytoreg.suites.types import TYPES

ROOT = Path(__file__).parents[2]
X = {"name": "x"}
IS_NULL = {"type": "nullity", "column": X, "is_null": True}
AT_LEAST = {"type": "comparison", "column": X, "operator": ">=", "parameter": 1}
BOTH = {"type": "and", "conditions": [IS_NULL, AT_LEAST]}
EITHER = {"type": "or", "conditions": [BOTH, AT_LEAST]}
WITHOUT_SCHEMA = {
    "expect_column_values_to_be_dateutil_parseable",
    "expect_column_values_to_be_decreasing",
    "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_json_parseable",
    "expect_column_values_to_match_json_schema",
}
NEEDED: dict[str, Any] = {
    "column": "x", "column_A": "x", "column_B": "y", "column_list": ["x", "y"],
    "column_set": ["x", "y"], "value_set": ["a", "b"], "value_pairs_set": [["a", 1]],
    "min_value": 1, "value": 1, "threshold": 2, "sum_total": 3, "double_sided": True,
    "type_": "BIGINT", "type_list": ["BIGINT"], "regex": "a", "regex_list": ["a", "b"],
    "like_pattern": "a%", "like_pattern_list": ["a%"], "strftime_format": "%Y-%m-%d",
    "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, 2]]},
    "other_table_name": "other", "unexpected_rows_query": "select * from {batch}",
}  # fmt: skip
ODD: list[object] = [
    None, True, False, 0, 1, -1, 2, 7, 2**60, 0.0, 0.5, 0.95, 1.0, 1.5, -0.5,
    float("nan"), float("inf"), "", "a", "ab", "x", "1", "0.5", "true", "\\", "[", "%Q", "%Y", "%z",
    "2020-01-31", "2020-02-30", "2020-1-5", "2020-01-31 10:00:00", "2020-01-31T10:00:00",
    "2020-01-31T10:00:00+01:00", "2020-01-31T25:00:00", "2020-01-31 10:00", "20200131",
    date(2020, 1, 31), datetime(2020, 1, 31, 10), datetime(2020, 1, 31, tzinfo=UTC),
    b"a", {}, {"a": 1}, {"$PARAMETER": "a"}, [], [None], [1], [1, 2], [1, 1], [2.5, 1], ["a"],
    ["a", ""], ["a", "b"], ["a", 1], ["a", None], [True], [date(2020, 1, 31)], [["a", 1]],
    [["a", None]], [["a", 1, 2]], ["ab", "cd"], [("a", 1)], ("a", "b"), [b"a"], [float("nan")],
    [{}],
    "any", "all", "neither", "never", "either_value_is_missing", "any_value_is_missing", "std",
    "iqr",
    "great_expectations", "great_expectations__experimental__", "pandas", "spark",
    'col("x") > 1', 'col("x")>=-1.5', 'col("x") == "a b"', "col(\"x\") == 'a'",
    'col("x").notNull()',
    'col("x") != "a-b"', 'col("x y") < 2', 'col("x") > date("2020-01-31")', "x > 1",
    'col("x") =! 1',
    'col("x") > 1 and col("y") > 2', 'col("x").NOTNULL()', 'col("x") > 1e3', 'col("x") > +1',
    IS_NULL, AT_LEAST, BOTH, EITHER, IS_NULL | {"is_null": 1}, IS_NULL | {"column": "x"},
    IS_NULL | {"more": 1}, IS_NULL | {"column": {"name": 1}}, IS_NULL | {"column": X | {"a": 1}},
    AT_LEAST | {"parameter": None}, AT_LEAST | {"parameter": "a"}, AT_LEAST | {"operator": "=>"},
    AT_LEAST | {"parameter": [1]}, AT_LEAST | {"operator": "IN"}, AT_LEAST | {"operator": ["IN"]},
    AT_LEAST | {"operator": "IN", "parameter": [1, 2.5]},
    AT_LEAST | {"operator": "NOT_IN", "parameter": ["a", "b"]},
    AT_LEAST | {"operator": "IN", "parameter": ["a", 1]},
    AT_LEAST | {"operator": "IN", "parameter": [True]},
    AT_LEAST | {"operator": "IN", "parameter": []},
    AT_LEAST | {"operator": "==", "parameter": date(2020, 1, 31)},
    {"type": "and", "conditions": []}, {"type": "and", "conditions": [EITHER]},
    {"type": "and", "conditions": [BOTH, IS_NULL]}, {"type": "or", "conditions": [EITHER]},
    {"type": "or", "conditions": [IS_NULL] * 101}, {"type": "pass_through",
     "pass_through_filter": "x > 1"}, {"column": X, "is_null": True},
    "select 1", "select '{' from {batch}", "select {{2}} from {batch}; \n",
     "select {x} from {batch}",
    {"quantiles": [0.1, 0.9], "value_ranges": [[1, None], [None, 2.5]]},
    {"quantiles": [0.5], "value_ranges": [[2, 1]]}, {"quantiles": [0.5], "value_ranges": [[1]]},
    {"quantiles": [0.5], "value_ranges": []}, {"quantiles": [0.5]},
    {"quantiles": ["0.5"], "value_ranges": [[1, 2]]},
    {"quantiles": [0.5], "value_ranges": [["1", 2]]},
    {"quantiles": [1.5], "value_ranges": [[1, True]]},
    {"quantiles": [0.5], "value_ranges": [[1, 2]], "more": 1},
]  # fmt: skip


@pytest.fixture(scope="module")
def types() -> dict[str, Any]:
    """The class of Great Expectations by type, where it ships a schema."""
    from great_expectations.expectations import core  # noqa: F401 - registers them
    from great_expectations.expectations.registry import get_expectation_impl

    return {
        kind: get_expectation_impl(kind)
        for kind in TYPES
        if kind not in WITHOUT_SCHEMA and TYPES[kind].judge != "refused"
    }


def base(implementation: Any) -> dict[str, Any]:
    """Arguments that a type accepts."""
    fields = implementation.__fields__
    wanted = {name for name, field in fields.items() if field.required} | {"min_value"}
    return {name: NEEDED[name] for name in fields if name in wanted and name in NEEDED}


def exact(value: Any) -> object:
    """A value as what tells 1 from 1.0 and a list from a tuple."""
    if hasattr(value, "dict"):
        value = value.dict()
    if isinstance(value, Mapping):
        return {name: exact(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [exact(part) for part in value]
    return type(value).__name__, str(value)


def meant(given: Mapping[str, Any], kwargs: Mapping[str, Any]) -> object:
    """Arguments to compare: row conditions by their SQL, or by why they have none."""
    said = kwargs.get("row_condition")
    condition = said if isinstance(said, str) else given.get("row_condition")
    try:
        rows = row_condition(condition, kwargs.get("condition_parser"))
    except ConfigError as error:
        rows = f"refused: {error.message}"
    return {"rows": rows} | {
        name: exact(value)
        for name, value in given.items()
        if name not in NOTED and name != "row_condition"
    }


def differs(kind: str, implementation: Any, kwargs: dict[str, Any]) -> str:
    """What differs between the two ways of reading; nothing where Great Expectations is asked."""
    plain = plain_arguments(kind, kwargs)
    if plain is None:
        return ""
    try:
        theirs = implementation(severity="info", meta={}, **kwargs)
    except Exception as error:
        return f"{kind} {kwargs}: refused by Great Expectations: {error}"
    given = {name: getattr(theirs, name) for name in implementation.__fields__}
    mine, wanted = meant(plain, kwargs), meant(given, kwargs)
    return "" if mine == wanted else f"{kind} {kwargs}: {mine} for {wanted}"


def test_each_argument_is_read_as_great_expectations_reads_it_or_left_to_it(types) -> None:
    told, random_one = [], random.Random(11)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, implementation in types.items():
            given = base(implementation)
            assert plain_arguments(kind, given) is not None, kind
            names = [name for name in implementation.__fields__ if name not in NOTED] + ["more"]
            drawn = [given | {name: value} for name in names for value in ODD]
            drawn += [
                given | {name: random_one.choice(ODD) for name in random_one.sample(names, 2)}
                for _ in range(60)
            ]
            drawn += [{n: v for n, v in given.items() if n != name} for name in given]
            told += [found for kwargs in drawn if (found := differs(kind, implementation, kwargs))]
    assert not told, "\n".join(told[:40])


def test_a_type_without_a_schema_is_left_to_great_expectations() -> None:
    for kind in WITHOUT_SCHEMA:
        assert plain_arguments(kind, {"column": "x"}) is None


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_between", {"min_value": "2020-01-31", "max_value": None}),
        ("expect_column_values_to_be_in_set", {"value_set": [True], "mostly": 0.95}),
        ("expect_column_max_to_be_between", {"max_value": date(2020, 1, 31)}),
        ("expect_column_values_to_be_unique", {"row_condition": EITHER}),
        ("expect_column_values_to_be_unique",
         {"row_condition": 'col("x") > 1', "condition_parser": "great_expectations"}),
    ],
)  # fmt: skip
def test_ordinary_arguments_need_no_great_expectations(kind, kwargs) -> None:
    assert plain_arguments(kind, {"column": "x", **kwargs}) is not None


def test_the_arguments_of_the_registrys_suites_need_no_great_expectations() -> None:
    items = [item for suite in load_suites(ROOT / "expectations") for item in suite.items]
    assert [item.rule for item in items if plain_arguments(item.type, item.kwargs) is None] == []


def test_doctor_lets_great_expectations_check_every_argument(monkeypatch) -> None:
    monkeypatch.setattr(
        "cytoreg.suites.prove.plain_arguments",
        lambda *_: pytest.fail("read without Great Expectations"),
    )
    assert doctor._suites(load_project(ROOT)).endswith("expectations")
