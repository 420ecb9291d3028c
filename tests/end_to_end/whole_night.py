"""What the end-to-end tests share: the project under test and a digest of its marts."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
AS_OF = date(2016, 12, 31)


def marts_digest(published: Path) -> dict[str, str]:
    """SHA-256 of each mart as a client would export it."""
    with duckdb.connect(str(published), read_only=True) as con:
        tables = con.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'marts' order by 1"
        ).fetchall()
        return {
            table: hashlib.sha256(
                con.execute(f"select * from marts.{table}").fetch_df().to_csv().encode()
            ).hexdigest()
            for (table,) in tables
        }


def assert_balanced(build: Path, *, flawed: bool) -> None:
    """The books of a build balance, and it has critical findings just if its sources are flawed."""
    with duckdb.connect(str(build), read_only=True) as con:
        unbalanced = con.execute(
            "select count(*) from quality.balance where landed <> accepted + quarantined"
        ).fetchone()
        critical = con.execute(
            "select distinct rule from quality.finding where severity = 'critical'"
        ).fetchall()
    assert unbalanced == (0,)
    assert bool(critical) == flawed, critical
