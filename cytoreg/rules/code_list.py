"""Lists of codes, or of codes that go together, as CSV files beside the schemas."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from cytoreg.errors import ConfigError, perhaps
from cytoreg.rules.operations import Node
from cytoreg.rules.requirement import Codes, Condition
from cytoreg.rules.vocabulary import Listed
from cytoreg.warehouse.connection import literal

__all__ = ["condition", "read_listed", "shown"]

_BETWEEN = "\x1f"
"""Stands between the parts of a code; no code has it."""


def read_listed(folder: Path, file: str, columns: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """The rows of a CSV file below `folder`, each with its text in `columns`.

    Spaces around a text do not count. Raises ConfigError for a file that is not there, not UTF-8,
    without a column or rows, and for a row that is empty in one of the columns or there twice.
    """
    path = folder / file
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise ConfigError(
            f"{file}: a list lies beside the schema or below it",
            remedy=f"move it into {folder.name}/codes/, and name it codes/{path.name}",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror})", remedy=f"its place is {path}"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8", remedy="save it as CSV UTF-8") from None
    reader = csv.reader(text.splitlines())
    header = [name.strip() for name in next(reader, [])]
    wanted = list(columns)
    for name in wanted:
        if name not in header:
            raise ConfigError(
                f"{file}: no column {name}{perhaps(name, header)}",
                remedy=f"its first line names the columns: {', '.join(header) or 'it is empty'}",
            )
    places = [header.index(name) for name in wanted]
    found: set[tuple[str, ...]] = set()
    for cells in reader:
        if not any(map(str.strip, cells)):
            continue
        row = tuple(cells[place].strip() if place < len(cells) else "" for place in places)
        where = f"{file}:{reader.line_num}"
        if not all(row):
            empty = wanted[row.index("")]
            raise ConfigError(f"{where}: {empty} is empty", remedy="fill it in, or remove the line")
        if row in found:
            raise ConfigError(f"{where}: {', '.join(row)} is there twice", remedy="remove one")
        found.add(row)
    if not found:
        raise ConfigError(f"{file}: no rows", remedy="a list without codes would refuse everything")
    return frozenset(found)


def condition(rule_id: str, listed: Listed, own: Mapping[str, type]) -> Condition:
    """The condition that a row's values stand together in the list.

    Raises ConfigError for a column that the entity lacks, or that is neither text nor an integer.
    """
    parts: list[Node] = []
    for name in listed.on:
        if name not in own:
            raise ConfigError(
                f"{rule_id}: {name} is not a column of this entity{perhaps(name, own)}"
            )
        if own[name] not in (str, int):
            raise ConfigError(
                f"{rule_id}: {name} is neither text nor an integer",
                remedy="list codes; for numbers and dates, write a rule",
            )
        column = Node("column", own[name], name=name)
        parts.append(column if own[name] is str else Node("to text", str, (column,)))
    key = parts[0]
    for part in parts[1:]:
        key = Node("||", str, (Node("||", str, (key, Node("literal", str, value=_BETWEEN))), part))
    codes = sorted(map(_BETWEEN.join, listed.rows))
    table = f"codes_{_digest(codes)}"
    joined = literal("\n".join(codes))
    select = f"select unnest(string_split({joined}, chr(10))) as code"
    return Condition(Node("listed", bool, (key,), name=table), Codes(table, select))


def shown(listed: Listed) -> str:
    """What the rule requires, for people; another list reads otherwise."""
    digest = _digest(sorted(map(_BETWEEN.join, listed.rows)))
    return f"{', '.join(listed.on)} in {listed.file} ({len(listed.rows):,} rows, {digest[:8]})"


def _digest(codes: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(codes).encode()).hexdigest()[:16]
