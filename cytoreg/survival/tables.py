"""The form of a survival mart, and writing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cytoreg.warehouse.connection import quote
from cytoreg.warehouse.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection


STRATUM = {
    "endpoint": Column("varchar", "the analysis, as cytoreg.toml names it"),
    "stratum_variable": Column("varchar", "the cohort's column that was split by; all: unsplit"),
    "stratum": Column("varchar", "the value of that column; unknown where it is empty"),
}
OF_STRATUM = tuple(STRATUM)
ORIGIN = {
    "origin": Column("varchar", "what time counts from"),
    "cohort": Column("varchar", "the mart whose comment says who is a member"),
}
AT_RISK = Column("bigint", "patients under observation just before then")
LOWER = Column("double", "lower limit of the 95 % interval; empty where it is not defined")
UPPER = Column("double", "upper limit of the 95 % interval; empty where it is not defined")
INTERVAL = Column("varchar", "scale of the interval")
RELIABLE = Column(
    "boolean",
    "whether it may be published: at least `min_at_risk` patients (cytoreg.toml) under observation"
    " just before then; empty without an estimate",
)
PAST_LAST_DAY = "past the last day observed"
TAU_PAST_LAST_DAY = "tau past the last day observed"
LIFE_TABLE = Column("varchar", "population, version, and what counts beyond its years and ages")


def said(word: str, where: NDArray[np.bool_] | pd.Series[bool]) -> NDArray[np.object_]:
    """A column with the word in some places, and empty in the others."""
    column = np.full(len(where), None, dtype=object)
    column[np.asarray(where, dtype=bool)] = word
    return column


def enough(
    estimate: NDArray[np.float64], at_risk: NDArray[np.float64] | NDArray[np.int64], least: int
) -> NDArray[np.object_]:
    """Whether at least so many are at risk; None where there is no estimate."""
    column = np.greater_equal(at_risk, least).astype(object)
    column[np.isnan(estimate)] = None
    return column


def write(con: DuckDBPyConnection, table: Table, parts: Sequence[pd.DataFrame]) -> None:
    """Add parts to the mart, sorted by its grain; NaN becomes NULL."""
    if parts:
        con.register("_estimates", _joined(table, parts))
        order = ", ".join(map(quote, table.grain))
        con.execute(f"insert into {table.name} by name from _estimates order by {order}")
        con.unregister("_estimates")


def _joined(table: Table, parts: Sequence[pd.DataFrame]) -> object:
    """All parts as one Arrow table with the mart's columns."""
    import pyarrow as pa

    kinds = {"varchar": pa.string(), "bigint": pa.int64(), "double": pa.float64()}
    kinds["boolean"] = pa.bool_()
    return pa.concat_tables(
        pa.table(
            {
                name: pa.array(part[name], kinds[column.kind], from_pandas=True)
                for name, column in table.columns.items()
            }
        )
        for part in parts
    )
