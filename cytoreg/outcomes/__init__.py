"""Outcomes: measures that cytoreg.toml declares once, counted in SQL and written into marts.

`materialize` serves a build; `summarize` any DuckDB connection whose tables outcomes name.
"""

from cytoreg.outcomes.intervals import order_ranks, sd_margin, t_quantile, wilson
from cytoreg.outcomes.marts import materialize, tables
from cytoreg.outcomes.summary import summarize

__all__ = [
    "materialize",
    "order_ranks",
    "sd_margin",
    "summarize",
    "t_quantile",
    "tables",
    "wilson",
]
