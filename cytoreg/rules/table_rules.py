"""The rules of an entity as a whole: its keys, and what must hold between columns and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from cytoreg.errors import ConfigError
from cytoreg.rules import checks, code_list
from cytoreg.rules.catalogue import Rule
from cytoreg.rules.column_rules import told_apart
from cytoreg.rules.expression import parse
from cytoreg.rules.node_types import DATES
from cytoreg.rules.pandera_types import checks_of, parts_of
from cytoreg.rules.python_check import python_check
from cytoreg.rules.requirement import (
    Condition,
    Determined,
    Exists,
    Has,
    Pairwise,
    Requirement,
    Unique,
)
from cytoreg.rules.vocabulary import (
    LINEAGE,
    Comparison,
    Counterpart,
    Declaration,
    Dependency,
    Listed,
    Reference,
    RowRule,
    check_name,
)

if TYPE_CHECKING:
    from pandera.api.pandas.container import DataFrameSchema

    from cytoreg.rules.entity import Entity
    from cytoreg.rules.vocabulary import Severity

Types = Mapping[str, type]
"""The types of an entity's columns, lineage included."""


class _Said(TypedDict, total=False):
    """What `Config.metadata` may say of the keys."""

    severity: Severity
    reason: str


def key_rules(entity: str, model: type[Entity], schema: DataFrameSchema) -> Iterator[Rule]:
    """Rules for the keys that `Config.unique` names."""
    given: list[Sequence[str]] = schema.unique or []
    names = [part for part in given if isinstance(part, str)]
    keys = [names] if given and len(names) == len(given) else given
    # Pandera leaves the metadata of Config on the model and does not pass it to the schema.
    said: _Said = (getattr(model.Config, "metadata", None) or {}).get("unique", {})
    for key in keys:
        unknown = [name for name in key if name not in {*parts_of(schema), *LINEAGE}]
        if unknown:
            raise ConfigError(
                f"{entity}: Config.unique names {unknown[0]}, which is not a column",
                remedy=f"columns: {', '.join(parts_of(schema))}",
            )
        listed = ", ".join(key)
        yield Rule(
            f"{entity}.unique" if len(keys) == 1 else f"{entity}.unique_{'_'.join(key)}",
            entity,
            None,
            said.get("severity", "critical"),
            said.get("reason", f"{listed} occur together more than once; the best version stays."),
            f"unique({listed})",
            Unique(told_apart(key, schema)),
        )


def table_rules(
    entity: str, model: type[Entity], schema: DataFrameSchema, types: Mapping[str, Types]
) -> Iterator[Rule]:
    """Declared rules and Python checks of rows, in the order of the schema."""
    declared: Mapping[str, Declaration] = model._declarations
    for check in checks_of(schema):
        rule_id = f"{entity}.{check_name(check)}"
        declaration = declared.get(check_name(check))
        if declaration is not None:
            yield _declared(rule_id, entity, declaration, types)
            continue
        yield Rule(
            rule_id,
            entity,
            None,
            "warning" if check.raise_warning else "critical",
            checks.reason(check, entity, ""),
            f"Python: {check_name(check)}",
            python_check(rule_id, check),
        )


class _Meaning(NamedTuple):
    """What a declaration requires, for people and for the judge.

    reason: of its findings, unless the declaration gives one. column: of a column rule.
    """

    reason: str
    expression: str
    test: Requirement
    column: str | None = None


def _declared(
    rule_id: str, entity: str, declaration: Declaration, types: Mapping[str, Types]
) -> Rule:
    meaning = _meaning(rule_id, entity, declaration, types)
    return Rule(
        rule_id,
        entity,
        meaning.column,
        declaration.severity,
        declaration.reason or meaning.reason,
        meaning.expression,
        meaning.test,
        declaration.refuses,
    )


def _meaning(
    rule_id: str, entity: str, declaration: Declaration, types: Mapping[str, Types]
) -> _Meaning:
    own = types[entity]
    if isinstance(declaration, RowRule):
        holds = cleandoc(declaration.holds)
        test = Condition(parse(holds, {"": own}, rule_id))
        return _Meaning(f"Does not hold: {holds}", holds, test)
    if isinstance(declaration, Dependency):
        return _dependency(rule_id, declaration, own)
    if isinstance(declaration, Listed):
        missing = f"{', '.join(declaration.on)} is not in {declaration.file}."
        test = Condition(
            code_list.condition(rule_id, declaration, own), code_list.table_of(declaration)
        )
        return _Meaning(missing, code_list.shown(declaration), test)
    that = declaration.entity
    theirs = _other(rule_id, declaration, own, types)
    on = tuple(declaration.on.items())
    pairs = ", ".join(a if a == b else f"{a} = {that}.{b}" for a, b in on)
    column = on[0][0] if len(on) == 1 else None
    missing = f"No accepted {that} has this {pairs}."
    if isinstance(declaration, Reference):
        return _Meaning(missing, f"references {that} on {pairs}", Exists(that, on), column)
    if isinstance(declaration, Counterpart):
        when = cleandoc(declaration.when)
        needed = parse(when, {"": own}, rule_id) if when else None
        expression = f"has {that} on {pairs}" + (f" when {when}" if when else "")
        return _Meaning(missing, expression, Has(that, on, needed), column)
    holds = cleandoc(declaration.holds)
    source = " of another source" if declaration.across_sources else ""
    return _Meaning(
        f"Contradicts {that}: {holds}",
        f"with each {that}{source} on {pairs}: {holds}",
        Pairwise(
            that,
            on,
            parse(holds, {"": own, that: theirs}, rule_id),
            itself=that == entity,
            across_sources=declaration.across_sources,
        ),
    )


def _dependency(rule_id: str, declaration: Dependency, own: Types) -> _Meaning:
    column, by = declaration.column, declaration.by
    for name in (column, *by):
        if name not in own:
            raise ConfigError(f"{rule_id}: {name} is not a column of this entity")
    if not by:
        raise ConfigError(f"{rule_id}: `by` names no column")
    listed = ", ".join(by)
    return _Meaning(
        f"{column} is not what most rows with the same {listed} say.",
        f"{column} is determined by {listed}",
        Determined(column, by),
    )


def _other(
    rule_id: str,
    declaration: Reference | Comparison | Counterpart,
    own: Types,
    types: Mapping[str, Types],
) -> Types:
    """Columns of the entity to which a rule refers; `on` is checked on both sides."""
    if declaration.entity not in types:
        raise ConfigError(
            f"{rule_id}: there is no entity {declaration.entity}",
            remedy=f"entities: {', '.join(sorted(types))}",
        )
    other = types[declaration.entity]
    for mine, theirs in declaration.on.items():
        for column, columns, where in ((mine, own, "this entity"), (theirs, other, "the other")):
            if column not in columns:
                raise ConfigError(f"{rule_id}: {column} is not a column of {where}")
        if own[mine] is not other[theirs] and not {own[mine], other[theirs]} <= DATES:
            raise ConfigError(f"{rule_id}: {mine} and {theirs} are of different types")
    if not declaration.on:
        raise ConfigError(f"{rule_id}: `on` names no column")
    return other
