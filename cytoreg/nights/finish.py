"""Finish a run: gates, export without identities, report, the one rename, the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import CytoregError, kind_and_place
from cytoreg.nights import archive, endings, lives
from cytoreg.nights.declared import declares_marts
from cytoreg.nights.run import Purpose, Run, Verdict, last_made
from cytoreg.nights.run_folder import durations, fingerprint, keep_verdict, opened, steps, timed
from cytoreg.progress import Progress, quiet
from cytoreg.publication.gates import Gate
from cytoreg.publication.hold import HELD, held
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.system.version import __version__
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.manifest import Landing
    from cytoreg.publication.privacy import Policy

_DONE: dict[Purpose, str] = {"publish": "published", "validate": "validated", "rebuild": "rebuilt"}


def finish(run: Run, progress: Progress = quiet) -> Verdict:
    """Check the gates and write the report; publish the marts if requested and the gates hold.

    Once the marts are in place the run counts as published, whatever fails afterwards: the
    verdict's notes say what failed, and the next run makes up for it.
    """
    from cytoreg.nights.run_key import run_key
    from cytoreg.publication import privacy, publish, retention
    from cytoreg.publication.last_export import last_export
    from cytoreg.rules import load_schemas

    project = run.project
    with timed(run, "publish") as counts:
        policy = privacy.policy_of(project)
        gates, outputs = _check(run, run.purpose, policy)
        status = _DONE[run.purpose] if all(gate.passed for gate in gates) else "gate closed"
        if status == "published" and (hold := held(project)):
            remedy = "cytoreg rollback --release lets the nights be published again"
            gates.append(Gate(HELD, False, f"{hold}; {remedy}"))
            status = "held"
        public, before = run.folder / publish.PUBLIC, last_made(run, run.build.name)
        publish.export(
            run.build,
            public,
            pseudonym_key=run_key(run),
            policy=policy,
            last=last_export(run.build, before, publish.PUBLIC),
        )
        write_report(run, "closed" if status in ("gate closed", "held") else status)
        verdict = Verdict(run.run_id, status == "published", gates, run.report)
        keep_verdict(run, verdict)
        rules = lives.definitions_of(load_schemas(run.root / "schemas"))
        endings.keep(run, status, outputs=outputs, tables=counted(run), rules=rules)
        notes = _put_in_place(run) if status == "published" else []
        counts["published"] = int(status == "published")
    if datetime.now(UTC) < run.began:
        notes.append(f"the clock was set back: this run is dated {run.began}, after the one before")
    verdict = replace(verdict, counts=totals(run), durations=durations(run), notes=notes)
    for what, last in (
        ("the ledger", lambda: endings.enter(run)),
        ("the lives of findings", lambda: lives.enter(run) if verdict.published else None),
        ("the archive", lambda: notes.extend(archive.archive(run) if verdict.published else [])),
        ("retention", lambda: retention.retain(project, project.config.retention.builds)),
        ("the verdict", lambda: keep_verdict(run, verdict)),
        ("the terminal", lambda: progress("publish", counts["published"])),
    ):
        try:
            last()
        except (Exception, KeyboardInterrupt) as error:
            notes.append(f"{what}: {_told(error)}; the next run makes up for it")
    return verdict


def totals(run: Run) -> dict[str, int]:
    """What the stages after landing counted."""
    found: dict[str, int] = {}
    for step in steps(run):
        if not step.source:
            found |= {key: found.get(key, 0) + count for key, count in step.counts.items()}
    return found


def _put_in_place(run: Run) -> list[str]:
    """Publish; returns what failed after the rename, raises what failed before."""
    from cytoreg.publication import publish

    try:
        publish.publish(run.project, run.run_id)
    except BaseException as error:
        if publish.published_run(run.project) != run.run_id:
            raise
        return [f"the note of the publication: {_told(error)}; the next run makes up for it"]
    return []


def _told(error: BaseException) -> str:
    """What went wrong, without any value from the data."""
    if isinstance(error, CytoregError):
        return error.message
    if interrupted(error):
        return "interrupted"
    failure = machine_error(error)
    return failure.message if failure else kind_and_place(error)


def _check(run: Run, purpose: Purpose, policy: Policy) -> tuple[list[Gate], dict[str, int]]:
    """The verdicts of the gates, and the number of rows of each mart."""
    from cytoreg.nights.run_key import key_gates
    from cytoreg.publication import surge
    from cytoreg.publication.gates import check_gates

    previous = _previous(run)
    further: list[Gate] = []
    if not (marts := declares_marts(run.project)) and purpose != "validate":
        told = "no mart is declared: only the findings about the sources are published"
        further.append(Gate("marts_present", True, told))
    with opened(run) as con:
        gates = check_gates(
            con,
            run.project.config.gates,
            previous,
            marts_expected=marts and purpose != "validate",
            further=[*further, surge.gate(con, previous, run.drift_accepted), *key_gates(run)],
        )
        describe(con, run, policy)
        return gates, sizes(con)


def sizes(con: DuckDBPyConnection) -> dict[str, int]:
    """The number of rows of each mart."""
    tables = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema = 'marts' and table_type = 'BASE TABLE' order by 1"
    ).fetchall()
    return {
        table: con.execute(f"select count(*) from {table}").fetchall()[0][0] for (table,) in tables
    }


def describe(con: DuckDBPyConnection, run: Run, policy: Policy) -> None:
    """Write `quality.run` (run, code, project, key; no timings), and note the export's policy."""
    from cytoreg.identity.key import fingerprint_of
    from cytoreg.nights.run_key import run_key
    from cytoreg.publication.last_export import note_policy

    note_policy(con, policy)
    table = quality.TABLES["run"]
    with transaction(con):
        table.make(con)
        con.execute(
            table.values(),
            [
                run.run_id,
                run.as_of,
                run.time_zone,
                __version__,
                run.project.content_hash(),
                run.project.config.registry.title,
                fingerprint_of(run_key(run)),
            ],
        )


def write_report(run: Run, status: str) -> None:
    """Write the stewards' page of an exported run."""
    from cytoreg import report

    previous = _previous(run)
    report.render(
        run.folder / "published.duckdb",
        run.report,
        title=run.project.config.registry.title,
        run={
            "run_id": run.run_id,
            "as_of": str(run.as_of),
            "status": status,
            "durations": durations(run),
        },
        previous=_pulse(previous) if previous else None,
        last=None if run.full else last_made(run, run.report.name),
    )


def _pulse(published: Path) -> dict[str, int] | None:
    """The counts of the published build; None if unreadable: the report does without them."""
    import duckdb

    from cytoreg import report

    try:
        return report.pulse(published)
    except duckdb.Error:
        return None


def _previous(run: Run) -> Path | None:
    """The published build, read from its run's own export, which no client holds open."""
    from cytoreg.publication.publish import as_exported, published_run

    project = run.project
    current = published_run(project)
    kept = as_exported(project, current) if current else None
    return kept or (project.published if project.published.exists() else None)


def _used(run: Run) -> list[tuple[Landing, bool]]:
    """The landings that a run uses, and which of them are old."""
    from cytoreg.landing.kept import landing_of
    from cytoreg.nights.source_status import stale

    return [
        (landing_of(run.project, source, fingerprint(run, source)), stale(run, source) is not None)
        for source in run.project.config.sources
    ]


def counted(run: Run) -> list[endings.Counted]:
    """Records received by source table, with unparsable ones, and whether the landing is old."""
    return [
        (landing.source, table.table, table.rows + table.rejects, old)
        for landing, old in _used(run)
        for table in landing.tables
    ]
