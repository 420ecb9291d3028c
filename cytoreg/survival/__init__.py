"""Survival estimates: what SQL has reduced to counts, estimated and written into marts.

`materialize` serves a build; the rest serves a notebook. Importing this package loads NumPy and
nothing heavier.
"""

from cytoreg.survival.estimates import TABLES, materialize
from cytoreg.survival.kaplan_meier import (
    KaplanMeier,
    Quantile,
    Survival,
    fit_kaplan_meier,
    quantile,
    survival_at,
)

__all__ = [
    "TABLES",
    "KaplanMeier",
    "Quantile",
    "Survival",
    "fit_kaplan_meier",
    "materialize",
    "quantile",
    "survival_at",
]
