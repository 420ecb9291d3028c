"""What a published figure is compared with: the mart, its row, its columns and its unit.

A figure's measure is checked here, against the outcomes and endpoints of cytoreg.toml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, perhaps
from cytoreg.outcomes.summary import SUMMARY
from cytoreg.project.outcomes import WHOLE, plural
from cytoreg.survival.beside_population import LIFE_EXPECTANCY
from cytoreg.survival.estimates import LANDMARK
from cytoreg.survival.estimates import SUMMARY as SURVIVAL
from cytoreg.survival.life_expectancy import MEASURES
from cytoreg.warehouse.connection import literal

if TYPE_CHECKING:
    from cytoreg.project.benchmarks import Figure
    from cytoreg.project.config import Config, Endpoint
    from cytoreg.project.outcomes import Outcome

__all__ = ["Held", "held"]

_LANDMARK = re.compile(r"survival_(\d+)_years?")
MEDIAN = "median_survival"


@dataclass(frozen=True)
class Held:
    """Where a figure's observed value is: SQL for a table, a condition on its row, its columns.

    `times` is a factor with its operator (`100 * `), '' for none.
    """

    unit: str
    table: str = ""
    where: str = ""
    numerator: str = ""
    denominator: str = ""
    value: str = ""
    lower: str = ""
    upper: str = ""
    times: str = ""


def held(config: Config, name: str, figure: Figure) -> Held:
    """Where the observed value for `figure` of `[benchmark.<name>]` is found.

    Raises ConfigError for a measure, a kind or a stratum variable that is not declared.
    """
    if figure.count:
        return Held(figure.unit)
    where = f"[[benchmark.{name}.figures]] {figure.figure}"
    home, _, measure = figure.measure.partition(".")
    if home in config.outcome and home in config.survival:
        raise ConfigError(
            f"{where} measure: {home} is an outcome and a survival endpoint",
            remedy=f"rename [outcome.{home}] or [survival.{home}]",
        )
    if home in config.outcome:
        found = _of_outcome(where, figure, home, measure, config.outcome[home])
        strata = list(config.outcome[home].strata)
    elif home in config.survival:
        found = _of_endpoint(where, figure, home, measure, config.survival[home])
        strata = config.survival[home].strata
    else:
        known = [*config.outcome, *config.survival]
        raise ConfigError(
            f"{where} measure: there is no outcome and no endpoint {home}{perhaps(home, known)}",
            remedy=f"there are {', '.join(known) or 'none'}",
        )
    if figure.stratum_variable not in (WHOLE, *strata):
        raise ConfigError(
            f"{where} stratum_variable: {home} has no stratum"
            f" {figure.stratum_variable}{perhaps(figure.stratum_variable, strata)}",
            remedy=f"its strata are {', '.join(strata) or 'none'}",
        )
    return found


def _of_outcome(where: str, figure: Figure, unit: str, measure: str, outcome: Outcome) -> Held:
    declared = outcome.measures.get(measure)
    if declared is None:
        raise ConfigError(
            f"{where} measure: [outcome.{unit}] has no measure"
            f" {measure}{perhaps(measure, outcome.measures)}",
            remedy=f"its measures are {', '.join(outcome.measures)}",
        )
    kind = figure.kind or ("proportion" if declared.share else "mean")
    if (kind == "proportion") != bool(declared.share):
        raise ConfigError(
            f"{where} kind: {figure.measure} is a {'share' if declared.share else 'quantity'},"
            f" which has no {kind}",
            remedy="leave kind out" if declared.share else "give mean, sd, median or a quartile",
        )
    row = {"unit": unit, "measure": measure, "kind": kind}
    return Held(
        unit=figure.unit or (f"% of {plural(unit)}" if declared.share else declared.unit),
        table=SUMMARY.name,
        where=_row(figure, row),
        numerator="numerator",
        denominator="denominator",
        value="estimate",
        lower="lower",
        upper="upper",
        times="100 * " if declared.share else "1 * ",
    )


def _of_endpoint(where: str, figure: Figure, name: str, measure: str, endpoint: Endpoint) -> Held:
    if figure.kind is not None:
        raise ConfigError(
            f"{where} kind: {figure.measure} is of a survival endpoint", remedy="leave kind out"
        )
    row = {"endpoint": name}
    if measure == MEDIAN:
        return Held(
            figure.unit or "months", SURVIVAL.name, _row(figure, row), "events", "patients",
            "median_months", "median_months_lower", "median_months_upper",
        )  # fmt: skip
    none = "cast(null as bigint)"
    landmark = _LANDMARK.fullmatch(measure)
    if landmark and float(landmark[1]) in endpoint.landmarks_years:
        at = f"{_row(figure, row)} and years = {landmark[1]}"
        return Held(
            figure.unit or "% of patients", LANDMARK.name, at, none, "at_risk",
            "survival", "lower", "upper", "100 * ",
        )  # fmt: skip
    if measure in MEASURES and endpoint.life_table:
        at = _row(figure, {**row, "measure": measure})
        return Held(
            figure.unit or "years", LIFE_EXPECTANCY.name, at, none, "patients",
            "estimate", "lower", "upper",
        )  # fmt: skip
    known = [MEDIAN, *(f"survival_{years:g}_years" for years in endpoint.landmarks_years)]
    known += MEASURES if endpoint.life_table else ()
    raise ConfigError(
        f"{where} measure: [survival.{name}] has no {measure}{perhaps(measure, known)}",
        remedy=f"it has {', '.join(known)}",
    )


def _row(figure: Figure, row: dict[str, str]) -> str:
    """The condition on a mart's row of this stratum."""
    keys = row | {"stratum_variable": figure.stratum_variable, "stratum": figure.stratum}
    return " and ".join(f"{column} = {literal(value)}" for column, value in keys.items())
