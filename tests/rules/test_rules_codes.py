"""A long list of codes is looked up in a table, and means what a short one means."""

from __future__ import annotations

from cytoreg.rules import Entity, compile_schemas, field

CODES = [f"C{n:02d}.{m}" for n in range(20) for m in range(10)]
NUMBERS = list(range(-5, 300))
ODD = ["it's", "a\nb", "a|b", "a\tb", "", "ß", *CODES]


class Tumour(Entity):
    """A tumour."""

    site: str = field("Where.", key=True, isin=CODES)
    other: str = field("Where too.", nullable=True, isin=CODES)
    never: str = field("Not there.", nullable=True, notin=CODES, warn="notin")
    number: int = field("A number.", nullable=True, isin=NUMBERS)
    odd: str = field("Any text.", nullable=True, isin=ODD)


SOUND = {"site": "C00.0"}


def verdict(con) -> list[tuple[object, ...]]:
    return con.execute('select rule, "row" from quality.finding order by all').fetchall()


def test_codes_of_a_long_list_pass_and_others_are_found_once(judged):
    rows = [
        SOUND | {"other": "C19.9", "never": "x", "number": "299", "odd": "it's"},
        SOUND | {"other": "C20.0", "never": "C19.9", "number": "300", "odd": "its"},
        SOUND | {"number": "-5", "odd": "a\nb"},
        SOUND | {"number": "x", "odd": ""},
        {"site": "C99.9"},
    ]
    con = judged([Tumour], tumour=rows)
    assert verdict(con) == [
        ("tumour.never.notin", 2),
        ("tumour.number.isin", 2),
        ("tumour.number.type", 4),
        ("tumour.odd.isin", 2),
        ("tumour.other.isin", 2),
        ("tumour.site.isin", 5),
    ]
    accepted = con.execute(
        "select _row, other, never, number, odd from accepted.tumour order by _row"
    )
    assert accepted.fetchall() == [
        (1, "C19.9", "x", 299, "it's"),
        (2, None, "C19.9", None, None),
        (3, None, None, -5, "a\nb"),
        (4, None, None, None, ""),
    ]


def test_rows_with_a_value_are_counted(judged):
    con = judged([Tumour], tumour=[SOUND | {"number": "1"}, SOUND, SOUND | {"number": "900"}])
    ((rows,),) = con.execute(
        "select denominator from quality.check_result where rule = 'tumour.number.isin'"
    ).fetchall()
    assert rows == 2


def test_a_list_that_nulls_are_held_against_finds_them_too(judged):
    class Site(Entity):
        """A site."""

        number: str = field("Number.", key=True)
        code: str = field("Code.", nullable=True, isin=CODES, ignore_na=False)

    con = judged([Site], site=[{"number": "1"}, {"number": "2", "code": CODES[0]}])
    assert verdict(con) == [("site.code.isin", 1)]
    assert con.execute(
        "select denominator from quality.check_result where rule = 'site.code.isin'"
    ).fetchall() == [(2,)]


def test_columns_with_the_same_codes_share_their_table_which_is_gone_in_the_end(judged):
    assert len(compile_schemas([Tumour])["tumour"].codes) == 3
    con = judged([Tumour], tumour=[SOUND])
    left = con.execute("select table_name from duckdb_tables() where table_name like 'codes%'")
    assert left.fetchall() == []
