"""A column and its rules: its type, whether it may be null, and Pandera's checks of its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.rules import checks
from cytoreg.rules.catalogue import Column, Rule
from cytoreg.rules.constants import prove_constants
from cytoreg.rules.pandera_types import checks_of, parts_of, type_of, types_of
from cytoreg.rules.python_check import python_check
from cytoreg.rules.requirement import Condition, Python, Requirement, Unique
from cytoreg.rules.vocabulary import ColumnMeta, Severity, check_name
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    import pandera.pandas as pa
    from pandera.api.pandas.container import DataFrameSchema

    from cytoreg.rules.entity import Entity

_NOTHING_SAID = ColumnMeta(key=False, refuses="cell", unit="", severities={}, reasons={})
_A_TYPE = {
    "integer": "a whole number",
    "number": "a number",
    "true/false": "true or false",
    "date": "a date",
    "date or part of one": "a date, or the month or the year of one",
    "date and time or part of them": "a date and time, or a day, month or year",
    "date and time": "a date and time",
}


def columns_of(entity: str, schema: DataFrameSchema, model: type[Entity]) -> tuple[Column, ...]:
    """The columns of an entity; raises ConfigError if a rule refuses one that is not there."""
    doubted = _doubted(entity, schema, model)
    return tuple(_column(name, part, name in doubted) for name, part in parts_of(schema).items())


def _doubted(entity: str, schema: DataFrameSchema, model: type[Entity]) -> set[str]:
    """Columns whose cells a rule other than the type may refuse."""
    named = {
        column
        for declaration in model._declarations.values()
        for column in declaration.refuses
        if declaration.severity == "critical"
    }
    if unknown := sorted(named - parts_of(schema).keys()):
        raise ConfigError(f"{entity}: a rule refuses {unknown[0]}, which is not a column")
    checked = {
        name
        for name, part in parts_of(schema).items()
        if _meta(part).refuses == "cell"
        and (part.unique or any(not check.raise_warning for check in checks_of(part)))
    }
    return named | checked


def _meta(part: pa.Column) -> ColumnMeta:
    """What `field` adds to Pandera's vocabulary."""
    meta: object = (part.metadata or {}).get("cytoreg", _NOTHING_SAID)
    assert isinstance(meta, ColumnMeta)  # noqa: S101 - the key is ours
    return meta


def _column(name: str, part: pa.Column, doubted: bool) -> Column:
    meta = _meta(part)
    return Column(
        name,
        type_of(part),
        part.nullable,
        meta.key,
        meta.unit,
        part.description or "",
        doubted,
    )


def column_rules(entity: str, schema: DataFrameSchema, column: Column) -> Iterator[Rule]:
    """The rules of a column; raises ConfigError for one that the column does not check."""
    part = parts_of(schema)[column.name]
    meta = _meta(part)
    name, text = column.name, quote(column.text)
    said = set(meta.severities) | set(meta.reasons)

    def rule(check: str, reason: str, expression: str, test: Requirement, grave: Severity) -> Rule:
        said.discard(check)
        return Rule(
            f"{entity}.{name}.{check}",
            entity,
            name,
            meta.severities.get(check, grave),
            meta.reasons.get(check, reason),
            expression,
            test,
            # A text that is not of the type has no value to keep, whatever the severity.
            (name,)
            if meta.refuses == "cell" or (check == "type" and check in meta.severities)
            else (),
        )

    if column.type.python is not str:
        what = _A_TYPE[column.type.name]
        read = quote(list(column.type.stored(column.typed))[-1])
        test = Condition(f"{text} is null or {read} is not null")
        yield rule("type", f"{name} is not {what}.", f"type({what})", test, "critical")
    if not column.nullable:
        test = Condition(f"{text} is not null")
        # A missing value has no cell to refuse.
        grave: Severity = "critical" if meta.refuses == "row" else "warning"
        yield rule("required", f"{name} is missing.", "required", test, grave)
    if part.unique:
        reason = f"{name} occurs more than once; the best version stays."
        yield rule("unique", reason, "unique", Unique(told_apart((name,), schema)), "critical")
    for check in checks_of(part):
        if checks.is_builtin(check):
            where = f"{entity}.{name}.{check_name(check)}"
            prove_constants(where, check_name(check), check, column.type)
        yield rule(
            check_name(check),
            checks.reason(check, name, meta.unit),
            checks.describe(check),
            _column_test(f"{entity}.{name}", check, column),
            "warning" if check.raise_warning else "critical",
        )
    if said:
        raise ConfigError(
            f"{entity}.{name}: a severity or reason for {', '.join(sorted(said))},"
            " which the column does not check",
            remedy="name a check of the column, or remove it from warn, inform or reasons",
        )


def told_apart(key: Iterable[str], schema: DataFrameSchema) -> tuple[str, ...]:
    """The stored columns that distinguish two values of a key: for a partial date, its bounds."""
    kinds = types_of(schema)
    return tuple(
        part
        for name in key
        for part in (list(kinds[name].stored(name))[-2:] if name in kinds else [name])
    )


def _column_test(where: str, check: pa.Check, column: Column) -> Condition | Python:
    try:
        return Condition(
            checks.condition(check, column.typed, column.type), checks.codes(check, column.type)
        )
    except checks.NotCompilable:
        return python_check(f"{where}.{check_name(check)}", check)
