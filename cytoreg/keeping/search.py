"""Search everything kept for a person: which records of which landing are the person's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.nights import lives
from cytoreg.nights.withhold import searched
from cytoreg.progress import Progress
from cytoreg.warehouse.connection import literal

if TYPE_CHECKING:
    import duckdb

    from cytoreg.manifest import Landing
    from cytoreg.nights.run import Run
    from cytoreg.project.load import Project

__all__ = ["Place", "narrow", "place_of", "records", "search"]

Place = tuple[str, str]
"""A landing: its source and fingerprint."""

_TRACES = {"trace": "_source", "reject_trace": "source", "life_trace": "source"}
"""What `searched` finds, and which column says in which source."""


def search(
    project: Project,
    home: Path,
    con: duckdb.DuckDBPyConnection,
    runs: Sequence[Run],
    complete: Mapping[str, list[Landing]],
    ids: Sequence[str],
    progress: Progress,
) -> list[str]:
    """Gather in `con` what `searched` finds in each run's landings; returns all digests.

    A row of one delivery's file is another record in the next, so `_landing` says in which it is.

    A person may have had another number, and so another pseudonym, in an earlier run: what is
    learnt in one run is searched for in the others.
    """
    nights = {
        tuple(map(place_of, complete[run.run_id])): run for run in runs if run.run_id in complete
    }
    digests: set[str] = set()
    grown = True
    while grown:
        after_first = 0
        for night in reversed(list(nights.values())):
            progress(f"search the landings of run {night.run_id}", 0)
            landings = complete[night.run_id]
            with searched(home, project, landings, night.as_of, ids, sorted(digests)) as found:
                part, more = found
                lives.trace(part, project)
                for table, source in _TRACES.items():
                    part.execute(f"copy {table} to {literal(str(home / table))} (format parquet)")
                    rows = (
                        f"(select t.*, l.landing as _landing from ({_values(landings)}) as l"
                        f" join read_parquet({literal(str(home / table))}) as t"
                        f" on t.{source} = l.source)"
                    )
                    con.execute(f"create table if not exists all_{table} as from {rows} limit 0")
                    con.execute(f"insert into all_{table} from {rows} except from all_{table}")
                    (home / table).unlink()
                digests |= set(more)
                after_first = after_first or len(digests)
        grown = len(digests) > after_first
    (home / "search.duckdb").unlink(missing_ok=True)
    return sorted(digests)


def _values(landings: Sequence[Landing]) -> str:
    """SELECT of the source and the fingerprint of each landing of a run."""
    rows = (f"({literal(one.source)}, {literal(one.folder.name)})" for one in landings)
    return f"from (values {', '.join(rows)}) as landed(source, landing)"


def narrow(con: duckdb.DuckDBPyConnection, landing: Landing) -> None:
    """Let `trace` and `reject_trace` be what was found in this landing."""
    for table in ("trace", "reject_trace"):
        con.execute(
            f"create or replace view {table} as select * exclude (_landing) from all_{table}"
            f" where _landing = {literal(landing.folder.name)}"
        )


def records(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows were found, by source table; one row of several landings counts once."""
    found: list[tuple[str, int]] = con.execute(
        "select _source || '.' || _table, count(*) from ("
        "select _source, _table from (select distinct * exclude (_landing) from all_trace)"
        " union all select source, source_table"
        " from (select distinct * exclude (_landing) from all_reject_trace)"
        ") group by 1 order by 1"
    ).fetchall()
    return dict(found)


def place_of(landing: Landing) -> Place:
    """The landing's source and fingerprint."""
    return landing.source, landing.folder.name
