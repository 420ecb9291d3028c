"""Translate names of column types, as suites write them, to DuckDB's."""

from __future__ import annotations

import re

import duckdb

from cytoreg.errors import ConfigError
from cytoreg.warehouse.connection import scratch

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_COUNTS = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = ("FLOAT", "DOUBLE")
_MOMENTS = ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "TIMESTAMP WITH TIME ZONE")
# SQLAlchemy's classes include every narrower type; Python's and pandas' match what DuckDB returns.
_NAMES: dict[str, tuple[str, ...]] = {
    "str": ("VARCHAR",),
    "unicode": ("VARCHAR",),
    "int": (*_WHOLE, *_COUNTS),
    "long": (*_WHOLE, *_COUNTS),
    "integer": (*_WHOLE, *_COUNTS),
    "biginteger": ("BIGINT",),
    "smallinteger": ("SMALLINT",),
    "float": _NUMBERS,
    "numeric": _NUMBERS,
    "bool": ("BOOLEAN",),
    "boolean": ("BOOLEAN",),
    "datetime": _MOMENTS,
    "datetime64": _MOMENTS,
    "datetime64[ns]": _MOMENTS,
    "datetime64[us]": _MOMENTS,
    "float64": ("DOUBLE",),
    "float32": ("FLOAT",),
    "int64": ("BIGINT",),
    "int32": ("INTEGER",),
    "int16": ("SMALLINT",),
    "int8": ("TINYINT",),
    "unicodetext": ("VARCHAR",),
}


def types_named(name: object) -> tuple[str, ...]:
    """DuckDB's types for a type name of a suite.

    Raises ConfigError for an unknown name.
    """
    text = str(name).strip()
    if known := _NAMES.get(text.lower()):
        return known
    if re.fullmatch(r"[A-Za-z][\w ]*(\(\d+(, *\d+)?\))?(\[\])?", text):
        try:
            with scratch() as con:
                found: list[tuple[str, ...]] = con.execute(
                    f"describe select null::{text} as it"
                ).fetchall()
            return (found[0][1],)
        except duckdb.Error:
            pass
    raise ConfigError(
        f"{text} is not a column type of DuckDB",
        remedy="write VARCHAR, BIGINT, DOUBLE, BOOLEAN, DATE or TIMESTAMP",
    )
