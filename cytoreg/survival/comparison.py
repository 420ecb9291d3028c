"""The marts of comparisons: tests between strata, and hazard ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cytoreg.survival.analysis import Analysis
from cytoreg.survival.cox import cox
from cytoreg.survival.gray import gray_test
from cytoreg.survival.left_out import MODEL, TESTS, left_out
from cytoreg.survival.log_rank import log_rank, pairwise_log_rank
from cytoreg.survival.proportional_hazards import proportional_hazards
from cytoreg.survival.reasons import incomplete
from cytoreg.survival.tables import INTERVAL, LOWER, ORIGIN, STRATUM, UPPER, said
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

NO_GROUP = "no group"
ONE_GROUP = "one group"
NO_EVENTS = "no events"
NOT_COMPARABLE = "nothing to compare"
NO_VALUE = "no value"
TOO_MANY = "too many values"
NO_PATIENT = "no patient has every covariate"
NOT_TESTABLE = "cannot be tested"
MOST_PAIRED = 100
"""Most strata that are compared in pairs: 4,950 tests."""
MOST_VALUES = 100
"""Most values of a category in a model: more are names or free text."""

COMPARISON = Table(
    "marts.survival_comparison",
    "Tests that all strata of a variable are alike: the log-rank test of survival, of all strata"
    f" and of each pair (of up to {MOST_PAIRED} strata), and Gray's test of each cause's cumulative"
    " incidence, where nobody enters late. The unknown are no group. Grain: endpoint,"
    " stratum_variable, test, cause, first, second.",
    {
        "endpoint": STRATUM["endpoint"],
        "stratum_variable": Column("varchar", "the cohort's column whose values are compared"),
        "test": Column("varchar", "log-rank or gray"),
        "cause": Column("varchar", "gray: the cause; else empty"),
        "first": Column("varchar", "pairs: one stratum; empty: all strata"),
        "second": Column("varchar", "pairs: the other stratum; empty: all strata"),
        "statistic": Column("double", "chi-square; empty where `problem` says why"),
        "degrees_of_freedom": Column("bigint", "strata compared, less one"),
        "p_value": Column("double", "probability of such a statistic if the strata are alike"),
        "p_holm": Column("double", "pairs: adjusted for the number of pairs (Holm)"),
        "left_out": Column("bigint", "patients in no group, as it is unknown which is theirs"),
        "problem": Column(
            "varchar",
            f"why there is no statistic: {NO_GROUP}; {ONE_GROUP}; {NO_EVENTS} (among those in a"
            f" group); {NOT_COMPARABLE} (no two groups at risk at an event, or, in Gray's test,"
            " nobody had the cause; cmprsk: -1)",
        ),
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
        "problem": Column(
            "varchar",
            f"why there is no estimate: {NO_VALUE} (of anybody; the model is without it); one value"
            f" (of all); {TOO_MANY} (a category of more than {MOST_VALUES}; the model is without"
            " it); collinear (the terms before it say the same); infinite (the likelihood grows"
            " without end, as when nobody of a level had the event); no maximum (of the"
            f" likelihood was found); {NO_EVENTS}; {NO_PATIENT}",
        ),
        "proportional_p_value": Column("double", "of the hypothesis that it is constant in time"),
        "proportional_problem": Column(
            "varchar", f"{NOT_TESTABLE}: the events tell nothing of change, as when all are at once"
        ),
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
    for variable, column in analysis.strata.items():
        for found in _tests(analysis, column):
            named = found.assign(
                stratum_variable=variable,
                left_out=analysis.count(f"{column} is null"),
            )
            yield COMPARISON, analysis.named(named)
        yield from left_out(analysis, TESTS + variable, incomplete({variable: column}))
    if analysis.covariates:
        yield from _ratios(analysis)


def _tests(analysis: Analysis, column: str) -> Iterator[pd.DataFrame]:
    import pandas as pd

    groups, events = analysis.levels(column), analysis.count(f"event = 1 and {column} is not null")
    known: list[str | None] = [*analysis.causes()]
    gray = bool(analysis.endpoint.cause) and "entry_days" not in analysis.cohort.columns
    nothing = {"cause": None, "first": None, "second": None, "p_holm": float("nan")}
    if groups < 2 or not events:
        problem = NO_EVENTS if groups > 1 else ONE_GROUP if groups else NO_GROUP
        degrees = max(groups - 1, 0)
        causes = (known or [None]) if gray else []
        kinds = ["log-rank"] + ["gray"] * len(causes)
        yield pd.DataFrame({"test": kinds, "cause": [None, *causes]}).assign(
            first=None,
            second=None,
            p_holm=float("nan"),
            statistic=float("nan"),
            degrees_of_freedom=degrees,
            p_value=float("nan"),
            problem=problem,
        )
        return
    found = log_rank(analysis.cohort, column)
    whole = {
        "statistic": [found.statistic],
        "degrees_of_freedom": [found.degrees_of_freedom],
        "p_value": [found.p_value],
    }
    yield _told(pd.DataFrame(whole).assign(**{**nothing, "test": "log-rank"}))
    if 2 < groups <= MOST_PAIRED:
        pairs = pairwise_log_rank(analysis.cohort, column)
        yield _told(pairs.assign(test="log-rank", cause=None, degrees_of_freedom=1))
    if gray:
        tests = gray_test(analysis.by_cause(), column, causes=analysis.causes())
        yield _told(tests.assign(test="gray", first=None, second=None, p_holm=float("nan")))


def _told(found: pd.DataFrame) -> pd.DataFrame:
    """`found` with a reason where a test has no statistic."""
    return found.assign(problem=said(NOT_COMPARABLE, found["statistic"].isna()))


def _ratios(analysis: Analysis) -> Iterator[tuple[Table, pd.DataFrame]]:
    """One row per term of the model, and one for each covariate that cannot be in it."""
    problems = {}
    for covariate, column in analysis.covariates.items():
        values = analysis.levels(column)
        if not values:
            problems[covariate] = NO_VALUE
        elif values > MOST_VALUES and not analysis.is_number(column):
            problems[covariate] = TOO_MANY
    taken = {name: column for name, column in analysis.covariates.items() if name not in problems}
    yield from left_out(analysis, MODEL, incomplete(taken))
    complete = analysis.without(incomplete(taken))
    patients, events = complete.count(), complete.count("event = 1")
    if not events:
        problems |= dict.fromkeys(taken, NO_EVENTS if patients else NO_PATIENT)
        taken = {}
    for found in (_unfitted(problems), _fitted(complete, taken) if taken else None):
        if found is not None and len(found):
            named = found.assign(
                patients=patients,
                events=events,
                left_out=analysis.count() - patients,
                interval="log",
                estimator="cox, efron",
            )
            yield HAZARD_RATIO, analysis.named(named)


def _fitted(complete: Analysis, covariates: Mapping[str, str]) -> pd.DataFrame:
    fit = cox(complete.cohort, list(covariates.values()))
    changing = proportional_hazards(fit)[["covariate", "p_value"]]
    changing = changing.rename(columns={"p_value": "proportional_p_value"})
    terms = fit.terms.merge(changing, how="left", on="covariate")
    name_of = {column: covariate for covariate, column in covariates.items()}
    terms["covariate"] = terms["covariate"].map(name_of)
    for name in ("level", "reference", "problem"):
        terms[name] = [str(word) if word not in (None, "") else None for word in terms[name]]
    silent = terms["proportional_p_value"].isna() & terms["problem"].isna()
    return terms.assign(proportional_problem=said(NOT_TESTABLE, silent))


def _unfitted(problems: Mapping[str, str]) -> pd.DataFrame:
    """A row without estimates for each covariate, and why."""
    import pandas as pd

    frame = pd.DataFrame({"covariate": list(problems), "problem": list(problems.values())})
    numbers = ("hazard_ratio", "lower", "upper", "std_err", "z", "p_value", "proportional_p_value")
    words = ("level", "reference", "proportional_problem")
    return frame.assign(**dict.fromkeys(numbers, float("nan")), **dict.fromkeys(words))
