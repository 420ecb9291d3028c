"""Every interval against R: base R's tests, the survey package for rows in clusters."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import duckdb
import pytest

from cytoreg.outcomes.intervals import t_quantile, wilson
from cytoreg.outcomes.summary import summarize
from cytoreg.project.outcomes import Outcome

GOLDEN = Path(__file__).parents[1] / "golden"
Key = tuple[str, bool, str]


@cache
def golden() -> dict[Key, tuple[float | None, ...]]:
    with (GOLDEN / "outcomes_expected.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row["case"], row["clustered"] == "1", row["kind"]): tuple(
                None if row[name] == "NA" else float(row[name])
                for name in ("estimate", "lower", "upper")
            )
            for row in csv.DictReader(file)
        }


@cache
def ours() -> dict[Key, tuple[float | None, ...]]:
    """Each case is a stratum; the same rows are counted as independent and in clusters."""
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(
        'create table marts.row as select "case", cluster, answer, value,'
        " case when \"case\" = 'days' then cast(value as integer) end as days"
        f" from read_csv('{GOLDEN / 'outcomes_data.csv'}', types = {{'value': 'double'}})"
    )
    table = {
        "table": "marts.row",
        "strata": ["case"],
        "measures": {
            "answer": {"share": "answer = 1"},
            "value": {"quantity": "value"},
            "days": {"quantity": "days", "among": "\"case\" = 'days'"},
        },
    }
    outcomes = {
        "independent": Outcome.model_validate(table),
        "clustered": Outcome.model_validate({**table, "by": "cluster"}),
    }
    summarize(con, outcomes)
    rows = con.execute(
        "select unit, measure, kind, stratum, interval_by, estimate, lower, upper"
        " from marts.outcome_summary where stratum_variable = 'case'"
    ).fetchall()
    found = {}
    for unit, measure, kind, case, by, *figures in rows:
        assert by == ("cluster" if unit == "clustered" else None)
        named = f"{case}, whole numbers" if measure == "days" else case
        found[named, unit == "clustered", kind] = tuple(figures)
    return found


@pytest.mark.parametrize("key", golden(), ids=str)
def test_estimates_and_limits_are_those_of_r(key: Key) -> None:
    case, clustered, kind = key
    estimate, lower, upper = golden()[key]
    names = [case, f"{case}, whole numbers"] if case == "days" and kind != "proportion" else [case]
    for name in names:
        found = ours()[name, clustered, kind]
        assert found[0] == pytest.approx(estimate, rel=1e-12, abs=1e-15)
        if kind == "mean" and case in ("few", "one each", "large", "measured"):
            # The t quantile is an expansion: half of the width is within 1 % of R's, or closer.
            close = {"few": 0.01, "one each": 1e-5, "large": 1e-6, "measured": 1e-6}[case]
            assert upper is not None and estimate is not None
            assert found[2] - found[0] == pytest.approx(upper - estimate, rel=close)
            assert found[0] - found[1] == pytest.approx(upper - estimate, rel=close)
        else:
            for ours_is, theirs_is in zip(found[1:], (lower, upper), strict=True):
                assert (ours_is is None) == (theirs_is is None)
                assert ours_is is None or ours_is == pytest.approx(theirs_is, rel=1e-7, abs=1e-15)


def test_a_single_cluster_gives_no_interval_but_one_row_for_a_share() -> None:
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.row as select 'a' as p, i % 2 = 0 as yes, i as x"
        " from range(10) as r(i)"
    )
    measures = {"yes": {"share": "yes"}, "x": {"quantity": "x"}}
    summarize(
        con,
        {"row": Outcome.model_validate({"table": "marts.row", "by": "p", "measures": measures})},
    )
    found = {
        kind: limits
        for kind, *limits in con.execute(
            "select kind, lower, upper from marts.outcome_summary"
        ).fetchall()
    }
    low, high = found.pop("proportion")
    assert (low, high) == pytest.approx((0.0546, 0.9454), abs=1e-4)  # Wilson's for half of one row
    assert all(limits == [None, None] for limits in found.values())


def test_rows_whose_cluster_is_unknown_are_clusters_of_their_own() -> None:
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.row as select null::varchar as p,"
        " i::varchar as own, i % 3 = 0 as yes, i as x from range(30) as r(i)"
    )
    measures = {"yes": {"share": "yes"}, "x": {"quantity": "x"}}
    outcomes = {
        by: Outcome.model_validate({"table": "marts.row", "by": by, "measures": measures})
        for by in ("p", "own")
    }
    summarize(con, outcomes)
    limits = "kind, numerator, denominator, estimate, lower, upper"
    rows = [
        con.execute(
            f"select {limits} from marts.outcome_summary where unit = ? order by kind", [by]
        ).fetchall()
        for by in outcomes
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 6


@pytest.mark.parametrize("known", [3_000_000, 200_000_000, 5_000_000_000])
def test_a_nation_of_rows_has_intervals_too(known: int) -> None:
    yes, z = known // 3, 1.959963984540054
    centre = (yes + z * z / 2) / (known + z * z)
    reach = z * math.sqrt(yes * (known - yes) / known + z * z / 4) / (known + z * z)
    counted = f"(select {yes}::bigint as yes, {known}::bigint as known)"
    low, high = wilson("yes", "known")
    rate = wilson("yes", "known", times="834 * ")
    asked = ", ".join((low, high, *rate, t_quantile("(known - 1)")))
    found = duckdb.sql(f"select {asked} from {counted}").fetchone()
    wilsons = (centre - reach, centre + reach)
    assert found == pytest.approx((*wilsons, *(834 * limit for limit in wilsons), z), rel=1e-6)
    assert found[:2] == pytest.approx(wilsons, rel=1e-13)
