"""Expectations on whole columns and tables: cytoreg's scan gives Great Expectations' verdicts.

Drawn arguments on tables that are empty, without values, of one row, with ties, with nan and
infinity; where Great Expectations fails on DuckDB or is wrong, what holds is said case by case.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cytoreg.suites.gx import _mended, _verdict
from cytoreg.suites.in_database import judge_aggregates
from cytoreg.suites.prove import POSITION, _instance, prove, quiet
from cytoreg.suites.suite import Item, Suite
from cytoreg.suites.table import look
from cytoreg.suites.types import TYPES
from cytoreg.warehouse.connection import open_build

DRAWN = 30
"""Cases drawn for each table; raise it to look for more."""
COLUMNS = (
    "n bigint, x double, m decimal(9, 2), t varchar, d date, s timestamp, z timestamptz, b boolean"
)
MOMENT = "2020-02-03 10:00:00"
A = "2020-01-31', '2020-01-31 10:00:00', '2020-01-31 10:00:00+00"
ROWS = {
    "empty": [],
    "nulls": ["null, null, null, null, null, null, null, null"] * 3,
    "one": [f"1, 0.1, 0.1, '2020-01-31', '{A}', true"],
    "ties": [
        f"1, 0.1, 0.1, 'a', '{A}', true",
        f"2, 0.2, 0.2, 'b', '2020-02-03', '{MOMENT}', '{MOMENT}+00', false",
        f"2, 0.2, 0.2, 'b', '2020-02-03', '{MOMENT}', '{MOMENT}+00', true",
        "5, 3.5, 3.5, 'c', '2020-03-01', '2020-03-01', '2020-03-01', true",
        "null, null, null, null, null, null, null, null",
    ],
    "odd": [
        f"1, 'nan', 0.1, '2020-01-31', '{A}', true",
        f"1, 'nan', 0.1, '2020-01-31', '{A}', true",
        f"9007199254740993, 1, 0.3, '2020-02-02', '0900-01-31', '{MOMENT}', '{MOMENT}+00', false",
        f"2, 'inf', 0.2, '2020-01-01', '2020-02-03', '{MOMENT}', '{MOMENT}+00', false",
        f"null, '-inf', 0.2, '2021-01-01', '2020-02-03', '{MOMENT}', '{MOMENT}+00', true",
    ],
}
C, D, T = "expect_column_", "expect_column_distinct_values_to_", "expect_table_"
MOST = f"{C}most_common_value_to_be_in_set"
NUMBERS: list[dict[str, Any]] = [
    {"min_value": 0.1}, {"max_value": 2}, {"min_value": 0.2, "max_value": 2.0, "strict_min": True},
    {"min_value": 0.1, "max_value": 3.5, "strict_max": True}, {"min_value": -5, "max_value": 1e18},
    {"max_value": 0}, {"min_value": 1.0}, {},
]  # fmt: skip
DAYS: list[dict[str, Any]] = [
    {"min_value": "2020-01-31"}, {"max_value": date(2020, 2, 3)},
    {"max_value": "2020-02-03 10:00:00"},
    {"min_value": "2020-01-31T10:00:00", "max_value": datetime(2020, 2, 3, 10), "strict_max": True},
    {"min_value": "2020-01-31", "strict_min": True}, {"min_value": date(2020, 1, 31),
     "max_value": 3},
]  # fmt: skip
SETS: dict[str, list[list[Any]]] = {
    "n": [[1, 2, 5], [1, 2, 5, 9007199254740993], [2], [1], [2.0]],
    "x": [[0.1, 0.2, 3.5], [0.2], [1]],
    "m": [[0.1, 0.2, 3.5], [0.2], [1, 2]],
    "t": [["a", "b", "c"], ["b"], ["a", "b"], ["c", "x"]],
    "d": [[date(2020, 1, 31), date(2020, 2, 3), date(2020, 3, 1)], [date(2020, 2, 3)]],
    "s": [[datetime(2020, 2, 3, 10)], [datetime(2020, 1, 31, 10), datetime(2020, 2, 3, 10)]],
    "b": [[True, False], [True]],
}
WHERE: list[dict[str, Any]] = [
    {"row_condition": {"type": "comparison", "column": {"name": "n"}, "operator": "<=",
                       "parameter": 2}},
    {"row_condition": 'col("n") > 1', "condition_parser": "great_expectations"},
]  # fmt: skip
QUANTILES = {"quantiles": [0.0, 0.5, 0.9], "value_ranges": [[0, 0.10001], [None, 0.2], [0.2, None]]}
NAMES = [column.split()[0] for column in COLUMNS.split(", ") if " " in column]
Case = tuple[str, dict[str, Any]]


def on_columns() -> list[Case]:
    """Every type on a column, with each of its arguments on each kind of column."""
    found: list[Case] = []
    for column in "nxmtdszb":
        for kind in ("min", "max", "median", "mean", "sum", "stdev"):
            if kind == "median" and column in "mdsz":
                continue  # ANOTHER_VERDICT
            dated = column in "dszt" and kind in ("min", "max")
            found += [
                (f"{C}{kind}_to_be_between", {"column": column, **bounds})
                for bounds in NUMBERS + (DAYS if dated else DAYS[:1])
            ]
        for kind in ("proportion_of_unique_values", "proportion_of_non_null_values"):
            found += [(f"{C}{kind}_to_be_between", {"column": column, **b}) for b in NUMBERS]
        for bounds in ({"min_value": 1}, {"max_value": 3, "strict_max": True}, {"min_value": 4}):
            found.append((f"{C}unique_value_count_to_be_between", {"column": column, **bounds}))
        for values in SETS.get(column, []):
            for kind in ("be_in_set", "contain_set", "equal_set"):
                found.append((f"{D}{kind}", {"column": column, "value_set": values}))
            if column != "m":
                for ties in (True, False, None):
                    kwargs = {"column": column, "value_set": values, "ties_okay": ties}
                    found.append((MOST, kwargs))
    kind = f"{C}quantile_values_to_be_between"
    found += [(kind, {"column": column, "quantile_ranges": QUANTILES}) for column in "nxm"]
    return found


def on_tables() -> list[Case]:
    """Every type on the table, with each of its arguments."""
    found: list[Case] = [
        (f"{C}to_exist", {"column": column, "column_index": place})
        for column, place in (("n", None), ("x", 1), ("b", -1), ("n", 1), ("n", 99), ("N", None))
    ]
    for names in (NAMES, NAMES[::-1], NAMES[:-1], [name.upper() for name in NAMES]):
        found.append((f"{T}columns_to_match_ordered_list", {"column_list": names}))
        for exact in (True, False, None):
            kwargs = {"column_set": names, "exact_match": exact}
            found.append((f"{T}columns_to_match_set", kwargs))
    for names in (['"n"', "X"], ['"N"'], ["n", "N"], ["n", "q"]):
        kwargs = {"column_set": names, "exact_match": False}
        found.append((f"{T}columns_to_match_set", kwargs))
    for number in (0, 1, 3, 8):
        found.append((f"{T}column_count_to_equal", {"value": number}))
        bounds = {"min_value": number, "max_value": 8}
        found.append((f"{T}column_count_to_be_between", bounds))
        for where in ({}, *WHERE):
            found.append((f"{T}row_count_to_equal", {"value": number, **where}))
            bounds = {"min_value": number, "strict_min": True, **where}
            found.append((f"{T}row_count_to_be_between", bounds))
    return found


def drawn(seed: int) -> list[Case]:
    """Some of the above, every type at least once, some on some rows only."""
    chance = random.Random(seed)
    cases = on_columns() + on_tables()
    by_kind = {kind: [case for case in cases if case[0] == kind] for kind, _ in cases}
    found = [chance.choice(some) for some in by_kind.values()]
    found += chance.sample(cases, DRAWN - len(found))
    return [
        (kind, kwargs | chance.choice([{}, *WHERE]))
        if "column" in kwargs and kind != f"{C}to_exist"
        else (kind, kwargs)
        for kind, kwargs in found
    ]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("aggregates") / "build.duckdb"
    with open_build(path) as con:
        for name, rows in ROWS.items():
            con.execute(f"create table registry.{name} ({COLUMNS})")
            for row in rows:
                con.execute(f"insert into registry.{name} values ({row})")
    return path


def suite_of(table: str, cases: Sequence[Case]) -> Suite:
    items = [Item(kind, kwargs, "info", f"r{n}", "") for n, (kind, kwargs) in enumerate(cases)]
    return Suite(Path("suite.yaml"), f"registry.{table}", "", tuple(items))


def ours(build: Path, suite: Suite) -> list[str]:
    """The status of each, by cytoreg."""
    proved = prove(suite)
    with open_build(build, read_only=True) as con:
        return [one.status for one in judge_aggregates(con, look(con, suite, ()), proved)]


@pytest.fixture(scope="module")
def source(build: Path) -> Iterator[Any]:
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    options = {"connect_args": {"read_only": True}}
    copied = shutil.copy(build, build.with_name("gx.duckdb"))
    with _mended("registry"):
        found = context.data_sources.add_sql(
            "db", connection_string=f"duckdb:///{copied}", kwargs=options
        )
        yield found
        found.get_execution_engine().close()
        found.get_engine().dispose()


def theirs(source: Any, suite: Suite) -> list[str]:
    """The same of Great Expectations; an error is asked again alone."""
    from great_expectations import ExpectationSuite

    asset = source.add_table_asset(suite.table, table_name=suite.name, schema_name="registry")
    batch = asset.add_batch_definition_whole_table("all").get_batch()

    def asked(positions: Sequence[int]) -> dict[int, str]:
        made = [_instance("", position, suite.items[position]) for position in positions]
        results = batch.validate(
            ExpectationSuite(name="suite", expectations=made),
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        ).results
        found = {}
        for result in results:
            verdict = _verdict(result)
            status = "error" if verdict.error else "pass" if verdict.holds else "fail"
            found[int(result.expectation_config.meta[POSITION])] = status
        return found

    try:
        with quiet():
            found = asked(range(len(suite.items)))
            for position in [place for place, status in found.items() if status == "error"]:
                found |= asked([position])
        return [found[position] for position in range(len(suite.items))]
    finally:
        source.delete_asset(suite.table)


@pytest.mark.parametrize("table", ROWS)
def test_drawn_expectations_have_great_expectations_verdicts(build, source, table) -> None:
    suite = suite_of(table, drawn(sum(map(ord, table))))
    told = [
        f"{item.type} {item.kwargs}: {mine} for {their}"
        for item, mine, their in zip(
            suite.items, ours(build, suite), theirs(source, suite), strict=True
        )
        if mine != their
    ]
    assert not told, "\n".join(told)


def test_every_type_of_aggregate_is_compared() -> None:
    compared = {kind for kind, _ in on_columns() + on_tables()}
    assert compared == {kind for kind, (judge, _) in TYPES.items() if judge == "aggregate"}


def low_and_high(quantile: float, low: float, high: float) -> dict[str, Any]:
    return {"quantile_ranges": {"quantiles": [quantile], "value_ranges": [[low, high]]}}


ANOTHER_VERDICT: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("ties", f"{C}median_to_be_between", {"column": "d", "min_value": "2020-02-03"}, "pass",
     "error"),
    ("odd", f"{C}median_to_be_between", {"column": "s", "max_value": "2020-02-03"}, "pass",
     "error"),
    ("one", f"{C}median_to_be_between", {"column": "d", "max_value": MOMENT}, "pass", "error"),
    ("one", f"{C}median_to_be_between", {"column": "m", "min_value": 0.1}, "pass", "fail"),
    ("ties", f"{D}contain_set", {"column": "t", "value_set": ["a", "a"]}, "pass", "fail"),
    ("ties", f"{D}equal_set", {"column": "t", "value_set": ["a", "b", "c", "a"]}, "pass", "fail"),
    ("ties", f"{D}be_in_set", {"column": "n", "value_set": [1, None]}, "fail", "pass"),
    ("ties", f"{D}contain_set", {"column": "n", "value_set": [1, None]}, "pass", "fail"),
    ("ties", f"{D}be_in_set", {"column": "t", "value_set": ["2020-01-31"]}, "fail", "error"),
    ("ties", MOST, {"column": "d", "value_set": ["2020-02-03"]}, "pass", "fail"),
    ("ties", MOST, {"column": "m", "value_set": [0.2]}, "pass", "fail"),
    ("ties", MOST, {"column": "n", "value_set": ["x"]}, "error", "fail"),
    ("ties", f"{C}to_exist", {"column": "x", "column_index": 0}, "fail", "pass"),
    ("ties", f"{T}row_count_to_equal", {"value": 3, "row_condition": 'col("n") > 1'}, "pass",
     "error"),
]  # fmt: skip


def test_where_great_expectations_fails_or_is_wrong_what_is_right_holds(build, source) -> None:
    told = []
    for table in sorted({case[0] for case in ANOTHER_VERDICT}):
        cases = [case[1:] for case in ANOTHER_VERDICT if case[0] == table]
        suite = suite_of(table, [(kind, kwargs) for kind, kwargs, _, _ in cases])
        found = zip(cases, ours(build, suite), theirs(source, suite), strict=True)
        told += [
            f"{case}: {mine}, {their}" for case, mine, their in found if (mine, their) != case[2:]
        ]
    assert not told, "\n".join(told)


def test_quantiles_of_one_column_are_told_apart(build, source) -> None:
    """Great Expectations answers the second from the quantile that the first asked for."""
    kind = f"{C}quantile_values_to_be_between"
    cases = [
        (kind, {"column": "n", **low_and_high(0.01, 1, 1)}),
        (kind, {"column": "n", **low_and_high(0.99, 5, 5)}),
    ]
    assert ours(build, suite_of("ties", cases)) == ["pass", "pass"]
    assert sorted(theirs(source, suite_of("ties", cases))) == ["fail", "pass"]


def test_an_expectation_that_fails_does_not_fail_the_others_of_its_table(build) -> None:
    cases = [
        (f"{C}sum_to_be_between", {"column": "t", "min_value": 0}),
        (f"{C}sum_to_be_between", {"column": "n", "min_value": 10}),
        (f"{C}min_to_be_between", {"column": "nowhere", "min_value": 0}),
    ]
    assert ours(build, suite_of("ties", cases)) == ["error", "pass", "error"]


def test_all_of_one_row_condition_take_one_scan(build) -> None:
    cases = [(kind, kwargs) for kind, kwargs in on_columns() if kwargs["column"] in "nx"]
    suite = suite_of("ties", cases[:40] + [(kind, kwargs | WHERE[0]) for kind, kwargs in cases[:9]])

    class Counting:
        def __init__(self, con: Any) -> None:
            self.con, self.statements = con, 0

        def execute(self, *args: Any) -> Any:
            self.statements += 1
            return self.con.execute(*args)

    with open_build(build, read_only=True) as con:
        counting = Counting(con)
        judge_aggregates(counting, look(con, suite, ()), prove(suite))  # type: ignore[arg-type]
    assert counting.statements == 2
