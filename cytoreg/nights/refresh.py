"""A refresh, stage by stage: each stage opens the build, works on tables and closes it.

Stages know a run by its id alone, so that the command line, Prefect tasks and tests call the
same functions; what a stage leaves for the next one is in the build file and the run's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.nights.begin import fail, new_run
from cytoreg.nights.finish import finish
from cytoreg.nights.lock import release_lock
from cytoreg.nights.run import Purpose, Run, Verdict
from cytoreg.nights.run_folder import fingerprint, read_verdict, timed
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import Project
from cytoreg.sources.retry import interruptible
from cytoreg.system.durable import private
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.warehouse.connection import open_build, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.landing.land import Landing


AT_ONCE = 4
"""Sources that are landed side by side."""


def land_source(run: Run, source: str, progress: Progress = quiet) -> dict[str, int]:
    """Land one source; returns rows, rejects, whether it was unchanged and whether it is stale."""
    from cytoreg.nights import source_status

    with timed(run, f"land {source}") as counts:
        landing = source_status.landed(run, source, progress)
        counts["rows"] = sum(table.rows for table in landing.tables)
        counts["rejects"] = sum(table.rejects for table in landing.tables)
        counts["reused"] = int(landing.reused)
        counts["stale"] = int(source_status.stale(run, source) is not None)
    return counts


def stage(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Attach the landed Parquet and put it into registry words (`sql/staging`)."""
    from cytoreg.landing.land import attach
    from cytoreg.models import build
    from cytoreg.nights.withhold import withhold
    from cytoreg.warehouse import functions

    with timed(run, "stage") as counts:
        landings = withhold(run, _landings(run))
        run.build.unlink(missing_ok=True)
        with open_build(run.build) as con:
            functions.define(con, run.time_zone)
            attach(con, landings, run.run_id)
            built = build.build(
                con,
                build.load_models(run.root / "sql"),
                schemas=("staging",),
                as_of=run.as_of,
                progress=progress,
            )
            counts["models"] = len(built)
    return counts


def judge_sources(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Say how each source stands, and how it differs from what the published build was made of."""
    from cytoreg.nights import ledger, source_status

    with timed(run, "judge sources") as counts, open_build(run.build) as con:
        nights = ledger.volumes(run.project.ledger_url, source_status.NIGHTS)
        counts.update(source_status.judge(con, run, _landings(run), _published(run), nights))
        progress("judge sources", counts["drifts"])
    return counts


def judge_rows(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Judge every staged row, and find out who is who; refuse, accept and balance the books."""
    from cytoreg import rules
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.landing import balance
    from cytoreg.nights.declared import require_declared
    from cytoreg.nights.judging import judge_and_link
    from cytoreg.nights.run_key import run_key
    from cytoreg.report import completeness

    with timed(run, "judge rows") as counts, open_build(run.build) as con:
        schemas = rules.load_schemas(run.root / "schemas")
        require_declared(run.project.config, schemas)
        define_pseudonym(con, run_key(run))
        judge_and_link(
            con,
            schemas,
            run.project.config.linkage,
            as_of=run.as_of,
            pseudonym_key=run_key(run),
        )
        balance.balance(con, _landings(run))
        completeness.measure(con)
        counts.update(
            _counts(
                con,
                "select sum(landed) as landed, sum(accepted) as accepted,"
                " sum(quarantined) as quarantined, sum(forgotten) as forgotten"
                " from quality.balance",
            )
        )
        counts.update(_counts(con, "select count(*) as findings from quality.finding"))
        counts.update(_counts(con, "select count(*) as refused_cells from quarantine.cell"))
        progress("judge rows", counts["landed"])
    return counts


def assemble(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Build the registry's entities from what was accepted (`sql/registry`)."""
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.models import build
    from cytoreg.nights.run_key import run_key

    with timed(run, "assemble") as counts, open_build(run.build) as con:
        define_pseudonym(con, run_key(run))
        build.build(
            con,
            build.load_models(run.root / "sql"),
            schemas=("registry",),
            as_of=run.as_of,
            progress=progress,
        )
        people = (
            f"select count(*) as persons from registry.{quote(run.project.config.linkage.entity)}"
        )
        counts.update(_counts(con, people))
    return counts


def judge_tables(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Run the suites of all tables but the marts on the closed build; counts only."""
    return _judge_suites(run, "judge tables", progress, marts=False)


def judge_marts(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Run the suites of the marts, which a validation does not make and so does not judge."""
    return _judge_suites(run, "judge marts", progress, marts=True)


def _judge_suites(run: Run, name: str, progress: Progress, *, marts: bool) -> dict[str, int]:
    from cytoreg import suites

    with timed(run, name) as counts:
        results = suites.judge_tables(
            run.build, run.root / "expectations", marts=marts, keys=_grains(run)
        )
        with open_build(run.build) as con:
            suites.record(con, results)
        counts["expectations"] = len(results)
        counts["failed"] = sum(result.status != "pass" for result in results)
        if run.purpose == "validate" and (left := _about_marts(run)):
            counts["not_judged"] = left
        progress(name, len(results))
    return counts


def materialize(run: Run, progress: Progress = quiet) -> dict[str, int]:
    """Build the marts: SQL first, then survival and outcomes, then the SQL that reads these."""
    from cytoreg import outcomes, survival
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.models import build
    from cytoreg.nights.run_key import run_key

    with timed(run, "materialize") as counts, open_build(run.build) as con:
        define_pseudonym(con, run_key(run))
        sql = build.load_models(run.root / "sql")
        config = run.project.config
        estimated = (*survival.TABLES, *outcomes.tables(config))
        built = build.build(
            con,
            sql,
            schemas=("marts",),
            as_of=run.as_of,
            progress=progress,
            later=tuple(table.name for table in estimated),
        )
        survival.materialize(con, config.survival, run.root)
        outcomes.materialize(con, config)
        built += build.build(
            con,
            {name: model for name, model in sql.items() if name not in built},
            schemas=("marts",),
            as_of=run.as_of,
            progress=progress,
        )
        counts["marts"] = len(built) + len(estimated)
    return counts


Stage = Callable[[Run, Progress], dict[str, int]]
STAGES: tuple[tuple[str, Stage], ...] = (
    ("stage", stage),
    ("judge sources", judge_sources),
    ("judge rows", judge_rows),
    ("assemble", assemble),
    ("judge tables", judge_tables),
    ("materialize", materialize),
    ("judge marts", judge_marts),
)
VALIDATION: tuple[tuple[str, Stage], ...] = tuple(
    (name, function) for name, function in STAGES if function not in (materialize, judge_marts)
)
"""A validation makes no marts, and judges none."""


def refresh(
    project: Project,
    *,
    as_of: date | None = None,
    publish: bool = True,
    resume: bool = False,
    accept: Sequence[str] = (),
    progress: Progress = quiet,
) -> Verdict:
    """A whole refresh in this process; with `publish=False` it judges and publishes nothing.

    `resume` continues the last refresh, which failed; `accept` names sources whose drift shall not
    close the gate. Raises SourceError when a source fails that never landed (after the others have
    landed), ConfigError when the project is wrong. A closed gate is no error here: see
    `Verdict.published`.
    """
    purpose: Purpose = "publish" if publish else "validate"
    with running(project, as_of, purpose=purpose, resume=resume, accept=accept) as run:
        _land_all(run, progress)
        for _, function in STAGES if publish else VALIDATION:
            function(run, progress)
        finish(run, progress)
    return read_verdict(run)


def _land_all(run: Run, progress: Progress) -> None:
    """Land every source side by side; one that is waited for does not hold up the others."""
    with interruptible(), ThreadPoolExecutor(AT_ONCE) as pool:
        landings = [
            pool.submit(land_source, run, source, progress) for source in run.project.config.sources
        ]
        errors = [landing.exception() for landing in landings]
    failed = [error for error in errors if isinstance(error, CytoregError)]
    for error in errors:
        if error and error not in failed:
            raise error
    if failed:
        raise merge(failed)


def rebuild(project: Project, run_id: str, *, progress: Progress = quiet) -> Verdict:
    """Build an earlier run's landings again with the project as it is now; publishes nothing.

    Raises ConfigError when the run is unknown or its landings are no longer kept.
    """
    from cytoreg.nights import source_status

    earlier = Run.open(project.data, run_id)
    with running(project, earlier.as_of, purpose="rebuild") as run:
        source_status.copy(earlier, run, list(project.config.sources))
        for _, function in STAGES:
            function(run, progress)
        finish(run, progress)
    return read_verdict(run)


@contextmanager
def running(
    project: Project,
    as_of: date | None,
    *,
    purpose: Purpose = "publish",
    resume: bool = False,
    accept: Sequence[str] = (),
) -> Iterator[Run]:
    """A run whose failure, whatever it is, is recorded and lets the next one begin.

    What fails once the run is published is no failure of it. Suites that could not be judged are
    refused before anything is read from a source.
    """
    from cytoreg.identity import forgotten
    from cytoreg.identity.key import key_of
    from cytoreg.nights import audit
    from cytoreg.nights.declared import require_sources
    from cytoreg.nights.proof import prove_outcomes, prove_suites

    require_sources(project.config)
    prove_outcomes(project)
    prove_suites(project)
    if purpose != "validate":
        key_of(project)
    forgotten.check(project)
    with private():
        run = new_run(project, as_of=as_of, purpose=purpose, resume=resume, accept=accept)
        with _ending(project, run):
            if accepted := ", ".join(run.drift_accepted):
                audit.record(project, "accept", f"drift of {accepted} in {run.run_id}")
            yield run


@contextmanager
def _ending(project: Project, run: Run) -> Iterator[None]:
    """Record how the block fails, named for what it is, and let the next run begin."""
    from cytoreg.nights import health
    from cytoreg.publication.publish import published_run

    try:
        yield
    except BaseException as error:
        if published_run(project) != run.run_id:
            known = KeyboardInterrupt() if interrupted(error) else machine_error(error)
            fail(run, known or error)
            if known is None:
                raise
            raise known from error
    finally:
        if run.purpose == "publish":
            with suppress(Exception):  # how a night ended does not depend on who hears of it
                health.tell(project)
        release_lock(run.data)


def merge(errors: list[CytoregError]) -> CytoregError:
    """Several sources' failures as one error, so that one morning's reading shows them all."""
    if len(errors) == 1:
        return errors[0]
    merged = CytoregError("\n".join(str(error) for error in errors))
    merged.exit_code = max(error.exit_code for error in errors)
    return merged


def _about_marts(run: Run) -> int:
    """How many expectations are about marts, which a validation does not make."""
    from cytoreg import suites

    loaded = suites.load_suites(run.root / "expectations")
    return sum(len(suite.items) for suite in loaded if suite.schema == suites.MARTS)


def _grains(run: Run) -> dict[str, tuple[str, ...]]:
    """By which columns the models tell their rows apart."""
    from cytoreg.models import build

    return {name: model.grain for name, model in build.load_models(run.root / "sql").items()}


def _landings(run: Run) -> list[Landing]:
    from cytoreg.landing.land import landing_of

    return [
        landing_of(run.project, source, fingerprint(run, source))
        for source in run.project.config.sources
    ]


def _published(run: Run) -> dict[str, Landing]:
    """What the published build was made of, by source, as far as it is kept."""
    from cytoreg.landing.land import landing_of
    from cytoreg.publication.publish import published_run

    found: dict[str, Landing] = {}
    if (run_id := published_run(run.project)) is not None:
        with suppress(ConfigError):  # a published file from elsewhere
            before = Run.open(run.data, run_id)
            for source in run.project.config.sources:
                with suppress(ConfigError):  # a source that is new
                    found[source] = landing_of(run.project, source, fingerprint(before, source))
    return found


def _counts(con: DuckDBPyConnection, sql: str) -> dict[str, int]:
    result = con.execute(sql)
    names = [column[0] for column in result.description or []]
    return dict(zip(names, map(int, result.fetchall()[0]), strict=True))
