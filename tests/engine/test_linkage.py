"""One person across systems: by number where there is one, exactly where there is none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.config import Linkage
from cytoreg.errors import ConfigError
from cytoreg.linkage import link
from cytoreg.pseudonyms import define_pseudonym
from cytoreg.warehouse import open_build

CONFIG = Linkage(
    entity="patient",
    number="hospital_number",
    without_number=["death"],
    match=["family_name", "given_name", "birth_date", "sex"],
    precedence={
        "default": ["hospital", "tumor_registry", "death_index"],
        "death_date": ["death_index", "tumor_registry"],
    },
)
PATIENT = (
    "(source_number varchar, hospital_number varchar, family_name varchar, given_name varchar,"
    " birth_date date, sex varchar, death_date date,"
    " _source varchar, _table varchar, _file varchar, _row bigint)"
)
DEATH = (
    "(certificate varchar, family_name varchar, given_name varchar, birth_date date, sex varchar,"
    " death_date date, state varchar,"
    " _source varchar, _table varchar, _file varchar, _row bigint)"
)
PATIENTS = """
('h1', '1', 'MÜLLER', 'ANNA', '1950-01-02', 'female', null, 'hospital', 'patients', 'patients', 1),
('h2', '2', 'SMITH', 'BERT', '1951-01-02', 'male', null, 'hospital', 'patients', 'patients', 2),
('h3', '3', 'SMITH', 'BERT', '1951-01-02', 'male', null, 'hospital', 'patients', 'patients', 3),
('t1', '1', 'MUELLER', 'ANNA', null, 'female', '2001-01-01', 'tumor_registry', 'patient', 'a', 1),
('t9', '1', 'MUELLER', 'ANN', null, 'male', '2002-02-02', 'tumor_registry', 'patient', 'a', 2),
('t4', '4', 'O''BRIEN', 'MARY ANN', '1960-06-06', 'female', null,
  'tumor_registry', 'patient', 'a', 3)
"""
DEATHS = """
('c1', 'Muller', 'Anna', '1950-01-02', 'female', '2003-03-03', 'IA',
  'death_index', 'deaths', 'd', 1),
('c2', 'SMITH', 'BERT', '1951-01-02', 'male', '2004-04-04', 'IA', 'death_index', 'deaths', 'd', 2),
('c3', 'OBRIEN', 'MARY-ANN', '1960-06-06', 'female', '2005-05-05', 'IA',
  'death_index', 'deaths', 'd', 3),
('c4', 'STRANGER', 'SIMULATED', '1940-04-04', 'male', '2006-06-06', 'IA',
  'death_index', 'deaths', 'd', 4),
('c5', 'MULLER', 'ANNA', null, 'female', '2007-07-07', 'IA', 'death_index', 'deaths', 'd', 5)
"""


@pytest.fixture
def accepted(build: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    build.execute(f"create table accepted.patient {PATIENT}")
    build.execute(f"create table accepted.death {DEATH}")
    build.execute(f"insert into accepted.patient values {PATIENTS}")
    build.execute(f"insert into accepted.death values {DEATHS}")
    return build


def linked(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        'select hospital_number, entity, source, "row", method from registry.patient_link'
        " join registry.patient using (patient_id) order by 1, 2, 3, 4"
    ).fetchall()


def test_rows_with_the_number_are_one_person(accepted) -> None:
    link(accepted, CONFIG, pseudonym_key="k")
    assert [row for row in linked(accepted) if row[4] == "number"] == [
        ("1", "patient", "hospital", 1, "number"),
        ("1", "patient", "tumor_registry", 1, "number"),
        ("1", "patient", "tumor_registry", 2, "number"),
        ("2", "patient", "hospital", 2, "number"),
        ("3", "patient", "hospital", 3, "number"),
        ("4", "patient", "tumor_registry", 3, "number"),
    ]


def test_a_row_without_number_is_linked_when_one_person_alone_fits(accepted) -> None:
    """Case, accents, spaces and punctuation do not matter; a missing value never fits."""
    link(accepted, CONFIG, pseudonym_key="k")
    assert [row for row in linked(accepted) if row[4] == "exact"] == [
        ("1", "death", "death_index", 1, "exact"),
        ("4", "death", "death_index", 3, "exact"),
    ]


def test_a_row_that_fits_two_persons_is_a_finding_and_stays_unlinked(accepted) -> None:
    link(accepted, CONFIG, pseudonym_key="k")
    findings = accepted.execute(
        'select rule, severity, entity, key, source, source_table, file, "row" from quality.finding'
    ).fetchall()
    assert findings == [
        ("death.ambiguous", "warning", "death", "c2", "death_index", "deaths", "d", 2)
    ]


def test_strangers_are_counted_not_found(accepted) -> None:
    link(accepted, CONFIG, pseudonym_key="k")
    results = accepted.execute(
        "select rule, severity, violated, denominator, status from quality.check_result"
    ).fetchall()
    assert results == [
        ("patient.linked", "warning", 0, 6, "pass"),
        ("death.ambiguous", "warning", 1, 5, "fail"),
        ("death.linked", "info", 2, 5, "pass"),
    ]


def test_a_patient_row_without_number_that_fits_nobody_is_a_finding(accepted) -> None:
    accepted.execute(
        "insert into accepted.patient values"
        " ('h8', null, 'OBRIEN', 'MARY ANN', '1960-06-06', 'female', null,"
        "  'hospital', 'patients', 'patients', 8),"
        " ('h9', null, 'NOBODY', 'SIMULATED', '1960-06-06', 'female', null,"
        "  'hospital', 'patients', 'patients', 9)"
    )
    link(accepted, CONFIG, pseudonym_key="k")
    assert ("4", "patient", "hospital", 8, "exact") in linked(accepted)
    assert accepted.execute(
        "select rule, key from quality.finding where entity = 'patient'"
    ).fetchall() == [("patient.linked", "h9")]


def test_each_field_comes_from_the_most_trusted_source_that_has_it(accepted) -> None:
    link(accepted, CONFIG, pseudonym_key="k")
    rows = accepted.execute(
        "select hospital_number, family_name, family_name_source, birth_date_source,"
        " cast(death_date as varchar), death_date_source from registry.patient order by 1"
    ).fetchall()
    assert rows == [
        ("1", "MÜLLER", "hospital", "hospital", "2003-03-03", "death_index"),
        ("2", "SMITH", "hospital", "hospital", None, None),
        ("3", "SMITH", "hospital", "hospital", None, None),
        ("4", "O'BRIEN", "tumor_registry", "tumor_registry", "2005-05-05", "death_index"),
    ]


def test_of_one_source_the_latest_record_counts(accepted) -> None:
    accepted.execute("delete from accepted.death")
    link(accepted, CONFIG, pseudonym_key="k")
    assert accepted.execute(
        "select cast(death_date as varchar) from registry.patient where hospital_number = '1'"
    ).fetchone() == ("2002-02-02",)


def test_a_source_that_is_not_ranked_for_a_field_does_not_give_it(accepted) -> None:
    order = {"default": ["hospital"], "sex": ["tumor_registry", "death_index"]}
    link(accepted, CONFIG.model_copy(update={"precedence": order}), pseudonym_key="k")
    assert accepted.execute(
        "select sex, sex_source, family_name from registry.patient where hospital_number = '4'"
    ).fetchone() == ("female", "tumor_registry", None)


def test_linking_does_not_depend_on_the_order_of_rows(accepted) -> None:
    link(accepted, CONFIG, pseudonym_key="k")
    before = [accepted.table(f"registry.{name}").fetchall() for name in ("patient", "patient_link")]
    accepted.execute(
        "create or replace table accepted.patient as from accepted.patient order by _row desc"
    )
    link(accepted, CONFIG, pseudonym_key="k")
    after = [accepted.table(f"registry.{name}").fetchall() for name in ("patient", "patient_link")]
    assert after == before
    assert accepted.execute("select count(*) from quality.check_result").fetchone() == (3,)


def test_tables_and_columns_say_what_they_are(accepted) -> None:
    accepted.execute("comment on column accepted.patient.sex is 'male, female or unknown'")
    link(accepted, CONFIG, pseudonym_key="k")
    comments = dict(
        accepted.execute(
            "select column_name, comment from duckdb_columns() where table_name = 'patient'"
            " and schema_name = 'registry'"
        ).fetchall()
    )
    assert comments["sex"] == "male, female or unknown"
    assert comments["sex_source"] == "source that sex was taken from"
    assert accepted.execute(
        "select count(*) from duckdb_tables() where schema_name = 'registry' and comment is null"
    ).fetchone() == (0,)


def test_pseudonyms_are_keyed_and_repeatable(build) -> None:
    def of(key: str, kind: str = "patient") -> str | None:
        define_pseudonym(build, key)
        row = build.execute("select pseudonym(?, '0001234'), pseudonym(?, null)", [kind, kind])
        found, missing = row.fetchall()[0]
        assert missing is None
        return found

    assert of("a") == of("a")
    assert len({of("a"), of("b"), of("a", "procedure")}) == 3
    assert len(of("a")) == 17
    assert of("a").startswith("P")
    int(of("a")[1:], 16)


def test_the_key_is_in_no_file(tmp_path: Path) -> None:
    key = "correct-horse-battery-staple"
    with open_build(tmp_path / "build.duckdb") as con:
        con.execute(f"create table accepted.patient {PATIENT}")
        con.execute(f"create table accepted.death {DEATH}")
        con.execute(f"insert into accepted.patient values {PATIENTS}")
        link(con, CONFIG, pseudonym_key=key)
        functions = con.execute("select macro_definition from duckdb_functions()").fetchall()
        con.execute("checkpoint")
    derived = [row[0] for row in functions if row[0] and "sha256" in row[0]]
    assert len(derived) == 1
    (hidden,) = [word for word in derived[0].split("'") if len(word) == 64]
    assert key not in derived[0]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert key.encode() not in content
        assert hidden.encode() not in content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entity": "person"}, r"no accepted\.person"),
        ({"without_number": ["birth"]}, r"no accepted\.birth"),
        ({"number": "mrn"}, r"patient has no column mrn"),
        ({"match": ["surname"]}, r"patient has no column surname"),
        ({"match": ["hospital_number"]}, r"death has no column hospital_number"),
        ({"match": []}, r"match names no column"),
        ({"precedence": {"sex": ["hospital"]}}, r"no default"),
        ({"precedence": {**CONFIG.precedence, "gender": []}}, r"patient has no column gender"),
        ({"precedence": {"default": ["hospital", "death_index"]}}, r"ranks no tumor_registry"),
    ],
)
def test_a_wrong_linkage_section_is_named(accepted, change, message) -> None:
    with pytest.raises(ConfigError, match=message):
        link(accepted, CONFIG.model_copy(update=change), pseudonym_key="k")
