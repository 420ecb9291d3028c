"""Merge a REDCap project's earlier landing with the records that changed since.

REDCap's log shows which records were created or changed after a time (`dateRangeBegin`). Deleted or
renamed records are found by the list of all ids, which costs little. All other records are taken
from the earlier landing. Changes without a trace in the log (an instrument moved to another event,
values changed in the database itself) are found when everything is read again, after `whole_days`.

A record is read as a whole, with all its events and instances. An unchanged record keeps its rows,
so that a night without changes gives the same landing as the night before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cytoreg.manifest import Landing
from cytoreg.sources.items import BATCH_ROWS, Item, Merged, Reject, Rows, Unexpected
from cytoreg.sources.merge import ReadWhole, gathering
from cytoreg.sources.redcap.api import (
    checked,
    export,
    portions_of,
    record_ids,
    served,
    whole,
)
from cytoreg.sources.redcap.config import RedcapSource
from cytoreg.sources.redcap.dictionary import EVENT
from cytoreg.sources.redcap.layout import INSTANCE
from cytoreg.sources.redcap.project import Api, Project, open_api
from cytoreg.warehouse.connection import literal, quote

_OVERLAP = timedelta(days=2)
"""How long before the earlier landing changes are requested: clocks and time zones differ."""

_PLACE = "_file", "_row"


def read(name: str, config: RedcapSource, earlier: Landing) -> Iterator[Item]:
    """The result of api.read; all is read if no landing can be used, and the manifest says why."""
    with open_api(name, config) as api, gathering(api.folder) as con:
        project = checked(api)
        if datetime.now(UTC) - _compared(earlier) >= timedelta(days=config.whole_days):
            yield from whole(api, project)
            return
        try:
            notes = _gather(api, project, con, earlier)
        except ReadWhole as why:
            yield Unexpected(f"the project was read whole: {why}", 1)
            yield from whole(api, project)
            return
        yield served(
            api, project, f"records changed since {_since(earlier)}, and others as before,"
        )
        yield from notes
        for form in config.tables:
            yield _merge(con, form, project.record_id, earlier)
            yield from _rows(con, form, earlier)


def _compared(earlier: Landing) -> datetime:
    """When the project was last read completely."""
    told = [table.merged.get("compared") for table in earlier.tables]
    return datetime.fromisoformat(str(told[0] or earlier.landed_at))


def _since(earlier: Landing) -> str:
    began = datetime.fromisoformat(earlier.landed_at) - timedelta(seconds=earlier.seconds)
    return f"{began - _OVERLAP:%Y-%m-%d %H:%M:%S}"


def _gather(
    api: Api, project: Project, con: duckdb.DuckDBPyConnection, earlier: Landing
) -> list[Item]:
    """Put into tables which records exist (`there`), which were requested (`asked`), and the rows
    of the latter (`fresh_<form>`) beside earlier ones (`earlier_<form>`)."""
    if any(table.rejects for table in earlier.tables):
        raise ReadWhole("the earlier landing has records that are not text")
    record, last = quote(project.record_id), 0
    known: set[str] = set()
    for form in api.config.tables:
        path = earlier.folder / f"{form}.parquet"
        con.execute(
            f"create view {_named('earlier', form)} as from read_parquet({literal(str(path))})"
        )
        found = con.execute(f"select {record}, max(_row) from {_named('earlier', form)} group by 1")
        for id_, row in found.fetchall():
            known.add(id_)
            last = max(last, row)
    every = record_ids(api, project)
    changed = {id_ for _ in range(2) for id_ in record_ids(api, project, _since(earlier))}
    asked = [id_ for id_ in every if id_ in changed or id_ not in known]
    if len(asked) > len(every) / 2:
        raise ReadWhole("most of its records changed")
    for name, ids in {"there": every, "asked": asked}.items():
        ids_ = pa.table({"id": pa.array(ids, pa.string()), "place": pa.array(range(len(ids)))})
        con.register("ids", ids_)
        con.execute(f"create temp table {name} as from ids")
    notes: list[Item] = []
    for form in api.config.tables:
        kinds = ", ".join(f"{quote(name)} varchar" for name in _columns(earlier, form))
        con.execute(f"create temp table {_named('fresh', form)} ({kinds})")
    for item in export(api, project, portions_of(api, project, asked), last) if asked else ():
        if isinstance(item, Reject):
            raise ReadWhole("some of its records are no text")
        if isinstance(item, Rows):
            _keep(con, item, _columns(earlier, item.table))
        else:
            notes.append(item)
    return notes


def _columns(earlier: Landing, form: str) -> list[str]:
    return list(pq.read_schema(earlier.folder / f"{form}.parquet").names)


def _named(what: str, form: str) -> str:
    return quote(f"{what}_{form}")


def _keep(con: duckdb.DuckDBPyConnection, item: Rows, columns: list[str]) -> None:
    if set(item.rows.column_names) != set(columns):
        raise ReadWhole(f"instrument {item.table} has other fields than before")
    con.register("batch", item.rows.select(columns))
    con.execute(f"insert into {_named('fresh', item.table)} from batch")


def _merge(con: duckdb.DuckDBPyConnection, form: str, record_id: str, earlier: Landing) -> Merged:
    """Make the present rows (`now_<form>`), in the order of the records; count them."""
    before, fresh, now = (_named(what, form) for what in ("earlier", "fresh", "now"))
    columns = _columns(earlier, form)
    values = ", ".join(quote(name) for name in columns if name not in _PLACE)
    record = quote(record_id)
    con.execute(
        f"""
        create or replace temp table other as
        select distinct {record} as id from (
            (select {values} from {fresh} except all select {values} from {before})
            union all (
                select {values} from {before} where {record} in (select id from asked)
                except all select {values} from {fresh}
            )
        )
        """
    )
    con.execute(
        f"""
        create temp table {now} as
        select rows.* from (
            select {values}, _file, _row from {before}
            where {record} not in (select id from other)
            union all
            select {values}, _file, _row::bigint from {fresh}
            where {record} in (select id from other)
        ) rows
        join there on there.id = rows.{record}
        order by there.place, rows._row
        """
    )
    context = [name for name in (record_id, EVENT, INSTANCE) if name in columns]
    same = " and ".join(f"e.{q} is not distinct from n.{q}" for q in map(quote, context))
    other = f"n.{record} in (select id from other)"
    total, rows, kept, changed = (
        int(con.execute(f"select count(*) from {rows}").fetchall()[0][0])
        for rows in (
            before,
            now,
            f"{now} n where not {other}",
            f"{now} n where {other} and exists (from {before} e where {same})",
        )
    )
    return Merged(
        form, earlier.fingerprint, _since(earlier), kept, changed, rows - kept - changed,
        total - kept - changed, _compared(earlier).isoformat(timespec="seconds"),
    )  # fmt: skip


def _rows(con: duckdb.DuckDBPyConnection, form: str, earlier: Landing) -> Iterator[Item]:
    columns = ", ".join(map(quote, _columns(earlier, form)))
    now = con.sql(f"select {columns} from {_named('now', form)}")
    reader = now.to_arrow_reader(BATCH_ROWS)
    yield Rows(form, reader.schema.empty_table())
    for batch in reader:
        yield Rows(form, pa.Table.from_batches([batch]))
