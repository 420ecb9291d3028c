"""The last export: its marts are published again where they would come out the same.

If nothing changed, a build is a copy of the last one, compared table by table (last_build.py). Then
the marts of the last export are what this build's export would hold, provided that the policy is
the same. The tables of schema quality tell of the run, and are always exported anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg.system.durable import copy
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, open_build, transaction
from cytoreg.warehouse.last_build import WHOLE, is_copy

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.publication.privacy import Policy

__all__ = ["begin_as", "last_export", "note_policy"]

_EXPORT = "export"
"""The name under which `quality.made` keeps the policy of a build's export."""


def note_policy(con: DuckDBPyConnection, policy: Policy) -> None:
    """Note in a build by which policy its marts are exported."""
    quality.ensure(con, "made")
    # The names of files are looked for only in sentences of schema quality.
    told = (
        *(policy.profile, sorted((table, *of.items()) for table, of in policy.kinds.items())),
        *(sorted(policy.matched), sorted(policy.words), policy.codes, sorted(policy.engine)),
    )
    known = hashlib.sha256(repr(told).encode()).hexdigest()
    with transaction(con):
        con.execute(f"delete from quality.made where step = {literal(_EXPORT)}")
        con.execute(
            f"{quality.TABLES['made'].into()} values"
            f" ({literal(_EXPORT)}, {literal(known)}, '', '', '', '{{}}', '[]')"
        )


def last_export(build: Path, before: Path | None, name: str) -> Path | None:
    """The export of the build `before`, called `name`, if that of `build` has the same marts.

    So it is if the build is a copy of the one before, and is exported by the same policy.
    """
    if before is None:
        return None
    try:
        with open_build(build, read_only=True) as con:
            mine = _identity(con) if is_copy(con) else []
        with open_build(before, read_only=True) as con:
            same = mine != [] and mine == _identity(con)
    except duckdb.Error:  # gone, damaged, or of an earlier cytoreg
        same = False
    return before.with_name(name) if same else None


def begin_as(last: Path, digest: str, making: Path) -> bool:
    """Begin an export as a copy of the last one, without its tables of schema quality.

    `digest` is the hash of the last export; if its file is gone, damaged or another, there is no
    copy. Returns whether there is one.
    """
    try:
        whole = copy(last, making).sha256 == digest
        if whole:
            with duckdb.connect(str(making)) as con:
                rows: list[tuple[str]] = con.execute(
                    "select table_name from duckdb_tables() where schema_name = 'quality'"
                ).fetchall()
                for (name,) in rows:
                    con.execute(f'drop table quality."{name}"')
    except (OSError, duckdb.Error):
        whole = False
    if not whole:
        making.unlink(missing_ok=True)
    return whole


def _identity(con: DuckDBPyConnection) -> list[tuple[str, str]]:
    """What the whole build is made from, and the policy of its export; [] if one is not noted."""
    rows: list[tuple[str, str]] = con.execute(
        "select step, fingerprint from quality.made"
        f" where step in ({literal(WHOLE)}, {literal(_EXPORT)}) order by all"
    ).fetchall()
    return rows if len(rows) == len((WHOLE, _EXPORT)) else []
