"""Judge whole tables by their suites: results are counts; keys of failing rows stay in the build.

Each row expectation is one statement inside DuckDB, and those on a whole column or table share one;
the few that remain are judged by Great Expectations. Offending values are neither fetched nor kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import duckdb

from cytoreg.suites.file import load_suites
from cytoreg.suites.gx import Verdict, ask
from cytoreg.suites.in_database import judge_aggregates, judge_in_database
from cytoreg.suites.prove import Proved, prove, quiet, require_table
from cytoreg.suites.result import CheckResult, result_of
from cytoreg.suites.suite import Suite
from cytoreg.suites.table import Table, Unjudgeable, look, require_kind
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import open_build, transaction

MARTS = "marts"
"""The schema whose tables are made last, so that their suites are judged last."""


def judge_tables(
    build: Path,
    folder: Path,
    *,
    marts: bool | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> list[CheckResult]:
    """Run the suites in `folder` on the closed build; one result per expectation, in order.

    marts: judge only suites of marts (True) or only the others (False). keys: by table, the columns
    that identify a row if its suite names none. The failing rows of a failed row expectation are
    written to `quality.expectation_row`. `violated` counts rows (an expectation on the table as a
    whole counts as 0 or 1 of 1; a query for unexpected rows counts the rows that it returns,
    against the rows of its table). An expectation that cannot be run has status `error` and its
    declared severity.

    Raises ConfigError, naming file and expectation, for what could not be judged on any build.
    """
    suites = [
        suite for suite in load_suites(folder) if marts is None or (suite.schema == MARTS) is marts
    ]
    if not suites:
        return []
    proved = {suite.table: prove(suite) for suite in suites}
    results: dict[tuple[str, int], CheckResult] = {}
    with open_build(build) as con:
        existing = _existing(con)
        for suite in suites:
            require_table(suite, existing)
        quality.ensure(con, "expectation_row")
        con.executemany(
            "delete from quality.expectation_row where rule = ?",
            [[item.rule] for suite in suites for item in suite.items],
        )
        for suite in suites:
            table = look(con, suite, tuple((keys or {}).get(suite.table, ())))
            judged = _judged(con, table, proved[suite.table])
            results |= {(suite.table, position): one for position, one in judged.items()}
    wanted = {
        suite.table: [
            one
            for position, one in enumerate(proved[suite.table])
            if (suite.table, position) not in results
        ]
        for suite in suites
    }
    results |= _asked(build, suites, wanted)
    return [
        results[suite.table, position] for suite in suites for position in range(len(suite.items))
    ]


def record(con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Write table results to `quality.check_result`, replacing earlier ones of the same rules."""
    quality.ensure(con, "check_result")
    if not results:
        return
    with transaction(con):
        con.executemany(
            "delete from quality.check_result where kind = 'table' and rule = ?",
            [[result.rule] for result in results],
        )
        con.executemany(
            f"{quality.TABLES['check_result'].into(*quality.COUNTED)}"
            f" values ({', '.join('?' * len(quality.COUNTED))})",
            [astuple(result) for result in results],
        )


def _existing(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    return {name for (name,) in rows}


def _judged(
    con: duckdb.DuckDBPyConnection, table: Table, proved: Sequence[Proved]
) -> dict[int, CheckResult]:
    """Results of what the database judges, by position."""
    results: dict[int, CheckResult] = {}
    aggregates = [position for position, one in enumerate(proved) if one.table]
    for position, one in enumerate(proved):
        if one.expectation is not None:
            try:
                require_kind(table, one.item)
            except Unjudgeable as error:
                results[position] = result_of(table.suite, one, failed=True, error=str(error))
        elif one.table is None:
            results[position] = judge_in_database(con, table, one)
    judged = judge_aggregates(con, table, [proved[position] for position in aggregates])
    return results | dict(zip(aggregates, judged, strict=True))


def _asked(
    build: Path, suites: Sequence[Suite], wanted: Mapping[str, Sequence[Proved]]
) -> dict[tuple[str, int], CheckResult]:
    """Results of what Great Expectations judges."""
    found: dict[tuple[str, int], CheckResult] = {}
    for schema in sorted({suite.schema for suite in suites}):
        asked = [(suite, wanted[suite.table]) for suite in suites if suite.schema == schema]
        asked = [(suite, ones) for suite, ones in asked if ones]
        if not asked:
            continue
        with quiet():
            verdicts: dict[str, list[Verdict]] = ask(build, schema, asked)
        for suite, ones in asked:
            for one, verdict in zip(ones, verdicts[suite.table], strict=True):
                found[suite.table, suite.items.index(one.item)] = result_of(
                    suite, one, failed=not verdict.holds, error=verdict.error
                )
    return found
