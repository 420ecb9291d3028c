"""Rules between columns or tables in Pandera: the same verdict without a database.

Columns are lists of Python values (None is null) and every operation maps lists to lists. This is
slower than arrays, but simple enough to be trusted when it disagrees with DuckDB.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cytoreg.errors import ConfigError
from cytoreg.rules.code_list import condition
from cytoreg.rules.column_types import TYPES, ColumnType, Value, of_dtype, read, stored_values
from cytoreg.rules.expression import parse
from cytoreg.rules.operations import OPERATIONS, Node
from cytoreg.rules.pandera_types import types_of
from cytoreg.rules.vocabulary import (
    LINEAGE,
    Comparison,
    Counterpart,
    Declaration,
    Dependency,
    Given,
    Listed,
    Reference,
    RowRule,
    entity_name,
)

if TYPE_CHECKING:
    from pandera.pandas import DataFrameModel

Column = Sequence[Value | None]


def evaluate(
    node: Node, column: Callable[[str, str], Column], rows: int, as_of: Value | None
) -> Column:
    """Values of a tree for `rows` rows; `column` returns a column by qualifier and name."""
    if node.op in ("literal", "as_of", "null"):
        return [as_of if node.op == "as_of" else node.value] * rows
    if node.op == "column":
        return column(node.qualifier, node.name)
    args = [evaluate(part, column, rows, as_of) for part in node.args]
    across: list[tuple[Value | None, ...]] = list(zip(*args, strict=True))
    match node.op:
        case "and":
            return [False if False in row else None if None in row else True for row in across]
        case "or":
            return [True if True in row else None if None in row else False for row in across]
        case "is null":
            return [value is None for (value,) in across]
        case "case":
            return [_case(row) for row in across]
        case "coalesce":
            return [next((value for value in row if value is not None), None) for row in across]
        case "greatest" | "least":
            best: Callable[[Iterable[Any]], Value] = max if node.op == "greatest" else min
            given = ([value for value in row if value is not None] for row in across)
            return [best(values) if values else None for values in given]
        case "nullif":
            return [None if a == b else a for a, b in across]
        case "parse":
            kind = TYPES[node.type]
            return [None if text is None else kind.parse(str(text)) for (text,) in across]
        case "regexp":
            found = re.compile(str(node.value)).search
            return [None if text is None else found(str(text)) is not None for (text,) in across]
        case "listed":
            return [None if code is None else str(code) in node.codes for (code,) in across]
        case "listed from" | "listed until":
            end = 0 if node.op == "listed from" else 1
            known = {code: period[end] for code, period in node.codes.items()}
            return [known.get(str(code)) for (code,) in across]
    operation = OPERATIONS[node.op].python
    return [None if None in row else operation(*row) for row in across]


def _case(row: Sequence[Value | None]) -> Value | None:
    for when, then in zip(row[:-1:2], row[1:-1:2], strict=True):
        if when is True:
            return then
    return row[-1]


@dataclass(frozen=True)
class Table:
    """A frame as typed lists."""

    types: Mapping[str, type[Value]]
    columns: Mapping[str, Column]
    rows: int

    def key(self, names: Iterable[str]) -> list[tuple[Value | None, ...]]:
        """The rows' values of some columns."""
        return list(zip(*(self.columns[name] for name in names), strict=True))


def passes(
    model: type[DataFrameModel], declaration: Declaration, frame: pd.DataFrame, given: Given
) -> pd.Series:
    """One boolean per row of `frame`: the declared rule holds, or is unknown."""
    entity = entity_name(model)
    own = _table(frame, column_types(model))
    if isinstance(declaration, RowRule):
        node = parse(declaration.holds, {"": own.types}, entity)
        values = evaluate(node, lambda _, name: own.columns[name], own.rows, given.as_of)
        broken = {row for row, value in enumerate(values) if value is False}
    elif isinstance(declaration, Listed):
        node = condition(entity, declaration, own.types)
        values = evaluate(node, lambda _, name: own.columns[name], own.rows, given.as_of)
        broken = {row for row, value in enumerate(values) if value is False}
    elif isinstance(declaration, Dependency):
        broken = _minorities(declaration, own, _other(entity, entity, own, given))
    else:
        other = _other(entity, declaration.entity, own, given)
        if isinstance(declaration, Reference):
            broken = _orphans(declaration, own, other)
            declared: Mapping[str, Declaration] = getattr(model, "_declarations", {})
            for wider in declared.values():
                if isinstance(wider, Reference) and wider.is_wider_than(declaration):
                    broken -= _orphans(wider, own, other)
        elif isinstance(declaration, Counterpart):
            broken = _lacking(entity, declaration, own, other, given)
        else:
            broken = _contradictions(entity, declaration, own, other, given)
    return pd.Series([row not in broken for row in range(own.rows)], index=frame.index, dtype=bool)


def column_types(model: type[DataFrameModel]) -> dict[str, ColumnType]:
    """Types of an entity's columns, in order."""
    return types_of(model.to_schema())


def _table(frame: pd.DataFrame, types: Mapping[str, ColumnType]) -> Table:
    lineage = {name: TYPES[int if name == "_row" else str] for name in LINEAGE if name in frame}
    kinds = {name: kind for name, kind in {**types, **lineage}.items() if name in frame}
    columns: dict[str, Column] = {}
    for name, kind in kinds.items():
        columns |= stored_values(kind, name, read(kind, frame[name])[0])
    return Table({name: kind.python for name, kind in kinds.items()}, columns, len(frame))


def _other(entity: str, name: str, own: Table, given: Given) -> Table:
    if name in given.accepted:
        frame = given.accepted[name]
        return _table(frame, {str(column): of_dtype(frame[column].dtype) for column in frame})
    if name == entity:
        return own
    raise ConfigError(
        f"{entity}: a rule compares with {name}, whose accepted rows are not given",
        remedy=f"validate inside `with given({name}=frame):`",
    )


def _orphans(rule: Reference, own: Table, other: Table) -> set[int]:
    known = set(other.key(rule.on.values()))
    keys = own.key(rule.on)
    return {row for row, key in enumerate(keys) if None not in key and key not in known}


def _lacking(entity: str, rule: Counterpart, own: Table, other: Table, given: Given) -> set[int]:
    asked: Column = [True] * own.rows
    if rule.when:
        node = parse(rule.when, {"": own.types}, entity)
        asked = evaluate(node, lambda _, name: own.columns[name], own.rows, given.as_of)
    known = set(other.key(rule.on.values()))
    return {
        row
        for row, (key, applies) in enumerate(zip(own.key(rule.on), asked, strict=True))
        if applies is True and None not in key and key not in known
    }


def _minorities(rule: Dependency, own: Table, other: Table) -> set[int]:
    """Rows whose value differs from the majority's in the other table."""
    votes: dict[tuple[Value | None, ...], Counter[Value]] = defaultdict(Counter)
    for key, value in zip(other.key(rule.by), other.columns[rule.column], strict=True):
        if value is not None and None not in key:
            votes[key][value] += 1
    winners: dict[tuple[Value | None, ...], Value | None] = {}
    for key, counted in votes.items():
        first, *others = counted.most_common(2)
        winners[key] = None if others and others[0][1] == first[1] else first[0]
    values = zip(own.key(rule.by), own.columns[rule.column], strict=True)
    return {
        row
        for row, (key, value) in enumerate(values)
        if value is not None and key in winners and value != winners[key]
    }


def _contradictions(
    entity: str, rule: Comparison, own: Table, other: Table, given: Given
) -> set[int]:
    """Rows that break the condition with at least one matching row of the other table."""
    matches = defaultdict(list)
    for there, key in enumerate(other.key(rule.on.values())):
        matches[key].append(there)
    pairs = [
        (here, there)
        for here, key in enumerate(own.key(rule.on))
        if None not in key
        for there in matches[key]
    ]
    if rule.entity == entity:
        this, that = own.key(LINEAGE), other.key(LINEAGE)
        told = 1 if rule.across_sources else len(LINEAGE)  # lineage columns to compare
        pairs = [(a, b) for a, b in pairs if this[a][:told] != that[b][:told]]

    def column(qualifier: str, name: str) -> Column:
        if qualifier:
            return [other.columns[name][there] for _, there in pairs]
        return [own.columns[name][here] for here, _ in pairs]

    node = parse(rule.holds, {"": own.types, rule.entity: other.types}, entity)
    values = evaluate(node, column, len(pairs), given.as_of)
    return {here for (here, _), value in zip(pairs, values, strict=True) if value is False}
