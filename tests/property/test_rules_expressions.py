"""Law: a row expression means the same to DuckDB and to the evaluator that Pandera runs."""

from __future__ import annotations

import sys
from datetime import date, datetime

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_verdict import AS_OF, EXAMPLES

from cytoreg.rules import PartialDate, PartialDatetime
from cytoreg.rules.column_types import TYPES, stored_values, to_series
from cytoreg.rules.evaluate import evaluate
from cytoreg.rules.expression import parse
from cytoreg.rules.operations import OPERATIONS, to_sql
from cytoreg.rules.partial_date import read
from cytoreg.warehouse.connection import quote
from cytoreg.warehouse.names import define_names

COLUMNS = {
    **{"i": int, "j": int, "x": float, "y": float, "s": str, "u": str},
    **{"p": PartialDate, "q": PartialDate, "w": PartialDatetime, "z": PartialDatetime},
    **{"d": date, "e": date, "t": datetime, "v": datetime, "b": bool, "c": bool},
}
SQL_TYPES = {
    **{int: "bigint", float: "double", str: "varchar"},
    **{
        date: "date",
        PartialDate: "date",
        PartialDatetime: "timestamp",
        datetime: "timestamp",
        bool: "boolean",
    },
}
INTS = st.one_of(
    st.integers(-4, 4), st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1, 10**9, -(10**9), 366])
)
FLOATS = st.sampled_from(
    [0.0, -0.0, 1.0, -1.5, 2.5, 0.1, 1e308, -1e308, 5e-324, 1e-300, 9007199254740992.0]
)
TEXT = st.one_of(
    st.text(st.sampled_from("aAbB%_ ß\nİſ"), max_size=5),
    st.sampled_from(
        ["12", "-3", "1.5", "2000-01-01", "08:30", "true", "x y", "é", "e\u0301", "ΑΣ"]
    ),
)
DATES = st.one_of(
    st.sampled_from([date(1, 1, 1), date(9999, 12, 31), date(2000, 2, 29), date(1999, 12, 31)]),
    st.dates(date(1990, 1, 1), date(2016, 12, 31)),
)
PARTIAL_TEXTS = st.one_of(
    st.dates(date(1990, 1, 1), date(1992, 12, 31)).map(str),
    st.sampled_from(["1990", "1991", "1992", "1991-02", "1991-12", "0001", "9999-12"]),
)
PARTIAL_DATES = PARTIAL_TEXTS.map(read)
PARTIAL_TIMES = st.one_of(
    PARTIAL_TEXTS, st.datetimes(datetime(1990, 1, 1), datetime(1992, 12, 31)).map(str)
).map(TYPES[PartialDatetime].parse)
TIMES = st.one_of(
    st.sampled_from(
        [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59), datetime(1969, 12, 31, 23)]
    ),
    st.datetimes(datetime(1960, 1, 1), datetime(2016, 12, 31)),
)
VALUES = {
    **{int: INTS, float: FLOATS, str: TEXT, bool: st.booleans()},
    **{date: DATES, PartialDate: PARTIAL_DATES},
    **{datetime: TIMES, PartialDatetime: PARTIAL_TIMES},
}
ROWS = st.lists(
    st.tuples(*(st.one_of(st.none(), VALUES[kind]) for kind in COLUMNS.values())),
    min_size=1,
    max_size=30,
)


def written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'"
        case date():
            return f"date '{value}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
    return repr(value)


EVERY = (int, float, str, date, datetime)
TEMPLATES: dict[type, list[tuple[object, ...]]] = {
    int: [
        *((f"{{}} {op} {{}}", int, int) for op in "+-*%"),
        ("- {}", int),
        ("abs({})", int),
        ("date_diff('day', {}, {})", date, date),
        ("date_diff('day', {}, {})", datetime, date),
        ("date_diff('hour', {}, {})", datetime, datetime),
        ("date_diff('minute', {}, {})", datetime, datetime),
        ("{} - {}", date, date),
        ("length({})", str),
        ("cast({} || '' as bigint)", str),
        ("year({})", date),
        ("year({})", PartialDate),
        ("month({})", PartialDate),
        ("day({})", PartialDate),
        ("{} - {}", date, PartialDate),
        ("month({})", datetime),
        ("day({})", date),
        ("hour({})", datetime),
        ("hour({})", PartialDatetime),
        ("year({})", PartialDatetime),
        ("minute({})", datetime),
    ],
    float: [
        *((f"{{}} {op} {{}}", float, float) for op in "+-*/"),
        *((f"{{}} {op} {{}}", int, float) for op in "+-*"),
        ("{} / {}", int, int),
        ("- {}", float),
        ("abs({})", float),
        ("floor({})", float),
        ("ceil({})", float),
        ("cast({} as double)", int),
        ("cast({} || '' as double)", str),
    ],
    str: [
        ("{} || {}", str, str),
        ("lower({})", str),
        ("upper({})", str),
        ("trim({})", str),
        ("replace({}, 'a', {})", str, str),
        ("substr({}, 2, 2)", str),
        ("substr({}, 2)", str),
        ("cast({} as varchar)", int),
        ("cast({} as varchar)", date),
    ],
    date: [
        ("{} + {}", date, int),
        ("{} - {}", date, int),
        ("cast({} as date)", datetime),
        ("cast({} as date)", PartialDate),
        ("cast({} as date)", PartialDatetime),
        ("earliest({})", PartialDate),
        ("latest({})", PartialDate),
        ("earliest({})", date),
        ("coalesce({}, {})", PartialDate, date),
        ("cast({} || '' as date)", str),
    ],
    datetime: [
        ("cast({} as timestamp)", date),
        ("cast({} || '' as timestamp)", str),
        ("coalesce({}, {})", date, datetime),
    ],
    bool: [
        *((f"{{}} {op} {{}}", k, k) for op in ("=", "<>", "<", "<=", ">", ">=") for k in EVERY),
        *(
            (f"{{}} {op} {{}}", *kinds)
            for op in ("=", "<>", "<", "<=", ">", ">=")
            for kinds in ((PartialDate, PartialDate), (PartialDate, date), (date, PartialDate))
        ),
        ("{} < {}", PartialDate, datetime),
        *((f"{{}} {op} {{}}", PartialDatetime, PartialDatetime) for op in ("=", "<", ">=")),
        ("{} <= {}", PartialDatetime, datetime),
        ("cast({} as date) <= {}", PartialDatetime, date),
        ("cast({} as date) >= {}", PartialDatetime, PartialDate),
        ("{} <= cast({} as date)", PartialDate, PartialDatetime),
        ("{} - cast({} as date) > {}", date, PartialDatetime, int),
        ("{} between {} and {}", PartialDate, date, PartialDate),
        ("{} in ({}, {})", PartialDate, date, PartialDate),
        ("{} = {}", int, float),
        ("{} < {}", float, int),
        ("{} >= {}", date, datetime),
        ("{} = {}", bool, bool),
        *[("{} and {}", bool, bool), ("{} or {}", bool, bool), ("not {}", bool)] * 4,
        *(("{} is null", kind) for kind in (*EVERY, PartialDate, PartialDatetime, bool)),
        ("{} is not null", float),
        ("{} in ({}, {})", int, int, int),
        ("{} not in ({}, 'a')", str, str),
        ("{} between {} and {}", float, float, float),
        ("{} not between {} and {}", date, date, date),
        ("{} like 'a%'", str),
        ("{} not like '_b%\n'", str),
        ("{} like 'a\\%'", str),
        ("starts_with({}, {})", str, str),
        ("names_agree({}, {})", str, str),
        ("ends_with({}, {})", str, str),
        ("contains({}, {})", str, str),
        ("regexp_matches({}, '^[a-b]+$')", str),
        ("regexp_matches({}, '\\d|ß')", str),
    ],
}
ANY_TYPE = [
    ("case when {} then {} else {} end", bool, None, None),
    ("case {} when {} then {} end", int, int, None),
    ("coalesce({}, {})", None, None),
    ("nullif({}, {})", None, None),
]


@st.composite
def expressions(draw: st.DrawFn, kind: type, depth: int) -> str:
    """SQL of a type, at most `depth` operations deep; no operation gives a partial date."""
    if kind in (PartialDate, PartialDatetime):
        return draw(st.sampled_from([name for name, its in COLUMNS.items() if its is kind]))
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        if kind is date and draw(st.integers(0, 5)) == 0:
            return "$as_of"
        if draw(st.integers(0, 3)) == 0:
            # The smallest integers are no literals in SQL, where the minus is a sign of its own.
            return written(draw(st.integers(-5, 400) if kind is int else VALUES[kind]))
        return draw(st.sampled_from([name for name, its in COLUMNS.items() if its is kind]))
    general = [*ANY_TYPE, *[("greatest({}, {})", None, None), ("least({}, {})", None, None)]]
    options = TEMPLATES[kind] + (ANY_TYPE if kind is bool else general)
    template, *kinds = draw(st.sampled_from(options))
    parts = [draw(expressions(its or kind, depth - 1)) for its in kinds]
    return "(" + template.format(*parts) + ")"


def in_duckdb(conditions: list[str], rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    con = duckdb.connect()
    kinds = ", ".join(
        f"{part} {SQL_TYPES[kind]}"
        for name, kind in COLUMNS.items()
        for part in TYPES[kind].stored(name)
    )
    define_names(con)
    con.execute(f"create table rows (place int, {kinds})")
    marks = ", ".join("?" for _ in range(len(rows[0]) + 1))
    con.executemany(f"insert into rows values ({marks})", [(n, *row) for n, row in enumerate(rows)])
    return con.execute(f"select {', '.join(conditions)} from rows order by place").fetchall()


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(st.lists(expressions(bool, 4), min_size=1, max_size=6), ROWS)
def test_an_expression_has_the_same_value_in_duckdb_and_in_python(texts, rows):
    nodes = [parse(text, {"": COLUMNS}, "probe") for text in texts]
    columns: dict[str, list[object]] = {}
    for (name, kind), values in zip(COLUMNS.items(), zip(*rows, strict=True), strict=True):
        columns |= stored_values(TYPES[kind], name, to_series(TYPES[kind], values))
    expected = [evaluate(node, lambda _, name: columns[name], len(rows), AS_OF) for node in nodes]
    sql = [to_sql(node, lambda _, name: quote(name), AS_OF) for node in nodes]
    stored = list(zip(*columns.values(), strict=True))
    assert in_duckdb(sql, stored) == list(zip(*expected, strict=True))


def test_letters_change_case_alike_for_every_character_there_is():
    rows = duckdb.execute(
        "select chr(code), lower(chr(code)), upper(chr(code)) from"
        " (select unnest(range(1, ?))::int as code) where code not between 55296 and 57343",
        [sys.maxunicode + 1],
    ).fetchall()
    lower, upper = OPERATIONS["lower"].python, OPERATIONS["upper"].python
    assert [char for char, low, up in rows if (low, up) != (lower(char), upper(char))] == []
