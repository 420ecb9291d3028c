"""What the page shows of control charts, and how they are drawn."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pytest

from cytoreg.outcomes.charts import chart
from cytoreg.outcomes.summary import summarize
from cytoreg.project.outcomes import Outcome
from cytoreg.report.control import control_parts
from cytoreg.report.control_figures import POINTS, cusum_figure, funnel_figure
from cytoreg.report.drawings import Drawings
from cytoreg.report.figure import to_svg
from cytoreg.report.lexicon import Lexicon

DEATHS = """
create or replace table marts.operation as
select 'O' || i as operation_id, date '2010-01-01' + cast(i // 20 as integer) as day,
  i % 50 = 0 or i between 500 and 509 as died, 'ward ' || i % 3 as ward
from range({rows}) as numbers(i)
"""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return registry(1000)


def registry(rows: int) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.execute(DEATHS.format(rows=rows))
    died = {"share": "died", "chart": {"expected": 0.02, "funnel": "ward"}}
    section = {"table": "marts.operation", "day": "day", "strata": ["ward"]}
    outcomes = {"operation": Outcome.model_validate(section | {"measures": {"died": died}})}
    summarize(con, outcomes)
    chart(con, outcomes)
    return con


def test_a_chart_says_what_it_is_made_for_and_what_it_found(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (one,) = control_parts(con, Lexicon(), Drawings((), {}))
    assert one.heading == "Died, per operation"
    assert re.fullmatch(r"29 of 1,000\. \d alarms?, the last on 2010-01-26\.", one.found)
    assert one.made_for.startswith("Expected 2.0\u202f%. The sum tells soonest if the odds are 2 ")
    assert one.alarmed
    assert [part.stratum for part in one.parts] == ["ward 0", "ward 1", "ward 2"]
    assert sum(part.denominator for part in one.parts) == 1000


def test_a_file_without_days_has_a_chart_too(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("alter table marts.outcome_cusum drop column day")
    con.execute("alter table marts.outcome_chart drop column last_alarm")
    (one,) = control_parts(con, Lexicon(), Drawings((), {}))
    assert re.fullmatch(r"29 of 1,000\. \d alarms?\.", one.found)
    assert "2010" not in one.cusum


def test_a_file_without_charts_has_none() -> None:
    assert control_parts(duckdb.connect(), Lexicon(), Drawings((), {})) == []


def test_the_same_marts_give_the_same_drawing(con: duckdb.DuckDBPyConnection) -> None:
    def drawn() -> list[str]:
        figures = (
            cusum_figure(con, "operation", "died"),
            funnel_figure(con, "operation", "died", Lexicon()),
        )
        return [to_svg(one, name="a", title="A", description="A.") for one in figures]

    assert drawn() == drawn()


def test_a_long_chart_keeps_its_highest_points() -> None:
    con = registry(40_000)
    (axes,) = cusum_figure(con, "operation", "died").axes
    line = axes.lines[0]
    drawn = np.asarray(line.get_ydata())
    highest = con.sql("select max(sum) from marts.outcome_cusum").fetchall()[0][0]
    assert len(drawn) <= 2 * POINTS
    assert drawn.max() == highest


def test_a_chart_of_nobody_can_be_drawn() -> None:
    con = registry(0)
    (one,) = control_parts(con, Lexicon(), Drawings((), {}))
    assert one.found == "0 of 0. No alarm."
    assert not one.parts
