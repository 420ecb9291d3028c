"""The types of columns as dtypes of Pandera, and the columns of its schemas with their types.

A dtype's `coerce` reads text by the Python half of column_types.py, so that Pandera's own verdict
does not depend on DuckDB.
"""

from __future__ import annotations

from typing import ClassVar

import pandas as pd
import pandera.errors
from pandera import dtypes
from pandera.backends.pandas.error_formatters import reshape_failure_cases
from pandera.engines import pandas_engine
from pandera.pandas import Check, Column, DataFrameSchema

from cytoreg.rules.column_types import TYPES, ColumnType, read

__all__ = ["DTYPES", "OwnDtype", "checks_of", "parts_of", "type_of", "types_of"]


class OwnDtype(pandas_engine.DataType):
    """A dtype of Pandera for one of the types."""

    column_type: ClassVar[ColumnType]


def parts_of(schema: DataFrameSchema) -> dict[str, Column]:
    """The columns of a Pandera schema, in order."""
    found: dict[str, Column] = schema.columns
    return found


def checks_of(part: Column | DataFrameSchema) -> list[Check]:
    """The checks of a column, or those of a schema's rows."""
    found: list[Check] = part.checks
    return found


def type_of(part: Column) -> ColumnType:
    """The type of a column of an entity's schema."""
    assert isinstance(part.dtype, OwnDtype)  # noqa: S101 - every annotation of an entity is one
    return part.dtype.column_type


def types_of(schema: DataFrameSchema) -> dict[str, ColumnType]:
    """The types of the columns of an entity's schema, in order."""
    return {name: type_of(part) for name, part in parts_of(schema).items()}


def _pandera_dtype(kind: ColumnType) -> type[OwnDtype]:
    class Dtype(OwnDtype):
        type = kind.pandas
        column_type = kind

        def coerce(self, data_container: pd.Series | pd.DataFrame) -> pd.Series:
            assert isinstance(data_container, pd.Series)  # noqa: S101 - it is a column's dtype
            values, bad = read(kind, data_container)
            if bad.any():
                raise pandera.errors.ParserError(
                    f"not of type {kind.name}",
                    failure_cases=reshape_failure_cases(data_container[bad], ignore_na=False),
                )
            return values

        def __str__(self) -> str:
            return kind.name

    Dtype.__name__ = Dtype.__qualname__ = f"Cytoreg{kind.python.__name__.title()}"
    # Pandera knows the dtypes of pandas, but not cytoreg's own.
    own = [kind.pandas] if kind.partial else None
    dtype = dtypes.immutable(Dtype)
    pandas_engine.Engine.register_dtype(dtype, equivalents=own)
    return dtype


DTYPES: dict[type, type[OwnDtype]] = {
    python: _pandera_dtype(kind) for python, kind in TYPES.items()
}
