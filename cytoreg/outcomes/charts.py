"""Control charts of the shares that a department watches: a CUSUM over time, a funnel of units.

`marts.outcome_cusum` has the sum after each row of an outcome's table, `marts.outcome_chart` what
each chart is made for and what it found, `marts.outcome_funnel` the shares of a stratum variable
between the limits of chance. None is adjusted for risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cytoreg.outcomes.binomial import least
from cytoreg.outcomes.cusum import design, raised, run_length, sums
from cytoreg.outcomes.rows import answer, run
from cytoreg.outcomes.summary import SUMMARY
from cytoreg.project.outcomes import WHOLE, Chart, Outcome
from cytoreg.warehouse.connection import literal, quote
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["CHART", "CUSUM", "FUNNEL", "chart", "charted"]

_UNIT = Column("varchar", "what is counted, as cytoreg.toml names the outcome")
_MEASURE = Column("varchar", "the share that is watched")

CUSUM = Table(
    "marts.outcome_cusum",
    "Cumulative sums of the shares that cytoreg.toml watches (`chart`), not adjusted for risk. Rows"
    " are in the order of their days; those without an answer or a day are left out, and counted in"
    " `marts.outcome_chart`. Grain: unit, measure, number.",
    {
        "unit": _UNIT,
        "measure": _MEASURE,
        "number": Column("bigint", "place in the order, from 1"),
        "day": Column("date", "the row's day"),
        "key": Column("varchar", "what identifies the row in the outcome's table"),
        "event": Column("boolean", "whether it had the event"),
        "sum": Column("double", "the sum after it, a log-likelihood ratio; 0 at least"),
        "alarm": Column("boolean", "whether the sum reached the limit; it starts anew after that"),
    },
    ("unit", "measure", "number"),
)
CHART = Table(
    "marts.outcome_chart",
    "The cumulative sums of `marts.outcome_cusum`: what they are made to tell, how often they are"
    " wrong, what they found. Grain: unit, measure.",
    {
        "unit": _UNIT,
        "measure": _MEASURE,
        "expected": Column("double", "the share while all is well, as declared"),
        "odds_ratio": Column("double", "the rise of the odds that the sum is quickest to tell"),
        "raised": Column("double", "the share with these odds"),
        "alarm_at": Column("double", "the limit of the sum"),
        "run_length_expected": Column(
            "double", "rows from one false alarm to the next, on average, while all is well"
        ),
        "run_length_raised": Column(
            "double", "rows until an alarm, on average, once the odds are raised"
        ),
        "counted": Column("bigint", "rows in the sum"),
        "events": Column("bigint", "events among them"),
        "unknown": Column("bigint", "rows without an answer"),
        "undated": Column("bigint", "rows with an answer but no day"),
        "sum": Column("double", "the sum after the last row"),
        "alarms": Column("bigint", "alarms so far"),
        "last_alarm": Column("date", "day of the last alarm; empty: none"),
    },
    ("unit", "measure"),
)
FUNNEL = Table(
    "marts.outcome_funnel",
    "Shares of a stratum variable beside what chance allows if all have the share of the whole:"
    " exact binomial limits at 95 and 99.8 % (Spiegelhalter DJ. Stat Med 2005;24:1185–1202; R:"
    " qbinom(q, n, p) / n). Of twenty, up to one is outside of 95 % by chance. Not adjusted for"
    " risk. Grain: unit, measure, stratum_variable, stratum.",
    {
        **{name: SUMMARY.columns[name] for name in ("unit", "measure")},
        **{name: SUMMARY.columns[name] for name in ("stratum_variable", "stratum")},
        "numerator": Column("bigint", "how many had the event"),
        "denominator": Column("bigint", "how many have an answer"),
        "unknown": Column("bigint", "how many have none"),
        "estimate": Column("double", "the share"),
        "whole": Column("double", "the share of the whole table"),
        "lower_95": Column(
            "double", "the least that chance allows at 95 %: below by chance once in 40"
        ),
        "upper_95": Column("double", "the most that chance allows at 95 %"),
        "lower_998": Column("double", "the least at 99.8 %: below by chance once in 1,000"),
        "upper_998": Column("double", "the most at 99.8 %"),
        "outside": Column(
            "varchar", "below or above 95 % or 99.8 %; empty: within what chance allows"
        ),
    },
    ("unit", "measure", "stratum_variable", "stratum"),
)
_LIMITS = {"lower_95": 0.025, "upper_95": 0.975, "lower_998": 0.001, "upper_998": 0.999}


def charted(outcomes: Mapping[str, Outcome]) -> tuple[Table, ...]:
    """The marts of control charts that are declared."""
    charts = [one for outcome in outcomes.values() for one in outcome.charts.values()]
    funnel = [FUNNEL] if any(one.funnel for one in charts) else []
    return (CUSUM, CHART, *funnel) if charts else ()


def chart(con: DuckDBPyConnection, outcomes: Mapping[str, Outcome]) -> None:
    """Write the marts of control charts anew, once `marts.outcome_summary` is written.

    Raises BuildError for values that cannot be computed with.
    """
    for table in charted(outcomes):
        table.make(con)
    for name, outcome in outcomes.items():
        for measure, one in outcome.charts.items():
            _accumulate(con, name, outcome, measure, one)
            if one.funnel:
                _compare(con, name, measure, one.funnel)


def _accumulate(
    con: DuckDBPyConnection, name: str, outcome: Outcome, measure: str, one: Chart
) -> None:
    """Write the sum after each row, and the chart's own row."""
    import numpy as np
    import pyarrow as pa

    where = f"[outcome.{name}.measures.{measure}] chart"
    cusum = design(one.expected, one.odds_ratio, one.false_alarm_every)
    day = f"cast({quote(outcome.day)} as date)"
    run(
        con,
        where,
        "create or replace temp table charted as\n"
        f"select {day} as day, cast({quote(outcome.key_of(name))} as varchar) as key,\n"
        f"  {answer(outcome.measures[measure])} as answer\nfrom {outcome.table}",
    )
    con.execute(
        "create or replace temp table counted as\n"
        "select row_number() over (order by day, key, answer) as number, *\n"
        "from charted where answer < 2 and day is not null"
    )
    events = con.execute("select answer from counted order by number").fetchnumpy()["answer"]
    found, alarm = sums(cusum, np.asarray(events, dtype=np.int64))
    summed = pa.table(
        {
            "number": pa.array(np.arange(1, len(found) + 1)),
            "sum": pa.array(found * cusum.step),
            "alarm": pa.array(alarm),
        }
    )
    con.register("summed", summed)
    of = f"{literal(name)}, {literal(measure)}"
    con.execute(
        f"{CUSUM.into()}\nselect {of}, number, day, key, answer = 1, sum, alarm\n"
        "from counted join summed using (number) order by number"
    )
    con.unregister("summed")
    lengths = [run_length(cusum, share) for share in (one.expected, _raised(one))]
    made_for = (one.expected, one.odds_ratio, _raised(one), cusum.limit * cusum.step, *lengths)
    last = float(found[-1] * cusum.step) if len(found) else 0.0
    con.execute(
        f"{CHART.into()}\n"
        f"with row as (\n  select count(*) filter (answer = 2) as unknown,\n"
        "    count(*) filter (answer < 2 and day is null) as undated\n  from charted\n),\n"
        "sum as (\n  select count(*) as counted, count(*) filter (event) as events,\n"
        "    count(*) filter (alarm) as alarms, max(day) filter (alarm) as last_alarm\n"
        f"  from {CUSUM.name} where (unit, measure) = ({of})\n)\n"
        f"select {of}, {', '.join(map(repr, made_for))}, counted, events, unknown, undated,\n"
        f"  {last!r}, alarms, last_alarm from row cross join sum"
    )
    con.execute("drop table charted; drop table counted")


def _raised(one: Chart) -> float:
    return raised(one.expected, one.odds_ratio)


def _compare(con: DuckDBPyConnection, name: str, measure: str, variable: str) -> None:
    """Write the shares of a stratum variable with their limits."""
    import numpy as np
    import pyarrow as pa

    of = f"{literal(name)}, {literal(measure)}, 'proportion'"
    found = con.execute(
        f"select stratum_variable, stratum, numerator, denominator from {SUMMARY.name}"
        f" where (unit, measure, kind) = ({of}) and denominator > 0"
        f" and stratum_variable in ({literal(WHOLE)}, {literal(variable)})"
    ).fetchnumpy()
    whole = np.asarray(found["stratum_variable"] == WHOLE)
    if not whole.any():
        return  # nobody has an answer
    share = float(found["numerator"][whole][0] / found["denominator"][whole][0])
    size = np.asarray(found["denominator"][~whole], dtype=np.float64)
    limits = {}
    for column, quantile in _LIMITS.items():
        limits[column] = pa.array(least(quantile, size, share) / size)
    con.register("limits", pa.table({"stratum": list(found["stratum"][~whole]), **limits}))
    outside = " ".join(
        f"when estimate {sign} {column} then {literal(said)}"
        for sign, column, said in (
            ("<", "lower_998", "below 99.8 %"),
            (">", "upper_998", "above 99.8 %"),
            ("<", "lower_95", "below 95 %"),
            (">", "upper_95", "above 95 %"),
        )
    )
    con.execute(
        f"{FUNNEL.into()}\nselect unit, measure, stratum_variable, stratum, numerator, denominator,"
        f" unknown, estimate, {share!r}, {', '.join(_LIMITS)}, case {outside} end\n"
        f"from {SUMMARY.name} join limits using (stratum)\n"
        f"where (unit, measure, kind) = ({of}) and stratum_variable = {literal(variable)}\n"
        "order by all"
    )
    con.unregister("limits")
