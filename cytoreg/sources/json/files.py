"""JSON files: one row per record, or per value of a list in it, with columns by path.

Values are text as written in the file: a number keeps its digits, a list or an object is JSON
without blanks, null and missing values are null. Keys with which no path begins are kept in column
`_items`, a JSON object, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cytoreg.sources.blocks import UNDECODABLE
from cytoreg.sources.headings import is_value
from cytoreg.sources.items import Headings, Item, Reject
from cytoreg.sources.json import paths
from cytoreg.sources.json.config import JsonSource
from cytoreg.sources.json.objects import Members, NoObject, Objects, listed
from cytoreg.sources.json.rows import MOST, Table, possible
from cytoreg.sources.json.split import NotJson, Part, parts
from cytoreg.sources.text_file import TextFile, raw_text, text_files


def read(name: str, config: JsonSource, extracts: Path) -> Iterator[Item]:
    """Records of all files, and the values of lists in them that have their own tables."""
    objects = Objects()
    files = list(text_files(name, config.path, extracts, config.encoding))
    tables = _tables(config, files, objects)
    for file in files:
        yield from _rows(file, config, tables, objects)
    for table in tables:
        yield table.take("")
        yield from table.strange()


def _parts(file: TextFile, config: JsonSource) -> Iterator[list[Part]]:
    """The texts of a file's records, some MB at a time."""
    with file.open_utf8() as stream:
        try:
            yield from parts(stream, paths.path_of(config.records) or ())
        except NotJson as error:
            raise file.refused(
                str(error), "deliver it whole, or correct `records` in cytoreg.toml"
            ) from None


def _tables(config: JsonSource, files: list[TextFile], objects: Objects) -> list[Table]:
    """The tables; the columns of "all" are found by reading the files once more."""
    each = {name: paths.path_of(text) or () for name, text in config.each.items()}
    lists = [path for name, path in each.items() if name in config.tables]
    whole = frozenset(str(path[0]) for path in lists if len(path) == 1)
    seen: dict[str, dict[str, None]] = {
        name: {} for name in config.tables if config.columns.get(name, "all") == "all"
    }
    for file in files if seen else []:
        for found in _parts(file, config):
            for part in found:
                for name, keys in seen.items():
                    for members in _objects_of(part, each.get(name), objects):
                        keys.update(dict.fromkeys(members))
    tables = []
    for name in config.tables:
        declared = config.columns.get(name, "all")
        columns = (
            possible(seen[name], frozenset() if name in each else whole)
            if declared == "all"
            else {column: paths.path_of(text) or () for column, text in declared.items()}
        )
        elsewhere = frozenset() if name in each else frozenset(str(path[0]) for path in lists)
        tables.append(Table(name, columns, each.get(name), elsewhere, objects))
    return tables


def _objects_of(part: Part, each: paths.Path | None, objects: Objects) -> Iterator[Members]:
    """The objects of a part that are rows of a table."""
    try:
        members = objects.members(part.text)
        if each is None:
            yield members
            return
        for value in listed(members, each, objects):
            try:
                yield objects.members(value)
            except NoObject:
                continue
    except NoObject:
        return


def _rows(
    file: TextFile, config: JsonSource, tables: list[Table], objects: Objects
) -> Iterator[Item]:
    """A file's records as rows of each table."""
    where, row = file.where, 0
    headings: dict[str, None] = {}
    for table in tables:
        table.count = 0
    for found in _parts(file, config):
        for part in found:
            row += 1
            try:
                if not part.text.isascii():
                    part.text.decode("utf-8")
                members = objects.members(part.text)
                lists = [listed(members, t.each, objects) if t.each else None for t in tables]
            except (NoObject, UnicodeDecodeError) as error:
                reason = str(error) if isinstance(error, NoObject) else UNDECODABLE
                raw = raw_text(part.text, file.encoding)
                yield Reject(tables[0].name, where, row, part.line, reason, raw)
                continue
            if not members.keys() <= headings.keys():
                headings |= dict.fromkeys(members)
            for table, values in zip(tables, lists, strict=True):
                if values is None:
                    table.count = row
                    yield from _add(table, part, members, row, where)
                for value in values or ():
                    table.count += 1
                    yield from _add(table, Part(value, part.line), None, row, where)
        for table in tables:
            yield table.take(where)
    yield Headings(where, [name for name in headings if not is_value(name)][:MOST])


def _add(
    table: Table, part: Part, members: Members | None, parent: int, where: str
) -> Iterator[Reject]:
    try:
        table.add(part.text, members, parent, part.line)
    except NoObject as error:
        raw = part.text.decode("utf-8")
        yield Reject(table.name, where, table.count, part.line, str(error), raw)
