"""Reasons to leave a patient out of an endpoint's estimates: conditions in SQL, each with its text.

The first one that holds is the reason. None stops a build: see cytoreg.survival.left_out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from cytoreg.survival.cohort import DAYS_PER_YEAR, OLDEST
from cytoreg.survival.life_table import LifeTable
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from cytoreg.project.config import Endpoint, Window

Reasons: TypeAlias = list[tuple[str, str]]
"""Conditions in SQL and their meanings; the first that holds is the reason."""

UNKNOWN = "unknown"
"""The name of a missing value, in a cohort as in the marts."""


def missing(text: str) -> str:
    """SQL: whether a text is missing: empty, blank or the word unknown."""
    return f"coalesce(lower(trim({text})), '') in ('', {literal(UNKNOWN)})"


def first(reasons: Reasons) -> str:
    """SQL for the first reason that holds; null if none does."""
    cases = " ".join(f"when {condition} then {literal(reason)}" for condition, reason in reasons)
    return f"case {cases} end" if cases else "cast(null as varchar)"


def unusable(endpoint: Endpoint) -> Reasons:
    """Why a row of the cohort is on no curve.

    An event without a time is an event on an unknown day: R's Surv has no such patients, and a
    curve that censored them earlier would count a dead patient as alive.
    """
    time, event = (f"cast({quote(name)} as double)" for name in (endpoint.time, endpoint.event))
    reasons = [
        (f"{event} is null", "event unknown"),
        (f"{event} not in (0, 1)", "event neither 0 nor 1"),
        (f"({_unknown(time)}) and {event} = 1", "event on an unknown day"),
        *_impossible(time, "time"),
    ]
    if endpoint.entry:
        entry = f"cast({quote(endpoint.entry)} as double)"
        reasons += [*_impossible(entry, "entry"), (f"{entry} >= {time}", "entry not before time")]
    return reasons


def unseen(window: Window, endpoint: Endpoint, start: str) -> Reasons:
    """Why a usable row of the cohort, whose start is this SQL, is not at risk in the window."""
    begin, end = f"date '{window.begin:04d}-01-01'", f"date '{window.end:04d}-12-31'"
    entry = quote(endpoint.entry) if endpoint.entry else "0"
    first_day = f"greatest({entry}, date_diff('day', {start}, {begin}))"
    last_day = f"least({quote(endpoint.time)}, date_diff('day', {start}, {end}))"
    return [
        (f"{start} is null or not isfinite({start})", "start unknown"),
        (f"{start} > {end}", "started after the window"),
        (f"{last_day} <= {first_day}", "not at risk in the window"),
    ]


def outside(table: LifeTable) -> Reasons:
    """Why a patient (of `Analysis.cohort`) cannot be compared with the population in `table`.

    By age: the table has no row for their age at the start, or on the last day observed. A calendar
    year that the table lacks is not a reason: the nearest one is used, as in R.
    """
    first_day = table.first_age * table.age_days
    end = (table.first_age + table.hazard.shape[1]) * table.age_days
    reasons = [
        (missing("sex"), "sex unknown"),
        (f"sex not in ({_listed({group[0] for group in table.groups})})", "sex not in life table"),
    ]
    if table.by_race:
        pairs = ", ".join(
            f"({literal(sex)}, {literal(race)})" for sex, race in sorted(table.groups)
        )
        reasons += [
            (missing("race"), "race unknown"),
            (f"(sex, race) not in ({pairs})", "race not in life table"),
        ]
    return [
        *reasons,
        (_unknown("age_days"), "age unknown"),
        ("start_date is null or not isfinite(start_date)", "start unknown"),
        ("year(start_date) not between 1 and 9999", "start impossible"),
        ("age_days < 0", "age negative"),
        (f"age_days < {first_day}", "younger than the life table"),
        (f"age_days + time_days >= {end}", "older than the life table"),
    ]


def incomplete(covariates: Mapping[str, str]) -> Reasons:
    """Why a patient is not in a model; `covariates` maps names to columns of `Analysis`."""
    return [(f"{column} is null", f"{name} unknown") for name, column in covariates.items()]


def in_other_years(table: LifeTable) -> str:
    """SQL: whether a patient was followed in a calendar year that the table lacks."""
    first, last = int(table.years[0]), int(table.years[-1])
    end = f"date '{last:04d}-12-31' - cast(time_days as integer)"  # a sum may pass the last date
    return f"extract(year from start_date) < {first} or start_date > {end}"


def _impossible(days: str, name: str) -> Reasons:
    return [
        (_unknown(days), f"{name} unknown"),
        (f"{days} < 0", f"{name} negative"),
        (f"{days} <> floor({days})", f"{name} not a whole number of days"),
        (f"{days} > {OLDEST * DAYS_PER_YEAR}", f"{name} longer than {OLDEST} years"),
    ]


def _unknown(number: str) -> str:
    return f"{number} is null or isnan({number})"


def _listed(words: Sequence[str] | set[str]) -> str:
    return ", ".join(map(literal, sorted(words)))
