"""The tables that are drafted for ODM files, by their definitions and the beginning of their data.

The groups of a form that do not repeat are one table: systems such as REDCap make a group of each
section of a form, and nobody asks for sections. A group that repeats, or that several forms share,
is a table of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cytoreg.sources.cdisc import odm
from cytoreg.sources.cdisc.clinical import Clinical
from cytoreg.sources.cdisc.config import LEVELS, NOTE, READY, OdmSource
from cytoreg.sources.cdisc.metadata import Head, Metadata, Version
from cytoreg.sources.cdisc.pieces import Pieces
from cytoreg.sources.cdisc.state import State
from cytoreg.sources.declaration import NO_TABLE
from cytoreg.sources.headings import words
from cytoreg.sources.merge import gathering
from cytoreg.sources.reader import Draft

_TAKEN = {*READY, NO_TABLE, "reject"}


class _Table(NamedTuple):
    """A possible table: the name and the OID of its form or group, and its item groups."""

    name: str
    oid: str
    groups: list[str]


def draft(name: str, where: str, extracts: Path) -> Draft:
    """All tables, with columns for what the first item groups of each file have beside items."""
    heads, metadata, _ = odm.opened(name, where, extracts)
    found = list(_defined(metadata.all()))
    config, called = _config(where, found)
    undefined, others = _seen(name, config, heads, metadata)
    if undefined:
        found += (_Table("", group, [group]) for group in undefined)
        config, called = _config(where, found)
        _, others = _seen(name, config, heads, metadata)
    tables = [table for table in config.tables if table not in READY or table in others]
    columns = {table: names for table, names in others.items() if names}
    keys: dict[str, object] = {"path": where, "groups": config.groups}
    return Draft(keys | ({"columns": columns} if columns else {}), tables, called)


def _defined(version: Version) -> Iterator[_Table]:
    used = Counter(group for form in version.forms.values() for group in set(form.groups))
    left = dict.fromkeys(version.groups)
    for oid, form in version.forms.items():
        own = [
            group
            for group in dict.fromkeys(form.groups)
            if group in left and used[group] == 1 and not version.groups[group].repeats
        ]
        items = [item.casefold() for group in own for item in version.groups[group].items]
        if own and len(set(items)) == len(items):
            yield _Table(form.name, oid, own)
            for group in own:
                del left[group]
    for oid in left:
        yield _Table(version.groups[oid].name, oid, [oid])


def _config(where: str, found: Iterable[_Table]) -> tuple[OdmSource, dict[str, str]]:
    """A source with all tables, and what each table of item groups is called there."""
    found = list(found)
    same = Counter(next(iter(words([table.name]))) for table in found)
    names: list[str] = []
    for table in found:
        word = next(iter(words([table.name])))
        clear = table.name and same[word] == 1 and word not in _TAKEN
        names.append(table.name if clear else table.oid)
    called = words(names)
    for word in [word for word in called if word in _TAKEN]:
        free = f"{word}_data"
        while free in called:
            free += "_2"
        called = {free if each == word else each: its for each, its in called.items()}
    groups = {word: table.groups for word, table in zip(called, found, strict=True)}
    tables = {table: table for table in (*READY, *groups)}
    keys = {"kind": "odm", "path": where, "tables": tables, "groups": groups}
    return OdmSource.model_validate(keys), called


def _seen(
    name: str, config: OdmSource, heads: list[Head], metadata: Metadata
) -> tuple[list[str], dict[str, list[str]]]:
    """Item groups that no table has, and the names by table that no column has.

    Of ready tables, only those with some. Of what belongs to an item, and has an @ in its
    name, only units.
    """
    plan = odm.plan_of(config)
    unknown: dict[str, None] = {}
    others: dict[str, list[str]] = {}
    with TemporaryDirectory(prefix="cytoreg-") as folder, gathering(Path(folder) / "spill") as con:
        with Pieces(Path(folder)) as pieces:
            for number, head in enumerate(heads):
                data = Clinical(plan, metadata, head, number, pieces)
                for _ in odm.beginning(data, pieces, sampled=True):
                    pass
                if len(data.notes.take()):
                    others[NOTE] = []
                unknown |= dict.fromkeys(data.unknown)
        state = State(con, pieces)
        for tab, table in enumerate(plan.tables):
            if table == NOTE:
                continue
            columns = odm.columns_of(name, config, table, metadata)
            found = [
                its for its in state.others(tab, columns) if "@" not in its or its.endswith("@unit")
            ]
            if found or table not in LEVELS or state.others(tab, []):
                others[table] = found
    return list(unknown), others
