"""Numbers as people write them, in the signs that a model reads."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cytoreg import functions


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
        ("^3", "3"), ("=3", "3"), ("100.0", "100.0"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_meant(
    written: str, read: str, con: duckdb.DuckDBPyConnection
) -> None:
    assert con.execute("select measured(?)", [written]).fetchone() == (read,)


@pytest.mark.parametrize(
    "text", ["few <", "See Note", "3-5-7", "<>3", "3 of 10", "-5", "G2", "1.2.3", "2000 cells", ""]
)
def test_what_is_no_number_stays_as_it_is(text: str, con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select measured(?)", [text]).fetchone() == (text,)


def test_nothing_is_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select measured(null)").fetchone() == (None,)


def test_a_column_is_read_row_by_row(con: duckdb.DuckDBPyConnection) -> None:
    asked = "select measured(v) from (values ('≤ 2'), (null), ('few')) as t(v)"
    assert con.execute(asked).fetchall() == [("<=2",), (None,), ("few",)]
