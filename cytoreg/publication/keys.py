"""The key of pseudonyms: of the environment, strong, and the same every night.

Without a key nothing is published, but by a project whose extracts are a simulated hospital's, just
as `cytoreg simulate` wrote them: the demo's key is public. A validation publishes nothing; its key
is thrown away.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.environment import variable
from cytoreg.errors import BuildError, ConfigError
from cytoreg.gates import Gate
from cytoreg.pseudonyms import fingerprint, is_strong

if TYPE_CHECKING:
    import duckdb

    from cytoreg.project import Project
    from cytoreg.run import Run

__all__ = [
    "DEMO_NAME",
    "REHEARSAL",
    "fingerprint_of",
    "gates",
    "is_demo",
    "key_of",
    "rotate",
    "run_key",
]

DEMO, DEMO_NAME = "the demo's key, which is public", "demo"

REHEARSAL = "rehearsal"
"""Id of the run that the doctor makes, of which nothing stays."""

_PLACES = ("path", "data", "dictionary", "catalog", "url", "token_url")
_IN_EXTRACTS = "sqlite:///"


@cache
def run_key(run: Run) -> str:
    """The key that a run makes pseudonyms with; see `key_of`.

    One that publishes nothing, as a validation or the doctor's rehearsal, needs none.
    """
    try:
        return key_of(run.project)
    except ConfigError:
        nothing = run.purpose == "validate" or run.run_id == REHEARSAL
        if nothing and not variable(run.project.config.privacy.pseudonym_key):
            return secrets.token_hex(32)
        raise


def gates(run: Run) -> list[Gate]:
    """Gate `pseudonym_key`: the key is that of what is published, or was rotated; a validation has
    none."""
    if run.purpose == "validate":
        return []
    old, new = published_key(run.project), fingerprint_of(run_key(run))
    if old in ("", new):
        told = "nothing is published whose key is known" if not old else "that of what is published"
    elif old == DEMO_NAME:
        told = "of this registry; what is published is a demo"
    elif rotation(run.project, old, new).exists():
        told = "rotated since the published build"
    else:
        name = run.project.config.privacy.pseudonym_key
        told = (
            f"another than that of what is published, so that every pseudonym would change: set"
            f" {name} to the former one, or run cytoreg key rotate"
        )
        return [Gate("pseudonym_key", False, told)]
    return [Gate("pseudonym_key", True, told)]


def key_of(project: Project) -> str:
    """The project's key; DEMO for a simulated hospital without one.

    Raises ConfigError where there is no key, and for one of fewer than 128 bits.
    """
    name = project.config.privacy.pseudonym_key
    key = variable(name)
    if key is None or not key.strip():
        if is_demo(project):
            return DEMO
        raise ConfigError(
            f"{name} is not set: without a key of pseudonyms nothing is published",
            remedy=f'make one, keep it safe, set it every night: export {name}="$(cytoreg key new)"'
            f" (or {name}_FILE)",
        )
    if not is_strong(key.strip()):
        raise ConfigError(
            f"the key in {name} is too weak: 32 or more random hexadecimal digits are expected",
            remedy="make one: cytoreg key new",
        )
    return key.strip()


def fingerprint_of(key: str) -> str:
    """What `quality.run` says of the key: its fingerprint, or `demo`."""
    return DEMO_NAME if key == DEMO else fingerprint(key)


def is_demo(project: Project) -> bool:
    """Whether all that a project reads is a simulated hospital's, as `simulate` left it."""
    from cytoreg.demo import fence

    for source in project.config.sources.values():
        for name in _PLACES:
            place = str(getattr(source, name, "") or "").removeprefix(_IN_EXTRACTS)
            if "://" in place or Path(place).is_absolute() or ".." in Path(place).parts:
                return False
    try:
        fence.check(project.extracts)
    except ConfigError:
        return False
    return (project.extracts / fence.MARK).is_file()


def rotation(project: Project, old: str, new: str) -> Path:
    """Where the mapping from one key's pseudonyms to another's is: by their fingerprints."""
    return project.data / "keys" / f"{old}-{new}.parquet"


def map_pseudonyms(con: duckdb.DuckDBPyConnection, out: Path) -> int:
    """Write (kind, old, new) for the ids of two builds of the same landings; returns how many.

    They are attached as `old` and `new`. Ids of `registry` belong together that come from the same
    row of a source. Raises BuildError where one would have two.
    """
    tables = con.execute(
        "select table_name, list(column_name) from duckdb_columns()"
        " where database_name = 'new' and schema_name = 'registry'"
        " and table_name in (select table_name from duckdb_columns()"
        "   where database_name = 'old' and schema_name = 'registry')"
        " group by table_name order by table_name"
    ).fetchall()
    pairs = []
    for table, columns in tables:
        rows = next((rows for rows in _ROWS if set(rows) <= set(columns)), None)
        for column in columns if rows else ():
            if column.endswith("_id") and column[0] != "_":
                by = ", ".join(f'"{name}"' for name in rows or ())
                one = (
                    f'(select {by}, "{column}" from {{}}.registry."{table}"'
                    f' where "{column}" is not null'
                    f" qualify count(*) over (partition by {by}) = 1)"
                )
                pairs.append(
                    f"select '{column.removesuffix('_id')}' as kind, o.\"{column}\" as old,"
                    f' n."{column}" as new from {one.format("old")} o'
                    f" join {one.format('new')} n using ({by})"
                )
    if not pairs:
        raise BuildError("the registry has no ids that lead back to rows of sources")
    together = " union all ".join(pairs)
    con.execute(f"create temp table mapping as select distinct * from ({together})")
    count, old, new = con.execute(
        "select count(*), count(distinct (kind, old)), count(distinct (kind, new)) from mapping"
    ).fetchall()[0]
    if not count == old == new:
        raise BuildError(
            "a row of a source belongs to one id in one build, and to another in the other",
            remedy="rotate the key before the project is changed",
        )
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = out.with_name(f".{out.name}.tmp")
    os.close(os.open(making, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    con.execute(f"copy (from mapping order by all) to '{making}' (format parquet)")
    making.chmod(0o600)
    making.replace(out)
    return int(count)


_ROWS = (("_source", "_table", "_file", "_row"), ("source", "source_table", "file", "row"))
"""How a table of the registry names the rows of sources that its rows come from."""


def rotate(project: Project) -> tuple[Path, int]:
    """Build the published run again with the new key, and map its pseudonyms; publishes nothing.

    Raises ConfigError when nothing is published, or the key is still that of what is published.
    """
    from cytoreg import audit
    from cytoreg.nights.refresh import rebuild
    from cytoreg.publish import published_run
    from cytoreg.warehouse import in_memory, literal, private_spill

    new = fingerprint_of(key_of(project))
    old, run = published_key(project), published_run(project)
    if run is None or not old:
        raise ConfigError(
            "no published build says which key made its pseudonyms: there is nothing to map",
            remedy="set the new key and refresh",
        )
    if old == new:
        raise ConfigError(
            "the key is the one that made the published pseudonyms",
            remedy=f"set {project.config.privacy.pseudonym_key} to the new key first",
        )
    audit.record(project, "key rotate", f"from {old} to {new}, of run {run}")
    again = rebuild(project, run)
    out = rotation(project, old, new)
    with closing(in_memory(private_spill())) as con:
        for name, one in (("old", run), ("new", again.run_id)):
            build = project.builds / one / "build.duckdb"
            con.execute(f"attach {literal(str(build))} as {name} (read_only)")
        return out, map_pseudonyms(con, out)


def published_key(project: Project) -> str:
    """The fingerprint of the key of what is published; '' when nobody can tell."""
    import duckdb

    from cytoreg.published import reading

    if not project.published.exists():
        return ""
    try:
        with reading(project.published) as con:
            keys = con.execute("select pseudonym_key from quality.run").fetchall()
    except duckdb.Error:
        return ""
    return str(keys[0][0] or "") if keys else ""
