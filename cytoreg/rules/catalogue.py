"""The content of a schema: its columns and rules as data for judges, documents and reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cytoreg.rules.column_types import ColumnType
from cytoreg.rules.operations import Node
from cytoreg.rules.requirement import (
    Codes,
    Condition,
    Exists,
    Has,
    Numbers,
    Pairwise,
    Python,
    Requirement,
)

if TYPE_CHECKING:
    from cytoreg.rules.entity import Entity
    from cytoreg.rules.vocabulary import Refused, Severity


@dataclass(frozen=True)
class Rule:
    """One rule: the id of its findings, its severity, and how it is judged.

    column: the column of a column rule, else None.
    expression: the requirement, for people.
    test: what the database or Pandera evaluates.
    cells: columns whose cells a critical finding refuses; if empty, it refuses the row.
    """

    id: str
    entity: str
    column: str | None
    severity: Severity
    reason: str
    expression: str
    test: Requirement
    cells: tuple[str, ...] = ()

    @property
    def refuses(self) -> Refused | None:
        """What a finding refuses: the row, cells of it, or nothing.

        Text that is not of its column's type costs the cell even if the rule is a warning.
        """
        if self.severity == "critical":
            return "cell" if self.cells else "row"
        return "cell" if self.cells and self.id == f"{self.entity}.{self.column}.type" else None

    @property
    def kind(self) -> Literal["compiled", "fallback"]:
        """Whether the database or Pandera judges it."""
        return "fallback" if isinstance(self.test, Python) else "compiled"


@dataclass(frozen=True)
class Column:
    """A column of an entity.

    name, type, unit, description: as the schema declares them; the unit in UCUM.
    nullable: whether it may be null.
    key: whether it is part of the key by which findings name the record.
    doubted: whether a rule other than the type may refuse the cell, so that its values before and
    after that are kept separately while the entity is judged.
    """

    name: str
    type: ColumnType
    nullable: bool
    key: bool
    unit: str
    description: str
    doubted: bool = False

    @property
    def text(self) -> str:
        """The column with the staged text while the entity is judged."""
        plain = self.type.python is str and not self.doubted
        return self.name if plain else f"_text_{self.name}"

    @property
    def typed(self) -> str:
        """The column with the value that the column's own checks read."""
        if not self.doubted:
            return self.name
        return self.text if self.type.python is str else f"_typed_{self.name}"

    @property
    def stored(self) -> dict[str, str]:
        """The columns of `accepted.<entity>` that hold it, with their SQL types."""
        return self.type.stored(self.name)


@dataclass(frozen=True)
class EntityRules:
    """An entity: its columns, its rules in the order of the schema, and the entities it refers to.

    compared: the relation of its judged rows that comparisons read, if not the usual one.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    refers_to: frozenset[str]
    model: type[Entity]
    newest: tuple[Node, ...] = ()
    path: Path | None = None
    compared: str = ""

    @property
    def judged(self) -> str:
        """The relation of its judged rows that comparisons look at."""
        return self.compared or f"judged_{self.name}"

    @property
    def awaits_others(self) -> bool:
        """Whether a rule can only be judged after all other entities."""
        return any(isinstance(rule.test, Has) for rule in self.rules)

    @property
    def codes(self) -> tuple[Codes, ...]:
        """The code tables that its conditions read."""
        tests = (rule.test for rule in self.rules)
        found = (test.codes for test in tests if isinstance(test, Condition) and test.codes)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class DictionaryEntry:
    """A line of the data dictionary."""

    entity: str
    column: str
    type: str
    unit: str
    description: str
    constraints: tuple[str, ...]


def look_at(rules: EntityRules, other: str, on: str, table: str) -> EntityRules:
    """The rules, with those that find `other` only by its column `on` searching `table`.

    `table` has each number of each person, identified by `<other>_id`. A row found by one number
    also has what the same person has under any other.
    """
    by_number = {
        test.on
        for test in (rule.test for rule in rules.rules)
        if isinstance(test, Exists | Pairwise) and test.other == other and len(test.on) == 1
    }
    own_numbers = {mine for ((mine, theirs),) in by_number if theirs == on}

    def elsewhere(rule: Rule) -> Rule:
        test = rule.test
        if isinstance(test, Has):
            known = {on} if rules.name == other else own_numbers
            for mine, _ in test.on:
                if mine in known:
                    numbers = Numbers(table, on, f"{other}_id", mine)
                    return replace(rule, test=replace(test, numbers=numbers))
        if not isinstance(test, Exists | Pairwise) or test.other != other:
            return rule
        if [theirs for _, theirs in test.on] != [on] or rules.name == other:
            return rule
        return replace(rule, test=replace(test, known=table))

    return replace(rules, rules=tuple(map(elsewhere, rules.rules)))


def compare_in(rules: EntityRules, views: Mapping[str, tuple[str, str]]) -> EntityRules:
    """The rules with comparisons that read views: by entity, of judged and of accepted rows."""

    def elsewhere(rule: Rule) -> Rule:
        test = rule.test
        if not isinstance(test, Exists | Pairwise) or test.other not in {*views} - {rules.name}:
            return rule
        return replace(rule, test=replace(test, known=views[test.other][1]))

    judged, _ = views.get(rules.name, ("", ""))
    return replace(rules, rules=tuple(map(elsewhere, rules.rules)), compared=judged)


def catalogue(schemas: Mapping[str, EntityRules]) -> list[Rule]:
    """Every row rule, entity by entity in the order in which they are judged.

    >>> from cytoreg.rules import Entity, catalogue, compile_schemas, field
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     number: str = field("Number of the stay.", key=True)
    ...     days: int = field("Days in hospital.", unit="d", ge=0)
    >>> [rule.id for rule in catalogue(compile_schemas([Stay]))]
    ['stay.number.required', 'stay.days.type', 'stay.days.required', 'stay.days.ge']
    """
    return [rule for entity in schemas.values() for rule in entity.rules]


def dictionary(schemas: Mapping[str, EntityRules]) -> list[DictionaryEntry]:
    """Every column of every entity with what is required of it.

    >>> from cytoreg.rules import Entity, compile_schemas, dictionary, field
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     number: str = field("Number of the stay.", key=True)
    ...     days: int = field("Days in hospital.", unit="d", ge=0)
    >>> [(line.column, line.type, line.unit) for line in dictionary(compile_schemas([Stay]))]
    [('number', 'text', ''), ('days', 'integer', 'd')]
    """
    return [
        DictionaryEntry(
            entity.name,
            column.name,
            column.type.name,
            column.unit,
            column.description,
            tuple(_constraints(column, entity.rules)),
        )
        for entity in schemas.values()
        for column in entity.columns
    ]


def _constraints(column: Column, rules: Iterable[Rule]) -> Iterable[str]:
    if column.key:
        yield "key"
    for rule in rules:
        if rule.column == column.name and not rule.id.endswith(f".{column.name}.type"):
            graveness = f" ({rule.severity})" if rule.refuses is None else ""
            yield rule.expression + graveness
