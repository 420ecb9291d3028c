"""Numbers as people write them, in the signs that a model reads."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cytoreg.warehouse import functions


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        functions.define(con, "America/Chicago")
        yield con


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("3", "3"), ("2.0", "2.0"), (".5", ".5"), ("2 %", "2"), ("2 percent", "2"), ("1,5", "1.5"),
        ("<1", "<1"), ("< 1 %", "<1"), ("<1%", "<1"), ("less than 3", "<3"), ("Below 3%", "<3"),
        ("≤2", "<=2"), ("=<2", "<=2"), ("no more than 2", "<=2"), ("up to 2 %", "<=2"),
        ("less than or equal to 2", "<=2"), (">20", ">20"), ("greater than 20 %", ">20"),
        ("≥ 20", ">=20"), ("at least 20", ">=20"), ("20+", ">=20"), ("not less than 3", ">=3"),
        ("3-5", "3-5"), ("3 – 5 %", "3-5"), ("3 % to 5 %", "3-5"), ("1,5−2,5", "1.5-2.5"),
        ("between 3 and 5", "3-5"), ("~5", "~5"), ("about 2", "~2"), ("approx. 2 %", "~2"),
        ("ca. 2", "~2"), ("~2-3", "~2-3"), ("<^3", "<3"), (">=^20", ">=20"), ("^3^-^5", "3-5"),
        ("^3", "3"), ("=3", "3"), ("100.0", "100.0"), ("10 per cent", "10"), ("3\u20115 %", "3-5"),
        ("20% (hot spot)", "20"), ("2.4 % (12/500 cells)", "2.4"), ("<3 % (G1)", "<3"),
        ("3-5 %, manual count", "3-5"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_meant(
    written: str, read: str, con: duckdb.DuckDBPyConnection
) -> None:
    assert con.execute("select measured(?)", [written]).fetchone() == (read,)


@pytest.mark.parametrize(
    "text",
    [
        *("few <", "See Note", "3-5-7", "<>3", "3 of 10", "-5", "G2", "1.2.3", "2000 cells", ""),
        *("10 % (hot spot 25 %)", "2 % (average), 10 % (hot spot)", "12/500 (2.4 %)", "low (3 %)"),
    ],
)
def test_what_is_no_number_stays_as_it_is(text: str, con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select measured(?)", [text]).fetchone() == (text,)


def test_nothing_is_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select measured(null)").fetchone() == (None,)


def test_a_column_is_read_row_by_row(con: duckdb.DuckDBPyConnection) -> None:
    asked = "select measured(v) from (values ('≤ 2'), (null), ('few')) as t(v)"
    assert con.execute(asked).fetchall() == [("<=2",), (None,), ("few",)]


@pytest.mark.parametrize(
    "text",
    [
        *("not performed", "Not Done", "unknown", "UNK", "N/A", "NA", "n.d.", "cannot be assessed"),
        *("pending", "?", "--", "NI", "NASK", "ASKU", "NAV", "NAVU", "MSK", "null"),
    ],
)
def test_words_for_nothing_known_are_nothing(text: str, con: duckdb.DuckDBPyConnection) -> None:
    asked = "select recorded(?), recorded_number(?)"
    assert con.execute(asked, [text, text]).fetchall() == [(None, None)]


@pytest.mark.parametrize("text", ["-1", "-9", "-99", "-99.0", "999", "9999", "999.9"])
def test_codes_for_no_number_are_nothing(text: str, con: duckdb.DuckDBPyConnection) -> None:
    asked = "select recorded(?), recorded_number(?)"
    assert con.execute(asked, [text, text]).fetchall() == [(text, None)]


@pytest.mark.parametrize(
    "text", ["0", "99", "9", "9.9", "99.9", "1999", "-5", "990", "none", "few", "notes"]
)
def test_what_may_be_a_number_or_a_word_stays(text: str, con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select recorded_number(?)", [text]).fetchall() == [(text,)]
