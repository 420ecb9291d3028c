from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import bulk_server
import duckdb
import pytest
from bare_registry import HEAD
from bulk_server import LINES, PATIENT, RESULT, SOURCE, Bulk
from postgresql_server import serving

from cytoreg.landing import land as landing
from cytoreg.landing.kept import attach
from cytoreg.landing.land import land
from cytoreg.manifest import Landing
from cytoreg.project.load import Project, load_project
from cytoreg.sources import http, retry
from cytoreg.sources.fhir import export, server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landing tells a reader's first error at once, however long the source's deadline is."""
    monkeypatch.setattr(landing, "pauses", lambda: iter([math.inf]))


@pytest.fixture
def patient(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Landing tries again what may pass, after pauses that a test has time for."""
    monkeypatch.setattr(landing, "pauses", retry.pauses)
    monkeypatch.setattr(retry, "PAUSE", 0.02)


@pytest.fixture
def thrice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of the web that stays away is asked three times, however long the deadline is."""
    monkeypatch.setattr(http, "pauses", lambda: iter([0.001, 0.001, math.inf]))


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Project]:
    """A project in `tmp_path` with this [sources.…] section; extracts lie in extracts/."""
    (tmp_path / "extracts").mkdir()

    def make(sources: str) -> Project:
        (tmp_path / "cytoreg.toml").write_text(HEAD + sources, encoding="utf-8")
        return load_project(tmp_path)

    return make


@pytest.fixture(scope="session")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """The database in which this process looks at what was landed."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'; set threads = 1")
        yield con


@pytest.fixture
def landed(
    engine: duckdb.DuckDBPyConnection,
) -> Callable[..., tuple[Landing, list[tuple], list[tuple]]]:
    """Land a source; returns its landing, rows of its first table, and its rejects."""

    def run(
        project: Project, source: str, columns: str = "*", table: str = ""
    ) -> tuple[Landing, list[tuple], list[tuple]]:
        found = land(project, source)
        name = table or found.tables[0].table
        engine.execute("drop schema if exists landing cascade")
        attach(engine, [found], "run")
        rows = engine.execute(f"select {columns} from landing.{source}_{name}").fetchall()
        rejects = engine.execute(
            "select source_table, row, line, reason, raw from landing.reject order by row"
        ).fetchall()
        return found, rows, rejects

    return run


@pytest.fixture
def sqlite_file() -> Callable[..., None]:
    def make(path: Path, *statements: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path) as con:
            for statement in statements:
                con.execute(statement)
        con.close()

    return make


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server of this process; each module has tables of its own names."""
    with serving() as url:
        yield url


@pytest.fixture
def bulk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bulk]:
    monkeypatch.setenv("EHR_TOKEN", "a-token")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(retry, "PAUSE", 0.001)
    monkeypatch.setattr(export, "POLL", 0.001)
    monkeypatch.setattr(server, "FRESH", 0.0)
    with bulk_server.serving(Bulk(LINES)) as running:
        yield running


@pytest.fixture
def ehr(project: Callable[[str], Project], tmp_path: Path) -> Callable[..., Project]:
    (tmp_path / "patient.json").write_text(json.dumps(PATIENT), encoding="utf-8")
    (tmp_path / "result.json").write_text(json.dumps(RESULT), encoding="utf-8")

    def make(bulk: Bulk, source: str = SOURCE) -> Project:
        return project(source.format(url=bulk.url))

    return make
