"""Disclosure control: a public copy in which no small count can be read or computed.

OpenSAFELY's rule (docs.opensafely.org, "Releasing files"): counts of 1 to 7 are left out; where the
counts left out of one table add up to no more than 7, so that a total would reveal them, the next
smallest is left out too; all others are rounded to the nearest 5. In addition, a part of a whole is
also small where the rest is, rates are computed from rounded counts, and other estimates have two
significant digits. A curve takes a step once `below` more events have accumulated, and ends where
fewer are at risk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.models.file import counts_of
from cytoreg.publication.reading import reading, tables_of
from cytoreg.warehouse.connection import STORAGE_VERSION, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.config import Suppress
    from cytoreg.project.load import Project

__all__ = ["Counts", "publish_public", "suppressed"]

CURVES = {"survival_curve": (), "cumulative_incidence": ("cause",)}
"""Marts of steps, with the columns that identify each curve of a stratum."""


_COUNT = re.compile(r"\s*(\w+)\s*(?:/\s*(\w+)\s*)?(?:=\s*(\w+)\s*)?")


@dataclass(frozen=True)
class Counts:
    """What a mart counts: `wholes` maps a count to the count of which it is a part ('' for none),
    `rates` a rate to its part. `values` are published beside them; rows of one `group` add up."""

    wholes: Mapping[str, str]
    rates: Mapping[str, str]
    values: tuple[str, ...] = ()
    group: tuple[str, ...] = ()


def publish_public(project: Project, folder: Path) -> Path:
    """Write `public.duckdb` to a folder: published marts of counts, small numbers suppressed.

    Raises ConfigError when nothing is published. The private files stay exact.
    """
    if not project.published.exists():
        raise ConfigError("nothing is published yet", remedy="refresh first: cytoreg refresh")
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "public.duckdb"
    making = out.with_name(f".{out.name}.tmp")
    making.unlink(missing_ok=True)
    counted, rule = _counted(project), project.config.privacy.suppress
    with reading(project.published) as con:
        con.execute(
            f"attach {literal(str(making))} as public (storage_version '{STORAGE_VERSION}')"
        )
        con.execute("create schema public.marts")
        for table in tables_of(con, "marts", "published"):
            if select := suppressed(con, table, counted, rule):
                con.execute(f"create table public.marts.{quote(table)} as {select}")
        con.execute("checkpoint public")
        con.execute("detach public")
    making.replace(out)
    return out


def _counted(project: Project) -> dict[str, Counts]:
    """The counts of each mart: the engine's own, and those of models whose headers declare them."""
    from cytoreg.outcomes.marts import tables
    from cytoreg.survival import TABLES

    found = {}
    for table in (*TABLES, *tables(project.config)):
        if text := _ENGINE.get(name := table.name.removeprefix("marts.")):
            found[name] = _parse(*text, table.grain)
    for path in sorted((project.root / "sql").glob("marts/**/*.sql")):
        counts, values, grain = counts_of(path)
        if counts:
            found[path.stem] = _parse(counts, values, grain)
    return found


_ENGINE = {
    "outcome_summary": ("numerator/denominator=estimate, unknown", "lower, upper"),
    "outcome_funnel": ("numerator/denominator=estimate, unknown", ""),
    "survival_summary": (
        "events/patients",
        "median_days, median_lower, median_upper, median_months, median_months_lower,"
        " median_months_upper, follow_up_days, follow_up_lower, follow_up_upper, tau_years,"
        " restricted_mean_days, restricted_mean_lower,"
        " restricted_mean_upper",
    ),
    "survival_landmark": ("at_risk", "years, survival, lower, upper"),
    "survival_left_out": ("patients/of_patients", ""),
    "hazard_ratio": ("events/patients, left_out", "hazard_ratio, lower, upper, p_value"),
    "survival_comparison": ("left_out", "statistic, degrees_of_freedom, p_value, p_holm"),
    "net_survival": ("at_risk, left_out, outside_years", "years, estimate, lower, upper"),
    "standardized_net_survival": ("at_risk", "years, estimate, lower, upper"),
    "life_expectancy": ("patients, left_out, outside_years", "estimate, lower, upper, tau_years"),
    "expected_survival": ("at_risk, left_out", "time_days, expected"),
}
"""The engine's own marts: their counts and values, in the form of a model's header."""


def _parse(counts: str, values: str, grain: tuple[str, ...]) -> Counts:
    """`part/whole = rate, count, …` and `value, …`."""
    wholes: dict[str, str] = {}
    rates: dict[str, str] = {}
    for one in counts.split(","):
        found = _COUNT.fullmatch(one)
        if found is None:
            raise ConfigError(
                f"counts: {one.strip()} is not understood", remedy="write part/whole = rate"
            )
        part, whole, rate = found.groups()
        wholes[part] = whole or ""
        if whole:
            wholes.setdefault(whole, "")
        if rate:
            rates[rate] = part
    named = tuple(value.strip() for value in values.split(",") if value.strip())
    return Counts(wholes, rates, named, tuple(name for name in grain if name != "stratum"))


def suppressed(
    con: DuckDBPyConnection, table: str, counted: Mapping[str, Counts], rule: Suppress
) -> str:
    """The SELECT of a public mart over `published.marts`; '' for a mart that stays private.

    A mart of persons has no counts, so it stays private; so does a mart that does not declare them.
    """
    if table in CURVES:
        return _curve(table, rule)
    if table not in counted:
        return ""
    columns = con.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'published'"
        f" and schema_name = 'marts' and table_name = {literal(table)} order by column_index"
    ).fetchall()
    counts = counted[table]
    named = {*counts.wholes, *counts.rates, *counts.values, *counts.group}
    if strange := sorted(named - {name for name, _ in columns}):
        raise ConfigError(f"marts.{table} has no column {', '.join(strange)}, which it counts")
    return _table(table, dict(columns), counts, rule)


def _table(table: str, kinds: Mapping[str, str], counts: Counts, rule: Suppress) -> str:
    """Rows of counts, with primary and secondary suppression in each column."""
    few, hidden = [], []
    for name, whole in counts.wholes.items():
        cell, mark = quote(name), quote(f"{name} few")
        small = f"{cell} between 1 and {rule.below - 1}"
        if whole:
            small += f" or {cell} > 0 and {quote(whole)} - {cell} between 1 and {rule.below - 1}"
        few.append(f"coalesce({small}, false) as {mark}")
        next_one = f"{cell} = min({cell}) filter (not {mark} and {cell} > 0) over one"
        hidden.append(
            f"{mark} or coalesce(sum({cell}) filter ({mark}) over one < {rule.below}"
            f" and not {mark} and {next_one}, false) as {quote(f'{name} hidden')}"
        )
    parts = [name for pair in counts.wholes.items() if pair[1] for name in pair]
    lost = " or ".join(quote(f"{name} hidden") for name in parts or counts.wholes)
    shown = []
    for name, kind in kinds.items():
        cell = quote(name)
        if name in counts.wholes:
            whole = counts.wholes[name]
            gone = " or ".join(quote(f"{one} hidden") for one in (name, whole) if one)
            shown.append(f"case when not ({gone}) then {_rounded(name, rule)} end as {cell}")
        elif name in counts.rates:
            part = counts.rates[name]
            parts_of, wholes_of = (_rounded(one, rule) for one in (part, counts.wholes[part]))
            rate = f"least(1.0, {parts_of} / nullif({wholes_of}, 0))"
            either = f"case when {quote(part)} is null then {_digits(name)} else {rate} end"
            shown.append(f"case when not ({lost}) then {either} end as {cell}")
        elif name in counts.values and name not in counts.group:
            # Next to a rate, its limits would reveal the exact counts.
            beside = [f"{quote(part)} is null" for part in counts.rates.values()][:1]
            allowed = " and ".join(
                [f"not ({lost})", *(beside if name in ("lower", "upper") else ())]
            )
            shown.append(f"case when {allowed} then {_digits(name)} end as {cell}")
        elif name in counts.group or kind in ("VARCHAR", "BOOLEAN"):
            shown.append(cell)
    group = ", ".join(map(quote, counts.group)) if "stratum" in kinds else "1"
    return (
        f"with marked as (select *, {', '.join(few)} from published.marts.{quote(table)}),"
        f" judged as (select *, {', '.join(hidden)} from marked window one as"
        f" (partition by {group})) select {', '.join(shown)} from judged"
    )


def _rounded(name: str, rule: Suppress) -> str:
    return f"{rule.round} * cast(round({quote(name)} / {rule.round}) as bigint)"


def _digits(name: str) -> str:
    """The value rounded to two significant digits."""
    cell = quote(name)
    places = f"1 - cast(floor(log10(abs(nullif({cell}, 0)))) as integer)"
    return f"coalesce(round(cast({cell} as double), {places}), {cell})"


def _curve(table: str, rule: Suppress) -> str:
    """Steps of `below` events or a multiple, with rounded numbers at risk.

    Survival is computed from these numbers; incidence has two decimals.
    """
    by = ", ".join(map(quote, ("endpoint", "stratum_variable", "stratum", *CURVES[table])))
    up = f"window up as (partition by {by} order by time_days)"
    value = "survival" if table == "survival_curve" else "incidence"
    estimate = "exp(sum(ln(greatest(1 - events / at_risk, 1e-9))) over up)"
    return (
        f"with counted as (select *, {rule.below} * floor(sum(events) over up / {rule.below}) as"
        f" shown from published.marts.{table} {up}),"
        f" stepped as (select *, shown - lag(shown, 1, 0) over up as step from counted {up})"
        f", steps as (select {by}, time_days, cast(step as bigint) as events, {value},"
        f" {_rounded('at_risk', rule)} as at_risk from stepped"
        f" where step > 0 and at_risk >= {rule.below})"
        f" select {by}, time_days, at_risk, events,"
        f" round({estimate if value == 'survival' else value}, 2) as {value} from steps {up}"
    )
