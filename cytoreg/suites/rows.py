"""Row expectations as SQL: to which rows each applies, and which of them fail.

The counts are those of Great Expectations' own SQL: a condition that is null is unknown and passes,
and a null value fails only if the expectation is about nulls. Where GX has no SQL for DuckDB
(patterns, order, outliers), its pandas engine is the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cytoreg.errors import ConfigError
from cytoreg.suites.sql import constant, constants
from cytoreg.suites.texts import Accepts, matches
from cytoreg.warehouse.connection import literal, quote

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class RowTest:
    """considered: rows to which it applies; fails: which of those fail (both SQL conditions).

    columns: those that it reads. accepts: for a test of texts, Python's verdict on each distinct
    text; `fails` is then empty. ordered: it needs the order of the table's rows.
    """

    columns: tuple[str, ...]
    considered: str
    fails: str
    accepts: Accepts | None = None
    ordered: bool = False


def row_test(kind: str, given: Arguments) -> RowTest:
    """The test of a row expectation; `given` has every argument, defaults included.

    Raises ConfigError for arguments that make no sense.
    """
    if "column_A" in given:
        return _pair(kind, given)
    if "column_list" in given:
        return _several(kind, given)
    column = given["column"]
    this = quote(column)
    if kind == "expect_column_values_to_not_be_null":
        return RowTest((column,), "true", f"{this} is null")
    if kind == "expect_column_values_to_be_null":
        return RowTest((column,), "true", f"{this} is not null")
    made = _COLUMN[kind](this, given)
    if isinstance(made, str):
        return RowTest((column,), f"{this} is not null", f"not ({made})", ordered=_LAG in made)
    return RowTest((column,), f"{this} is not null", "", accepts=made)


def _bounds(value: str, given: Arguments) -> str:
    """`value` within min_value and max_value, of which at least one is given."""
    low, high = given["min_value"], given["max_value"]
    if low is None and high is None:
        raise ConfigError("min_value and max_value cannot both be left out")
    try:
        turned = low is not None and high is not None and low > high
    except TypeError:
        raise ConfigError("min_value and max_value are of different types") from None
    if turned:
        raise ConfigError("min_value is above max_value")
    parts = []
    if low is not None:
        parts.append(f"{value} {'>' if given['strict_min'] else '>='} {constant(low)}")
    if high is not None:
        parts.append(f"{value} {'<' if given['strict_max'] else '<='} {constant(high)}")
    return " and ".join(parts)


def _between(this: str, given: Arguments) -> str:
    return _bounds(this, given)


def _lengths(this: str, given: Arguments) -> str:
    return _bounds(f"length({this})", given)


def _length(this: str, given: Arguments) -> str:
    return f"length({this}) = {constant(given['value'])}"


def _in_set(this: str, given: Arguments) -> str:
    if given["value_set"] is None:
        return "true"
    listed = constants(given["value_set"])
    return f"{this} in ({', '.join(listed)})" if listed else "false"


def _not_in_set(this: str, given: Arguments) -> str:
    listed = [] if given["value_set"] is None else constants(given["value_set"])
    return f"{this} not in ({', '.join(listed)})" if listed else "true"


def _unique(this: str, given: Arguments) -> str:
    return f"count(*) over (partition by {this}) = 1"


def _z_score(this: str, given: Arguments) -> str:
    threshold = constant(abs(given["threshold"]) if given["double_sided"] else given["threshold"])
    spread = f"nullif(stddev_samp({this}) over (), 0)"
    score = f"({this} - avg({this}) over ()) / {spread}"
    return f"{f'abs({score})' if given['double_sided'] else score} < {threshold}"


def _not_outliers(this: str, given: Arguments) -> str:
    """Tukey's fences, inclusive; or fewer than so many standard deviations from the mean."""
    times = constant(float(given["multiplier"]))
    if given["method"] == "iqr":
        low, high = (f"quantile_cont({this}::double, {part}) over ()" for part in (0.25, 0.75))
        reach = f"{times} * (({high}) - ({low}))"
        return f"{this} between ({low}) - {reach} and ({high}) + {reach}"
    if given["method"] != "std":
        raise ConfigError(f"method {given['method']!r} is neither iqr nor std")
    mean, reach = f"avg({this}) over ()", f"{times} * (stddev_samp({this}::double) over ())"
    return f"case when {reach} <= 0 then {this} = {mean} else abs({this} - {mean}) < {reach} end"


_LAG = "over (order by _position)"


def _in_order(sign: str) -> Callable[[str, Arguments], str]:
    def ordered(this: str, given: Arguments) -> str:
        return f"{this} {sign}{'' if given['strictly'] else '='} lag({this}) {_LAG}"

    return ordered


def _regex(this: str, given: Arguments) -> str | Accepts:
    return _matched(this, [given["regex"]], any)


def _not_regex(this: str, given: Arguments) -> str | Accepts:
    return _negated(_regex(this, given))


def _regexes(this: str, given: Arguments) -> str | Accepts:
    return _matched(this, given["regex_list"], all if given["match_on"] == "all" else any)


def _not_regexes(this: str, given: Arguments) -> str | Accepts:
    return _negated(_matched(this, given["regex_list"], any))


def _matched(
    this: str, patterns: Sequence[str], how: Callable[[Sequence[object]], bool]
) -> str | Accepts:
    """Whether `this` matches any (all) of the patterns, in the database if possible."""
    from cytoreg.rules.regex import to_re2

    if not patterns:
        raise ConfigError("regex_list is empty")
    translated = []
    for pattern in patterns:
        try:
            translated.append(to_re2(pattern, anchored=False))
        except re.error as error:
            raise ConfigError(f"the pattern is not valid: {error.msg}") from None
    if None in translated:
        return matches(patterns, how)
    word = " and " if how is all else " or "
    return word.join(
        f"regexp_matches({this}::varchar, {literal(pattern or '')})" for pattern in translated
    )


def _negated(made: str | Accepts) -> str | Accepts:
    if isinstance(made, str):
        return f"not ({made})"
    return lambda text: not made(text)


def _like(this: str, given: Arguments) -> str:
    return _likes(this, {**given, "like_pattern_list": [given["like_pattern"]], "match_on": "any"})


def _not_like(this: str, given: Arguments) -> str:
    return f"not ({_like(this, given)})"


def _likes(this: str, given: Arguments) -> str:
    patterns, escape = given["like_pattern_list"], given["escape"]
    if not patterns:
        raise ConfigError("like_pattern_list is empty")
    end = f" escape {literal(escape)}" if escape else ""
    word = " and " if given["match_on"] == "all" else " or "
    return word.join(f"{this}::varchar like {constant(one)}{end}" for one in patterns)


def _not_likes(this: str, given: Arguments) -> str:
    return f"not ({_likes(this, {**given, 'match_on': 'any'})})"


def _text(name: str, argument: str | None = None) -> Callable[[str, Arguments], Accepts]:
    def made(this: str, given: Arguments) -> Accepts:
        from cytoreg.suites import texts

        maker = getattr(texts, name)
        return maker(given[argument]) if argument else maker()  # type: ignore[no-any-return]

    return made


_COLUMN: dict[str, Callable[[str, Arguments], str | Accepts]] = {
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _length,
    "expect_column_value_z_scores_to_be_less_than": _z_score,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_dateutil_parseable": _text("dates"),
    "expect_column_values_to_be_decreasing": _in_order("<"),
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_be_increasing": _in_order(">"),
    "expect_column_values_to_be_json_parseable": _text("json_texts"),
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_match_json_schema": _text("json_of", "json_schema"),
    "expect_column_values_to_match_like_pattern": _like,
    "expect_column_values_to_match_like_pattern_list": _likes,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _regexes,
    "expect_column_values_to_match_strftime_format": _text("dates_like", "strftime_format"),
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_not_be_outliers": _not_outliers,
    "expect_column_values_to_not_match_like_pattern": _not_like,
    "expect_column_values_to_not_match_like_pattern_list": _not_likes,
    "expect_column_values_to_not_match_regex": _not_regex,
    "expect_column_values_to_not_match_regex_list": _not_regexes,
}


def _pair(kind: str, given: Arguments) -> RowTest:
    a, b = quote(given["column_A"]), quote(given["column_B"])
    ignored = {
        "both_values_are_missing": f"not ({a} is null and {b} is null)",
        "either_value_is_missing": f"not ({a} is null or {b} is null)",
        "neither": "true",
    }
    match kind:
        case "expect_column_pair_values_to_be_equal":
            holds = f"{a} = {b} and {a} is not null and {b} is not null"
        case "expect_column_pair_values_a_to_be_greater_than_b" if given["or_equal"]:
            holds = f"{a} >= {b} or ({a} is null and {b} is null)"
        case "expect_column_pair_values_a_to_be_greater_than_b":
            holds = f"{a} > {b}"
        case _:
            holds = _in_pairs(a, b, given["value_pairs_set"])
    considered = _ignored(given["ignore_row_if"], ignored)
    return RowTest((given["column_A"], given["column_B"]), considered, f"not ({holds})")


def _in_pairs(a: str, b: str, pairs: Sequence[Sequence[object]] | None) -> str:
    if pairs is None:
        return "true"
    if any(isinstance(pair, str) or len(pair) != 2 for pair in pairs):
        raise ConfigError("value_pairs_set: is a list of pairs")
    each = [f"({_equal(a, one)} and {_equal(b, other)})" for one, other in pairs]
    return " or ".join(each) or "false"


def _equal(column: str, value: object) -> str:
    return f"{column} is null" if value is None else f"{column} = {constant(value)}"


def _several(kind: str, given: Arguments) -> RowTest:
    names = tuple(given["column_list"])
    columns = [quote(name) for name in names]
    nulls = [f"{column} is null" for column in columns]
    ignored = {
        "all_values_are_missing": f"not ({' and '.join(nulls)})",
        "any_value_is_missing": f"not ({' or '.join(nulls)})",
        "never": "true",
    }
    match kind:
        case "expect_compound_columns_to_be_unique":
            holds = f"count(*) over (partition by {', '.join(columns)}) = 1"
        case "expect_multicolumn_sum_to_equal":
            holds = f"{' + '.join(columns)} = {constant(given['sum_total'])}"
        case "expect_multicolumn_values_to_be_equal":
            first = columns[0]
            holds = " and ".join(f"{column} is not distinct from {first}" for column in columns)
        case _:
            twins = [f"{a} is not distinct from {b}" for a, b in combinations(columns, 2)]
            holds = f"not ({' or '.join(twins) or 'false'})"
    return RowTest(names, _ignored(given["ignore_row_if"], ignored), f"not ({holds})")


def _ignored(word: object, meanings: Mapping[str, str]) -> str:
    if word not in meanings:
        raise ConfigError(f"ignore_row_if: is {', '.join(meanings)}")
    return meanings[str(word)]
