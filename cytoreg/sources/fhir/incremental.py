"""Merge a server's resources from an earlier landing with the changes in its export.

`_since` is the instant whose data the earlier landing shows, by the server's own clock. A resource
that is exported again replaces its rows, whichever and however many; one in the manifest's list of
deleted resources is removed. For this, rows carry the key of their resource (`_resource`). What no
server reports, such as a resource that no longer fits a filter, is found when everything is read
again, after `whole_days`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from cytoreg.errors import SourceError
from cytoreg.manifest import Landing
from cytoreg.sources.compression import open_unpacked
from cytoreg.sources.fhir import bulk
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.export import Manifest, NotOffered, export, fetch, query
from cytoreg.sources.fhir.reading import KEY, Reading, reading
from cytoreg.sources.fhir.server import Server, open_server
from cytoreg.sources.items import (
    BATCH_ROWS,
    Item,
    Merged,
    Reject,
    Rows,
    Served,
    Unexpected,
    Waiting,
)
from cytoreg.sources.merge import ReadWhole, gathering
from cytoreg.warehouse.connection import literal, quote

_AS_OF = re.compile(r", as of (\d{4}-\S+)$")
_DELETED = re.compile(r"([A-Z][A-Za-z]*/[A-Za-z0-9.-]{1,64})$")


class _Request(msgspec.Struct):
    method: str = ""
    url: str = ""


class _Entry(msgspec.Struct):
    request: _Request = msgspec.field(default_factory=_Request)


class _Bundle(msgspec.Struct):
    entry: list[_Entry] = []


def read(name: str, config: FhirSource, earlier: Landing) -> Iterator[Item]:
    """The result of bulk.read; everything is read, with the reason, if no landing can be used."""
    with (
        open_server(name, config) as server,
        reading(name, config) as run,
        gathering(server.folder) as con,
    ):
        if datetime.now(UTC) - _compared(earlier) >= timedelta(days=config.whole_days):
            yield from bulk.whole(server, run)
            return
        try:
            since = _since(server, run, earlier)
            manifest = None
            with closing(export(server, run.kinds, since)) as steps:
                for step in steps:
                    if isinstance(step, Waiting):
                        yield step
                        continue
                    manifest = step
                    notes = _gather(server, run, con, manifest)
        except (ReadWhole, NotOffered) as why:
            yield Unexpected(f"the server was read whole: {why}", 1)
            run.counted.clear()
            yield from bulk.whole(server, run)
            return
        if manifest is None:
            raise AssertionError  # an export ends with its manifest, or raises
        asked = f"GET {query(server, run.kinds, since)}"
        told = bulk.described(server)
        yield Served(f"{told}, as of {manifest.time}", dict.fromkeys(run.views, asked))
        yield from notes
        for table in run.views:
            yield _merge(con, table, since, earlier)
            yield from _rows(con, table, earlier)
        yield from run.end()


def _compared(earlier: Landing) -> datetime:
    """When the server was last read completely."""
    told = [table.merged.get("compared") for table in earlier.tables]
    return datetime.fromisoformat(str(told[0] or earlier.landed_at))


def _since(server: Server, run: Reading, earlier: Landing) -> str:
    """The instant whose data the earlier landing shows; raises ReadWhole if it cannot be used."""
    as_of = _AS_OF.search(earlier.source_version)
    if as_of is None:
        raise ReadWhole("the earlier landing does not say for which time it holds")
    if any(table.rejects for table in earlier.tables):
        raise ReadWhole("in the earlier landing are resources that could not be read")
    for table in run.views:
        path = earlier.folder / f"{table}.parquet"
        keyed = KEY in pq.read_schema(path).names
        if not keyed or pq.read_table(path, columns=[KEY])[KEY].null_count:
            raise ReadWhole("the earlier landing has rows that do not name their resource")
    group = server.config.export
    if group.startswith("Group/") and not _is_as_before(server, group, as_of[1]):
        raise ReadWhole("the members of the group may have changed")
    return as_of[1]


def _is_as_before(server: Server, group: str, since: str) -> bool:
    """Whether the server says that the group is unchanged: new members must be read completely."""
    meta: object = None
    with suppress(SourceError):
        meta = server.json(server.at(group)).get("meta")
    changed = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        return datetime.fromisoformat(str(changed)) < datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return False


def _gather(
    server: Server, run: Reading, con: duckdb.DuckDBPyConnection, manifest: Manifest
) -> list[Item]:
    """Put the rows of changed resources into tables, and the keys of all changed ones (`other`).

    Returns the items that are not rows.
    """
    con.execute(f"create temp table other ({KEY} varchar)")
    path = server.folder / "deleted.ndjson"
    for output in manifest.deleted:
        fetch(server, manifest, output, path)
        con.register("keys", pa.table({KEY: _deleted(path)}))
        con.execute("insert into other from keys")
    notes: list[Item] = []
    for item in bulk.files(server, run, manifest, f".{manifest.time}"):
        if isinstance(item, Reject):
            raise ReadWhole("a changed resource cannot be read")
        if not isinstance(item, Rows):
            notes.append(item)
        elif item.rows[KEY].null_count:
            raise ReadWhole("a changed resource has no id")
        else:
            _keep(con, item)
    for item in run.nothing():
        _keep(con, item)
    con.register("keys", pa.table({KEY: pa.array(sorted(run.seen), pa.string())}))
    con.execute("insert into other from keys")
    return notes


def _deleted(path: Path) -> pa.StringArray:
    """The keys of a file of Bundles whose entries delete resources."""
    found: list[str] = []
    with open_unpacked(path, lambda error: error) as file:
        for line in filter(bytes.strip, file):
            try:
                bundle = msgspec.json.decode(line, type=_Bundle)
            except (msgspec.MsgspecError, RecursionError):
                raise ReadWhole("its list of deleted resources cannot be read") from None
            for entry in bundle.entry:
                key = _DELETED.search(entry.request.url)
                if entry.request.method != "DELETE" or key is None:
                    raise ReadWhole("its list of deleted resources holds something else")
                found.append(key[1])
    return pa.array(found, pa.string())


def _keep(con: duckdb.DuckDBPyConnection, item: Rows) -> None:
    con.register("rows", item.rows)
    con.execute(f"create temp table if not exists {_fresh(item.table)} as from rows limit 0")
    con.execute(f"insert into {_fresh(item.table)} from rows")
    con.unregister("rows")


def _fresh(table: str) -> str:
    return quote(f"fresh_{table}")


def _stays(table: str, earlier: Landing) -> str:
    """The unchanged rows of the earlier landing, in order."""
    path = literal(str(earlier.folder / f"{table}.parquet"))
    return (
        f"read_parquet({path}, file_row_number = true) e"
        f" where not exists (from other o where o.{KEY} = e.{KEY})"
    )


def _merge(con: duckdb.DuckDBPyConnection, table: str, since: str, earlier: Landing) -> Merged:
    path = literal(str(earlier.folder / f"{table}.parquet"))
    before, kept, fresh, changed = (
        int(con.execute(f"select count(*) from {rows}").fetchall()[0][0])
        for rows in (
            f"read_parquet({path})",
            _stays(table, earlier),
            _fresh(table),
            f"{_fresh(table)} f where f.{KEY} in (select {KEY} from read_parquet({path}))",
        )
    )
    deleted = max(before - kept - changed, 0)
    compared = _compared(earlier).isoformat(timespec="seconds")
    return Merged(
        table, earlier.fingerprint, since, kept, changed, fresh - changed, deleted, compared
    )


def _rows(con: duckdb.DuckDBPyConnection, table: str, earlier: Landing) -> Iterator[Item]:
    names = ", ".join(map(quote, pq.read_schema(earlier.folder / f"{table}.parquet").names))
    for source in (f"{_stays(table, earlier)} order by file_row_number", _fresh(table)):
        for batch in con.sql(f"select {names} from {source}").to_arrow_reader(BATCH_ROWS):
            yield Rows(table, pa.Table.from_batches([batch]))
