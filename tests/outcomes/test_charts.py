"""Control charts: when a CUSUM raises an alarm, how often it is wrong, what a funnel allows."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cytoreg.errors import ConfigError
from cytoreg.outcomes.charts import chart
from cytoreg.outcomes.cusum import Cusum, design, raised, run_length, sums
from cytoreg.outcomes.summary import summarize
from cytoreg.project.outcomes import Outcome

DESIGNS = st.tuples(st.floats(0.005, 0.9), st.floats(1.2, 8), st.sampled_from([10, 100, 2000]))


def test_one_event_adds_what_many_rows_without_one_take_away() -> None:
    cusum = Cusum(up=3, down=1, limit=100, step=1)
    found, alarm = sums(cusum, np.array([0, 1, 0, 0, 0, 0, 1, 1]))
    assert found.tolist() == [0, 3, 2, 1, 0, 0, 3, 6]
    assert not alarm.any()


def test_the_sum_starts_anew_after_an_alarm() -> None:
    cusum = Cusum(up=3, down=1, limit=5, step=1)
    found, alarm = sums(cusum, np.array([1, 1, 0, 1, 1]))
    assert found.tolist() == [3, 6, 0, 3, 6]
    assert alarm.tolist() == [False, True, False, False, True]


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 12),
    st.lists(st.booleans(), max_size=60).map(lambda few: few * 60),
)
def test_sums_are_those_of_the_definition(
    up: int, down: int, limit: int, events: list[bool]
) -> None:
    expected, total = [], 0
    for event in events:
        total = max(0, total + (up if event else -down))
        expected.append(total)
        total = 0 if total >= limit else total
    found, alarm = sums(Cusum(up, down, limit, 1), np.array(events, dtype=np.int64))
    assert found.tolist() == expected
    assert alarm.tolist() == [one >= limit for one in expected]


@settings(deadline=None, max_examples=30)
@given(DESIGNS)
def test_the_limit_is_the_lowest_with_false_alarms_as_rare_as_asked(
    asked: tuple[float, float, int],
) -> None:
    expected, odds_ratio, every = asked
    cusum = design(expected, odds_ratio, every)
    assert run_length(cusum, expected) >= every
    if cusum.limit > 1:
        lower = Cusum(cusum.up, cusum.down, cusum.limit - 1, cusum.step)
        assert run_length(lower, expected) < every
    assert run_length(cusum, raised(expected, odds_ratio)) < run_length(cusum, expected)


@settings(deadline=None, max_examples=30)
@given(DESIGNS)
def test_weights_are_the_log_likelihood_ratio(asked: tuple[float, float, int]) -> None:
    expected, odds_ratio, every = asked
    cusum = design(expected, odds_ratio, every)
    worse = raised(expected, odds_ratio)
    assert cusum.up * cusum.step == pytest.approx(np.log(worse / expected), rel=1e-9)
    less = np.log((1 - expected) / (1 - worse))
    assert cusum.down * cusum.step == pytest.approx(less, rel=0.01)


def test_run_lengths_are_those_of_a_chain_followed_step_by_step() -> None:
    cusum, share = design(0.1, 2, 100), 0.1
    state = np.zeros(cusum.limit)
    state[0], alive, mean = 1, 1.0, 0.0
    while alive > 1e-12:
        mean += alive
        after = np.zeros(cusum.limit)
        np.add.at(after, np.maximum(np.arange(cusum.limit) - cusum.down, 0), state * (1 - share))
        after[cusum.up :] += state[: -cusum.up or None][: len(after[cusum.up :])] * share
        state, alive = after, after.sum()
    assert run_length(cusum, share) == pytest.approx(mean, rel=1e-9)


def test_alarms_come_as_often_as_the_run_length_says() -> None:
    cusum = design(0.02, 2, 500)
    random = np.random.default_rng(2017)
    for share in (0.02, raised(0.02, 2)):
        _, alarm = sums(cusum, (random.random(1_000_000) < share).astype(np.int64))
        assert 1_000_000 / alarm.sum() == pytest.approx(run_length(cusum, share), rel=0.06)


def test_a_share_of_one_in_a_thousand_can_be_watched() -> None:
    cusum = design(0.001, 2, 100_000)
    assert run_length(cusum, 0.001) == pytest.approx(100_000, rel=0.01)


OPERATIONS = """
create schema marts;
create table marts.operation as
select 'O' || i as operation_id, date '2010-01-01' + cast(i // 2 as integer) as day,
  case when i % 10 = 9 or (i between 40 and 49) then 'dead' when i % 17 = 0 then '?' else 'alive'
  end as status,
  case when i < 50 then 'first' else 'second' end as surgeon
from range(100) as numbers(i)
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(OPERATIONS)
    return con


def outcome(**more: object) -> dict[str, Outcome]:
    made_for = {"expected": 0.1, "false_alarm_every": 200, "funnel": "surgeon"}
    died = {
        "share": "status = 'dead'",
        "of": "status <> '?'",
        "chart": made_for | more.pop("chart", {}),  # type: ignore[operator]
    }
    section = {
        "table": "marts.operation",
        "day": "day",
        "strata": ["surgeon"],
        "measures": {"died": died},
        **more,
    }
    return {"operation": Outcome.model_validate(section)}


def charts(con: duckdb.DuckDBPyConnection, outcomes: dict[str, Outcome]) -> None:
    summarize(con, outcomes)
    chart(con, outcomes)


def test_a_chart_tells_when_deaths_came_close_together(con: duckdb.DuckDBPyConnection) -> None:
    charts(con, outcome())
    counted = con.sql(
        "select counted, events, unknown, undated, alarms, run_length_expected >= 200,"
        " run_length_raised < run_length_expected from marts.outcome_chart"
    ).fetchall()
    assert counted == [(94, 19, 6, 0, 2, True, True)]
    alarms = con.sql(
        "select cast(key[2:] as integer), day from marts.outcome_cusum where alarm order by number"
    ).fetchall()
    assert all(40 <= number <= 49 for number, _ in alarms)
    assert con.sql("select last_alarm from marts.outcome_chart").fetchall() == [(alarms[-1][1],)]


def test_rows_without_a_day_are_counted_and_left_out(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.operation set day = null where operation_id in ('O1', 'O2', 'O0')")
    charts(con, outcome())
    found = con.sql("select counted, unknown, undated from marts.outcome_chart").fetchall()
    assert found == [(92, 6, 2)]  # O0 has no answer either


def test_the_order_of_rows_does_not_count(con: duckdb.DuckDBPyConnection) -> None:
    charts(con, outcome())
    before = con.sql("from marts.outcome_cusum order by number").fetchall()
    con.execute(
        "create or replace table marts.operation as from marts.operation order by md5(operation_id)"
    )
    charts(con, outcome())
    assert con.sql("from marts.outcome_cusum order by number").fetchall() == before


def test_chance_goes_beyond_a_funnel_no_more_often_than_it_says(
    con: duckdb.DuckDBPyConnection,
) -> None:
    charts(con, outcome())
    rows = con.sql(
        "select denominator, whole, lower_95, upper_95, lower_998, upper_998"
        " from marts.outcome_funnel order by stratum"
    ).fetchall()
    assert [row[:2] for row in rows] == [(47, 19 / 94), (47, 19 / 94)]
    for size, whole, *limits in rows:
        for lower, upper, tail in ((*limits[:2], 0.025), (*limits[2:], 0.001)):
            least, most = round(lower * size), round(upper * size)
            assert binom.cdf(least - 1, size, whole) < tail <= binom.cdf(least, size, whole)
            assert binom.sf(most, size, whole) <= tail < binom.sf(most - 1, size, whole)


def test_one_event_in_one_row_is_within_what_chance_allows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update marts.operation set surgeon = 'third' where operation_id = 'O9'")
    charts(con, outcome())
    found = con.sql(
        "select numerator, denominator, outside from marts.outcome_funnel where stratum = 'third'"
    ).fetchall()
    assert found == [(1, 1, None)]


def test_a_surgeon_whose_patients_die_more_often_than_chance_allows_is_outside(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "update marts.operation set status = 'dead' where surgeon = 'first' and status = 'alive'"
    )
    charts(con, outcome())
    found = con.sql("select stratum, outside from marts.outcome_funnel order by stratum").fetchall()
    assert found == [("first", "above 99.8 %"), ("second", "below 99.8 %")]


@pytest.mark.parametrize("share", ["false", "true"])
def test_a_share_of_none_or_all_has_limits_too(con: duckdb.DuckDBPyConnection, share: str) -> None:
    outcomes = outcome()
    outcomes["operation"].measures["died"] = (
        outcomes["operation"].measures["died"].model_copy(update={"share": share})
    )
    charts(con, outcomes)
    found = con.sql("select estimate, outside from marts.outcome_funnel").fetchall()
    assert found == [(float(share == "true"), None)] * 2


def test_an_empty_table_has_a_chart_without_rows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.operation")
    charts(con, outcome())
    assert con.sql("select counted, alarms, sum from marts.outcome_chart").fetchall() == [(0, 0, 0)]
    assert not con.sql("from marts.outcome_cusum").fetchall()
    assert not con.sql("from marts.outcome_funnel").fetchall()


def test_a_chart_needs_a_day_of_its_table(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="the chart of died needs `day`"):
        outcome(day="")
    with pytest.raises(ConfigError, match="day: marts\\.operation has no column when"):
        charts(con, outcome(day="when"))
    with pytest.raises(ConfigError, match="day: status is VARCHAR, not a date"):
        charts(con, outcome(day="status"))
    with pytest.raises(ConfigError, match="key: marts\\.operation has no column number"):
        charts(con, outcome(key="number"))
    with pytest.raises(ValueError, match="the funnel of died is by ward, which is not in strata"):
        outcome(chart={"funnel": "ward"})
