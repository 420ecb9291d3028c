"""Pseudonyms: keyed, repeatable, and made inside the database."""

from __future__ import annotations

import hashlib

import duckdb

from cytoreg.warehouse import literal


def define_pseudonym(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Define `pseudonym(kind, text)` on this connection: P and 16 hex digits; null for null.

    The same key, kind and text always give the same pseudonym. The macro is temporary and holds
    only what is derived from the key, so that no file ever holds either.
    """
    derived = hashlib.sha256(b"cytoreg pseudonym\0" + key.encode()).hexdigest()
    con.execute(
        f"""create or replace temp macro pseudonym(kind, text) as
        case when text is not null then
          'P' || upper(substr(
            sha256({literal(derived)} || kind || chr(31) || cast(text as varchar)), 1, 16))
        end"""
    )
