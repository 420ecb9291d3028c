"""From Pandera models to rules: every check is compiled or, never silently, left to Pandera."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import pandera.errors
import pandera.pandas as pa

from cytoreg.errors import ConfigError
from cytoreg.rules import checks
from cytoreg.rules.catalogue import (
    Column,
    Condition,
    Determined,
    EntityRules,
    Exists,
    Has,
    Pairwise,
    Python,
    Rule,
    Unique,
)
from cytoreg.rules.constants import prove_constants
from cytoreg.rules.declare import Entity
from cytoreg.rules.expression import DATES, Scope, parse, parse_value
from cytoreg.rules.vocabulary import (
    LINEAGE,
    ColumnMeta,
    Comparison,
    Counterpart,
    Declaration,
    Dependency,
    Reference,
    RowRule,
    Severity,
    check_name,
    entity_name,
)
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    from pandera.api.pandas.container import DataFrameSchema

Types = Mapping[str, type]
_LINEAGE_TYPES: Types = {name: int if name == "_row" else str for name in LINEAGE}
_NOTHING_SAID = ColumnMeta(key=False, refuses="cell", unit="", severities={}, reasons={})


def compile_schemas(
    models: Iterable[type[Entity]], paths: Mapping[str, Path] | None = None
) -> dict[str, EntityRules]:
    """Rules by entity; an entity comes after those that its references and comparisons name.

    Raises ConfigError for anything in a schema that would not be judged exactly as declared, for
    references to unknown entities or columns, and for circular references.
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
    types = {}
    for name, model in by_name.items():
        with _named(files.get(name)):
            types[name] = _types(name, _schema(name, model))
    rules = {}
    for name, model in sorted(by_name.items()):
        with _named(files.get(name)):
            rules[name] = _entity(name, model, types, files.get(name))
    order = TopologicalSorter({name: sorted(entity.refers_to) for name, entity in rules.items()})
    try:
        return {name: rules[name] for name in order.static_order()}
    except CycleError as error:
        circle = " → ".join(error.args[1])
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
    asks = {
        "an index": schema.index is not None,
        "parsers": schema.parsers or any(c.parsers for c in schema.columns.values()),
        "a dtype for all columns": schema.dtype is not None,
        "add_missing_columns": schema.add_missing_columns,
        "drop_invalid_rows": schema.drop_invalid_rows,
        "columns by pattern": any(c.regex for c in schema.columns.values()),
        "optional columns": not all(c.required for c in schema.columns.values()),
        "defaults": any(c.default is not None for c in schema.columns.values()),
    }
    for what, asked in asks.items():
        if asked:
            raise ConfigError(
                f"{name}: {what} in a schema: rows are judged as staging gives them",
                remedy="drop it from the schema, and change values and columns before they are"
                f" judged, in a project in sql/staging/{name}.sql",
            )


def _types(name: str, schema: DataFrameSchema) -> dict[str, type]:
    if not schema.columns:
        raise ConfigError(f"{name}: has no columns", remedy="declare what staging gives")
    reserved = [column for column in schema.columns if column.startswith("_")]
    if reserved:
        raise ConfigError(f"{name}: column {reserved[0]}: names with an underscore are cytoreg's")
    kinds = {column: part.dtype.column_type for column, part in schema.columns.items()}
    stored = [part for column, kind in kinds.items() for part in kind.stored(column)]
    for part in stored:
        if twins := sorted({one for one in stored if one.lower() == part.lower()} - {part}):
            raise ConfigError(
                f"{name}: columns {part} and {twins[0]} are one column to the database",
                remedy="capitals do not tell columns apart: rename one of them",
            )
    if twice := [column for column, count in Counter(stored).items() if count > 1]:
        raise ConfigError(
            f"{name}: a date that is known in part is stored with {twice[0]}, which is a column",
            remedy="rename that column",
        )
    return {column: kind.python for column, kind in kinds.items()}


def _entity(
    name: str, model: type[Entity], types: Mapping[str, Types], path: Path | None
) -> EntityRules:
    schema = _schema(name, model)
    doubted = _doubted(name, schema, model)
    columns = tuple(_column(part, part.name in doubted) for part in schema.columns.values())
    rules = (
        *(rule for column in columns for rule in _column_rules(name, schema, column)),
        *_composite_keys(name, model, schema),
        *_table_rules(name, model, schema, types),
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
    own = {"": {**types[name], **_LINEAGE_TYPES}}
    newest = tuple(parse_value(text, own, f"{name}: newest_by") for text in model._newest.by)
    return EntityRules(
        name, cleandoc(model.__doc__ or ""), columns, rules, frozenset(others), model, newest, path
    )


def _doubted(entity: str, schema: DataFrameSchema, model: type[Entity]) -> set[str]:
    """Columns whose cells a rule other than the type may refuse."""
    named = {
        column
        for declaration in model._declarations.values()
        for column in declaration.refuses
        if declaration.severity == "critical"
    }
    if unknown := sorted(named - set(schema.columns)):
        raise ConfigError(f"{entity}: a rule refuses {unknown[0]}, which is no column")
    checked = {
        name
        for name, part in schema.columns.items()
        if _meta(schema, name).refuses == "cell"
        and (part.unique or any(not check.raise_warning for check in part.checks))
    }
    return named | checked


def _meta(schema: DataFrameSchema, column: str) -> ColumnMeta:
    meta = (schema.columns[column].metadata or {}).get("cytoreg", _NOTHING_SAID)
    assert isinstance(meta, ColumnMeta)  # noqa: S101 - the key is ours
    return meta


def _column(part: pa.Column, doubted: bool) -> Column:
    meta: ColumnMeta = (part.metadata or {}).get("cytoreg", _NOTHING_SAID)
    return Column(
        part.name,
        part.dtype.column_type,
        part.nullable,
        meta.key,
        meta.unit,
        part.description or "",
        doubted,
    )


_A_TYPE = {
    "integer": "a whole number",
    "number": "a number",
    "true/false": "true or false",
    "date": "a date",
    "date or part of one": "a date, or the month or the year of one",
    "date and time or part of them": "a date and time, or a day, month or year",
    "date and time": "a date and time",
}


def _column_rules(entity: str, schema: DataFrameSchema, column: Column) -> Iterator[Rule]:
    part, meta = schema.columns[column.name], _meta(schema, column.name)
    name, text = column.name, quote(column.text)
    said = set(meta.severities) | set(meta.reasons)

    def rule(
        check: str, reason: str, expression: str, test: Condition | Unique | Python, grave: Severity
    ) -> Rule:
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
        yield rule("unique", reason, "unique", Unique(_told_apart((name,), schema)), "critical")
    for check in part.checks:
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


def _told_apart(key: Iterable[str], schema: DataFrameSchema) -> tuple[str, ...]:
    """The stored columns that distinguish two values of a key: for a partial date, its bounds."""
    kinds = {name: part.dtype.column_type for name, part in schema.columns.items()}
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
        return _python(f"{where}.{check_name(check)}", check)


def _python(rule_id: str, check: pa.Check) -> Python:
    """A check that Pandera runs: in batches if it looks at each row alone, else as it declares."""
    if isinstance(check, pa.Hypothesis) or check.groupby or check_name(check) == "unique_values_eq":
        raise ConfigError(
            f"{rule_id}: a statement about the whole table gives no finding for a row",
            remedy="make it an expectation in expectations/",
        )
    if checks.is_builtin(check) or check.element_wise:
        return Python(check, whole_table=False)
    scope = _scope(check)
    if scope is None:
        raise ConfigError(
            f"{rule_id}: does this Python check look at each row alone?",
            remedy="mark it @rowwise or @whole_table (from cytoreg.rules), or element_wise=True",
        )
    return Python(check, whole_table=scope == "table")


def _scope(check: pa.Check) -> str | None:
    """The scope that `rowwise` or `whole_table` set on the function, which a model wraps again."""
    function = check._check_fn
    for cell in (None, *(getattr(function, "__closure__", None) or ())):
        candidate = function if cell is None else cell.cell_contents
        candidate = getattr(candidate, "check_fn", candidate)
        scope = getattr(candidate, "cytoreg_scope", None)
        if scope:
            return str(scope)
    return None


def _composite_keys(entity: str, model: type[Entity], schema: DataFrameSchema) -> Iterator[Rule]:
    given = schema.unique or []
    keys: Sequence[Sequence[str]] = (
        [given] if all(isinstance(part, str) for part in given) and given else given
    )
    # Pandera leaves the metadata of Config on the model and does not pass it to the schema.
    said = (getattr(model.Config, "metadata", None) or {}).get("unique", {})
    for key in keys:
        unknown = [name for name in key if name not in {*schema.columns, *LINEAGE}]
        if unknown:
            raise ConfigError(
                f"{entity}: Config.unique names {unknown[0]}, which is no column",
                remedy=f"columns: {', '.join(schema.columns)}",
            )
        listed = ", ".join(key)
        yield Rule(
            f"{entity}.unique" if len(keys) == 1 else f"{entity}.unique_{'_'.join(key)}",
            entity,
            None,
            said.get("severity", "critical"),
            said.get("reason", f"{listed} occur together more than once; the best version stays."),
            f"unique({listed})",
            Unique(_told_apart(key, schema)),
        )


def _table_rules(
    entity: str, model: type[Entity], schema: DataFrameSchema, types: Mapping[str, Types]
) -> Iterator[Rule]:
    declared: Mapping[str, Declaration] = model._declarations
    for check in schema.checks:
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
            _python(rule_id, check),
        )


def _declared(
    rule_id: str, entity: str, declaration: Declaration, types: Mapping[str, Types]
) -> Rule:
    own = {**types[entity], **_LINEAGE_TYPES}
    if isinstance(declaration, RowRule):
        holds = cleandoc(declaration.holds)
        return Rule(
            rule_id,
            entity,
            None,
            declaration.severity,
            declaration.reason or f"Does not hold: {holds}",
            holds,
            Condition(parse(holds, {"": own}, rule_id)),
            declaration.refuses,
        )
    if isinstance(declaration, Dependency):
        return _dependency(rule_id, entity, declaration, own)
    other = _other(rule_id, declaration, own, types)
    on = tuple(declaration.on.items())
    pairs = ", ".join(a if a == b else f"{a} = {declaration.entity}.{b}" for a, b in on)
    if isinstance(declaration, Reference):
        return Rule(
            rule_id,
            entity,
            on[0][0] if len(on) == 1 else None,
            declaration.severity,
            declaration.reason or f"No accepted {declaration.entity} has this {pairs}.",
            f"references {declaration.entity} on {pairs}",
            Exists(declaration.entity, on),
            declaration.refuses,
        )
    if isinstance(declaration, Counterpart):
        when = cleandoc(declaration.when)
        return Rule(
            rule_id,
            entity,
            on[0][0] if len(on) == 1 else None,
            declaration.severity,
            declaration.reason or f"No accepted {declaration.entity} has this {pairs}.",
            f"has {declaration.entity} on {pairs}" + (f" when {when}" if when else ""),
            Has(declaration.entity, on, parse(when, {"": own}, rule_id) if when else None),
        )
    holds = cleandoc(declaration.holds)
    scope: Scope = {"": own, declaration.entity: other}
    source = " of another source" if declaration.across_sources else ""
    return Rule(
        rule_id,
        entity,
        None,
        declaration.severity,
        declaration.reason or f"Contradicts {declaration.entity}: {holds}",
        f"with each {declaration.entity}{source} on {pairs}: {holds}",
        Pairwise(
            declaration.entity,
            on,
            parse(holds, scope, rule_id),
            itself=declaration.entity == entity,
            across_sources=declaration.across_sources,
        ),
        declaration.refuses,
    )


def _dependency(rule_id: str, entity: str, declaration: Dependency, own: Types) -> Rule:
    column, by = declaration.column, declaration.by
    for name in (column, *by):
        if name not in own:
            raise ConfigError(f"{rule_id}: {name} is no column of this entity")
    if not by:
        raise ConfigError(f"{rule_id}: `by` names no column")
    listed = ", ".join(by)
    return Rule(
        rule_id,
        entity,
        None,
        declaration.severity,
        declaration.reason or f"{column} is not what most rows with the same {listed} say.",
        f"{column} is determined by {listed}",
        Determined(column, by),
        declaration.refuses,
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
    other = {**types[declaration.entity], **_LINEAGE_TYPES}
    for mine, theirs in declaration.on.items():
        for column, columns, where in ((mine, own, "this entity"), (theirs, other, "the other")):
            if column not in columns:
                raise ConfigError(f"{rule_id}: {column} is no column of {where}")
        if own[mine] is not other[theirs] and not {own[mine], other[theirs]} <= DATES:
            raise ConfigError(f"{rule_id}: {mine} and {theirs} are of different types")
    if not declaration.on:
        raise ConfigError(f"{rule_id}: `on` names no column")
    return other
