"""One person across systems: by number where there is one, exactly where there is none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.errors import ConfigError
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.linkage.link import link
from cytoreg.project.config import Linkage
from cytoreg.warehouse.connection import open_build

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


def blob_of(text: str) -> bytes:
    """The bytes of a blob as DuckDB writes one."""
    return duckdb.execute("select cast(? as blob)", [text]).fetchall()[0][0]


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
    assert key not in derived[0]
    words = [blob_of(word) for word in derived[0].split("'")[1::2]]
    hidden = [word for word in words if len(word) == 64]
    assert len(hidden) == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert key.encode() not in content
        assert not any(blob in content or blob[:16] in content for blob in hidden)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entity": "person"}, r"no accepted\.person"),
        ({"without_number": ["birth"]}, r"no accepted\.birth"),
        ({"number": "mrn"}, r"patient has no column mrn"),
        ({"with_number": ["death"]}, r"no column hospital_number in accepted\.death"),
        ({"with_number": ["birth"]}, r"no column hospital_number in accepted\.birth"),
        ({"match": ["surname"]}, r"patient has no column surname"),
        ({"match": ["hospital_number"]}, r"death has no column hospital_number"),
        ({"match": []}, r"match names no column"),
        ({"precedence": {"sex": ["hospital"]}}, r"no default"),
        ({"precedence": {**CONFIG.precedence, "gender": []}}, r"patient has no column gender"),
        ({"precedence": {"default": ["hospital", "death_index"]}}, r"does not rank tumor_registry"),
    ],
)
def test_a_wrong_linkage_section_is_named(accepted, change, message) -> None:
    with pytest.raises(ConfigError, match=message):
        link(accepted, CONFIG.model_copy(update=change), pseudonym_key="k")


def test_without_a_source_of_persons_the_tables_are_there_and_empty(accepted, build) -> None:
    def shape() -> dict[str, list[tuple[str, ...]]]:
        tables = ("patient_link", "patient_number")
        found = {name: build.execute(f"describe registry.{name}").fetchall() for name in tables}
        return {name: [row[:2] for row in rows] for name, rows in found.items()}

    link(accepted, CONFIG, pseudonym_key="k")
    linked = shape()
    for name in ("patient", "death"):
        build.execute(f"drop table accepted.{name}")
    nobody = Linkage(entity="patient", number="hospital_number", precedence={"default": []})
    link(build, nobody, pseudonym_key="k")
    assert shape() == linked
    columns = build.execute("describe registry.patient").fetchall()
    assert [name for name, *_ in columns] == ["patient_id", "hospital_number"]
    assert build.execute("select count(*) from registry.patient").fetchall() == [(0,)]


NAMED = CONFIG.model_copy(
    update={
        "names": ["family_name", "given_name"],
        "may_be_missing": ["sex"],
        "cut": {"death_index": {"family_name": 20, "given_name": 15}},
        "unknown": {"sex": ["unknown"]},
        "weigh": ["birth_date", "death_date"],
    }
)


def how(con: duckdb.DuckDBPyConnection, family: str, given: str, born: str, sex: str) -> str | None:
    """The method by which one more certificate is linked; or the finding on it."""
    con.execute("delete from accepted.death")
    con.execute(
        "insert into accepted.death values"
        " ('x', ?, ?, ?, ?, '2010-01-01', 'IA', 'death_index', 'deaths', 'd', 1)",
        [family, given, born, sex],
    )
    link(con, NAMED, pseudonym_key="k")
    found = con.execute(
        "select method from registry.patient_link where entity = 'death'"
        " union all select rule from quality.finding where entity = 'death' order by 1"
    ).fetchall()
    return " ".join(text for (text,) in found) or None


def test_how_a_certificate_is_linked(accepted) -> None:
    accepted.execute(
        "insert into accepted.patient values"
        " ('h5', '5', 'TESTOPOULOS-PROBANDIDIS', 'ØLAV MARIUS', '1970-01-02', 'male', null,"
        "  'hospital', 'patients', 'patients', 5)"
    )
    family, born = "TESTOPOULOS-PROBANDI", "1970-01-02"
    assert how(accepted, family, "OLAV MARIUS", born, "male") == "exact"
    assert how(accepted, family, "OELAV-MARIUS", born, "male") == "exact"
    assert how(accepted, family, "MARIUS", born, "male") == "parts"
    assert how(accepted, family, "O", born, "male") == "parts"
    assert how(accepted, "OLAV MARIUS", family, born, "male") == "parts"
    unsure = "death.linked_unsurely one_unknown"
    assert how(accepted, family, "OLAV MARIUS", born, "unknown") == unsure
    assert how(accepted, family, "MARIUS", born, "unknown") is None
    assert how(accepted, "MARRIED", "OLAV MARIUS", born, "male") == "death.nearly_fits"
    assert how(accepted, family, "OLAV MARIUS", born, "female") is None
    assert how(accepted, family, "OLAV MARIUS", "1970-01-03", "male") is None


def test_one_column_that_cannot_be_read_in_the_record_is_tolerated(accepted) -> None:
    readable = NAMED.model_copy(
        update={"may_be_unreadable": ["family_name", "given_name", "birth_date"]}
    )
    cases = [
        ((None, "MARY ANN", "1960-06-06", "female"), "one_unknown"),
        (("O'BRIEN", None, "1960-06-06", "female"), "one_unknown"),
        (("O'BRIEN", "MARY ANN", None, "female"), None),
        ((None, None, "1960-06-06", "female"), None),
        (("O'BRIEN", None, "1960-06-06", "unknown"), None),
        ((None, "BERTA", "1960-06-06", "female"), None),
        ((None, "MARY ANN", "1960-06-06", "male"), None),
    ]
    for certificate, method in cases:
        accepted.execute("delete from accepted.death")
        accepted.execute(
            "insert into accepted.death values"
            " ('x', ?, ?, ?, ?, '2010-01-01', 'IA', 'death_index', 'deaths', 'd', 1)",
            certificate,
        )
        link(accepted, readable, pseudonym_key="k")
        found = accepted.execute(
            "select method from registry.patient_link where entity = 'death'"
        ).fetchone()
        assert (found and found[0]) == method, certificate


def test_a_person_is_all_that_any_record_says(accepted) -> None:
    """The day of birth is the hospital's, the name before the marriage the tumour registry's."""
    accepted.execute("update accepted.patient set family_name = 'BORN' where source_number = 't1'")
    assert how(accepted, "BORN", "ANNA", "1950-01-02", "female") == "exact"


@pytest.fixture
def numbered(accepted) -> duckdb.DuckDBPyConnection:
    accepted.execute("alter table accepted.patient add column others varchar")
    accepted.execute("delete from accepted.death")
    return accepted


def persons(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Numbers by the number that the person is known by."""
    link(con, NAMED.model_copy(update={"other_numbers": "others"}), pseudonym_key="k")
    return con.execute(
        "select p.hospital_number, string_agg(n.hospital_number, ' ' order by n.hospital_number)"
        " from registry.patient as p join registry.patient_number as n using (patient_id)"
        " group by all order by 1"
    ).fetchall()


def carry(con: duckdb.DuckDBPyConnection, source: str, own: str, others: str, born: str) -> None:
    con.execute(
        "insert into accepted.patient values (?, ?, 'TIED', 'SIMULATED', ?, 'male', null,"
        " ?, 'patients', 'patients', (select count(*) + 100 from accepted.patient), ?)",
        [f"{source}-{own}", own, born, source, others],
    )


def test_numbers_that_a_record_carries_are_one_persons(numbered) -> None:
    """Also over several records; and the hospital's number is the one the person is known by."""
    carry(numbered, "tumor_registry", "70", "71 72", "1930-01-01")
    carry(numbered, "tumor_registry", "73", "72", "1930-01-01")
    carry(numbered, "hospital", "72", "", "1930-01-01")
    assert ("72", "70 71 72 73") in persons(numbered)


def test_a_former_number_changes_no_pseudonym(numbered) -> None:
    carry(numbered, "hospital", "72", "", "1930-01-01")
    persons(numbered)
    query = "select patient_id from registry.patient_number where hospital_number = '72'"
    before = numbered.execute(query).fetchall()
    carry(numbered, "tumor_registry", "10", "72", "1930-01-01")
    persons(numbered)
    assert numbered.execute(query).fetchall() == before


def test_a_number_of_somebody_else_ties_nobody(numbered) -> None:
    carry(numbered, "hospital", "72", "", "1930-01-01")
    carry(numbered, "tumor_registry", "2", "72", "1930-01-01")
    found = persons(numbered)
    assert ("2", "2") in found
    assert ("72", "72") in found
    assert numbered.execute(
        "select rule, severity, key from quality.finding where rule not like '%agrees'"
    ).fetchall() == [("patient.number_of_another", "warning", "tumor_registry-2")]
    assert numbered.execute(
        "select hospital_number from registry.patient_link join registry.patient using (patient_id)"
        " where source_table = 'patients' and source = 'tumor_registry'"
    ).fetchall() == [("72",)]


def test_what_says_unknown_comes_after_all_that_is_known(accepted) -> None:
    accepted.execute(
        "update accepted.patient set sex = 'unknown' where source_number in ('h1', 't4', 't9')"
    )
    link(accepted, NAMED, pseudonym_key="k")
    assert accepted.execute(
        "select hospital_number, sex, sex_source from registry.patient"
        " where hospital_number in ('1', '4') order by 1"
    ).fetchall() == [("1", "female", "tumor_registry"), ("4", "female", "death_index")]


def test_a_value_that_wins_comes_from_any_source(accepted) -> None:
    config = NAMED.model_copy(update={"wins": {"given_name": ["ANN"]}})
    link(accepted, config, pseudonym_key="k")
    assert accepted.execute(
        "select given_name from registry.patient where hospital_number = '1'"
    ).fetchone() == ("ANN",)


def test_what_is_weighed_is_what_most_sources_say(accepted) -> None:
    """The death index alone is outvoted; of two that stand one against one, precedence decides."""
    accepted.execute(
        "update accepted.patient set death_date = '2001-01-01' where hospital_number = '1'"
    )
    link(accepted, NAMED, pseudonym_key="k")
    query = "select cast(death_date as varchar) from registry.patient where hospital_number = '1'"
    assert accepted.execute(query).fetchone() == ("2001-01-01",)
    accepted.execute("update accepted.patient set death_date = null where source_number = 'h1'")
    link(accepted, NAMED, pseudonym_key="k")
    assert accepted.execute(query).fetchone() == ("2003-03-03",)
