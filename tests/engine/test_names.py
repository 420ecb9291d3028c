"""Names are the same when they differ only in what writing, a field's width or a suffix does."""

from __future__ import annotations

import duckdb
import pytest

from cytoreg.warehouse.names import define_names, names_agree


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    define_names(con)
    return con


def same(
    con: duckdb.DuckDBPyConnection,
    one: str,
    other: str,
    width: int | None = None,
    *,
    loosely: bool = False,
) -> bool:
    """Whether two names are the same; the second comes from a field of `width` letters."""
    ((found, turned),) = con.execute(
        f"""with form as materialized (
          select name_forms(?::varchar, null) as a, name_forms(?::varchar, ?::integer) as b
        )
        select same_name(a, b, {loosely}), same_name(b, a, {loosely}) from form""",
        [one, other, width],
    ).fetchall()
    assert found == turned, "it does not matter which of the two comes first"
    return bool(found)


def parts(con: duckdb.DuckDBPyConnection, one: str, other: str) -> bool:
    ((found,),) = con.execute(
        """with form as materialized (
          select name_forms(?::varchar, null) as a, name_forms(?::varchar, null) as b
        )
        select parts_of_name(a, b) from form""",
        [one, other],
    ).fetchall()
    return bool(found)


@pytest.mark.parametrize(
    ("written", "spellings"),
    [
        ("Sørensen", ["SORENSEN", "SOERENSEN", "Sörensen", "sørensen"]),
        ("Weiß", ["WEISS", "Weiss", "WEIẞ"]),
        ("Wałęsiak", ["WALESIAK"]),
        ("Ærø", ["AERO", "AEROE"]),
        ("Đukić", ["DUKIC", "DJUKIC"]),
        ("Þorgils", ["THORGILS"]),
        ("Guðný", ["GUDNY", "GUDHNY"]),
        ("Yıldız", ["YILDIZ"]),
        ("Åström", ["ASTROM", "AASTROEM", "A\u030astro\u0308m"]),
        ("Müllner", ["MULLNER", "MUELLNER"]),
        ("Œuvrard", ["OEUVRARD"]),
        ("O'Testy", ["OTESTY", "O’TESTY", "O TESTY"]),
        ("Testa-Probe", ["TESTA PROBE", "TESTAPROBE", "TESTA–PROBE"]),
        ("van der Test", ["VANDERTEST", "VAN DERTEST"]),
        ("Testman Jr.", ["TESTMAN", "TESTMAN, SR", "TESTMAN III", "TESTMAN MD", "TESTMAN JR MD"]),
    ],
)
def test_spellings_of_one_name(con, written, spellings) -> None:
    assert [spelling for spelling in spellings if not same(con, written, spelling)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("Testman", "Testmann"), ("Bauer", "Baur"), ("Weiß", "Weis"), ("Iversen", "Ivarsen")],
        *[("Ivins", "Vins"), ("Anna Maria", "Anna"), ("Testmanson", "Testman")],
    ],
)
def test_other_names(con, one, other) -> None:
    assert not same(con, one, other)


def test_a_name_of_suffixes_only_stays_a_name(con) -> None:
    assert not same(con, "Junior", "Senior")
    assert same(con, "V", "v.")


def test_what_has_no_letter_is_no_name(con) -> None:
    query = "select name_forms(' -. ', 20), name_forms(null::varchar, 20)"
    assert con.execute(query).fetchall() == [(None, None)]


def test_spellings_without_their_letters_pass_for_each_other_loosely(con) -> None:
    assert not same(con, "MUELLNER", "MULLNER")
    assert same(con, "MUELLNER", "MULLNER", loosely=True)


def test_a_name_is_cut_at_the_width_of_its_field_only(con) -> None:
    assert same(con, "Testopoulos-Probandidis", "TESTOPOULOS-PROBANDI", 20)
    assert not same(con, "Testopoulos-Probandidis", "TESTOPOULOS-PROBAND", 20)
    assert not same(con, "Testopoulos-Probandidis", "TESTOPOULOS-PROBANDI", 21)
    assert not same(con, "Testopoulos-Probandidis", "TESTOPOULOS-PROBANDI", None)
    assert not same(con, "Testopoulos-Probendidis", "TESTOPOULOS-PROBANDI", 20)


def test_a_field_that_ends_with_a_blank_is_one_letter_shorter(con) -> None:
    assert same(con, "Testina Rosa", "TESTINA", 8)
    assert not same(con, "Testinarosa", "TESTINA", 8)


def test_a_cut_name_may_have_letters_of_its_own(con) -> None:
    assert same(con, "Sørensen-Großmann-Testesen", "SOERENSEN-GROSSMANN-", 20)
    assert same(con, "Sørensen-Großmann-Testesen", "SORENSEN-GROSSMANN-T", 20)


def test_parts_of_names(con) -> None:
    assert parts(con, "Anna Maria", "ANNA")
    assert parts(con, "Anna-Maria", "MARIA")
    assert parts(con, "van der Test", "TEST")
    assert parts(con, "Testa Probe", "PROBE-TESTA")
    assert parts(con, "Johan", "J")
    assert not parts(con, "Anna Maria", "ANNA LENA")
    assert not parts(con, "Anna", "ANNELIESE")


@pytest.mark.parametrize(
    ("written", "family"),
    [
        ("MALEK, JAN", "Małek"),
        ("MALEK JAN", "Małek"),
        ("MALEK JR, JAN", "Małek"),
        ("DORDE, SIM", "Đorđe"),
        ("OBRIEN, SIM", "O'Brien"),
        ("A BECKETT, SIM", "à Beckett"),
        ("MUELLER, SIM", "Müller"),
        ("GROENN, SIM", "Grønn"),
        ("GARCIA, SIM", "García López"),
        ("SMITHJONES, SIM", "Smith-Jones"),
        ("PAPADIMITRIOU-KONSTA, SIM", "Papadimitriou-Konstantinou"),
    ],
)
def test_a_whole_name_agrees_with_its_family_name_however_it_is_written(written, family):
    assert names_agree(written, family) is True


@pytest.mark.parametrize(
    ("written", "family", "agree"),
    [("SIM, ANN", "Test", False), ("LI, SIM", "Lin", False), ("-", "Sim", None)],
)
def test_another_family_name_does_not_agree_and_none_says_nothing(written, family, agree):
    assert names_agree(written, family) is agree
