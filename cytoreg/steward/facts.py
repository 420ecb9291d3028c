"""What a run says of itself: the quality tables of its export, and the tallies of its findings."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytoreg.nights.kept_runs import PUBLIC, Kept, answering
from cytoreg.publication.reading import reading, tables_of
from cytoreg.warehouse.connection import limit_threads, literal

if TYPE_CHECKING:
    from cytoreg.project.load import Project
    from cytoreg.steward.desk import Desk

__all__ = ["Fact", "Facts", "Tally", "tallies"]

Fact = dict[str, object]
"""A row of a quality table."""

_GRAVE = "case severity when 'critical' then 1 when 'warning' then 2 else 3 end"


class Facts:
    """The quality tables of a run, which hold counts and pseudonyms."""

    def __init__(self, project: Project, run: str | None) -> None:
        self.run: Kept = answering(project, run, PUBLIC)

    def head(self) -> Fact:
        """The run itself."""
        return next(iter(self._rows("run")), {})

    def gates(self) -> list[Fact]:
        """What had to hold before it was published; closed ones first."""
        return self._rows("gate", order="passed")

    def sources(self, source: str = "") -> list[Fact]:
        """How each source stands."""
        return self._rows("source", _of("source", source))

    def drifts(self, source: str = "") -> list[Fact]:
        """How the sources differ from those of the build before, the gravest first."""
        return self._rows("drift", _of("source", source), f"{_GRAVE}, source, source_table")

    def balance(self, source: str) -> list[Fact]:
        """The books of a source's tables."""
        return self._rows("balance", _of("source", source), "source_table, entity")

    def checks(self, rule: str = "", *, violated: bool = False) -> list[Fact]:
        """The results of the rules, those that most records violate first."""
        which = f"{_of('rule', rule)} and {'violated > 0' if violated else 'true'}"
        return self._rows("check_result", which, f"{_GRAVE}, violated desc, rule")

    def reasons(self) -> dict[str, str]:
        """What each rule wants, in words."""
        return {str(row["rule"]): str(row["reason"]) for row in self._rows("check_result")}

    def completeness(self, entity: str) -> list[Fact]:
        """The share of accepted rows that have each field, by source."""
        return self._rows("completeness", _of("entity", entity), "rowid")

    def entities(self) -> list[str]:
        """The kinds of records that have accepted rows."""
        return sorted({str(row["entity"]) for row in self._rows("completeness")})

    def _rows(self, table: str, which: str = "true", order: str = "rowid") -> list[Fact]:
        with reading(self.run.folder / PUBLIC) as con:
            if table not in tables_of(con, "quality"):
                return []  # the run ended before this was judged
            limit_threads(con)
            found: list[Fact] = (
                con.sql(f"from quality.{table} where {which} order by {order}")
                .to_arrow_table()
                .to_pylist()
            )
        return found


@dataclass(frozen=True)
class Tally:
    """How many findings are there, and how many of them came and went in this night."""

    word: str
    severity: str
    there: int
    new: int
    back: int
    gone: int


def tallies(
    desk: Desk, column: str, where: str = "true", given: tuple[str, ...] = ()
) -> list[Tally]:
    """The tally of each word of a column, those with the gravest and most changes first.

    severity: the gravest of the word's findings.
    """
    with closing(desk.cursor()) as con:
        rows: list[tuple[str, int, int, int, int, int]] = con.execute(
            f"""select coalesce({column}::varchar, ''), min({_GRAVE}) as grave,
              count(*) filter (state is distinct from 'gone') as there,
              count(*) filter (state = 'new') as new,
              count(*) filter (state = 'back' and fresh) as back,
              count(*) filter (state = 'gone' and fresh) as gone
            from finding where {where} group by {column}
            having there + gone > 0 order by grave, new + back + gone desc, there desc, 1""",
            list(given),
        ).fetchall()
    words = ("", "critical", "warning", "info")
    return [Tally(word, words[grave], *counts) for word, grave, *counts in rows]


def _of(column: str, value: str) -> str:
    return f"{column} = {literal(value)}" if value else "true"
