"""Relational databases: the same records from SQLite and from a real PostgreSQL server."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from postgresql_server import execute

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources.items import Rows
from cytoreg.sources.sql import database
from cytoreg.sources.sql.sqlite import open_read_only

Make = Callable[[str], Project]

HOSPITAL = """
[sources.hospital]
kind = "sql"
url = "{url}"
tables = {{ patients = "patient" }}
[sources.hospital.columns]
patients = ["mrn", "birth_date"]
"""
VISITS = """
visits = ["mrn"]
"""
STATEMENTS = (
    "create table patients (mrn text, birth_date date, weight numeric(5, 1))",
    "insert into patients values ('0000002', '1950-02-01', 70.5), ('0000001', null, 80)",
)
EXPECTED = [("0000001", None, "patients", 1), ("0000002", "1950-02-01", "patients", 2)]
COLUMNS = "mrn, birth_date, _file, _row"


@pytest.fixture(scope="module")
def server(postgresql: str) -> str:
    """URL of a PostgreSQL server with the hospital's table."""
    execute(postgresql, *STATEMENTS, "create role reader login")
    return postgresql


def test_sqlite_lands_as_text_in_order(
    project: Make, landed: Callable, sqlite_file: Callable
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///db/h.db"))
    sqlite_file(hospital.extracts / "db" / "h.db", *STATEMENTS)
    landing, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == EXPECTED
    assert [file.name for file in landing.files] == ["db/h.db"]
    assert landing.origin == "sqlite:///db/h.db"
    assert sorted(path.name for path in (hospital.extracts / "db").iterdir()) == ["h.db"]


def test_postgresql_lands_the_same(project: Make, landed: Callable, server: str) -> None:
    hospital = project(HOSPITAL.format(url=server))
    first, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == EXPECTED
    again = land(hospital, "hospital")
    assert again.reused
    assert again.fingerprint == first.fingerprint


def test_the_order_of_rows_is_theirs_not_the_servers(
    project: Make, landed: Callable, server: str
) -> None:
    hospital = project(HOSPITAL.format(url=server).replace("patients", "people"))
    rows = "('b', 'x'), ('B', 'x'), ('a', 'y'), ('a', 'x'), ('é', null), ('a', null)"
    execute(server, "create table people (mrn text, birth_date text)")
    execute(server, f"insert into people values {rows}")
    first, landed_rows, _ = landed(hospital, "hospital", "mrn, birth_date")
    assert landed_rows == [
        ("B", "x"), ("a", "x"), ("a", "y"), ("a", None), ("b", "x"), ("é", None)
    ]  # fmt: skip
    execute(server, "create table other as select * from people order by 1 desc, 2 desc")
    execute(server, "drop table people", "alter table other rename to people")
    assert land(hospital, "hospital").fingerprint == first.fingerprint


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_all_tables_are_of_one_moment(
    project: Make, sqlite_file: Callable, server: str, kind: str
) -> None:
    url = "sqlite:///h.db" if kind == "sqlite" else server
    text = HOSPITAL.format(url=url).replace('= "patient" }', '= "patient", visits = "encounter" }')
    hospital = project(text + VISITS)
    statements = ["drop table if exists visits", "create table visits (mrn text)"]
    if kind == "sqlite":
        path = hospital.extracts / "h.db"
        sqlite_file(path, "pragma journal_mode = wal", *STATEMENTS, *statements)
    else:
        execute(server, *statements)
    config = hospital.config.sources["hospital"]
    counts: dict[str, int] = {}
    for item in database._items("hospital", config, hospital.extracts, None, hospital.root):
        if isinstance(item, Rows):
            if not counts:  # while the first table is read somebody adds to the second
                added = "insert into visits values ('0000001')"
                sqlite_file(path, added) if kind == "sqlite" else execute(server, added)
            counts[item.table] = counts.get(item.table, 0) + len(item.rows)
    assert counts == {"patients": 2, "visits": 0}


def test_an_empty_table_has_its_columns(
    project: Make, landed: Callable, sqlite_file: Callable
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    sqlite_file(hospital.extracts / "h.db", STATEMENTS[0])
    _, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == []


def test_text_that_is_none_costs_its_row_only(
    project: Make, landed: Callable, sqlite_file: Callable
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    bad = "insert into patients values ('0000001a', cast(x'ff41' as text), null)"
    sqlite_file(hospital.extracts / "h.db", *STATEMENTS, bad)
    _, rows, rejects = landed(hospital, "hospital", "mrn, _row")
    assert rows == [("0000001", 1), ("0000002", 2)]
    reason = "bytes that are not in the declared encoding"
    assert rejects == [("patients", 3, 3, reason, "0000001a\t\\xffA")]


def test_a_write_ahead_log_is_part_of_the_database(
    project: Make, landed: Callable, sqlite_file: Callable
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    path = hospital.extracts / "h.db"
    sqlite_file(path, "pragma journal_mode = wal", *STATEMENTS)
    first = land(hospital, "hospital")
    with sqlite3.connect(path) as writer:
        writer.execute("insert into patients values ('0000003', null, null)")
        writer.commit()
        landing, rows, _ = landed(hospital, "hospital", "mrn")
        assert len(rows) == 3
        assert [file.name for file in landing.files] == ["h.db", "h.db-wal"]
        assert landing.fingerprint != first.fingerprint
        assert land(hospital, "hospital").reused
    writer.close()


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
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_missing_is_named(
    project: Make, sqlite_file: Callable, server: str, kind: str, statement: str, message: str
) -> None:
    if kind == "sqlite":
        hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
        sqlite_file(hospital.extracts / "h.db", statement)
    else:
        hospital = project(HOSPITAL.format(url=server).replace("patients", "guests"))
        message = message.replace("patients", "guests")
        execute(server, statement.replace("patients", "guests"))
    with pytest.raises(SourceError, match=message) as caught:
        land(hospital, "hospital")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"there is no database file h\.db"),
        (b"", r"h\.db is empty"),
        (b"mrn,birth_date\n", r"h\.db is not an SQLite database"),
    ],
)
def test_a_missing_database_is_not_created(
    project: Make, content: bytes | None, message: str
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    if content is not None:
        (hospital.extracts / "h.db").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        land(hospital, "hospital")
    assert [path.read_bytes() for path in hospital.extracts.iterdir()] == (
        [] if content is None else [content]
    )


def test_a_damaged_database_is_a_source_error(project: Make, sqlite_file: Callable) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    path = hospital.extracts / "h.db"
    sqlite_file(path, *STATEMENTS)
    path.write_bytes(path.read_bytes()[:4000] + b"\xff" * 100)
    with pytest.raises(SourceError, match=r"cannot read sqlite:///h\.db: "):
        land(hospital, "hospital")


@contextmanager
def without_privilege(folder: Path) -> Iterator[None]:
    """Root may write everywhere: so be nobody for a while, who owns `folder`."""
    if os.geteuid() != 0:
        yield
        return
    for parent in (*folder.parents, folder):
        if parent.owner() == "root" and parent.is_relative_to(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o011)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def readable_only(folder: Path) -> Iterator[None]:
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


def test_a_folder_without_write_access_is_enough(
    project: Make, landed: Callable, sqlite_file: Callable
) -> None:
    hospital = project(HOSPITAL.format(url="sqlite:///h.db"))
    sqlite_file(hospital.extracts / "h.db", "pragma journal_mode = wal", *STATEMENTS)
    with without_privilege(hospital.root), readable_only(hospital.extracts):
        connection = open_read_only(hospital.extracts / "h.db")
        assert not os.access(hospital.extracts, os.W_OK, effective_ids=True)
    with closing(connection):
        assert connection.execute("select count(*) from patients").fetchone() == (2,)
    _, rows, _ = landed(hospital, "hospital", COLUMNS)
    assert rows == EXPECTED


def test_the_password_is_never_shown(
    project: Make, server: str, capfd: pytest.CaptureFixture
) -> None:
    import sqlalchemy as sa

    url = sa.make_url(server).set(username="nobody-here", password="s3cret-word")
    hospital = project(HOSPITAL.format(url=url.render_as_string(hide_password=False)))
    with pytest.raises(SourceError, match=r"(?s)cannot read postgresql://.*→ check") as caught:
        land(hospital, "hospital")
    shown = str(caught.value) + "".join(detail for _, _, detail in check(hospital, "hospital"))
    assert "s3cret-word" not in shown + "".join(capfd.readouterr())
    assert caught.value.__cause__ is None
    assert (caught.value.away, caught.value.transient) == (True, False)


def test_a_right_without_select_is_told(project: Make, server: str) -> None:
    import sqlalchemy as sa

    url = sa.make_url(server).set(username="reader").render_as_string(hide_password=False)
    with pytest.raises(SourceError, match="the user may not read table patients"):
        land(project(HOSPITAL.format(url=url)), "hospital")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://reader:s3cret@127.0.0.1:1/hospital", "no server answers there"),
        ("postgresql://reader:s3cret@nowhere.invalid/hospital?password=s3cret2", "host is unknown"),
    ],
)
def test_a_server_that_is_away_is_a_source_error(project: Make, url: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        land(project(HOSPITAL.format(url=url)), "hospital")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [("not a url", "not a database URL"), ("madeupdb://h/d", "no driver for madeupdb")],
)
def test_a_url_that_cannot_work_is_a_config_error(project: Make, url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        land(project(HOSPITAL.format(url=url)), "hospital")


def test_columns_must_be_declared(project: Make) -> None:
    with pytest.raises(ConfigError, match="what is read of table patients"):
        project(HOSPITAL.format(url="sqlite:///h.db").replace("patients = [", "people = ["))


def test_rows_that_the_user_may_not_see_are_an_error(project: Make, postgresql: str) -> None:
    import sqlalchemy as sa

    execute(
        postgresql,
        "create table seen (id int, ward text)",
        "insert into seen values (1, 'A'), (2, 'B')",
        "alter table seen enable row level security",
        "create policy own_ward on seen using (ward = 'A')",
        "create role ward_clerk login password 'x'",
        "grant select on seen to ward_clerk",
    )
    url = sa.make_url(postgresql).set(username="ward_clerk", password="x")
    text = HOSPITAL.format(url=url.render_as_string(hide_password=False))
    with pytest.raises(SourceError, match="row-level security hides rows") as caught:
        land(project(text.replace("patients", "seen")), "hospital")
    assert caught.value.away
