"""The marts that compare: tests between strata, and hazard ratios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.cox import cox
from cytoreg.survival.gray import gray_test
from cytoreg.survival.log_rank import log_rank, pairwise_log_rank
from cytoreg.survival.proportional_hazards import proportional_hazards
from cytoreg.survival.tables import INTERVAL, LOWER, ORIGIN, STRATUM, UPPER, Column, Table

if TYPE_CHECKING:
    import pandas as pd

COMPARISON = Table(
    "marts.survival_comparison",
    "Tests that all strata of a variable are alike: the log-rank test of survival, of all strata"
    " and of each pair, and Gray's test of each cause's cumulative incidence. Grain: endpoint,"
    " stratum_variable, test, cause, first, second.",
    {
        "endpoint": STRATUM["endpoint"],
        "stratum_variable": Column("varchar", "the cohort's column whose values are compared"),
        "test": Column("varchar", "log-rank or gray"),
        "cause": Column("varchar", "gray: the cause; else empty"),
        "first": Column("varchar", "pairs: one stratum; empty: all strata"),
        "second": Column("varchar", "pairs: the other stratum; empty: all strata"),
        "statistic": Column("double", "chi-square; empty where there is nothing to compare"),
        "degrees_of_freedom": Column("bigint", "strata compared, less one"),
        "p_value": Column("double", "probability of such a statistic if the strata are alike"),
        "p_holm": Column("double", "pairs: adjusted for the number of pairs (Holm)"),
        **ORIGIN,
    },
    ("endpoint", "stratum_variable", "test", "cause", "first", "second"),
)
HAZARD_RATIO = Table(
    "marts.hazard_ratio",
    "Hazard ratios of a Cox model with all covariates of the endpoint (Efron's ties), and the test"
    " that each is the same at all times (score test, time as 1 - KM). Patients with a covariate"
    " missing are left out. Grain: endpoint, covariate, level.",
    {
        "endpoint": STRATUM["endpoint"],
        "covariate": Column("varchar", "the cohort's column"),
        "level": Column("varchar", "its value; empty: per unit of a number"),
        "reference": Column("varchar", "the value compared with; empty: a number"),
        "hazard_ratio": Column("double", "hazard of the level over that of the reference"),
        "lower": LOWER,
        "upper": UPPER,
        "std_err": Column("double", "standard error of the ratio's logarithm"),
        "z": Column("double", "logarithm over its standard error"),
        "p_value": Column("double", "of the hypothesis that the ratio is 1"),
        "problem": Column("varchar", "collinear or infinite where it cannot be estimated"),
        "proportional_p_value": Column("double", "of the hypothesis that it is constant in time"),
        "patients": Column("bigint", "patients in the model"),
        "events": Column("bigint", "of these, patients who had the event"),
        "left_out": Column("bigint", "patients left out for a missing covariate"),
        **ORIGIN,
        "interval": INTERVAL,
        "estimator": Column("varchar", "cox, efron"),
    },
    ("endpoint", "covariate", "level"),
)


def estimate(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Tests for each stratum variable of an endpoint, and the hazard ratios of its covariates."""
    for variable in analysis.endpoint.strata:
        if analysis.levels(variable) > 1:
            for found in _tests(analysis, variable):
                yield COMPARISON, analysis.named(found.assign(stratum_variable=variable))
    if analysis.endpoint.covariates and analysis.events():
        yield HAZARD_RATIO, _ratios(analysis)


def _tests(analysis: Analysis, variable: str) -> Iterator[pd.DataFrame]:
    import pandas as pd

    found = log_rank(analysis.cohort, variable)
    whole = {
        "statistic": [found.statistic],
        "degrees_of_freedom": [found.degrees_of_freedom],
        "p_value": [found.p_value],
    }
    nothing = {"cause": None, "first": None, "second": None, "p_holm": float("nan")}
    yield pd.DataFrame(whole).assign(**{**nothing, "test": "log-rank"})
    if analysis.levels(variable) > 2:
        pairs = pairwise_log_rank(analysis.cohort, variable)
        yield pairs.assign(test="log-rank", cause=None, degrees_of_freedom=1)
    known = analysis.causes()
    if known and not analysis.endpoint.entry:  # Gray's test knows no delayed entry
        tests = gray_test(analysis.by_cause(), variable, causes=known)
        yield tests.assign(test="gray", first=None, second=None, p_holm=float("nan"))


def _ratios(analysis: Analysis) -> pd.DataFrame:
    fit = cox(analysis.cohort, analysis.endpoint.covariates, missing="leave out")
    changing = proportional_hazards(fit)[["covariate", "p_value"]]
    changing = changing.rename(columns={"p_value": "proportional_p_value"})
    terms = fit.terms.merge(changing, how="left", on="covariate")
    for name in ("level", "reference", "problem"):
        terms[name] = [str(word) if word not in (None, "") else None for word in terms[name]]
    return analysis.named(
        terms.assign(
            patients=fit.patients,
            events=fit.events,
            left_out=fit.left_out,
            interval="log",
            estimator=f"cox, {fit.ties}",
        )
    )
