"""The ledger's tables, and a transaction on the database that holds them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytoreg.errors import ConfigError
from cytoreg.nights.decision_tables import add_decisions
from cytoreg.nights.life_tables import add_lives
from cytoreg.system.machine import MachineError, machine_error

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["begin", "damaged", "file_of", "ledger_tables", "repair", "rows_of", "utc"]


APPEND_ONLY = {
    "sqlite": [
        f"create trigger audit_{verb} before {verb} on audit"
        " begin select raise(abort, 'the audit is append-only'); end"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "create function audit_stays() returns trigger language plpgsql as"
        " $$ begin raise exception 'the audit is append-only'; end $$",
        "create trigger audit_stays before update or delete or truncate on audit"
        " for each statement execute function audit_stays()",
    ],
}
"""Triggers that keep rows of `audit` unchanged; the owner of the database can drop them."""


@cache
def ledger_tables() -> sa.MetaData:
    """The tables that ledger.py and audit.py read and write; most rows belong to a run.

    `publication` may name a run that the ledger lacks: a build outlives a lost ledger.
    """
    import sqlalchemy as sa

    metadata = sa.MetaData()

    _runs(metadata)
    sa.Table(
        "publication",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("replaced", sa.String(64)),
        sa.Column("who", sa.String(200)),
        sa.Column("why", sa.Text),
    )
    _audit(metadata)
    add_lives(metadata)
    add_decisions(metadata)
    sa.Table("ledger_version", metadata, sa.Column("version", sa.Integer, primary_key=True))
    return metadata


def _runs(metadata: sa.MetaData) -> None:
    """The runs, and the tables whose rows belong to one."""
    import sqlalchemy as sa

    def of_run(name: str, *columns: sa.schema.SchemaItem) -> None:
        run_id = sa.Column("run_id", sa.String(64), sa.ForeignKey("run.run_id"), primary_key=True)
        sa.Table(name, metadata, run_id, *columns)

    sa.Table(
        "run",
        metadata,
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("code_version", sa.String(40), nullable=False),
        sa.Column("project_hash", sa.String(64), nullable=False),
        sa.Column("error", sa.Text),
    )
    of_run(
        "run_stage",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("stage", sa.String(200), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    of_run(
        "run_input",
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(80), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("rejects", sa.BigInteger, nullable=False),
        sa.Column("reused", sa.Boolean, nullable=False),
    )
    of_run(
        "run_table",
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("table", sa.String(200), primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("stale", sa.Boolean, nullable=False),
    )
    of_run(
        "run_output",
        sa.Column("table", sa.String(200), primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
    )
    of_run(
        "check_history",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String(300), nullable=False, index=True),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("violated", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
    )


def _audit(metadata: sa.MetaData) -> None:
    """Who did what, when: rows that nobody changes."""
    import sqlalchemy as sa

    audit = sa.Table(
        "audit",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.String(50), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    for dialect, statements in APPEND_ONLY.items():
        for statement in statements:
            made = sa.DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            sa.event.listen(audit, "after_create", made)


VERSION = 4
MIGRATIONS = {
    1: (
        "alter table publication add column who varchar(200)",
        "alter table publication add column why text",
    ),
    2: (),  # the lives of findings: new tables alone
    3: (),  # decisions: a new table alone
}
"""Statements that bring the tables from each version to the next; the first had no version
table."""


def _migrate(connection: sa.Connection) -> None:
    """Make the tables, or migrate those of an earlier cytoreg; refuse those of a later one."""
    import sqlalchemy as sa

    there = set(sa.inspect(connection).get_table_names())
    table = ledger_tables().tables["ledger_version"]
    version = VERSION
    if table.name in there:
        version = connection.execute(sa.select(sa.func.max(table.c.version))).scalar() or VERSION
    elif "run" in there:
        version = 1
    if version > VERSION:
        raise ConfigError(
            f"the ledger is of version {version}; this cytoreg knows up to {VERSION}",
            remedy="use the newer cytoreg that wrote it, or another [ledger] url",
        )
    if table.name in there and version == VERSION:
        return
    if "publication" in there:
        for step in range(version, VERSION):
            for statement in MIGRATIONS[step]:
                connection.execute(sa.text(statement))
    ledger_tables().create_all(connection)
    connection.execute(table.delete())
    connection.execute(table.insert().values(version=VERSION))


def repair(url: str) -> Path | None:
    """Move a damaged SQLite ledger aside; returns its new place, None if it is sound.

    Call it while no run is under way; `endings.make_up` fills the new ledger from the kept runs.
    """
    path = damaged(url)
    if path is None:
        return None
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    path.replace(aside)
    for leftover in ("-journal", "-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    return aside


def damaged(url: str) -> Path | None:
    """The file of a damaged SQLite ledger; None for a sound one and for any other database."""
    import sqlite3

    path = file_of(url)
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            sound = connection.execute("pragma quick_check(1)").fetchone() == ("ok",)
    except sqlite3.OperationalError:
        return None  # locked, or no permission: this is not damage
    except sqlite3.DatabaseError:
        sound = False
    return None if sound else path


def file_of(url: str) -> Path | None:
    """The file of a SQLite ledger; None for another database, and for text that is not a URL."""
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None  # `begin` reports what is wrong
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return Path(address.database)


def _read_only(url: str) -> MachineError | None:
    """Whether a read-only disk keeps SQLite from opening the ledger; SQLite does not say so."""
    path = file_of(url)
    if path is None or not os.statvfs(path.parent).f_flag & os.ST_RDONLY:
        return None
    return machine_error(OSError(errno.EROFS, os.strerror(errno.EROFS)))


@contextmanager
def begin(url: str) -> Iterator[sa.Connection]:
    """A transaction on the ledger, whose tables exist; errors do not show its password."""
    import sqlalchemy as sa

    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    except OSError as error:
        raise ConfigError(
            f"the ledger's folder cannot be made ({type(error).__name__})",
            remedy="check [ledger] url or [paths] data",
        ) from None
    except sa.exc.ArgumentError:
        raise ConfigError(
            "[ledger] url is not an SQLAlchemy URL",
            remedy="such as sqlite:////srv/cytoreg/ledger.sqlite; leave it out for the default",
        ) from None
    except ImportError as error:
        raise ConfigError(
            f"[ledger] url needs the Python module {error.name}",
            remedy=f"install it beside cytoreg: pip install {error.name}",
        ) from None
    try:
        with engine.begin() as connection:
            _migrate(connection)
            yield connection
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        if error.orig and (failure := machine_error(error.orig) or _read_only(url)):
            raise MachineError(f"the ledger: {failure.message}", remedy=failure.remedy) from None
        reason = type(error.orig).__name__ if error.orig else type(error).__name__
        shown = address.set(query={}).render_as_string(hide_password=True)
        raise ConfigError(
            f"the ledger {shown} does not work ({reason})",
            remedy="check [ledger] url, and that the database runs and may be written",
        ) from None
    finally:
        engine.dispose()


def rows_of(
    connection: sa.Connection, table: sa.Table, ids: Sequence[str], order: str
) -> Sequence[tuple[Any, ...]]:
    """The rows of a table that belong to the given runs, with the columns as declared above."""
    wanted = table.select().where(table.c.run_id.in_(ids)).order_by(table.c[order])
    return connection.execute(wanted).tuples().all()


def utc(moment: datetime) -> datetime:
    """Restore the zone that SQLite forgets; the ledger writes UTC only."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
