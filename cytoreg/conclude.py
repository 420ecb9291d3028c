"""How a run ends: gates, export without identities, report, the one rename, the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg import __version__, ledger
from cytoreg.lock import release_lock
from cytoreg.progress import Progress, quiet
from cytoreg.run import (
    Purpose,
    Run,
    Verdict,
    durations,
    fingerprint,
    inputs,
    keep_verdict,
    step,
    steps,
)
from cytoreg.warehouse import comment, open_build

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.gates import Gate
    from cytoreg.landing import Landing

_DONE: dict[Purpose, str] = {"publish": "published", "validate": "validated", "rebuild": "rebuilt"}


def conclude(run: Run, progress: Progress = quiet) -> Verdict:
    """Check the gates, write the report and, to publish, put the marts in place if they hold."""
    from cytoreg import publish, retention
    from cytoreg.publication import keys, privacy

    project, purpose = run.project, run.purpose
    with step(run, "publish") as counts:
        gates, outputs = _check(run, purpose)
        passed = all(gate.passed for gate in gates)
        status = _DONE[purpose] if passed else "gate closed"
        public = run.folder / "published.duckdb"
        publish.export(
            run.build,
            public,
            pseudonym_key=keys.run_key(run),
            policy=privacy.policy_of(project),
        )
        _report(run, status)
        replaced = publish.published_run(project)
        if status == "published":
            publish.publish(project, run.run_id)
        counts["published"] = int(status == "published")
        progress("publish", counts["published"])
    _remember(run, status, outputs)
    if status == "published":
        ledger.record_publication(project.ledger_url, run.run_id, how="refresh", replaced=replaced)
    retention.retain(project, project.config.retention.builds)
    totals: dict[str, int] = {}
    for name, (_, counted) in steps(run).items():
        if not name.startswith("land "):
            totals |= {key: totals.get(key, 0) + n for key, n in counted.items()}
    verdict = Verdict(run.run_id, status == "published", gates, run.report, totals, durations(run))
    keep_verdict(run, verdict)
    release_lock(run.data)
    return verdict


def _check(run: Run, purpose: Purpose) -> tuple[list[Gate], dict[str, int]]:
    """The gates' verdicts, and the rows of each mart."""
    from cytoreg.gates import check_gates
    from cytoreg.publication import keys

    published = run.project.published
    with open_build(run.build) as con:
        gates = check_gates(
            con,
            run.project.config.gates,
            published if published.exists() else None,
            marts_expected=purpose != "validate",
            further=keys.gates(run),
        )
        _describe(con, run)
        tables = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema = 'marts' and table_type = 'BASE TABLE' order by 1"
        ).fetchall()
        return gates, {
            table: con.execute(f"select count(*) from {table}").fetchall()[0][0]
            for (table,) in tables
        }


def _describe(con: DuckDBPyConnection, run: Run) -> None:
    """`quality.run`: which run, code, project and key this build is of; nothing that is timed."""
    from cytoreg.publication import keys

    con.execute(
        "create or replace table quality.run as select ? as run_id, ?::date as as_of,"
        " ? as time_zone, ? as code_version, ? as project_hash, ? as registry,"
        " ? as pseudonym_key",
        [
            run.run_id,
            run.as_of,
            run.time_zone,
            __version__,
            run.project.content_hash(),
            run.project.config.registry.title,
            keys.fingerprint_of(keys.run_key(run)),
        ],
    )
    comment(con, "quality.run", "The run that made this file: one row.")


def _report(run: Run, status: str) -> None:
    from cytoreg import report

    published = run.project.published
    report.render(
        run.folder / "published.duckdb",
        run.report,
        title=run.project.config.registry.title,
        run={
            "run_id": run.run_id,
            "as_of": str(run.as_of),
            "status": "closed" if status == "gate closed" else status,
            "durations": durations(run),
        },
        previous=report.pulse(published) if published.exists() else None,
    )


def _used(run: Run) -> list[tuple[Landing, bool]]:
    """The landings of a run, and which of them are old."""
    from cytoreg.landing import latest
    from cytoreg.standing import stale

    return [
        (latest(run.project, source, fingerprint(run, source)), stale(run, source) is not None)
        for source in run.project.config.sources
    ]


def _remember(run: Run, status: str, outputs: dict[str, int]) -> None:
    url = run.project.ledger_url
    ledger.finish(
        url,
        run.run_id,
        status=status,
        inputs=inputs(run),
        outputs=outputs,
        durations=durations(run),
        tables=[
            (landing.source, table.table, table.rows + table.rejects, old)
            for landing, old in _used(run)
            for table in landing.tables
        ],
    )
    with open_build(run.build, read_only=True) as con:
        checks = con.execute(
            "select rule, severity, violated, denominator, status from quality.check_result"
        ).fetchall()
    ledger.record_checks(url, run.run_id, checks)
