"""Survival estimates: SQL reduces cohorts to counts, which are estimated and written to marts.

`materialize` works on a build; the rest can be used in a notebook. Importing this package loads
NumPy and nothing heavier.
"""

from cytoreg.survival.clusters import cox_by_person
from cytoreg.survival.competing import cumulative_incidence, incidence_at
from cytoreg.survival.cox import Cox, cox
from cytoreg.survival.crude import crude_mortality
from cytoreg.survival.curves import kaplan_meier, survival_landmark, survival_quantile
from cytoreg.survival.estimates import TABLES, materialize
from cytoreg.survival.excess_hazard import excess_hazard
from cytoreg.survival.expected import expected_deaths, expected_survival
from cytoreg.survival.fine_gray import fine_gray
from cytoreg.survival.follow_up import median_follow_up
from cytoreg.survival.gray import gray_test
from cytoreg.survival.kaplan_meier import (
    KaplanMeier,
    Quantile,
    Survival,
    fit_kaplan_meier,
    quantile,
    survival_at,
)
from cytoreg.survival.life_expectancy import life_expectancy
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.log_rank import LogRank, log_rank, pairwise_log_rank
from cytoreg.survival.net import net_survival
from cytoreg.survival.net_log_rank import net_log_rank
from cytoreg.survival.prediction import adjusted_survival, concordance, predicted_survival
from cytoreg.survival.proportional_hazards import proportional_hazards
from cytoreg.survival.restricted_mean import restricted_mean, restricted_mean_difference
from cytoreg.survival.standardized import standardized_net_survival
from cytoreg.survival.states import state_probabilities
from cytoreg.survival.windows import conditional_net_survival, conditional_survival, window

__all__ = [
    "TABLES",
    "Cox",
    "KaplanMeier",
    "LifeTable",
    "LogRank",
    "Quantile",
    "Survival",
    "adjusted_survival",
    "concordance",
    "conditional_net_survival",
    "conditional_survival",
    "cox",
    "cox_by_person",
    "crude_mortality",
    "cumulative_incidence",
    "excess_hazard",
    "expected_deaths",
    "expected_survival",
    "fine_gray",
    "fit_kaplan_meier",
    "gray_test",
    "incidence_at",
    "kaplan_meier",
    "life_expectancy",
    "log_rank",
    "materialize",
    "median_follow_up",
    "net_log_rank",
    "net_survival",
    "pairwise_log_rank",
    "predicted_survival",
    "proportional_hazards",
    "quantile",
    "restricted_mean",
    "restricted_mean_difference",
    "standardized_net_survival",
    "state_probabilities",
    "survival_at",
    "survival_landmark",
    "survival_quantile",
    "window",
]
