"""Law: a compiled check finds exactly the rows that Pandera's own check finds."""

from __future__ import annotations

from datetime import date, datetime

import pandera.pandas as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_verdict import EXAMPLES, by_duckdb, by_pandera, frame_of

from cytoreg.rules import Entity, PartialDate, PartialDatetime, compile_schemas, field

# Values that sit on boundaries, look alike, or are not of any type.
TEXTS = [
    *(
        "",
        " ",
        "a",
        "b",
        "A",
        "ab",
        "aB",
        "ä",
        "é",
        "e\u0301",
        "ß",
        "a\n",
        "\n",
        "a%",
        "_",
        "'",
        '"',
    ),
    *("٣", "７", "\u00a0", "\u2028", "😀", "a\x00b", "1", "01", "a b", "abab", "K", "K", "ſ"),
]
INTS = ["0", "1", "2", "5", "-1", "+3", "007", "-0", "9007199254740993", "-9223372036854775808"]
BAD_INTS = ["1.0", "1e3", " 1", "1 ", "", "x", "0x1", "1_0", "９", "9223372036854775808", "--1"]
FLOATS = ["0", "-0", "1", "1.5", "2.5", ".5", "5.", "1e3", "-1E-3", "0.1", "9007199254740993"]
BAD_FLOATS = ["1e999", "nan", "inf", "1,5", ".", "e3", "1e", "", "0x1p3", "-infinity", "1_0.0"]
DATES = ["2000-01-01", "1999-12-31", "2000-02-29", "0001-01-01", "9999-12-31", "2016-12-31"]
BAD_DATES = ["2001-02-29", "2000-1-1", "20000101", "0000-01-01", "x", "2000-01-01 ", "2000-13-01"]
TIMES = ["2000-01-01 00:00", "2000-01-01T00:00:00", "1999-12-31 23:59:59.999999"]
PARTIAL_DATES = ["2000", "2000-01", "1999", "1999-12", "2000-02", "0001", "9999-12"]
BAD_PARTIAL_DATES = ["0000", "2000-13", "2000-00", "2000-1", "200001", "2000-", "200", "2000-01-00"]
BAD_TIMES = ["2000-01-01", "2000-01-01 24:00", "2000-01-01 1:00", "2000-01-01 00:00:00.0000001"]
BOOLS = ["true", "false"]
BAD_BOOLS = ["True", "1", "", "t", "no"]


def text_of(good: list[str], bad: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(good), st.sampled_from(good + bad))


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "s": st.one_of(st.none(), st.sampled_from(TEXTS), st.text("ab1 ä\n", max_size=4)),
            "i": text_of(INTS, BAD_INTS),
            "x": text_of(FLOATS, BAD_FLOATS),
            "d": text_of(DATES, BAD_DATES),
            "p": text_of(DATES + PARTIAL_DATES, BAD_DATES + BAD_PARTIAL_DATES),
            "t": text_of(TIMES, BAD_TIMES),
            "w": text_of(TIMES + DATES + PARTIAL_DATES, BAD_TIMES[1:] + BAD_PARTIAL_DATES),
            "b": text_of(BOOLS, BAD_BOOLS),
        }
    ),
    min_size=1,
    max_size=40,
)

CONSTANTS = {
    "s": st.sampled_from([text for text in TEXTS if "\0" not in text]),
    "i": st.one_of(st.integers(-3, 8), st.just(2**53 + 1), st.sampled_from([1.5, 2.0])),
    "x": st.one_of(st.sampled_from([0.0, 1.0, 1.5, 0.1, -0.001, 1000.0]), st.integers(-3, 8)),
    "d": st.sampled_from([date(2000, 1, 1), date(1999, 12, 31), date(1, 1, 1), date(9999, 12, 31)]),
    "p": st.sampled_from([date(2000, 1, 1), date(1999, 12, 31), date(2000, 1, 31), date(1, 1, 1)]),
    "t": st.sampled_from([datetime(2000, 1, 1), datetime(1999, 12, 31, 23, 59, 59, 999999)]),
    "w": st.sampled_from([datetime(2000, 1, 1), datetime(1999, 12, 31, 23, 59, 59, 999999)]),
    "b": st.booleans(),
}
EXACT = {**CONSTANTS, "i": st.integers(-3, 8), "x": st.sampled_from([0.0, 1.0, 1.5, 0.1, 1000.0])}
PATTERNS = st.sampled_from(
    [
        *("a", "^a$", "a|b", "^a|b$", r"\d", r"\w+$", r"\s", r"^\S+$", ".", "^.$", "[^a]", "a?b*"),
        *(
            "(ab)+",
            "a{2}",
            "^$",
            r"\Aa\Z",
            "(?s)^.$",
            "(?a)\\d",
            r"(a|b)\1",
            "(?=a)",
            r"\ba",
            "(?i)K",
        ),
        *("K", "$", "a$|b", "(a$)", "[a-z]", "ä", r"[\d_]", "^(?:[0-9]{1,3})?$", r"[^\w\s]"),
    ]
)


def columns_checks(column: str) -> st.SearchStrategy[dict[str, object]]:
    """Arguments of `field` for one column: any of Pandera's checks that suit its type."""
    constant, exact = CONSTANTS[column], EXACT[column]
    parts: dict[str, st.SearchStrategy[object]] = {"eq": exact, "ne": exact}
    if column not in "pw":
        parts["isin"] = parts["notin"] = st.lists(exact, min_size=1, max_size=3)
    if column != "b":
        parts |= {"ge": constant, "gt": constant, "le": constant, "lt": constant}
        parts["in_range"] = st.tuples(
            st.lists(constant, min_size=2, max_size=2, unique=True).map(sorted),
            st.booleans(),
            st.booleans(),
        ).map(lambda drawn: (*drawn[0], *drawn[1:]))
    if column == "s":
        parts |= {
            "str_matches": PATTERNS,
            "str_contains": PATTERNS,
            "str_startswith": st.sampled_from(["a", "ä", "", "ab"]),
            "str_endswith": st.sampled_from(["b", "\n", "", "'"]),
            "str_length": st.one_of(
                st.integers(0, 3),
                st.fixed_dictionaries({"min_value": st.integers(0, 2)}),
                st.fixed_dictionaries({"max_value": st.integers(0, 2)}),
                st.just({"min_value": 1, "max_value": 2}),
            ),
        }
    return st.lists(st.sampled_from(sorted(parts)), max_size=4, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: parts[name] for name in names})
    )


TYPES = {
    "s": str,
    "i": int,
    "x": float,
    "d": date,
    "p": PartialDate,
    "t": datetime,
    "w": PartialDatetime,
    "b": bool,
}


@st.composite
def models(draw: st.DrawFn) -> type[Entity]:
    body: dict[str, object] = {"__annotations__": dict(TYPES), "__module__": __name__}
    for column in TYPES:
        body[column] = field(
            column,
            nullable=draw(st.booleans()),
            unique=draw(st.booleans()),
            **draw(columns_checks(column)),
        )
    return type("Probe", (Entity,), body)


@settings(max_examples=EXAMPLES, deadline=None)
@given(models(), ROWS)
def test_compiled_checks_find_what_pandera_finds(model, rows):
    frame = frame_of(model, rows)
    assert by_duckdb([model], {"probe": frame}) == by_pandera(model, frame, {})


def test_the_checks_of_this_law_are_compiled_except_those_that_cannot_be():
    """Were they all left to Pandera, the law would hold of nothing."""

    class Probe(Entity):
        """Every check of Pandera's once."""

        s: str = field(
            "s",
            unique=True,
            isin=("a", "b"),
            notin=["c"],
            eq="a",
            ne="b",
            str_matches=r"^\d+$",
            str_contains="a|b",
            str_startswith="a",
            str_endswith="b",
            str_length={"min_value": 1, "max_value": 3},
        )
        i: int = field("i", in_range=(1, 5), ge=0, gt=0, le=9, lt=9.5)
        p: PartialDate = field("p", in_range=(date(2000, 1, 1), date(2001, 1, 1)), ge=date(1, 1, 1))
        look: str = field("look", str_matches="(?=a)", str_contains=r"(a)\1")

        @pa.check("i", element_wise=True)
        def odd(cls, value: int) -> bool:
            return value % 2 == 1

    rules = compile_schemas([Probe])["probe"].rules
    assert {rule.id for rule in rules if rule.kind == "fallback"} == {
        "probe.look.str_matches",
        "probe.look.str_contains",
        "probe.i.odd",
    }
