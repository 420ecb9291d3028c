"""Arrow's functions on columns of text, with the types that its own annotations lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Column: TypeAlias = "pa.Array[Any] | pa.ChunkedArray[Any]"
"""A column of any type."""

__all__ = [
    "Column",
    "as_text",
    "buffer",
    "equal",
    "first_of",
    "holds",
    "joined",
    "schema",
    "strings",
    "where",
]


def as_text(column: Column) -> pa.StringArray:
    """A column cast to text."""
    return cast("pa.StringArray", column.cast(pa.string()))


def equal(column: Column, value: str | int) -> pa.BooleanArray:
    """Where a column has this value; null where it is null."""
    return pc.equal(column, pa.scalar(value))


def holds(mask: Column) -> pa.BooleanArray:
    """A mask with false in place of null."""
    return cast("pa.BooleanArray", cast("pa.BooleanArray", mask).fill_null(False))


def where(
    mask: Column, then: Column | str | None, otherwise: Column | str | None
) -> pa.StringArray:
    """The text `then` where the mask is true, `otherwise` where it is false."""
    return cast("pa.StringArray", pc.if_else(mask, then, otherwise))


def joined(*parts: Column | str, by: str = "") -> pa.StringArray:
    """The parts of each row in one text, with `by` between them."""
    return pc.binary_join_element_wise(*cast("tuple[pa.StringArray, ...]", (*parts, by)))


def first_of(*columns: Column) -> pa.StringArray:
    """The first of each row's texts that is not null."""
    return cast("pa.StringArray", pc.coalesce(*columns))


def schema(types: Mapping[str, pa.DataType]) -> pa.Schema:
    """Columns with their types."""
    return pa.schema(types)


def strings(column: Column) -> list[str]:
    """The texts of a column that has no null."""
    return cast("list[str]", column.to_pylist())


def buffer(numbers: npt.NDArray[np.generic]) -> pa.Buffer:
    """An array's memory, not copied."""
    return pa.py_buffer(numbers.data)
