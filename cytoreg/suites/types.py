"""Great Expectations' expectation types, and how each is judged on DuckDB.

As shipped, GX 1.24 runs 44 of its 59 types on DuckDB. Types on rows are judged by one SQL statement
each (rows.py), which counts as GX's own SQL does and also identifies the rows; types on a whole
column or table by one scan for all (aggregates.py); statements on types and sizes are answered from
DuckDB's catalogue. docs/how-to/expectations.md shows this table, and a test compares the two.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Judge = Literal["rows", "text", "table", "aggregate", "gx", "refused"]
JUDGES: dict[Judge, str] = {
    "rows": "SQL of cytoreg; the failing rows are kept",
    "text": "Python, once per distinct text; the failing rows are kept",
    "table": "SQL of cytoreg",
    "aggregate": "SQL of cytoreg, in one scan",
    "gx": "Great Expectations",
    "refused": "refused",
}


class Type(NamedTuple):
    """Who judges an expectation type, and notes on it."""

    judge: Judge
    note: str = ""


_REGEX = "Patterns that RE2 cannot match as Python does run in Python, once per distinct text."
_LIKE = "As in SQL: case-sensitive, `_` is one character; `escape` names the escape character."
_ORDER = "In row order, without nulls; refused for a view, because a view has no row order."
_KIND = "The column's type as a whole, named as in DuckDB, SQLAlchemy, pandas or Python."
_NULLS = "A comparison with a null passes, as in GX's SQL (in GX's pandas engine it fails)."

TYPES: dict[str, Type] = {
    "expect_column_distinct_values_to_be_in_set": Type("aggregate"),
    "expect_column_distinct_values_to_contain_set": Type("aggregate"),
    "expect_column_distinct_values_to_equal_set": Type("aggregate"),
    "expect_column_kl_divergence_to_be_less_than": Type("gx"),
    "expect_column_max_to_be_between": Type("aggregate"),
    "expect_column_mean_to_be_between": Type("aggregate"),
    "expect_column_median_to_be_between": Type("aggregate"),
    "expect_column_min_to_be_between": Type("aggregate"),
    "expect_column_most_common_value_to_be_in_set": Type("aggregate"),
    "expect_column_pair_values_a_to_be_greater_than_b": Type("rows", _NULLS),
    "expect_column_pair_values_to_be_equal": Type("rows"),
    "expect_column_pair_values_to_be_in_set": Type("rows", _NULLS),
    "expect_column_proportion_of_non_null_values_to_be_between": Type("aggregate"),
    "expect_column_proportion_of_unique_values_to_be_between": Type("aggregate"),
    "expect_column_quantile_values_to_be_between": Type("aggregate"),
    "expect_column_stdev_to_be_between": Type("aggregate"),
    "expect_column_sum_to_be_between": Type("aggregate"),
    "expect_column_to_exist": Type("aggregate"),
    "expect_column_type_to_be": Type("table", _KIND),
    "expect_column_unique_value_count_to_be_between": Type("aggregate"),
    "expect_column_value_lengths_to_be_between": Type("rows"),
    "expect_column_value_lengths_to_equal": Type("rows"),
    "expect_column_value_z_scores_to_be_less_than": Type("rows"),
    "expect_column_values_to_be_between": Type("rows"),
    "expect_column_values_to_be_dateutil_parseable": Type("text", "Only for text columns."),
    "expect_column_values_to_be_decreasing": Type("rows", _ORDER),
    "expect_column_values_to_be_in_set": Type("rows"),
    "expect_column_values_to_be_in_type_list": Type("table", _KIND),
    "expect_column_values_to_be_increasing": Type("rows", _ORDER),
    "expect_column_values_to_be_json_parseable": Type("text", "Only for text columns."),
    "expect_column_values_to_be_null": Type("rows"),
    "expect_column_values_to_be_of_type": Type("table", _KIND),
    "expect_column_values_to_be_unique": Type("rows", "Every row of a repeated value fails."),
    "expect_column_values_to_match_json_schema": Type(
        "text", "A text that is not JSON fails (GX's pandas engine stops at it)."
    ),
    "expect_column_values_to_match_like_pattern": Type("rows", _LIKE),
    "expect_column_values_to_match_like_pattern_list": Type("rows", _LIKE),
    "expect_column_values_to_match_regex": Type("rows", _REGEX),
    "expect_column_values_to_match_regex_list": Type("rows", _REGEX),
    "expect_column_values_to_match_strftime_format": Type(
        "text", "Python's `strptime`; only for text columns."
    ),
    "expect_column_values_to_not_be_in_set": Type("rows"),
    "expect_column_values_to_not_be_null": Type("rows"),
    "expect_column_values_to_not_be_outliers": Type("rows"),
    "expect_column_values_to_not_match_like_pattern": Type("rows", _LIKE),
    "expect_column_values_to_not_match_like_pattern_list": Type("rows", _LIKE),
    "expect_column_values_to_not_match_regex": Type("rows", _REGEX),
    "expect_column_values_to_not_match_regex_list": Type("rows", _REGEX),
    "expect_compound_columns_to_be_unique": Type("rows", "Every row of a repeated key fails."),
    "expect_multicolumn_sum_to_equal": Type("rows", _NULLS),
    "expect_multicolumn_values_to_be_equal": Type("rows"),
    "expect_query_results_to_match_comparison": Type(
        "refused",
        "It compares with another data source, which a build does not have. Land that source, or"
        " write an `unexpected_rows_expectation` that selects what differs.",
    ),
    "expect_select_column_values_to_be_unique_within_record": Type("rows"),
    "expect_table_column_count_to_be_between": Type("aggregate"),
    "expect_table_column_count_to_equal": Type("aggregate"),
    "expect_table_columns_to_match_ordered_list": Type("aggregate"),
    "expect_table_columns_to_match_set": Type("aggregate"),
    "expect_table_row_count_to_be_between": Type("aggregate"),
    "expect_table_row_count_to_equal": Type("aggregate"),
    "expect_table_row_count_to_equal_other_table": Type(
        "table", "Name the other table with its schema, unless it is in the same schema."
    ),
    "unexpected_rows_expectation": Type(
        "rows", "`{batch}` is the table; the rows that the query returns are kept."
    ),
}


def as_table() -> str:
    """The types as a Markdown table, for docs/how-to/expectations.md."""
    rows = [f"| `{kind}` | {JUDGES[judge]} | {note} |" for kind, (judge, note) in TYPES.items()]
    return "\n".join(["| type | judged by | note |", "| --- | --- | --- |", *rows]) + "\n"
