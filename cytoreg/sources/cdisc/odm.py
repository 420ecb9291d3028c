"""CDISC ODM-XML 1.2 to 1.3.2: one row per item group of a form, one column per item.

Every element is a transaction (`state`): those of all files are applied in the order of the files,
by PriorFileOID and AsOfDateTime, and what is in force at the end lands. Files are read twice: their
definitions first, as a file may use those of another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.arrow import Column, schema
from cytoreg.sources.cdisc.clinical import Clinical
from cytoreg.sources.cdisc.config import LEVELS, NOTE, OdmSource
from cytoreg.sources.cdisc.elements import take
from cytoreg.sources.cdisc.levels import Plan
from cytoreg.sources.cdisc.metadata import Head, Metadata, read_head
from cytoreg.sources.cdisc.pieces import KEYS, Pieces
from cytoreg.sources.cdisc.state import State
from cytoreg.sources.declaration import RESERVED
from cytoreg.sources.files import source_files
from cytoreg.sources.items import Item, Reject, Rows, Unexpected
from cytoreg.sources.merge import gathering

TWICE = "two values of one item in a snapshot"
_SAMPLED = 1000
"""Item groups of a file that are looked at in a sample."""
_NUMBERS = {name: number for number, name in enumerate(LEVELS, start=1)}
_FIRST = ("SubjectKey", "StudyOID", "MetaDataVersionOID")
_KEYS_OF = {
    "subject": _FIRST,
    "event": (*_FIRST, *KEYS[2:4]),
    "form": (*_FIRST, *KEYS[2:6]),
    "": (*_FIRST, *KEYS[2:6], *KEYS[7:]),
}
"""The columns of keys of each level's table, and of the other tables."""
_ALWAYS = {"subject": ["LocationOID", "UserOID"]}
"""Columns beside the keys that such a table always has: of SiteRef and InvestigatorRef."""


def read(name: str, config: OdmSource, extracts: Path, *, sampled: bool = False) -> Iterator[Item]:
    """The rows of all tables, rejects, and counts of what is not landed.

    `sampled`: only of the first item groups of each file.
    """
    heads, metadata, odd = opened(name, config.path, extracts)
    if config.labels and (lists := sorted(+metadata.contradictory)):
        raise SourceError(
            name,
            f"the files do not agree on the decodes of code list {lists[0][:80]}",
            remedy="deliver the data of one MetaDataVersion with one definition of it, or remove"
            " `labels`",
        )
    for codes, count in metadata.contradictory.items():
        odd[f"code with two decodes in code list {codes}"] += count
    plan = plan_of(config)
    columns = {table: columns_of(name, config, table, metadata) for table in config.tables}
    with TemporaryDirectory(prefix="cytoreg-") as folder, gathering(Path(folder) / "spill") as con:
        with Pieces(Path(folder)) as pieces:
            for number, head in enumerate(heads):
                data = Clinical(plan, metadata, head, number, pieces)
                for _ in beginning(data, pieces, sampled=sampled):
                    yield from data.rejects
                    data.rejects.clear()
                    if data.notes.full:
                        yield Rows(NOTE, data.notes.take())
                if plan.notes:
                    yield Rows(NOTE, data.notes.take())
                odd.update(data.strange)
                for group, count in data.unknown.items():
                    odd[f"ItemGroupData of {group}, which no table has"] += count
        state = State(con, pieces)
        if conflict := state.conflict():
            raise SourceError(
                name,
                f"{heads[conflict.file].where} and {heads[conflict.other].where} are snapshots that"
                f" say different things of the same record of {plan.tables[conflict.tab]}",
                remedy="keep the newest snapshot alone in the folder",
            )
        odd.update(state.odd())
        for tab, table in enumerate(plan.tables):
            if table == NOTE:
                continue
            yield from _landed(state, tab, table, columns[table], heads)
            for item, count in state.others(tab, columns[table]).items():
                if not item.endswith("@IsNull"):
                    odd[f"{item} of {table}, which has no column"] += count
    for what, count in sorted(odd.items()):
        if count:
            yield Unexpected(what, count)


def sample(name: str, config: OdmSource, extracts: Path) -> Iterator[Item]:
    """What the beginning of each file gives."""
    return read(name, config, extracts, sampled=True)


def opened(name: str, pattern: str, extracts: Path) -> tuple[list[Head], Metadata, Counter[str]]:
    """The files in their order, what they define, and what is odd about them."""
    metadata = Metadata()
    heads = [read_head(file, metadata) for file in source_files(name, pattern, extracts)]
    heads, odd = in_order(name, heads)
    return heads, metadata, odd


def plan_of(config: OdmSource) -> Plan:
    """The tables by their numbers."""
    tables = list(config.tables)
    groups = {
        group: tables.index(table) for table, groups in config.groups.items() for group in groups
    }
    merged = (tables.index(table) for table, groups in config.groups.items() if len(groups) > 1)
    levels = {_NUMBERS[table]: tables.index(table) for table in tables if table in LEVELS}
    return Plan(tables, levels, groups, frozenset(merged), config.labels, NOTE in tables)


def in_order(source: str, heads: list[Head]) -> tuple[list[Head], Counter[str]]:
    """The files in the order in which they are applied, and what is odd about it."""
    odd: Counter[str] = Counter()
    waiting = sorted(heads, key=lambda head: (head.time, head.where))
    known = Counter(head.oid for head in heads)
    named = {head.prior for head in heads}
    found: list[Head] = []
    while waiting:
        later = {head.oid for head in waiting}
        first = next((h for h in waiting if h.prior in ("", h.oid) or h.prior not in later), None)
        if first is None:
            raise SourceError(
                source,
                f"{waiting[0].where} and other files each name the other in PriorFileOID",
                remedy="deliver the series again, each file with the FileOID of the one before it",
            )
        waiting.remove(first)
        found.append(first)
        odd["file whose PriorFileOID is of no file here"] += first.prior not in {"", *known}
        matters = first.oid != "" and (not first.snapshot or first.oid in named)
        odd["file with the FileOID of another one"] += matters and known[first.oid] > 1
        odd["file that does not say its time"] += first.time == ""
    return found, odd


def columns_of(source: str, config: OdmSource, table: str, metadata: Metadata) -> list[str]:
    """The columns of a table beside its keys; raises SourceError for an unknown item group.

    An item with the name of a key, or that differs from another one only in capitals, has none.
    """
    known = metadata.all()
    wanted = [*config.columns.get(table, []), *_ALWAYS.get(table, [])]
    for group in config.groups.get(table, []):
        if known.groups and group not in known.groups:
            raise SourceError(
                source,
                f"the metadata have no item group {group[:60]}, of table {table}",
                remedy=f"they have {', '.join(islice(known.groups, 20))}: correct"
                f" [sources.{source}.groups]",
            )
        for item in known.groups[group].items if group in known.groups else []:
            wanted.append(item)
            if item in known.items and known.items[item].units:
                wanted.append(f"{item}@unit")
    taken = {key.casefold() for key in (*_KEYS_OF.get(table, _KEYS_OF[""]), *RESERVED)}
    columns: dict[str, str] = {}
    for column in wanted:
        if column.casefold() not in taken:
            columns.setdefault(column.casefold(), column)
    return list(columns.values())


def beginning(data: Clinical, pieces: Pieces, *, sampled: bool) -> Iterator[None]:
    """Let `data` take its file, some of it at a time; if `sampled`, only its beginning."""
    for _ in take(data.head.file, data):
        pieces.flush()
        yield
        if sampled and data.records > _SAMPLED:
            return


def _landed(
    state: State, tab: int, table: str, columns: list[str], heads: list[Head]
) -> Iterator[Item]:
    for file, row, line, raw in state.contradictory(tab):
        yield Reject(table, heads[file].where, row, line, TWICE, raw)
    names = [*_KEYS_OF.get(table, _KEYS_OF[""]), *columns, "_items"]
    texts = dict.fromkeys([*names, "_file"], pa.string())
    nothing = schema({**texts, "_row": pa.int64(), "_line": pa.int64()})
    yield Rows(table, nothing.empty_table())
    where = pa.array([head.where for head in heads], pa.string())
    for rows in state.rows(tab, columns):
        files = where.take(rows["file"])
        placed: list[Column] = [rows[name] for name in names]
        placed += [files, rows["row"], rows["line"]]
        yield Rows(table, pa.table(placed, schema=nothing))
