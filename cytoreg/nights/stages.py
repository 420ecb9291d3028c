"""The stages of a refresh, in order: each opens the build, works on tables and closes it.

Stages know a run by its id alone, so that the command line, Prefect tasks and tests call the same
functions; a stage passes results to the next in the build file and the run's folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import fingerprint, opened, timed
from cytoreg.nights.stage import Stage, stage
from cytoreg.progress import Progress, quiet
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.manifest import Landing
    from cytoreg.models.file import Model

__all__ = ["STAGES", "VALIDATION", "land_source", "stage_named"]


def land_source(run: Run, source: str, progress: Progress = quiet) -> dict[str, int]:
    """Land one source; returns rows, rejects, whether it was unchanged and whether it is stale."""
    from cytoreg.nights import source_status

    with timed(run, "land", source) as counts:
        landing, stale = source_status.landed(run, source, progress)
        counts |= {
            "rows": landing.rows,
            "rejects": landing.rejects,
            "reused": int(landing.reused),
            "stale": int(stale is not None),
        }
    return counts


@stage("staging")
def fill_staging(run: Run, progress: Progress) -> dict[str, int]:
    """Attach the landed Parquet and translate it into the registry's terms (`sql/staging`)."""
    from cytoreg.landing.kept import attach
    from cytoreg.models import build
    from cytoreg.nights.origin import making
    from cytoreg.nights.withhold import withhold
    from cytoreg.warehouse import functions

    landings = withhold(run, _landings(run))
    run.build.unlink(missing_ok=True)
    models = build.load_models(run.root / "sql")
    with making(run, landings) as made:
        functions.define(made.con, run.time_zone)
        attach(made.con, landings, run.run_id)
        built = build.build(
            made,
            models,
            schemas=("staging",),
            as_of=run.as_of,
            progress=progress,
        )
    return {"models": len(built), "taken_over": made.taken_over}


@stage("judge sources", tells="drifts")
def judge_sources(run: Run, _: Progress) -> dict[str, int]:
    """Record each source's status, and how it differs from the published build's landing."""
    from cytoreg.nights import history, source_status

    nights = history.volumes(run.project.ledger_url, source_status.NIGHTS)
    with opened(run) as con:
        return source_status.judge(con, run, _landings(run), _published(run), nights)


@stage("judge rows", tells="landed")
def judge_rows(run: Run, _: Progress) -> dict[str, int]:
    """Judge every staged row and link persons; refuse, accept and balance the books."""
    from cytoreg import rules
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.landing import balance
    from cytoreg.nights import judging, thresholds
    from cytoreg.nights.declared import require_declared
    from cytoreg.nights.origin import making
    from cytoreg.nights.run_key import run_key
    from cytoreg.report import completeness

    config, key = run.project.config, run_key(run)
    landings = _landings(run)
    with making(run, landings) as made:
        con = made.con
        schemas = rules.load_schemas(run.root / "schemas")
        require_declared(config, schemas)
        define_pseudonym(con, key)
        quality.ensure(con, "check_count", "check_result")

        def judge() -> None:
            judging.judge_and_link(con, schemas, config.linkage, as_of=run.as_of, pseudonym_key=key)
            thresholds.keep(con)

        made.step(
            judging.JUDGING,
            judging.definition_of(run.root / "schemas", config.linkage, run.as_of),
            judging.judged_from(con),
            lambda: judging.judged_into(con),
            judge,
        )
        thresholds.require_rules(config.thresholds, _rules(run, con))
        thresholds.judge(con, config.thresholds)
        balance.balance(con, landings)
        completeness.measure(con)
        return {"taken_over": made.taken_over} | _counts(
            con,
            "select sum(landed) as landed, sum(accepted) as accepted,"
            " sum(quarantined) as quarantined, sum(forgotten) as forgotten,"
            " (select count(*) from quality.finding) as findings,"
            " (select count(*) from quarantine.cell) as refused_cells"
            " from quality.balance",
        )


@stage("assemble")
def assemble(run: Run, progress: Progress) -> dict[str, int]:
    """Build the registry's entities from accepted rows (`sql/registry`)."""
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.models import build
    from cytoreg.nights.origin import making
    from cytoreg.nights.run_key import run_key

    people = quote(run.project.config.linkage.entity)
    models = build.load_models(run.root / "sql")
    with making(run, _landings(run)) as made:
        define_pseudonym(made.con, run_key(run))
        build.build(
            made,
            models,
            schemas=("registry",),
            as_of=run.as_of,
            progress=progress,
        )
        counts = _counts(made.con, f"select count(*) as persons from registry.{people}")
    return {"taken_over": made.taken_over} | counts


@stage("judge tables", tells="expectations")
def judge_tables(run: Run, _: Progress) -> dict[str, int]:
    """Run the suites of all tables except marts on the closed build."""
    return _judge_suites(run, marts=False)


@stage("materialize")
def materialize(run: Run, progress: Progress) -> dict[str, int]:
    """Build the marts: SQL first, then survival and outcomes, then the SQL that reads them."""
    from cytoreg import outcomes, survival
    from cytoreg.identity.pseudonyms import define_pseudonym
    from cytoreg.models import build
    from cytoreg.nights.origin import making
    from cytoreg.nights.run_key import run_key

    sql, config = build.load_models(run.root / "sql"), run.project.config
    estimated = tuple(table.name for table in (*survival.TABLES, *outcomes.tables(config)))
    with making(run, _landings(run)) as made:
        define_pseudonym(made.con, run_key(run))

        def build_marts(models: Mapping[str, Model], later: tuple[str, ...] = ()) -> list[str]:
            return build.build(
                made,
                models,
                schemas=("marts",),
                as_of=run.as_of,
                later=later,
                progress=progress,
            )

        built = build_marts(sql, later=estimated)
        survival.materialize(made.con, config.survival, run.root, made)
        rest = {name: model for name, model in sql.items() if name not in built}
        outcomes.materialize(made.con, config, made, later=rest)
        built += build_marts(rest)
    return {"marts": len(built) + len(estimated), "taken_over": made.taken_over}


@stage("judge marts", tells="expectations")
def judge_marts(run: Run, _: Progress) -> dict[str, int]:
    """Run the suites of the marts; a validation makes no marts and skips this."""
    return _judge_suites(run, marts=True)


STAGES = (
    fill_staging,
    judge_sources,
    judge_rows,
    assemble,
    judge_tables,
    materialize,
    judge_marts,
)
VALIDATION = tuple(stage for stage in STAGES if stage not in (materialize, judge_marts))
"""Stages of a validation, which makes no marts and judges none."""


def stage_named(name: str) -> Stage:
    """The stage of this name."""
    return next(stage for stage in STAGES if stage.name == name)


def _judge_suites(run: Run, *, marts: bool) -> dict[str, int]:
    """Judge suites and store the results; returns how many were judged and failed."""
    from cytoreg import suites
    from cytoreg.nights import thresholds

    results = suites.judge_tables(
        run.build, run.root / "expectations", marts=marts, keys=_grains(run)
    )
    with opened(run) as con:
        suites.record(con, results)
        thresholds.judge(con, run.project.config.thresholds)
        told = ", ".join(literal(result.rule) for result in results) or "null"
        counts = {"expectations": len(results)} | _counts(
            con,
            "select count(*) as failed from quality.check_result"
            f" where kind = 'table' and status <> 'pass' and rule in ({told})",
        )
    if run.purpose == "validate" and (left := _about_marts(run)):
        counts["not_judged"] = left
    return counts


def _rules(run: Run, con: DuckDBPyConnection) -> list[str]:
    """Every rule that was counted, and every expectation."""
    from cytoreg import suites
    from cytoreg.nights.thresholds import COUNTS

    rows: list[tuple[str]] = con.execute(f"select rule from {COUNTS}").fetchall()
    loaded = suites.load_suites(run.root / "expectations")
    return [rule for (rule,) in rows] + [one.rule for suite in loaded for one in suite.items]


def _about_marts(run: Run) -> int:
    """How many expectations are on marts, which a validation does not make."""
    from cytoreg import suites

    loaded = suites.load_suites(run.root / "expectations")
    return sum(len(suite.items) for suite in loaded if suite.schema == suites.MARTS)


def _grains(run: Run) -> dict[str, tuple[str, ...]]:
    """The columns that identify a row, by table, as the models declare them."""
    from cytoreg.models import build

    return {name: model.grain for name, model in build.load_models(run.root / "sql").items()}


def _landings(run: Run) -> list[Landing]:
    from cytoreg.landing.kept import landing_of

    return [
        landing_of(run.project, source, fingerprint(run, source))
        for source in run.project.config.sources
    ]


def _published(run: Run) -> dict[str, Landing]:
    """The landings of the published build by source, as far as they are kept."""
    from cytoreg.landing.kept import landing_of
    from cytoreg.publication.publish import published_run

    found: dict[str, Landing] = {}
    if (run_id := published_run(run.project)) is not None:
        with suppress(ConfigError):  # a published file from elsewhere
            before = Run.open(run.data, run_id)
            for source in run.project.config.sources:
                with suppress(ConfigError):  # a new source
                    found[source] = landing_of(run.project, source, fingerprint(before, source))
    return found


def _counts(con: DuckDBPyConnection, sql: str) -> dict[str, int]:
    result = con.execute(sql)
    names = [column[0] for column in result.description or []]
    return dict(zip(names, map(int, result.fetchall()[0]), strict=True))
