"""What rules may use on Spark: each construct, how Spark writes it, and where the two differ.

This is data. A construct that is not here is refused before anything runs; one that is here is
evaluated on both engines by the tests, with its examples. Where `naive` is given, the tests show
that Spark reads it with another meaning, or does not know it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Construct:
    """A construct of DuckDB's SQL that rules use.

    name: as DuckDB writes it. node: its class in sqlglot's tree. spark: how Spark writes it, with
    {0}, {1}, … for its parts. differs: what Spark would do with DuckDB's wording; empty if it does
    the same. examples: expressions that both must give one value. naive: the first of them, given
    to Spark in DuckDB's wording.
    """

    name: str
    node: type[exp.Expr]
    spark: str
    examples: tuple[str, ...]
    differs: str = ""
    naive: str = ""


_DAY = "date '2016-02-29'"
_TIME = "timestamp '2016-02-29 23:59:59.5'"

CONSTRUCTS: tuple[Construct, ...] = (
    Construct("=", exp.EQ, "({0} = {1})", ("'a' = 'A'", "cast('-0.0' as double) = 0.0::double")),
    Construct("<>", exp.NEQ, "({0} <> {1})", ("'ä' <> 'ä'", "1 <> null")),
    Construct("<", exp.LT, "({0} < {1})", ("'Z' < 'a'", "'a' < 'ä'", "'\uffff' < '😀'")),
    Construct("<=", exp.LTE, "({0} <= {1})", ("'' <= ' '", f"{_DAY} <= date '9999-12-31'")),
    Construct(">", exp.GT, "({0} > {1})", ("'b' > 'B'", f"{_DAY} > date '0001-01-01'")),
    Construct(">=", exp.GTE, "({0} >= {1})", ("'a ' >= 'a'", "null >= 1")),
    Construct("and", exp.And, "({0} AND {1})", ("true and null", "false and null")),
    Construct("or", exp.Or, "({0} OR {1})", ("true or null", "false or null")),
    Construct("not", exp.Not, "(NOT {0})", ("not null", "not true")),
    Construct("is", exp.Is, "({0} IS {1})", ("null is null", "'' is null")),
    Construct(
        "between",
        exp.Between,
        "({0} BETWEEN {1} AND {2})",
        ("2 between 1 and 3", "null between 1 and 2"),
    ),
    Construct(
        "+", exp.Add, "({0} + {1})", ("1::hugeint + 2", "cast('.1' as double) + 0.2::double")
    ),
    Construct("-", exp.Sub, "({0} - {1})", ("cast('.3' as double) - 0.1::double",)),
    Construct(
        "*",
        exp.Mul,
        "({0} * {1})",
        (
            "9223372036854775807::hugeint * 9223372036854775807::hugeint",
            "cast('1e200' as double) * 3",
        ),
    ),
    Construct(
        "/",
        exp.Div,
        "(CAST({0} AS DOUBLE) / CAST({1} AS DOUBLE))",
        ("cast(1 as double) / nullif(cast(3 as double), 0)", "cast(1 as double) / nullif(0.0, 0)"),
    ),
    Construct(
        "%", exp.Mod, "({0} % {1})", ("-7::hugeint % 3", "7::hugeint % -3", "1 % nullif(0, 0)")
    ),
    Construct("- x", exp.Neg, "(- {0})", ("- cast(5 as hugeint)", "- cast('-0.5' as double)")),
    Construct("abs", exp.Abs, "abs({0})", ("abs(-5::hugeint)", "abs(cast('-1.5' as double))")),
    Construct(
        "floor",
        exp.Floor,
        "(CASE WHEN abs({0}) < 4503599627370496D THEN CAST(floor({0}) AS DOUBLE) ELSE {0} END)",
        ("floor(cast('1e300' as double))", "floor(cast('-1.5' as double))"),
        "gives a BIGINT, and stops at a number beyond it",
        "floor(1e300D)",
    ),
    Construct(
        "ceil",
        exp.Ceil,
        "(CASE WHEN abs({0}) < 4503599627370496D THEN CAST(ceil({0}) AS DOUBLE) ELSE {0} END)",
        ("ceil(cast('-1e300' as double))", "ceil(cast('-1.5' as double))"),
        "gives a BIGINT, and stops at a number beyond it",
        "ceil(-1e300D)",
    ),
    Construct(
        "isfinite",
        exp.Anonymous,
        "(abs({0}) < CAST('Infinity' AS DOUBLE))",
        ("isfinite(cast('1e308' as double) * 10)", "isfinite(cast('1' as double))"),
        "does not know it",
        "isfinite(1D)",
    ),
    Construct("coalesce", exp.Coalesce, "coalesce({all})", ("coalesce(null, 'a')",)),
    Construct("nullif", exp.Nullif, "nullif({0}, {1})", ("nullif('a', 'a')", "nullif(null, 1)")),
    Construct(
        "greatest",
        exp.Greatest,
        "greatest({all})",
        ("greatest(1, null, 3)", "greatest(null, null)"),
    ),
    Construct("least", exp.Least, "least({all})", ("least('b', null, 'B')",)),
    Construct("||", exp.DPipe, "({0} || {1})", ("'a' || null", "'a' || ''")),
    Construct("length", exp.Length, "length({0})", ("length('ä😀')", "length('')")),
    Construct(
        "lower",
        exp.Lower,
        "translate({0}, {letters})",
        ("lower('ΑΣ İSTANBUL ÄẞK')", "lower('')"),
        "maps some letters to several, and others by their place in a word",
        "lower('ΑΣ İSTANBUL ÄẞK')",
    ),
    Construct(
        "upper",
        exp.Upper,
        "translate({0}, {letters})",
        ("upper('straße ŉ ﬁ ǆ')",),
        "maps some letters to several: ß to SS",
        "upper('straße ŉ ﬁ ǆ')",
    ),
    Construct(
        "trim",
        exp.Trim,
        "btrim({0}, {1})",
        ("trim('  a b \t', ' ')",),
        "takes the characters to remove first, so that it trims the blank",
        "trim('  a b \\t', ' ')",
    ),
    Construct(
        "substring",
        exp.Substring,
        "substring({all})",
        ("substring('ä😀bc', 2, 2)", "substring('abc', 2, 2147483647)", "substring('abc', 9, 1)"),
    ),
    Construct("replace", exp.Replace, "replace({0}, {1}, {2})", ("replace('aXbX', 'X', '')",)),
    Construct("starts_with", exp.StartsWith, "startswith({0}, {1})", ("starts_with('äb', 'ä')",)),
    Construct(
        "suffix",
        exp.Anonymous,
        "endswith({0}, {1})",
        ("suffix('abc', 'bc')", "suffix('a', '')"),
        "does not know it",
        "suffix('abc', 'bc')",
    ),
    Construct("contains", exp.Contains, "contains({0}, {1})", ("contains('a%b', '%')",)),
    Construct(
        "like",
        exp.Like,
        "({0} LIKE replace({1}, '\\\\', '\\\\\\\\'))",
        (r"'50%' like '50\%'", r"'a\b' like 'a\_'", "'😀\n' like '__'", "'A' like 'a'"),
        "reads a backslash of the pattern as an escape",
        r"'50%' LIKE '50\\%'",
    ),
    Construct(
        "regexp_matches",
        exp.RegexpLike,
        "regexp_like({0}, {pattern})",
        (r"regexp_matches('x7', '[0-9]')", "regexp_matches('a\n', '\\A(?:a)\\n?\\z')"),
    ),
    Construct(
        "regexp_full_match",
        exp.RegexpFullMatch,
        "regexp_like({0}, {pattern})",
        (
            "regexp_full_match('a\u2028b', 'a.b')",
            "regexp_full_match('2016', '[0-9]{4}|x')",
            "regexp_full_match('x2016', '[0-9]{4}|x')",
            "regexp_full_match('a\nb', 'a.b')",
            "regexp_full_match('YEſ', '(?i)y|yes')",
            "regexp_full_match('a\n', 'a')",
        ),
        "does not know it; its `.` stops at more ends of lines, and `(?i)` knows A to Z only",
        "regexp_like('a\u2028b', '^(?:a.b)$')",
    ),
    Construct(
        "year",
        exp.Year,
        "year({0})",
        (f"year({_DAY})", f"year({_TIME})", "year(date '0001-01-01')"),
    ),
    Construct("month", exp.Month, "month({0})", (f"month({_DAY})", f"month({_TIME})")),
    Construct("day", exp.Day, "day({0})", (f"day({_DAY})", f"day({_TIME})")),
    Construct("hour", exp.Hour, "hour({0})", (f"hour({_TIME})",)),
    Construct("minute", exp.Minute, "minute({0})", (f"minute({_TIME})",)),
    Construct(
        "last_day",
        exp.LastDay,
        "last_day(CAST({0} AS DATE))",
        (f"last_day({_DAY})", "last_day(timestamp '1900-02-01 10:00')"),
    ),
    Construct("make_date", exp.DateFromParts, "make_date({all})", ("make_date(1999, 12, 31)",)),
    Construct(
        "date_diff('day', …)",
        exp.DateDiff,
        "datediff(CAST({1} AS DATE), CAST({0} AS DATE))",
        (
            f"date_diff('day', {_TIME}, timestamp '2016-03-01 00:00:00')",
            f"date_diff('day', {_DAY}, date '2000-02-29')",
        ),
        "counts whole days between times, not midnights",
        "date_diff(DAY, timestamp_ntz'2016-02-29 23:59:59.5', timestamp_ntz'2016-03-01 00:00:00')",
    ),
    Construct(
        "date_diff('hour', …)",
        exp.DateDiff,
        "(CAST(datediff(CAST({1} AS DATE), CAST({0} AS DATE)) AS BIGINT) * 24"
        " + hour({1}) - hour({0}))",
        (f"date_diff('hour', {_TIME}, timestamp '2016-03-01 00:00:00')",),
        "counts whole hours, not full hours passed on the clock",
        "date_diff(HOUR, timestamp_ntz'2016-02-29 23:59:59.5', timestamp_ntz'2016-03-01 00:00:00')",
    ),
    Construct(
        "date_diff('minute', …)",
        exp.DateDiff,
        "(CAST(datediff(CAST({1} AS DATE), CAST({0} AS DATE)) AS BIGINT) * 1440"
        " + (hour({1}) - hour({0})) * 60 + minute({1}) - minute({0}))",
        (
            f"date_diff('minute', {_TIME}, timestamp '2016-03-01 00:00:00')",
            "date_diff('minute', timestamp '0001-01-01 00:00', timestamp '9999-12-31 23:59')",
        ),
        "counts whole minutes, not full minutes passed on the clock",
        "date_diff(MINUTE, timestamp_ntz'2016-02-29 23:59:59.5',"
        " timestamp_ntz'2016-03-01 00:00:00')",
    ),
)

UNPORTABLE = {
    "names_agree": "it compares spellings by functions that only DuckDB has: compare"
    " upper(trim(…)) of both, or judge this rule on one machine",
}
"""Constructs of rules that have no wording for Spark: why, and what to write instead."""

TYPES: dict[exp.DType, str] = {
    exp.DType.BIGINT: "BIGINT",
    exp.DType.BOOLEAN: "BOOLEAN",
    exp.DType.DATE: "DATE",
    exp.DType.DOUBLE: "DOUBLE",
    exp.DType.INT: "INT",
    # Rules keep integers below 2**126, which is less than 38 digits.
    exp.DType.INT128: "DECIMAL(38, 0)",
    exp.DType.TEXT: "STRING",
    # Spark's TIMESTAMP is an instant, shown in the zone of the session.
    exp.DType.TIMESTAMPNTZ: "TIMESTAMP_NTZ",
    exp.DType.TIMESTAMP: "TIMESTAMP_NTZ",
}
"""The types to which rules cast, as Spark names them."""
