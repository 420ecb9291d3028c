"""Each a has a b: accepted rows to which no accepted row of another entity refers are found."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from rules_build import AS_OF, findings, stage

from cytoreg.errors import ConfigError
from cytoreg.rules import (
    Entity,
    begin,
    compile_schemas,
    dictionary,
    field,
    finish,
    given,
    has,
    judge_alone,
    judge_beside_others,
    look_at,
    references,
    rule,
    sql_of,
)


class Person(Entity):
    """A person, as one source knows them."""

    number: int = field("Number.", key=True, nullable=True)
    born: date = field("Birth.", nullable=True)
    died: date = field("Death.", nullable=True)

    born_first = rule("died >= born", refuses="died")
    born_by_extract = rule("born <= $as_of", "Not born yet.")
    operated = has("operation", "number", "Never operated.", when="_source = 's'")
    survivor_seen = has("operation", "number", when="died is null", severity="info")


class Operation(Entity):
    """An operation on a person."""

    case: str = field("Case.", key=True, str_matches="^[A-Z]$")
    number: int = field("Whose.", nullable=True)
    day: date = field("Day.", nullable=True)

    person_exists = references("person", on="number")


def checks(con, entity="person"):
    return con.execute(
        "select rule, severity, violated, denominator, status from quality.check_result"
        f" where entity = '{entity}' and (rule like '%operated' or rule like '%seen') order by rule"
    ).fetchall()


def person(number, source="s", born=None, died=None):
    return {"number": number, "_source": source, "born": born, "died": died}


def test_accepted_rows_that_nothing_refers_to_are_found_and_kept(judged):
    con = judged(
        [Operation, Person],
        person=[
            person("1"),
            person("2"),
            person("03"),
            person("4", "t"),
            person(None),
            person("6", born="2020-01-01"),
        ],
        operation=[{"case": "A", "number": "1"}, {"case": "b", "number": "2"}],
    )
    found = con.execute(
        'select rule, severity, "key", "column", reason from quality.finding'
        " where rule = 'person.operated' order by all"
    ).fetchall()
    assert found == [
        # The operation of 2 was refused; 6 was refused, so it needs none.
        ("person.operated", "warning", "03", "number", "Never operated."),
        ("person.operated", "warning", "2", "number", "Never operated."),
    ]
    assert con.execute("select count(*) from accepted.person").fetchall() == [(5,)]
    assert con.execute("select count(*) from quarantine.cell").fetchall() == [(0,)]
    assert checks(con) == [
        ("person.operated", "warning", 2, 3, "fail"),
        ("person.survivor_seen", "info", 3, 4, "pass"),
    ]


def test_a_row_with_a_refused_cell_that_the_rule_reads_needs_nothing(judged):
    con = judged(
        [Operation, Person],
        person=[
            person("1", died="yesterday"),
            person("2", born="2000-01-02", died="2000-01-01"),
            person("x"),
            person("3"),
        ],
    )
    assert [f for f in findings(con) if f[0] == "person.survivor_seen"] == [
        ("person.survivor_seen", 4)
    ]


def test_nothing_referred_to_is_nothing_found(judged):
    con = judged([Operation, Person])
    assert checks(con) == [
        ("person.operated", "warning", 0, 0, "pass"),
        ("person.survivor_seen", "info", 0, 0, "pass"),
    ]


def test_pandera_alone_says_the_same(judged):
    people = [person("1"), person("2"), person("3", "t"), person(None)]
    frame = pd.DataFrame(people, columns=["number", "born", "died", "_source"], dtype=object)
    operations = pd.DataFrame({"number": pd.array([1, 7], dtype="Int64")})
    with given(as_of=AS_OF, operation=operations), pytest.warns(UserWarning) as caught:
        Person.validate(frame, lazy=True)
    warned = [str(one.message) for one in caught]
    assert [("operated" in text, "survivor_seen" in text) for text in warned] == [
        (True, False),
        (False, True),
    ]
    con = judged([Operation, Person], person=people, operation=[{"case": "A", "number": "1"}])
    assert findings(con) == [
        ("person.operated", 2),
        ("person.survivor_seen", 2),
        ("person.survivor_seen", 3),
    ]


def test_several_columns_say_who_it_is(judged):
    class Ward(Entity):
        """A ward of a clinic."""

        clinic: str = field("Clinic.", key=True)
        ward: str = field("Ward.", key=True)
        has_bed = has("bed", on={"clinic": "clinic", "ward": "of_ward"}, severity="info")

    class Bed(Entity):
        """A bed."""

        clinic: str = field("Clinic.", key=True)
        of_ward: str = field("Ward.", key=True)

    con = judged(
        [Ward, Bed],
        ward=[{"clinic": c, "ward": w} for c, w in ("a1", "a2", "b1")],
        bed=[{"clinic": "a", "of_ward": "1"}, {"clinic": "b", "of_ward": "2"}],
    )
    assert findings(con) == [("ward.has_bed", 2), ("ward.has_bed", 3)]


def test_any_number_of_a_person_will_do(con, judged):
    """1 and 2 are one person's numbers; the stay is known by the one, its bill by the other."""

    class Patient(Entity):
        """A patient."""

        number: str = field("Number.", key=True)
        has_stay = has("stay", on="number")

    class Stay(Entity):
        """A stay."""

        number: str = field("Whose.", key=True)
        of_patient = references("patient", on="number")
        ward: str = field("Where.")
        has_bill = has("bill", on="number")
        has_bill_of_ward = has("bill", on=("ward", "number"))

    class Bill(Entity):
        """A bill."""

        debtor: str = field("Number of the patient.")
        ward: str = field("Where.")
        number: str = field("The same.", key=True)

    con.execute("create table registry.known_patient (number varchar, patient_id varchar)")
    con.execute(
        "insert into registry.known_patient values ('1', 'p'), ('2', 'p'), ('3', 'q'), ('4', 'r')"
    )
    schemas = {
        name: look_at(entity, "patient", "number", "registry.known_patient")
        for name, entity in compile_schemas([Patient, Stay, Bill]).items()
    }
    stage(con, "patient", ["number"], [{"number": n} for n in ("1", "3", "4")])
    stays = [{"number": n, "ward": w} for n, w in (("2", "a"), ("3", "a"), ("2", "b"))]
    stage(con, "stay", ["number", "ward"], stays)
    bill = {"debtor": "1", "number": "1", "ward": "a"}
    stage(con, "bill", ["debtor", "number", "ward"], [bill])
    begin(con, schemas)
    for entity in schemas.values():
        judge_alone(con, entity, AS_OF)
        judge_beside_others(con, entity, AS_OF)
    finish(con, schemas, AS_OF)
    assert findings(con) == [
        ("patient.has_stay", 3),
        ("stay.has_bill", 2),
        ("stay.has_bill_of_ward", 2),
        ("stay.has_bill_of_ward", 3),
    ]


def test_the_rule_stands_in_the_dictionary_and_in_the_printed_statements():
    schemas = compile_schemas([Operation, Person])
    assert list(schemas) == ["person", "operation"]
    (number,) = [e for e in dictionary(schemas) if (e.entity, e.column) == ("person", "number")]
    assert "has operation on number when _source = 's' (warning)" in number.constraints
    assert 'from accepted."operation" as that' in sql_of(schemas["person"])


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ConfigError, match="cannot be critical") as refused:
        has("operation", on="number", severity="critical")
    assert "warning" in refused.value.remedy

    class Alone(Entity):
        """Someone."""

        number: str = field("Number.", key=True)
        operated = has("surgery", on="number")

    with pytest.raises(ConfigError, match="there is no entity surgery"):
        compile_schemas([Alone])

    class Unread(Entity):
        """Someone."""

        number: int = field("Number.", key=True)
        operated = has("operation", on="number", when="sex = 'x'")

    with pytest.raises(ConfigError, match="sex: no such column"):
        compile_schemas([Unread, Operation, Person])
