"""A cohort as a DuckDB relation, and SQL for its columns."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sized
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import numpy as np

from cytoreg.errors import CytoregError
from cytoreg.warehouse.connection import ROW_GROUP, literal, quote, scratch

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    class PolarsFrame(Protocol):
        """polars.DataFrame, which need not be installed."""

        def to_arrow(self) -> pa.Table:
            """The frame as Arrow."""

    class LazyFrame(Protocol):
        """polars.LazyFrame."""

        def collect(self) -> PolarsFrame:
            """The frame that it stands for."""

    Arrow: TypeAlias = pa.Table | pa.RecordBatch | pa.RecordBatchReader
    Cohort: TypeAlias = DuckDBPyRelation | pd.DataFrame | Arrow | PolarsFrame | LazyFrame
    """One row per patient: `time_days`, `event`, and `entry_days` and `weight` if there are any.

    Functions that compare with a population also read `age_days`, `sex` and `start_date`, and
    `race` if the life table has it. Times and ages are in days. A date may be an ISO text. Of a
    time in a zone the local day counts: in a frame or Arrow that of its zone, in a text the one
    written, in a relation that of its connection.
    """
else:
    Cohort: TypeAlias = object

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
REALS = {"FLOAT", "DOUBLE"}
NUMBERS = _INTEGERS | REALS | {"UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL"}
DATES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
ZONED = "TIMESTAMP WITH TIME ZONE"
WORDS = {"VARCHAR", "ENUM"}
READ_AS_DATES = DATES | WORDS | {ZONED}
_KINDS = {
    **dict.fromkeys(
        ("time_days", "entry_days", "potential_days", "weight", "age_days"), (NUMBERS, "a number")
    ),
    "start_date": (READ_AS_DATES, "a date"),
}


class _Schema(Protocol):
    """What an Arrow schema has."""

    types: list[object]


class _Frame(Protocol):
    """What an Arrow object or a pandas frame has."""

    schema: _Schema
    dtypes: list[object]


def relation_of(cohort: Cohort, wanted: Collection[str] | None) -> DuckDBPyRelation:
    """The cohort as a relation; a frame or table gets a database of its own.

    A pandas frame's only with the `wanted` columns (None: all).
    """
    import duckdb

    cohort = _without_polars(cohort)
    if wanted is None:
        wanted = _names(cohort)
    _check_names(cohort, wanted)
    if isinstance(cohort, duckdb.DuckDBPyRelation):
        return cohort
    con = scratch(len(cohort) if isinstance(cohort, Sized) else ROW_GROUP + 1)
    try:
        con.execute("set pandas_analyze_sample = 1000000000")  # default: 1,000 rows
        given = _encoded(cohort, wanted)
        con.register("cohort", given)
        return _local(con.table("cohort"), given)
    except (duckdb.Error, TypeError, ValueError, NotImplementedError):
        raise CytoregError(
            f"a cohort cannot be read from {type(cohort).__name__}",
            remedy="give a DuckDB relation, a pandas or Polars frame, or Arrow",
        ) from None


def _without_polars(cohort: Cohort) -> Cohort:
    """A Polars frame, lazy or not, as an Arrow table; anything else as it is."""
    if not type(cohort).__module__.startswith("polars"):
        return cohort
    lazy = type(cohort).__name__ == "LazyFrame"
    found = cast("LazyFrame", cohort).collect() if lazy else cast("PolarsFrame", cohort)
    return found.to_arrow()


def _local(relation: DuckDBPyRelation, given: Cohort) -> DuckDBPyRelation:
    """The relation of a frame or an Arrow object, its times in a zone as local times."""
    zoned = {
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if str(kind) == ZONED
    }
    if not zoned:
        return relation
    frame = cast("_Frame", given)  # in Arrow: timestamp[us, tz=UTC]; in pandas: datetime64[ns, UTC]
    kinds = frame.schema.types if hasattr(given, "schema") else list(frame.dtypes)
    zones = {
        name: str(kind).partition(", ")[2].removeprefix("tz=").rstrip("]")
        for name, kind in zip(relation.columns, kinds, strict=True)
        if name in zoned
    }
    local = (f"timezone({literal(z)}, {quote(name)}) as {quote(name)}" for name, z in zones.items())
    return relation.project(f"* replace ({', '.join(local)})")


def _check_names(cohort: Cohort, wanted: Collection[str]) -> None:
    """Refuse a cohort in which a wanted name may mean two columns; DuckDB would take the first."""
    lower = [name.lower() for name in _names(cohort)]
    for name in wanted:
        if lower.count(name.lower()) > 1:
            raise CytoregError(
                f"the cohort has more than one column {name}",
                remedy="rename all but one; capitals make no difference",
            )


def _names(cohort: Cohort) -> list[str]:
    schema = getattr(cohort, "schema", None)  # Arrow's `columns` are the columns themselves
    return [str(name) for name in getattr(schema, "names", getattr(cohort, "columns", ()))]


def _encoded(cohort: Cohort, wanted: Collection[str]) -> Cohort:
    """A pandas frame's wanted columns; its text as categories, which DuckDB reads much faster."""
    if "pandas" not in sys.modules:  # a caller with a frame has imported it
        return cohort
    import pandas

    if not isinstance(cohort, pandas.DataFrame):
        return cohort
    lower = {name.lower() for name in wanted}
    taken = cohort[[name for name in cohort.columns if str(name).lower() in lower]]
    text: dict[str, Any] = {}
    for name, column in taken.items():
        if column.isna().all():
            if column.dtype == "category":  # DuckDB has no empty enumeration
                text[str(name)] = column.astype("string")
        elif pandas.api.types.is_string_dtype(column) or column.dtype == object:
            codes, values = pandas.factorize(column, sort=False)
            kinds: set[type] = set(map(type, values))
            if all(issubclass(kind, str) for kind in kinds):
                order = pandas.Index(values).argsort()
                place = np.append(np.argsort(order), -1)  # −1: empty
                chosen: Any = place[codes]  # an array, where the stubs know a list
                text[str(name)] = pandas.Categorical.from_codes(chosen, values[order])
    encoded: pd.DataFrame = taken.assign(**text)
    return encoded


def check_kind(kinds: Mapping[str, str], name: str, *, stratum: bool) -> None:
    """Raise CytoregError for a missing column, or one of the wrong kind (strata: any)."""
    if name.lower() not in kinds:
        raise CytoregError(f"the cohort has no column {name}")
    if name in ("rows", "count", "squares") and not stratum:  # what `reduce` adds is called so
        raise CytoregError(f"no column of an estimate can be called {name}: rename it")
    kind = kinds[name.lower()]
    expected, word = _KINDS.get(name, ({kind}, ""))
    if kind not in expected and not stratum:
        said = "text" if kind in ("ENUM", "VARCHAR") else kind
        raise CytoregError(f"the cohort's column {name} is {said}, not {word}")


def plain(name: str, kind: str) -> str:
    """SQL for a column in a type that groups fast, with a single empty value; NaN is empty too."""
    column = quote(name)
    if name == "start_date" and kind in WORDS:
        return iso_date(column)
    if kind in _INTEGERS or kind in ("VARCHAR", "DATE", "ENUM"):
        return column
    if kind == "BOOLEAN":
        return f"cast({column} as tinyint)"
    if kind in NUMBERS:
        return f"nullif(cast({column} as double), cast('nan' as double))"
    return f"cast({column} as {'date' if kind in DATES | {ZONED} else 'varchar'})"


def iso_date(column: str) -> str:
    """SQL for the day of an ISO text, with or without a time; null for any other text."""
    text = f"trim(cast({column} as varchar))"
    form = "^\\d{4}-\\d{2}-\\d{2}([T ].*)?$"
    return f"case when regexp_matches({text}, '{form}') then try_cast({text}[1:10] as date) end"


def fetched(alias: str, name: str, kind: str) -> str:
    """SQL that turns an enumeration into text, after it has been grouped and sorted.

    A stratum (alias k…) that is true or false stays so; other columns hold it as 0 or 1.
    """
    if kind == "BOOLEAN" and alias.startswith("k"):
        return f"cast({alias} as boolean) as {alias}"
    text = kind == "ENUM" and name != "start_date"
    return f"cast({alias} as varchar) as {alias}" if text else alias
