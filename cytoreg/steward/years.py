"""The completeness of an entity's fields by year, counted in a run's private build."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.nights.kept_runs import PRIVATE, answering
from cytoreg.warehouse.connection import limit_threads, literal, open_build, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project

__all__ = ["Years", "by_year", "is_end"]

MOST = 40
"""Years that are shown, the latest."""

_ENDS = ("_earliest", "_latest")
"""Of a date of which only the year or month is known, the days it may be."""


@dataclass(frozen=True)
class Years:
    """Accepted rows by year of `date`, one of `dates`, and of each field the share that has it."""

    date: str
    dates: list[str]
    years: list[int]
    rows: list[int]
    fields: list[tuple[str, list[float | None]]]


def by_year(project: Project, run: str | None, entity: str, date: str = "") -> Years | None:
    """The completeness of each field; None for an entity without a date, or without rows.

    date: the column whose year counts; by default the one that most rows have.
    """
    one = answering(project, run, PRIVATE)
    with open_build(one.folder / PRIVATE, read_only=True) as con:
        limit_threads(con)
        kinds = _columns(con, entity)
        fields = [name for name in kinds if not is_end(name, kinds)]
        dates = [name for name in fields if kinds[name] in ("DATE", "TIMESTAMP")]
        if not dates:
            return None
        chosen = date if date in dates else _fullest(con, entity, dates)
        source = chosen + _ENDS[0] if chosen + _ENDS[0] in kinds else chosen
        counts = ", ".join(f"count({quote(name)})" for name in fields)
        counted: list[tuple[int, ...]] = con.execute(
            f"select year({quote(source)}) as year, count(*), {counts}"
            f" from accepted.{quote(entity)} where {quote(source)} is not null"
            f" group by 1 order by 1 desc limit {MOST}"
        ).fetchall()
    if not counted:
        return None
    counted.reverse()
    shares = [
        (name, [row[2 + place] / row[1] for row in counted]) for place, name in enumerate(fields)
    ]
    told: list[tuple[str, list[float | None]]] = [(name, [*each]) for name, each in shares]
    return Years(chosen, dates, [row[0] for row in counted], [row[1] for row in counted], told)


def _columns(con: DuckDBPyConnection, entity: str) -> dict[str, str]:
    """The entity's columns with their types, without lineage; empty if there is no such entity."""
    rows: list[tuple[str, str]] = con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = 'accepted'"
        f" and table_name = {literal(entity)} and not starts_with(column_name, '_')"
        " order by column_index"
    ).fetchall()
    return dict(rows)


def is_end(name: str, known: Container[str]) -> bool:
    """Whether a column is the first or last day that a date of others may be."""
    return any(name.endswith(end) and name.removesuffix(end) in known for end in _ENDS)


def _fullest(con: DuckDBPyConnection, entity: str, dates: list[str]) -> str:
    counts = ", ".join(f"count({quote(name)})" for name in dates)
    row: list[tuple[int, ...]] = con.execute(
        f"select {counts} from accepted.{quote(entity)}"
    ).fetchall()
    return max(zip(row[0], dates, strict=True), key=lambda pair: pair[0])[1]
