"""Judge one table by its schema, without a project: `cytoreg.judge`.

The table becomes `staging.<entity>` of a build in memory, as text, and is judged there as in a
refresh. Its rows have no lineage to which a finding could point, so each row's position serves as
the key while it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import duckdb
import numpy as np
import pandas as pd
import pandera.pandas
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from cytoreg.errors import ConfigError, perhaps
from cytoreg.rules.catalogue import Column, EntityRules
from cytoreg.rules.column_types import TYPES
from cytoreg.rules.compile import compile_schemas, refuse_unjudged
from cytoreg.rules.entity import Entity
from cytoreg.rules.judge import judge, scrubbed
from cytoreg.rules.partial_date import PartialDate
from cytoreg.rules.plain import adopt_model, adopt_schema
from cytoreg.rules.requirement import Unique
from cytoreg.rules.vocabulary import LINEAGE, Dependency, Listed, RowRule, entity_name
from cytoreg.warehouse.connection import SCHEMAS, in_memory, literal, private_spill, quote
from cytoreg.warehouse.errors import scrub

if TYPE_CHECKING:
    Schema: TypeAlias = type[pandera.pandas.DataFrameModel] | pandera.pandas.DataFrameSchema


class ArrowStream(Protocol):
    """A table with an Arrow interface: a DuckDB relation, a frame, an Arrow table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: the table's record batches as a C stream."""


_POSITION = "_position"
_EXACT = 2**53
"""Up to here every integer has its own 64-bit floating-point number."""
_TYPES = (
    *(types.is_null, types.is_boolean, types.is_integer, types.is_float32, types.is_float64),
    *(types.is_decimal128, types.is_string, types.is_large_string, types.is_string_view),
    *(types.is_date, types.is_time, lambda kind: types.is_timestamp(kind) and kind.tz is None),
)
_COLUMNS = ("rule", "severity", "entity", "row", "column", "value", "reason")


def judge_table(
    schema: Schema,
    table: ArrowStream,
    *,
    as_of: date | None,
    others: Mapping[type[pandera.pandas.DataFrameModel], ArrowStream],
    values: bool,
) -> pa.Table:
    """Implements `cytoreg.judge`; see there."""
    model = _as_entity(schema)
    tables = {model: _arrow(entity_name(model), table)}
    for other, beside in others.items():
        adopted = _as_entity(other)
        tables[adopted] = _arrow(entity_name(adopted), beside)
    _require_others(tables)
    schemas = compile_schemas(tables)
    name, day = entity_name(model), as_of or date.today()
    with in_memory(private_spill()) as con:
        con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        for room in SCHEMAS:
            con.execute(f"create schema {room}")
        for one, given in tables.items():
            entity = schemas[entity_name(one)]
            _check(entity, given)
            with scrubbed(entity):
                _stage(con, entity, given, numbered=one is model)
        judge(con, schemas | {name: _keyed_by_position(schemas[name])}, as_of=day)
        found = _findings(con, schemas[name], values=values)
    return _with_keys(found, schemas[name], tables[model])


def _as_entity(schema: object) -> type[Entity]:
    if isinstance(schema, type) and issubclass(schema, Entity) and schema is not Entity:
        return schema
    if isinstance(schema, pandera.pandas.DataFrameSchema):
        name = str(schema.name or "table")
        refuse_unjudged(name, schema)
        return adopt_schema(name, schema)
    plain = pandera.pandas.DataFrameModel
    if isinstance(schema, type) and issubclass(schema, plain) and schema not in (plain, Entity):
        return adopt_model(schema)
    raise ConfigError(
        f"{getattr(schema, '__name__', type(schema).__name__)} is neither a Pandera model nor a"
        " DataFrameSchema of pandas",
        remedy="import pandera.pandas as pa, and give a subclass of pa.DataFrameModel or of"
        " cytoreg.rules.Entity, or a pa.DataFrameSchema",
    )


def _require_others(tables: Mapping[type[Entity], pa.Table]) -> None:
    """Raise ConfigError if a rule refers to an entity whose table is not given."""
    given = {entity_name(model) for model in tables}
    for model in tables:
        for attribute, declared in model._declarations.items():
            if isinstance(declared, RowRule | Dependency | Listed) or declared.entity in given:
                continue
            raise ConfigError(
                f"{entity_name(model)}.{attribute} looks at {declared.entity}, whose table is not"
                " given",
                remedy="give its model and its table: judge(…, others={Model: table})",
            )


def _arrow(name: str, table: object) -> pa.Table:
    """The table as Arrow. Raises ConfigError, without values, for objects of other kinds."""
    if isinstance(table, pd.DataFrame):
        columns = [str(column) for column in table.columns]
        read = [_of_pandas(name, column, table.iloc[:, n]) for n, column in enumerate(columns)]
        return pa.Table.from_arrays(read, names=columns)
    if not hasattr(table, "__arrow_c_stream__") and not isinstance(table, pa.RecordBatch):
        raise ConfigError(
            f"{name}: a {type(table).__name__} is not a table",
            remedy="give a relation of DuckDB (con.table('name'), duckdb.read_csv('file.csv')), an"
            " Arrow table, or a frame of pandas or Polars",
        )
    try:
        return pa.table(table)
    except (duckdb.Error, pa.ArrowException) as error:
        raise ConfigError(f"{name}: the table cannot be read: {scrub(error)}") from None


def _of_pandas(name: str, column: str, series: pd.Series) -> pa.Array[Any]:
    try:
        values: pa.Array[Any] = pa.array(series, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        raise ConfigError(
            f"{name}.{column}: its values are not of one type",
            remedy=f"make them text: frame[{column!r}] = frame[{column!r}].astype('string')",
        ) from None
    return values


def _stage(
    con: duckdb.DuckDBPyConnection, entity: EntityRules, table: pa.Table, *, numbered: bool
) -> None:
    """Write `staging.<entity>` as a staging model would, all values as text, with positions."""
    position = pa.array(np.arange(1, len(table) + 1))
    con.register("_given", table.append_column(_POSITION, position))
    given = {column.name: _text(column, table) for column in entity.columns}
    for name in LINEAGE:
        # A table without lineage counts as one file of one source.
        otherwise = _POSITION if name == "_row" else "''"
        kind = "bigint" if name == "_row" else "varchar"
        given[name] = f"cast({name if name in table.column_names else otherwise} as {kind})"
    if numbered:
        given[_POSITION] = f"cast({_POSITION} as varchar)"
    selected = ", ".join(f"{sql} as {quote(name)}" for name, sql in given.items())
    con.execute(f"create table staging.{quote(entity.name)} as select {selected} from _given")
    con.unregister("_given")


def _check(entity: EntityRules, table: pa.Table) -> None:
    """Raise ConfigError if the columns are not the schema's, or their types do not fit."""
    known, given = [column.name for column in entity.columns], table.column_names
    for name in given:
        if given.count(name) > 1:
            raise ConfigError(f"{entity.name}: the table has two columns {name}")
        if name not in known and name not in LINEAGE:
            raise ConfigError(
                f"{entity.name}: the schema has no column {name}{perhaps(name, known)}",
                remedy=f"give a table without it, or declare it; declared are {', '.join(known)}",
            )
    for name in known:
        if name not in given:
            raise ConfigError(
                f"{entity.name}: the table has no column {name}{perhaps(name, given)}",
                remedy="give the column, empty where nothing is known, or drop it from the schema",
            )
    for part in table.schema:
        kind: pa.DataType = part.type
        if isinstance(kind, pa.DictionaryType):
            kind = kind.value_type
        if not any(is_one(kind) for is_one in _TYPES):
            raise ConfigError(
                f"{entity.name}.{part.name}: no rule reads {part.type}",
                remedy="make it text, a number, true or false, a date, or a time without a zone",
            )
    if "_row" in given and not types.is_integer(table.schema.field("_row").type):
        raise ConfigError(f"{entity.name}._row: is not a whole number")


def _text(column: Column, table: pa.Table) -> str:
    """SQL of the column as text. Values stored in a wider type are written in the declared one:

    pandas stores integers beside nulls as 12.0, and days as midnight.
    """
    name, python = quote(column.name), column.type.python
    kind: pa.DataType = table.schema.field(column.name).type
    fraction = types.is_floating(kind) or types.is_decimal(kind)
    if python is int and fraction:
        whole = f"{name} = trunc({name}) and abs({name}) <= {_EXACT}"
        narrow = f"cast({name} as bigint)"
    elif python in (date, PartialDate) and types.is_timestamp(kind):
        whole, narrow = f"{name} = date_trunc('day', {name})", f"cast({name} as date)"
    else:
        return f"cast({name} as varchar)"
    return f"case when {whole} then cast({narrow} as varchar) else cast({name} as varchar) end"


def _keyed_by_position(entity: EntityRules) -> EntityRules:
    """The entity with the row's position as its key, by which findings identify the row."""
    position = Column(_POSITION, TYPES[str], nullable=False, key=True, unit="", description="")
    columns = (*(replace(column, key=False) for column in entity.columns), position)
    return replace(entity, columns=columns)


def _findings(con: duckdb.DuckDBPyConnection, entity: EntityRules, *, values: bool) -> pa.Table:
    """The findings by row, and within a row in the order of the schema."""
    rules = ", ".join(literal(rule.id) for rule in entity.rules)
    texts = "".join(
        f" when {literal(column.name)} then staged.{quote(column.name)}"
        for column in entity.columns
    )
    value = f'case told."column"{texts} end as value, ' if values else ""
    return con.execute(
        "select told.rule, told.severity, told.entity, cast(told.key as bigint) as row,"
        f' told."column", {value}told.reason\n'
        "from quality.finding as told\n"
        f"join staging.{quote(entity.name)} as staged on staged.{_POSITION} = told.key\n"
        f"where told.entity = {literal(entity.name)}\n"
        f"order by row, list_position([{rules}]::varchar[], told.rule)"
    ).to_arrow_table()


def _with_keys(found: pa.Table, entity: EntityRules, table: pa.Table) -> pa.Table:
    """The findings with the columns of the records' key, as the table has them, after `row`."""
    keys = table.select(_key(entity)).take(pc.subtract(found["row"], 1))
    place = found.column_names.index("row") + 1
    for name in reversed(keys.column_names):
        called = f"key_{name}" if name in _COLUMNS else name
        found = found.add_column(place, called, keys[name])
    return found


def _key(entity: EntityRules) -> list[str]:
    """The columns that identify a record: those declared as key, else the first that are unique."""
    declared = [column.name for column in entity.columns if column.key]
    tests = (rule.test for rule in entity.rules)
    unique = next((test.columns for test in tests if isinstance(test, Unique)), ())
    return declared or [column.name for column in entity.columns if column.name in unique]
