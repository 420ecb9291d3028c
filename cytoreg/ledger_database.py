"""The ledger's tables, and a transaction on the database that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["begin", "ledger_tables"]


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
"""What keeps rows of `audit` as they were written; whoever owns the database can undo it."""


@cache
def ledger_tables() -> sa.MetaData:
    """The tables that ledger.py and audit.py read and write; most belong to a run.

    `publication` may name a run that this ledger does not know: a build outlives a lost ledger.
    """
    import sqlalchemy as sa

    metadata = sa.MetaData()

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
    sa.Table(
        "publication",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("replaced", sa.String(64)),
    )
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
    return metadata


@contextmanager
def begin(url: str) -> Iterator[sa.Connection]:
    """A transaction on the ledger, whose tables exist; errors name the ledger, not its password."""
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
            ledger_tables().create_all(connection)
            yield connection
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        reason = type(error.orig).__name__ if error.orig else type(error).__name__
        shown = address.set(query={}).render_as_string(hide_password=True)
        raise ConfigError(
            f"the ledger {shown} does not work ({reason})",
            remedy="check [ledger] url, and that the database runs and may be written",
        ) from None
    finally:
        engine.dispose()
