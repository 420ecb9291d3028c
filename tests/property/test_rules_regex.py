"""Law: a translated pattern matches in DuckDB exactly where Python matches, at the same texts."""

from __future__ import annotations

import re
import sys
import warnings

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rules_verdict import EXAMPLES

from cytoreg.rules.regex import to_re2

ATOMS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "ä",
            "K",
            ".",
            r"\.",
            r"\d",
            r"\D",
            r"\w",
            r"\W",
            r"\s",
            r"\S",
            r"\n",
            "_",
            "-",
        ),
        *(
            "[ab]",
            "[^ab]",
            "[a-c]",
            r"[\d_]",
            r"[^\s]",
            r"[\W_]",
            "[]-]",
            r"[\x00-\x1f]",
            "😀",
            "٣",
        ),
        *("^", "$", r"\A", r"\Z", "(?:)", "[^\\n]", "K"),
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        inner.map(lambda body: f"({body})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", "{0}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)
FLAGS = st.sampled_from(["", "(?s)", "(?a)", "(?as)", "(?i)", "(?m)", "(?x)"])
TEXTS = st.lists(
    st.text(st.sampled_from("abcäK_-. \n\t1٣７ſKé\u00a0\u2028\x1c\x00😀]"), max_size=5),
    min_size=1,
    max_size=30,
)


def matches(pattern: str, texts: list[str]) -> list[bool]:
    con = duckdb.connect()
    return [
        found
        for (found,) in con.execute(
            "select regexp_matches(text, $pattern) from (select unnest($texts::varchar[]) as text)",
            {"pattern": pattern, "texts": texts},
        ).fetchall()
    ]


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(FLAGS, PATTERNS, st.booleans(), TEXTS)
def test_a_translated_pattern_matches_the_same_texts(flags, body, anchored, texts):
    pattern = flags + body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            python = re.compile(pattern)
        except re.error:
            assume(False)
    translated = to_re2(pattern, anchored=anchored)
    assume(translated is not None)
    expected = [
        (python.match(text) if anchored else python.search(text)) is not None for text in texts
    ]
    assert matches(translated, texts) == expected


@pytest.mark.parametrize(
    "category", [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "(?a)\\s", "(?a)\\w"]
)
def test_a_category_holds_the_same_code_points_to_the_last_one(category):
    """Every character there is: RE2's own \\d, \\w and \\s know ASCII alone."""
    translated = to_re2(category, anchored=False)
    chars = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    found = re.compile(category).search
    con = duckdb.connect()
    rows = con.execute(
        "select code from (select unnest(range(1, 1114112)) as code)"
        " where code not between 55296 and 57343 and regexp_matches(chr(code::int), $1)",
        [translated],
    ).fetchall()
    assert {chr(code) for (code,) in rows} == {char for char in chars if found(char)}


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        r"(a)\1",
        r"\bword",
        "(?i)ab",
        "(?m)^a$",
        "$a",
        "(a)?(?(1)b|c)",
        "^^",
    ],
)
def test_what_has_no_exact_form_is_left_to_pandera(pattern):
    assert to_re2(pattern, anchored=False) is None


def test_common_patterns_stay_readable():
    assert to_re2("^[0-9]{7}$", anchored=True) == r"\A(?:\A[0-9]{7}\n?\z)"
    assert to_re2(r"^C[0-9]{2}\.[0-9]\Z", anchored=False) == r"\AC[0-9]{2}\.[0-9]\z"
