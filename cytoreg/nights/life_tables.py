"""The ledger's tables of findings: the nights in which they were looked at, and their lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["add_lives"]


def add_lives(metadata: sa.MetaData) -> None:
    """Declare them.

    `finding_life` has one row for each time that a finding was there: from night `first` until it
    was missing in night `gone`; a finding that came back has several. `record` is the record's key
    as the published file shows it, a pseudonym. `rule_definition` has a row for each night in which
    a rule was not as before.
    """
    import sqlalchemy as sa

    sa.Table(
        "finding_night",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(64), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("findings", sa.BigInteger, nullable=False),
    )
    sa.Table(
        "finding_kind",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rule", sa.String(300), nullable=False),
        sa.Column("entity", sa.String(200), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
    )
    sa.Table(
        "finding_life",
        metadata,
        sa.Column("finding", sa.String(17), primary_key=True),
        sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("record", sa.String(17)),
        sa.Column("gone", sa.Integer),
        sa.Column("how", sa.String(30)),
        sqlite_with_rowid=False,
    )
    sa.Table(
        "rule_definition",
        metadata,
        sa.Column("rule", sa.String(300), primary_key=True),
        sa.Column("night", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("definition", sa.String(16), nullable=False),
    )
