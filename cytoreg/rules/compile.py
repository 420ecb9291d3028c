"""From Pandera models to rules: every check is compiled or, never silently, left to Pandera."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import pandera.errors

from cytoreg.errors import ConfigError
from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.column_rules import column_rules, columns_of
from cytoreg.rules.entity import Entity
from cytoreg.rules.expression import parse_value
from cytoreg.rules.pandera_types import parts_of, types_of
from cytoreg.rules.requirement import Exists, Pairwise
from cytoreg.rules.table_rules import Types, key_rules, table_rules
from cytoreg.rules.vocabulary import LINEAGE, entity_name

if TYPE_CHECKING:
    from pandera.api.pandas.container import DataFrameSchema

_LINEAGE_TYPES: dict[str, type] = {name: int if name == "_row" else str for name in LINEAGE}


def compile_schemas(
    models: Iterable[type[Entity]], paths: Mapping[str, Path] | None = None
) -> dict[str, EntityRules]:
    """Rules by entity; an entity comes after those that its references and comparisons name.

    Raises ConfigError for anything in a schema that would not be judged exactly as declared, for
    references to unknown entities or columns, and for circular references.

    >>> from cytoreg.rules import Entity, compile_schemas, field
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     number: str = field("Number of the stay.", key=True)
    ...     days: int = field("Days in hospital.", unit="d", ge=0)
    >>> stay = compile_schemas([Stay])["stay"]
    >>> stay.description, [column.name for column in stay.columns]
    ('One stay in hospital.', ['number', 'days'])
    """
    by_name: dict[str, type[Entity]] = {}
    for model in models:
        if by_name.setdefault(entity_name(model), model) is not model:
            raise ConfigError(f"two schemas declare the entity {entity_name(model)}")
    if "cell" in by_name:
        raise ConfigError(
            "an entity cannot be called cell: quarantine.cell holds refused cells",
            remedy="give its class another name",
        )
    files = paths or {}
    checked, types = {}, {}
    for name, model in by_name.items():
        with _named(files.get(name)):
            checked[name] = _schema(name, model)
            types[name] = _types(name, checked[name])
    rules = {}
    for name, schema in sorted(checked.items()):
        with _named(files.get(name)):
            rules[name] = replace(_entity(by_name[name], schema, types), path=files.get(name))
    order = TopologicalSorter({name: sorted(entity.refers_to) for name, entity in rules.items()})
    try:
        return {name: rules[name] for name in order.static_order()}
    except CycleError as error:
        told: tuple[str, list[str]] = error.args
        circle = " → ".join(told[1])
        raise ConfigError(
            f"the schemas refer to each other in a circle: {circle}",
            remedy="drop one of these references or comparisons: one entity is judged first",
        ) from None


@contextmanager
def _named(path: Path | None) -> Iterator[None]:
    """Add the file's name to an error."""
    try:
        yield
    except ConfigError as error:
        file = f"{path}: " if path else ""
        remedy = error.remedy or "correct the schema"
        raise ConfigError(f"{file}{error.message}", remedy=remedy) from None


def _schema(name: str, model: type[Entity]) -> DataFrameSchema:
    """The Pandera schema of a model; refused if it requires something that is not judged here."""
    try:
        schema = model.to_schema()
    except (pandera.errors.SchemaInitError, AttributeError, TypeError, NameError) as error:
        raise ConfigError(
            f"{name}: Pandera does not take this schema: {error}", remedy="correct the schema"
        ) from None
    refuse_unjudged(name, schema)
    return schema


def refuse_unjudged(name: str, schema: DataFrameSchema) -> None:
    """Raise ConfigError for requirements of a schema by which rows are not judged."""
    columns = parts_of(schema).values()
    asks: dict[str, object] = {
        "an index": schema.index is not None,
        "parsers": any(part.parsers for part in (schema, *columns)),
        "a dtype for all columns": schema.dtype is not None,
        "add_missing_columns": schema.add_missing_columns,
        "drop_invalid_rows": schema.drop_invalid_rows,
        "columns by pattern": any(c.regex for c in columns),
        "optional columns": not all(c.required for c in columns),
        "defaults": any(c.default is not None for c in columns),
    }
    for what, asked in asks.items():
        if asked:
            raise ConfigError(
                f"{name}: {what} in a schema: rows are judged as staging gives them",
                remedy="drop it from the schema, and change values and columns before they are"
                f" judged, in a project in sql/staging/{name}.sql",
            )


def _types(name: str, schema: DataFrameSchema) -> Types:
    """The types of the columns; refused if the database cannot store them side by side."""
    columns = parts_of(schema)
    if not columns:
        raise ConfigError(f"{name}: has no columns", remedy="declare what staging gives")
    reserved = [column for column in columns if column.startswith("_")]
    if reserved:
        raise ConfigError(
            f"{name}: column {reserved[0]}: names that begin with an underscore are reserved"
        )
    kinds = types_of(schema)
    stored = [part for column, kind in kinds.items() for part in kind.stored(column)]
    for part in stored:
        if twins := sorted({one for one in stored if one.lower() == part.lower()} - {part}):
            raise ConfigError(
                f"{name}: columns {part} and {twins[0]} are one column to the database",
                remedy="names that differ only in capitals are equal: rename one of them",
            )
    if twice := [column for column, count in Counter(stored).items() if count > 1]:
        raise ConfigError(
            f"{name}: a date that is known in part is stored with {twice[0]}, which is a column",
            remedy="rename that column",
        )
    return {column: kind.python for column, kind in kinds.items()} | _LINEAGE_TYPES


def _entity(
    model: type[Entity], schema: DataFrameSchema, types: Mapping[str, Types]
) -> EntityRules:
    name = entity_name(model)
    columns = columns_of(name, schema, model)
    rules = (
        *(rule for column in columns for rule in column_rules(name, schema, column)),
        *key_rules(name, model, schema),
        *table_rules(name, model, schema, types),
    )
    for rule_id, count in Counter(rule.id for rule in rules).items():
        if count > 1 or rule_id == f"{name}.unparsable":
            raise ConfigError(
                f"{name}: two rules would be called {rule_id}",
                remedy="give one of them another name, as in pa.Check(…, name='no_weekend')",
            )
    others = {
        rule.test.other
        for rule in rules
        if isinstance(rule.test, Exists | Pairwise) and rule.test.other != name
    }
    newest = tuple(
        parse_value(text, {"": types[name]}, f"{name}: newest_by") for text in model._newest.by
    )
    return EntityRules(
        name, cleandoc(model.__doc__ or ""), columns, rules, frozenset(others), model, newest
    )
