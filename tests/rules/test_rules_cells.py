"""A finding costs what it is about: a cell, or the row; and of a repeated record the best stays."""

from __future__ import annotations

from datetime import date, datetime

import pandera.pandas as pa
import pytest
from rules_build import findings

from cytoreg.errors import ConfigError
from cytoreg.rules import (
    Entity,
    PartialDate,
    compare,
    compile_schemas,
    field,
    newest_by,
    rowwise,
    rule,
)


class Patient(Entity):
    """A patient."""

    number: str = field("Number.", key=True, str_matches="^[0-9]$")
    ward: str = field("Whose.", identity=True, isin=("a", "b"))
    sex: str = field("Sex.", isin=("male", "female"))
    birth_date: date = field("Birth.", nullable=True, ge=date(1900, 1, 1))
    death_date: date = field("Death.", nullable=True)
    weight: int = field("Weight.", nullable=True, refuses="row", gt=0)

    died_after_birth = rule("death_date >= birth_date", "Dead before birth.", refuses="death_date")
    died_by_extract = rule("death_date <= $as_of", "Dead tomorrow.", severity="warning")
    heavy = rule("sex <> 'male' or weight > 1", "Too light.")


SOUND = {"number": "1", "ward": "a", "sex": "male"}
CELLS = (
    'select "key", "column", "text", rule, source, file, "row" from quarantine.cell order by all'
)


@pytest.mark.parametrize(
    ("cell", "rule", "refused"),
    [
        ({"sex": "m"}, "sex.isin", "cell"),
        ({"birth_date": "1899-12-31"}, "birth_date.ge", "cell"),
        ({"birth_date": "31.12.1899"}, "birth_date.type", "cell"),
        ({"number": "x"}, "number.str_matches", "row"),
        ({"number": None}, "number.required", "row"),
        ({"ward": "c"}, "ward.isin", "row"),
        ({"ward": None}, "ward.required", "row"),
        ({"weight": "0", "sex": "female"}, "weight.gt", "row"),
        ({"weight": "1"}, "heavy", "row"),
        ({"weight": "light"}, "weight.type", "row"),
        ({"sex": None}, "sex.required", None),
    ],
)
def test_a_finding_refuses_the_cell_and_of_key_and_identity_the_row(judged, cell, rule, refused):
    con = judged([Patient], patient=[SOUND | cell])
    assert findings(con) == [(f"patient.{rule}", 1)]
    rows, cells, kept = (
        con.execute(f"select count(*) from {table}").fetchall()[0][0]
        for table in ("quarantine.patient", "quarantine.cell", "accepted.patient")
    )
    assert (rows, cells, kept) == (refused == "row", refused == "cell", refused != "row")


def test_a_missing_value_of_another_column_is_a_warning(judged):
    con = judged([Patient], patient=[SOUND | {"sex": None}])
    assert con.execute("select rule, severity from quality.finding").fetchall() == [
        ("patient.sex.required", "warning")
    ]


def test_a_rule_between_cells_refuses_those_that_it_names(judged):
    con = judged(
        [Patient], patient=[SOUND | {"birth_date": "1950-01-01", "death_date": "1949-01-01"}]
    )
    assert con.execute(CELLS).fetchall() == [
        ("1", "death_date", "1949-01-01", "patient.died_after_birth", "s", "f", 1)
    ]
    assert con.execute("select birth_date, death_date from accepted.patient").fetchall() == [
        (date(1950, 1, 1), None)
    ]


def test_rules_that_depend_on_a_refused_cell_say_nothing(judged):
    class Visit(Entity):
        """A visit."""

        key: str = field("Key.", key=True)
        number: str = field("Whose.")
        day: date = field("When.", ge=date(1990, 1, 1))
        end: date = field("Until.", nullable=True)

        in_order = rule("end >= day")
        after_birth = compare("patient", on="number", holds="day >= patient.birth_date")

    con = judged(
        [Patient, Visit],
        patient=[
            SOUND | {"sex": "m", "weight": "1"},
            SOUND | {"number": "2", "birth_date": "1850-01-01"},
        ],
        visit=[
            {"key": "1", "number": "1", "day": "1980-01-01", "end": "1970-01-01"},
            {"key": "2", "number": "2", "day": "1990-01-01", "end": "x"},
        ],
    )
    assert findings(con) == [
        ("patient.birth_date.ge", 2),
        ("patient.sex.isin", 1),
        ("visit.day.ge", 1),
        ("visit.end.type", 2),
    ]


def test_a_python_check_refuses_the_cell_too_and_rules_of_the_row_follow_it(judged):
    class Visit(Entity):
        """A visit."""

        key: str = field("Key.", key=True)
        minutes: int = field("How long.", nullable=True)

        short = rule("minutes < 100", severity="warning")

        @pa.check("minutes")
        @rowwise
        def even(cls, values):
            return values % 2 == 0

    con = judged([Visit], visit=[{"key": "1", "minutes": "101"}, {"key": "2", "minutes": "102"}])
    assert findings(con) == [("visit.minutes.even", 1), ("visit.short", 2)]
    assert con.execute(
        "select * exclude (_source, _table, _file, _row) from accepted.visit"
    ).fetchall() == [
        ("1", None),
        ("2", 102),
    ]


def test_a_cell_that_two_rules_refuse_is_one_cell_with_two_findings(judged):
    class Visit(Entity):
        """A visit."""

        key: str = field("Key.", key=True)
        code: str = field("Code.", str_length={"max_value": 2}, str_matches="^[a-z]*$")

    con = judged([Visit], visit=[{"key": "1", "code": "123"}])
    assert len(findings(con)) == 2
    assert con.execute('select "column", "text" from quarantine.cell').fetchall() == [
        ("code", "123")
    ]


def test_cells_of_a_refused_row_stand_in_the_row(judged):
    con = judged([Patient], patient=[SOUND | {"number": "x", "sex": "m"}])
    assert con.execute("select number, sex from quarantine.patient").fetchall() == [("x", "m")]
    assert con.execute("select count(*) from quarantine.cell").fetchone() == (0,)


def test_the_books_of_the_cells_balance(judged):
    con = judged(
        [Patient],
        patient=[
            SOUND | {"sex": "m"},
            SOUND | {"number": "x"},
            SOUND | {"number": "2", "sex": None},
        ],
    )
    books = con.execute(
        'select "column", present, accepted, refused, with_row from quality.cell_balance'
        " where present > 0 order by all"
    ).fetchall()
    assert books == [("number", 3, 2, 1, 1), ("sex", 2, 0, 2, 1), ("ward", 3, 2, 1, 1)]


class Report(Entity):
    """A report, of which several versions may come."""

    number: str = field("Number.", key=True, unique=True)
    owner: str = field("Whose.", nullable=True, identity=True, isin=("a", "b"))
    status: str = field("Status.", nullable=True, isin=("final", "corrected"))
    version: int = field("Version.", nullable=True)
    written: PartialDate = field("When it was written.", nullable=True)

    latest = newest_by("status = 'corrected'", "version")


@pytest.mark.parametrize(
    ("versions", "best"),
    [
        ([{"version": "1"}, {"version": "2"}], 2),
        ([{"version": "2"}, {"version": "1"}], 1),
        ([{"version": None}, {"version": "1"}], 2),
        ([{"version": "1"}, {"version": "2", "owner": "c"}], 1),
        ([{"version": "9"}, {"version": "1", "status": "corrected"}], 2),
        ([{"_file": "list_2"}, {"_file": "list_10"}], 2),
        ([{"_file": "list.txt"}, {"_file": "list-2.txt"}], 2),
        ([{"_file": "2016-02/list.csv.gz"}, {"_file": "2016-01/list.csv.gz"}], 1),
        ([{"status": "finally"}, {"status": "final"}], 2),
        ([{"written": "2016"}, {"written": "2016-05-02"}], 2),
        ([{"written": "2016-05-02"}, {"written": "2016-05"}], 1),
        ([{"written": "2016", "version": "2"}, {"written": "2016-05-02", "version": "1"}], 1),
        ([{"status": "final"}, {"status": "final", "written": "2016"}], 2),
        ([{"written": "2016"}, {"status": "final", "version": "x", "written": "2016-05-02"}], 2),
        ([{"status": "finally", "written": "2016-05-02"}, {"written": "2016"}], 1),
        ([{}, {}], 1),
    ],
)
def test_of_a_repeated_record_the_best_version_stays_and_the_others_are_named(
    judged, versions, best
):
    con = judged([Report], report=[{"number": "1"} | version for version in versions])
    assert con.execute("select _row from accepted.report").fetchall() == [(best,)]
    refused = con.execute("select _row, _rules from quarantine.report").fetchall()
    assert [row for row, _ in refused] == [3 - best]


def test_refused_rows_take_no_part_among_versions(judged):
    rows = [
        {"number": "1", "owner": "c"},
        {"number": "1", "owner": "c"},
        {"number": "1", "owner": "a"},
    ]
    con = judged([Report], report=rows)
    assert findings(con) == [("report.owner.isin", 1), ("report.owner.isin", 2)]


def test_a_rule_cannot_refuse_what_is_no_column():
    class Visit(Entity):
        """A visit."""

        key: str = field("Key.", key=True)
        named = rule("key <> ''", refuses="kay")

    with pytest.raises(ConfigError, match="refuses kay, which is not a column"):
        compile_schemas([Visit])


def test_findings_and_refused_cells_name_their_line_where_the_reader_kept_it(con, judged):
    con.execute(
        "create table landing.s_t as select * from (values"
        " ('s', 't', 'f', 1, 2), ('s', 't', 'f', 2, 5), ('s', 't', 'g', 2, 9)"
        ") as v(_source, _table, _file, _row, _line)"
    )
    con.execute("create table landing.s_other as select 's' as _source, 'f' as _file, 1 as _row")
    judged([Patient], patient=[SOUND, SOUND | {"number": "2", "sex": "m"}])
    assert con.execute('select "row", line from quarantine.cell').fetchall() == [(2, 5)]
    assert con.execute('select "row", line from quality.finding').fetchall() == [(2, 5)]


def test_columns_of_a_source_may_be_called_as_those_of_a_finding(con, judged):
    con.execute(
        "create table landing.s_t as select * from (values"
        " ('x', 'x', 'x', 9, 9, 's', 't', 'f', 1, 4)"
        ') as v(source, source_table, file, "row", line, _source, _table, _file, _row, _line)'
    )
    judged([Patient], patient=[SOUND | {"sex": "m"}])
    assert con.execute('select "row", line from quality.finding').fetchall() == [(1, 4)]


def test_a_rule_that_null_would_break_says_nothing_of_a_refused_cell(judged):
    class Stay(Entity):
        """A stay."""

        key: str = field("Key.", key=True)
        begin: date = field("Begin.", nullable=True)
        end: date = field("End.", nullable=True)

        in_order = rule("end >= begin", refuses="end")
        ended = rule("end is not null", severity="warning")
        short = rule("coalesce(end - begin, 999) < 100", severity="warning")

    con = judged(
        [Stay],
        stay=[
            {"key": "1", "begin": "2010-01-01", "end": "x"},
            {"key": "2", "begin": "2010-01-01", "end": None},
            {"key": "3", "begin": "2010-01-02", "end": "2010-01-01"},
        ],
    )
    assert findings(con) == [
        ("stay.end.type", 1),
        ("stay.ended", 2),
        ("stay.in_order", 3),
        ("stay.short", 2),
    ]


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("at", "2010-01-05", "It has no time: the types date and PartialDatetime take days."),
        ("at", "05.01.2010 8:00", "Whether the day or the month comes first is not declared for"),
        ("share", "12,5", "It has a comma: measured() in staging reads decimal commas."),
        ("share", "about", "share is not a number."),
        ("count", "1.234,5", "It has a comma: "),
        ("count", "12.0", "It has decimals, as the type float takes them."),
        ("alive", "1", "Staging writes true or false for it."),
        ("alive", "TRUE", "Staging writes true or false for it."),
        ("alive", "perhaps", "alive is not true or false."),
    ],
)
def test_the_reason_of_a_type_says_what_the_text_lacks(judged, column, text, told):
    class Typed(Entity):
        """A row of every type."""

        number: str = field("Number.", key=True)
        at: datetime = field("When.", nullable=True)
        share: float = field("How much.", nullable=True)
        count: int = field("How many.", nullable=True)
        alive: bool = field("Alive.", nullable=True)

    con = judged([Typed], typed=[{"number": "1", column: text}])
    ((reason,),) = con.execute("select reason from quarantine.cell").fetchall()
    assert told in reason
    assert text not in reason
