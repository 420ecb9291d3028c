"""Lists of codes, or of codes that go together, as CSV files beside the schemas."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from inspect import cleandoc
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from cytoreg.errors import ConfigError, perhaps
from cytoreg.rules.expression import parse
from cytoreg.rules.node_types import DATES, compare
from cytoreg.rules.operations import Node
from cytoreg.rules.requirement import Codes
from cytoreg.rules.vocabulary import Listed, Period
from cytoreg.warehouse.connection import literal

__all__ = ["condition", "read_listed", "shown", "table_of"]

_BETWEEN = "\x1f"
"""Stands between the parts of a code; no code has it."""

_VALID = ("valid_from", "valid_to")
_ALWAYS: Period = (date.min, date.max)


def read_listed(
    folder: Path, file: str, columns: Iterable[str], *, dated: bool = False
) -> Mapping[tuple[str, ...], Period]:
    """The rows of a CSV file below `folder`, each by its text in `columns`.

    Spaces around a text do not count. dated: with the days in `valid_from` and `valid_to`, between
    which the row holds; else every row holds always.

    Raises ConfigError for a file that is not there, not UTF-8, without a column or rows, for a row
    that is empty in one of the columns or there twice, and for a day that is none.
    """
    path = folder / file
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise ConfigError(
            f"{file}: a list lies beside the schema or below it",
            remedy=f"move it into {folder.name}/lists/, and name it lists/{path.name}",
        )
    reader = csv.reader(_text(path, file).splitlines(keepends=True))
    header = [name.strip() for name in next(reader, [])]
    wanted: list[str] = [*columns, *(_VALID if dated else ())]
    for name in wanted:
        if name not in header:
            raise ConfigError(
                f"{file}: no column {name}{perhaps(name, header)}",
                remedy=f"its first line names the columns: {', '.join(header) or 'it is empty'}",
            )
        if header.count(name) > 1:
            raise ConfigError(f"{file}: two columns are called {name}", remedy="rename one")
    places = [header.index(name) for name in wanted]
    found: dict[tuple[str, ...], Period] = {}
    for cells in reader:
        if not "".join(cells).strip():
            continue
        texts = [cells[place].strip() if place < len(cells) else "" for place in places]
        where = f"{file}:{reader.line_num}"
        if any("\n" in text for text in texts):
            raise ConfigError(f"{where}: a quotation mark is not closed", remedy="close it")
        row, days = tuple(texts[:-2] if dated else texts), texts[-2:] if dated else ()
        if not all(row):
            empty = wanted[row.index("")]
            raise ConfigError(f"{where}: {empty} is empty", remedy="fill it in, or remove the line")
        if row in found:
            raise ConfigError(f"{where}: {', '.join(row)} is there twice", remedy="remove one")
        found[row] = _period(where, *days) if dated else _ALWAYS
    if not found:
        raise ConfigError(f"{file}: no rows", remedy="a list without codes would refuse everything")
    return MappingProxyType(found)


def _text(path: Path, file: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror})", remedy=f"its place is {path}"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8", remedy="save it as CSV UTF-8") from None


def _period(where: str, start: str, end: str) -> Period:
    first = _day(f"{where}: valid_from", start) or date.min
    last = _day(f"{where}: valid_to", end) or date.max
    if first > last:
        raise ConfigError(f"{where}: valid_to is before valid_from", remedy="exchange the two")
    return first, last


def _day(where: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(
            f"{where} is not a day", remedy="write it as 2021-01-31, or leave it empty"
        ) from None


def condition(rule_id: str, listed: Listed, own: Mapping[str, type]) -> Node:
    """The condition that a row's values stand together in the list, and on its day.

    Raises ConfigError for a column that the entity lacks, or that is neither text nor an integer,
    and for a day that is no date.
    """
    parts: list[Node] = []
    for name in listed.on:
        if _known(rule_id, name, own) not in (str, int):
            raise ConfigError(
                f"{rule_id}: {name} is neither text nor an integer",
                remedy="list codes; for numbers and dates, write a rule",
            )
        column = Node("column", own[name], name=name)
        parts.append(column if own[name] is str else Node("to text", str, (column,)))
    key = parts[0]
    for part in parts[1:]:
        key = Node("||", str, (Node("||", str, (key, Node("literal", str, value=_BETWEEN))), part))
    codes = {_BETWEEN.join(row): period for row, period in listed.rows.items()}
    table = table_of(listed).table
    node = Node("listed", bool, (key,), name=table, codes=codes)
    if listed.day:
        if _known(rule_id, listed.day, own) not in DATES:
            raise ConfigError(f"{rule_id}: {listed.day} is not a date")
        day = Node("column", own[listed.day], name=listed.day)
        first, last = (
            Node(f"listed {end}", date, (key,), name=table, codes=codes)
            for end in ("from", "until")
        )
        held = Node("and", bool, (compare(">=", day, first), compare("<=", day, last)))
        node = Node("and", bool, (node, held))
    if listed.when:
        asked = parse(cleandoc(listed.when), {"": own}, rule_id)
        node = Node("case", bool, (asked, node, Node("null", bool)))
    return node


def _known(rule_id: str, name: str, own: Mapping[str, type]) -> type:
    if name not in own:
        raise ConfigError(f"{rule_id}: {name} is not a column of this entity{perhaps(name, own)}")
    return own[name]


def table_of(listed: Listed) -> Codes:
    """The table of the list's codes, named by its content, so that rules with one list share it."""
    lines = _lines(listed)
    parts = "unnest(string_split({}, chr(10)))".format
    columns = [f"{parts(literal(chr(10).join(code for code, _ in lines)))} as code"]
    if listed.day:
        columns += [
            f"{parts(literal(chr(10).join(str(days[end]) for _, days in lines)))}::date as {name}"
            for end, name in enumerate(_VALID)
        ]
    return Codes(f"codes_{_digest(listed)}", f"select {', '.join(columns)}")


def shown(listed: Listed) -> str:
    """What the rule requires, for people; another list reads otherwise."""
    day = f" on {listed.day}" if listed.day else ""
    when = f" when {' '.join(listed.when.split())}" if listed.when else ""
    rows = f"{len(listed.rows):,} rows, {_digest(listed)[:8]}"
    return f"{', '.join(listed.on)} in {listed.file}{day} ({rows}){when}"


def _lines(listed: Listed) -> list[tuple[str, Period]]:
    return sorted((_BETWEEN.join(row), period) for row, period in listed.rows.items())


def _digest(listed: Listed) -> str:
    said = [f"{code} {days}" if listed.day else code for code, days in _lines(listed)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
