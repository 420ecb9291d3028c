"""What judging leaves behind: accepted, quarantine, findings, results."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from rules_build import findings, stage

from cytoreg.errors import ConfigError
from cytoreg.rules import (
    Entity,
    agrees,
    compare,
    compile_schemas,
    field,
    judge,
    references,
    rule,
    sql_of,
)


class Patient(Entity):
    """A patient."""

    number: str = field("Number.", key=True, unique=True)
    birth_date: date = field("Day of birth.", nullable=True)
    weight: float = field("Weight.", unit="kg", nullable=True, gt=0, warn="gt")
    seen: datetime = field("Last seen.", nullable=True)
    alive: bool = field("Alive.", nullable=True)
    visits: int = field("Visits.", nullable=True)

    born_by_extract = rule("birth_date <= $as_of", "Born after the extract.")


class Operation(Entity):
    """An operation."""

    case_number: str = field("Number.", key=True)
    number: str = field("Patient.", nullable=True)
    day: date = field("Day.", nullable=True)

    patient_exists = references("patient", on="number")
    after_birth = compare("patient", on="number", holds="day >= patient.birth_date")


def test_text_that_is_of_the_type_is_accepted_as_the_type(judged):
    row = {
        "number": "7",
        "birth_date": "1950-02-28",
        "weight": "70.5",
        "seen": "2016-01-01 10:00",
        "alive": "true",
        "visits": "+03",
    }
    con = judged([Patient], patient=[row])
    assert con.execute("select * exclude (_file) from accepted.patient").fetchall() == [
        ("7", date(1950, 2, 28), 70.5, datetime(2016, 1, 1, 10), True, 3, "s", "t", 1)
    ]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("birth_date", "1950-02-29"),
        ("birth_date", "1950-2-28"),
        ("birth_date", "28.02.1950"),
        ("birth_date", "0000-01-01"),
        ("seen", "2016-01-01"),
        ("seen", "2016-01-01 24:00"),
        ("visits", "6.1"),
        ("visits", "12.0"),
        ("visits", "1_000"),
        ("visits", "9223372036854775808"),
        ("weight", "1e999"),
        ("weight", "nan"),
        ("weight", "1,5"),
        ("alive", "TRUE"),
        ("alive", "1"),
    ],
)
def test_text_that_is_not_of_the_type_is_refused_as_it_came_and_costs_its_cell(
    judged, column, text
):
    con = judged([Patient], patient=[{"number": "7", column: text}])
    assert findings(con) == [(f"patient.{column}.type", 1)]
    assert con.execute('select "key", "column", "text", rule from quarantine.cell').fetchall() == [
        ("7", column, text, f"patient.{column}.type")
    ]
    assert con.execute(f"select number, {column} from accepted.patient").fetchall() == [("7", None)]
    assert con.execute("select count(*) from quarantine.patient").fetchone() == (0,)


def test_a_warning_keeps_the_row(judged):
    con = judged([Patient], patient=[{"number": "7", "weight": "0"}])
    assert findings(con) == [("patient.weight.gt", 1)]
    assert con.execute("select weight from accepted.patient").fetchall() == [(0.0,)]
    assert con.execute("select count(*) from quarantine.patient").fetchone() == (0,)


def test_a_quarantined_row_tells_why_it_is_there_and_warnings_are_findings_only(judged):
    con = judged([Patient], patient=[{"number": None, "weight": "-1", "birth_date": "2020-01-01"}])
    assert con.execute("select _rules, _reasons from quarantine.patient").fetchall() == [
        (
            ["patient.number.required", "patient.born_by_extract"],
            ["number is missing.", "Born after the extract."],
        )
    ]
    assert len(findings(con)) == 3


def test_a_finding_names_rule_key_and_origin(judged):
    con = judged([Patient], patient=[{"number": "7", "visits": "x", "_source": "hospital"}])
    assert con.execute("select * from quality.finding").fetchall() == [
        (
            "patient.visits.type",
            "critical",
            "patient",
            "7",
            "visits",
            "hospital",
            "t",
            "f",
            1,
            None,
            "visits is not a whole number.",
        )
    ]


def test_every_rule_has_a_result_with_its_denominator(judged):
    con = judged([Patient], patient=[{"number": "7"}, {"number": "7"}, {"number": "8"}])
    results = con.execute(
        "select rule, violated, denominator, threshold, status from quality.check_result"
    ).fetchall()
    schema = compile_schemas([Patient])["patient"]
    assert {row[0] for row in results} == {r.id for r in schema.rules} | {"patient.unparsable"}
    assert ("patient.number.unique", 1, 3, 0.0, "fail") in results
    assert ("patient.number.required", 0, 3, 0.0, "pass") in results
    assert ("patient.unparsable", 0, 3, 0.0, "pass") in results


def test_of_rows_with_one_key_that_nothing_tells_apart_the_first_in_reading_order_stays(judged):
    con = judged(
        [Patient],
        patient=[
            {"number": "7", "_row": "3"},
            {"number": "7", "_row": "2"},
            {"number": None, "_row": "1"},
            {"number": None, "_row": "4"},
        ],
    )
    assert findings(con) == [
        ("patient.number.required", 1),
        ("patient.number.required", 4),
        ("patient.number.unique", 3),
    ]


def test_a_reference_needs_an_accepted_row(judged):
    con = judged(
        [Operation, Patient],
        patient=[{"number": "1"}, {"number": "2", "birth_date": "2020-01-01"}],
        operation=[
            {"case_number": "a", "number": "1"},
            {"case_number": "b", "number": "2"},
            {"case_number": "c", "number": "3"},
            {"case_number": "d", "number": None},
        ],
    )
    assert findings(con) == [
        ("operation.patient_exists", 2),
        ("operation.patient_exists", 3),
        ("patient.born_by_extract", 2),
    ]


def test_a_comparison_holds_of_every_matching_row_and_null_passes(judged):
    class Person(Entity):
        """Several rows may have one number."""

        number: str = field("Number.")
        birth_date: date = field("Day of birth.", nullable=True)

    class Visit(Entity):
        """A visit."""

        number: str = field("Number.")
        day: date = field("Day.", nullable=True)

        after_birth = compare("person", on="number", holds="day >= person.birth_date")

    con = judged(
        [Visit, Person],
        person=[
            {"number": "1", "birth_date": "1950-01-01"},
            {"number": "1", "birth_date": "1960-01-01"},
            {"number": "2"},
        ],
        visit=[
            {"number": "1", "day": "1955-01-01"},
            {"number": "1", "day": "1940-01-01"},
            {"number": "1", "day": "1965-01-01"},
            {"number": "1"},
            {"number": "2", "day": "1900-01-01"},
            {"number": "9", "day": "1900-01-01"},
        ],
    )
    assert findings(con) == [("visit.after_birth", 1), ("visit.after_birth", 2)]


def test_sources_that_differ_are_both_reported_and_refused_cells_have_no_say(judged):
    class Person(Entity):
        """A person as a source knows them."""

        number: str = field("Number.", nullable=True)
        sex: str = field("Sex.", nullable=True, isin=("male", "female", "unknown"))

        sex_agrees = agrees("sex", on="number", when="sex <> 'unknown'")

    rows = [
        {"_source": "a", "number": "1", "sex": "male"},
        {"_source": "b", "number": "1", "sex": "female"},
        {"_source": "b", "number": "1", "sex": "unknown"},
        {"_source": "a", "number": "2", "sex": "male"},
        {"_source": "a", "number": "2", "sex": "female"},
        {"_source": "a", "number": "3", "sex": "male"},
        {"_source": "b", "number": "3", "sex": "m"},
        {"_source": "a", "number": None, "sex": "male"},
        {"_source": "b", "number": None, "sex": "female"},
    ]
    con = judged([Person], person=rows)
    assert findings(con) == [
        ("person.sex.isin", 7),
        ("person.sex_agrees", 1),
        ("person.sex_agrees", 2),
    ]


def test_a_comparison_with_the_own_entity_leaves_the_row_itself_out(judged):
    class Contact(Entity):
        """A contact."""

        number: str = field("Number.")
        day: date = field("Day.")
        dead: bool = field("Dead.")

        not_after_death = compare(
            "contact", on="number", holds="not contact.dead or day <= contact.day"
        )

    con = judged(
        [Contact],
        contact=[
            {"number": "1", "day": "2000-01-01", "dead": "false"},
            {"number": "1", "day": "2001-01-01", "dead": "true"},
            {"number": "1", "day": "2002-01-01", "dead": "false"},
        ],
    )
    assert findings(con) == [("contact.not_after_death", 3)]


def test_a_composite_key_may_span_lineage(judged):
    class Person(Entity):
        """A person."""

        number: str = field("Number.", key=True, nullable=True)

        class Config:
            unique = ("_source", "number")

    con = judged(
        [Person],
        person=[
            {"_source": "a", "number": "1"},
            {"_source": "b", "number": "1"},
            {"_source": "a", "number": "1"},
            {"_source": "a", "number": None},
            {"_source": "a", "number": None},
        ],
    )
    assert findings(con) == [("person.unique", 3)]


def test_lines_that_could_not_be_parsed_are_findings_and_count_in_the_denominator(con):
    schemas = compile_schemas([Patient])
    stage(con, "patient", [c.name for c in schemas["patient"].columns], [{"number": "1"}])
    con.execute(
        "create table landing.reject (source varchar, source_table varchar, entity varchar,"
        ' file varchar, "row" bigint, line bigint, reason varchar, raw varchar)'
    )
    con.execute(
        "insert into landing.reject values"
        " ('or_log', 'cases', 'patient', 'f.csv', 3, 4, 'Too few fields.', '1;2'),"
        " ('research', 'unknown', 'unknown', 'r.csv', 9, 10, 'Too few fields.', '1')"
    )
    judge(con, schemas, as_of=date(2016, 12, 31))
    assert con.execute("select * from quality.finding").fetchall() == [
        (
            *("patient.unparsable", "critical", "patient", None, None),
            *("or_log", "cases", "f.csv", 3, 4, "Too few fields."),
        ),
        (
            *("unknown.unparsable", "critical", "unknown", None, None),
            *("research", "unknown", "r.csv", 9, 10, "Too few fields."),
        ),
    ]
    assert con.execute(
        "select rule, violated, denominator, status from quality.check_result"
        " where rule like '%unparsable'"
    ).fetchall() == [
        ("patient.unparsable", 1, 2, "fail"),
        ("unknown.unparsable", 1, 1, "fail"),
    ]


def test_accepted_tables_carry_the_schemas_descriptions(judged):
    con = judged([Patient])
    assert con.execute(
        "select comment from duckdb_tables() where schema_name = 'accepted'"
    ).fetchall() == [("A patient.",)]
    assert (
        "weight",
        "Weight. [kg]",
    ) in con.execute(
        "select column_name, comment from duckdb_columns() where schema_name = 'accepted'"
    ).fetchall()


def test_nothing_is_left_over_and_judging_again_gives_the_same(judged):
    rows = [{"number": "1"}, {"number": "1", "visits": "x"}]
    once = judged([Patient], patient=rows).execute("from quality.finding").fetchall()
    con = judged([Patient], patient=rows)
    assert con.execute("from quality.finding").fetchall() == once
    assert con.execute("select table_name from duckdb_tables() where temporary").fetchall() == []


def test_a_column_that_only_one_side_has_is_a_configuration_error(con):
    schemas = compile_schemas([Patient])
    stage(con, "patient", ["number", "birth_date", "weight", "seen", "alive", "wings"], [])
    with pytest.raises(ConfigError, match=r"no column wings.*no column visits"):
        judge(con, schemas, as_of=date(2016, 12, 31))


def test_a_schema_without_a_staging_table_is_a_configuration_error(con):
    with pytest.raises(ConfigError, match=r"no table staging\.patient"):
        judge(con, compile_schemas([Patient]), as_of=date(2016, 12, 31))


def test_a_cast_in_staging_is_a_configuration_error(con):
    schemas = compile_schemas([Patient])
    stage(con, "patient", [c.name for c in schemas["patient"].columns], [])
    con.execute("alter table staging.patient alter visits type bigint")
    with pytest.raises(ConfigError, match="visits is BIGINT, not VARCHAR"):
        judge(con, schemas, as_of=date(2016, 12, 31))


def test_staging_may_be_a_view(con):
    schemas = compile_schemas([Patient])
    stage(con, "patient", [c.name for c in schemas["patient"].columns], [{"number": "1"}])
    con.execute("alter table staging.patient rename to stored")
    con.execute("create view staging.patient as select * from staging.stored")
    judge(con, schemas, as_of=date(2016, 12, 31))
    assert con.execute("select number from accepted.patient").fetchall() == [("1",)]


def test_the_statements_can_be_printed_and_run_by_hand(con):
    """What `--show-sql` prints is what runs: it gives the same findings."""
    schemas = compile_schemas([Patient, Operation])
    for name, entity in schemas.items():
        rows = [{"number": "1", "case_number": "1", "birth_date": "2020-01-01", "day": "x"}]
        stage(con, name, [c.name for c in entity.columns], rows)
    judge(con, schemas, as_of=date(2016, 12, 31))
    expected = con.execute("from quality.finding").fetchall()
    con.execute("delete from quality.finding")
    for entity in schemas.values():
        con.execute(sql_of(entity, date(2016, 12, 31)))
    assert con.execute("from quality.finding").fetchall() == expected
    assert len(expected) == 3
    assert "$as_of" in sql_of(schemas["patient"])
    assert "with staged as (" in sql_of(schemas["patient"])
