"""Check the project's own content before a run begins, so that mistakes do not stop it later."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights.run import Run, newest_first
from cytoreg.system.engine import engine
from cytoreg.warehouse import quality

if TYPE_CHECKING:
    from cytoreg.project.load import Project
    from cytoreg.suites.prove import Proved

FORESEEN = ("staging", "accepted", "registry", "marts")
"""Schemas whose tables are known before a build is made."""


def proven(project: Project) -> bool:
    """Whether the last run with a verdict had the same project and the same code: it was proven."""
    known, content = engine(), project.content_hash()
    for path in newest_first(project, "verdict.json")[:1]:
        with suppress(ConfigError):
            last = Run.open(project.data, path.parent.name)
            return (last.engine, last.project_hash) == (known, content)
    return False


def prove_suites(project: Project, *, by_gx: bool = False) -> dict[str, list[Proved]]:
    """The expectations of every suite by table, each ready to be judged.

    by_gx: let Great Expectations check all arguments, which takes its import of several seconds.
    Raises ConfigError, naming file and expectation, for a suite that cannot be judged, and for one
    on a table that no run makes.
    """
    from cytoreg.suites import load_suites
    from cytoreg.suites.prove import prove, require_table

    suites = load_suites(project.root / "expectations")
    if not suites:
        return {}
    tables = tables_to_come(project)
    for suite in suites:
        if suite.schema in FORESEEN or suite.schema == "quality":
            require_table(suite, tables)
    return {suite.table: prove(suite, by_gx=by_gx) for suite in suites}


def prove_outcomes(project: Project) -> None:
    """Raise ConfigError for an outcome of cytoreg.toml that no run could count."""
    from cytoreg.models.build import load_models
    from cytoreg.outcomes.prove import prove_outcomes as prove

    if project.config.outcome or project.config.benchmark:
        prove(project.config, load_models(project.root / "sql"), tables_to_come(project))


def tables_to_come(project: Project) -> set[str]:
    """Tables that a run makes, as far as the project says before one: see FORESEEN."""
    from cytoreg.models.build import load_models
    from cytoreg.outcomes.marts import tables as outcome_tables
    from cytoreg.rules import load_schemas
    from cytoreg.survival import TABLES

    person = project.config.linkage.entity
    tables = {f"registry.{person}", f"registry.{person}_link"}
    tables |= {f"accepted.{entity}" for entity in load_schemas(project.root / "schemas")}
    tables |= set(load_models(project.root / "sql"))
    tables |= {table.name for table in (*TABLES, *outcome_tables(project.config))}
    return tables | {table.name for table in quality.TABLES.values()}
