"""Outcomes: measures declared once in cytoreg.toml, counted in SQL and written to marts.

`materialize` works on a build; `summarize` on any DuckDB connection with the tables of the
outcomes.
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
