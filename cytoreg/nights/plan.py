"""What the next refresh would make anew, and why, without making anything.

The plan compares the project and the present deliveries with what the last build noted in
`quality.made`. A step is made if its definition changed; it may be made if a table that it reads
may change, for a table that is made anew often comes out the same. Everything else is taken over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import CytoregError, SourceError
from cytoreg.nights import judging
from cytoreg.nights.origin import common_of, views_of
from cytoreg.nights.run import Run, last_made
from cytoreg.project.zone import today
from cytoreg.system.engine import engine
from cytoreg.warehouse.last_build import WHOLE
from cytoreg.warehouse.making import hashes

if TYPE_CHECKING:
    from cytoreg.models.file import Model
    from cytoreg.project.load import Project

__all__ = ["Plan", "Step", "plan"]

_ALWAYS = "its SQL asks for the time, chance, files, settings or the run"


@dataclass(frozen=True)
class Step:
    """A step of the build that is not certain to be taken over.

    `why` says for which reasons it is made; without any, it is made only if one of the tables in
    `after`, which it reads, comes out differently. `makes` are its tables.
    """

    name: str
    makes: tuple[str, ...]
    why: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What the next refresh would do.

    `before` is the run whose tables are taken over; empty if there is none, or for a reason that
    holds for all steps (`why`). `sources` says of each source what is known of its delivery.
    `steps` are in the order in which they are made; `kept` counts those that are taken over.
    `marts` are those that could change, or go.
    """

    before: str
    why: tuple[str, ...]
    sources: dict[str, str]
    steps: list[Step]
    kept: int
    marts: list[str]


@dataclass(frozen=True)
class _Known:
    """A step as it is now, or as the last build noted it."""

    definition: Mapping[str, str]
    reads: frozenset[str]
    makes: tuple[str, ...] = ()


@dataclass
class _Changes:
    """The tables that may come out differently, and the steps that may be made."""

    tables: set[str]
    steps: dict[str, Step] = field(default_factory=dict)


def plan(project: Project, *, as_of: date | None = None) -> Plan:
    """The plan of a refresh now; `as_of` as for `refresh`.

    Reads the files of all sources that are files (their bytes are hashed). Servers are not asked,
    so their tables may change. Raises ConfigError when the project cannot be loaded.
    """
    from cytoreg.models.build import load_models

    run = _imagined(project, as_of or today(project.time_zone))
    models = load_models(run.root / "sql")
    path = last_made(run, run.build.name)
    noted = _noted(path) if path else {}
    newest = path.parent.name if path else ""
    last = newest if noted else ""
    sources, changed = _sources(project, newest)
    now = _steps(project, models, noted, run.as_of)
    whole = noted.get(WHOLE, _Known({}, frozenset()))
    views = views_of(models, run.as_of)
    told = hashes(common_of(run))
    why = tuple(
        f"{name} changed" for name, one in told.items() if whole.definition.get(name) != one
    )
    changes = _Changes(changed)
    if last and not why:
        viewed = hashes({name: sql for name, (sql, _) in views.items()})
        changes.tables |= {n for n, one in viewed.items() if whole.definition.get(n) != one}
        changes.tables |= {name for name, model in models.items() if not model.repeatable}
    reasons = why if last else ("there is no build that tables can be taken over from",)
    _follow(changes, now, noted, {name: reads for name, (_, reads) in views.items()}, reasons)
    gone = {t for name, one in noted.items() if name not in now for t in one.makes}
    touched = changes.tables | gone | {t for step in changes.steps.values() for t in step.makes}
    return Plan(
        before=last if not reasons else "",
        why=reasons,
        sources=sources,
        steps=[changes.steps[name] for name in now if name in changes.steps],
        kept=len(now) - len(changes.steps),
        marts=sorted(table for table in touched if table.startswith("marts.")),
    )


def _imagined(project: Project, as_of: date) -> Run:
    """A run that has not begun, and never will."""
    return Run(
        "plan", project.root, project.extracts, project.data, as_of, project.time_zone,
        engine=engine(),
    )  # fmt: skip


def _noted(path: Path) -> dict[str, _Known]:
    """The steps of a build; none if it is damaged, or an earlier cytoreg made it."""
    import duckdb

    from cytoreg.warehouse.connection import open_build

    found: dict[str, _Known] = {}
    try:
        with open_build(path, read_only=True) as con:
            rows: list[tuple[str, str, str, str]] = con.execute(
                'select step, "table", definition, reads from quality.made order by rowid'
            ).fetchall()
        for name, table, definition, reads in rows:
            known = found.get(name) or _Known(json.loads(definition), frozenset(json.loads(reads)))
            found[name] = replace(known, makes=(*known.makes, table))
    except (duckdb.Error, CytoregError, ValueError):
        return {}
    return found


def _sources(project: Project, last: str) -> tuple[dict[str, str], set[str]]:
    """What is known of each source, and the views on landed rows that may change."""
    from cytoreg.landing.kept import landing_of
    from cytoreg.landing.land import foreseen
    from cytoreg.nights.run_folder import fingerprint

    told: dict[str, str] = {}
    changed: set[str] = set()
    for source, config in project.config.sources.items():
        tables, known = set(config.tables), ""
        try:
            if last:
                known = fingerprint(Run.open(project.data, last), source)
                tables |= {one.table for one in landing_of(project, source, known).tables}
        except (CytoregError, OSError, ValueError):
            known = ""
        try:
            now = foreseen(project, source)
            told[source] = _said(known, now)
        except SourceError as error:
            now = known
            told[source] = (
                f"{error.message}; its last landing would serve" if known else error.message
            )
        if not known or known != now:
            changed |= {f"landing.{source}_{table}" for table in tables}
    return told, changed


def _said(known: str, now: str) -> str:
    if not now:
        return "known only when its server is asked"
    if not known:
        return "new"
    return "unchanged" if known == now else "changed"


def _steps(
    project: Project, models: Mapping[str, Model], noted: Mapping[str, _Known], as_of: date
) -> dict[str, _Known]:
    """Every step of the build, in the order in which they are made."""
    from cytoreg.models.build import definition_of, ordered
    from cytoreg.outcomes import marts as outcomes
    from cytoreg.survival import TABLES
    from cytoreg.survival import estimates as survival

    config, root = project.config, project.root
    found: dict[str, _Known] = {}

    def add(name: str, definition: Mapping[str, object], reads: Iterable[str], *makes: str) -> None:
        before = noted.get(name)
        made = makes or (before.makes if before else ())
        found[name] = _Known(hashes(definition), frozenset(reads), made)

    tables = [models[name] for name in ordered(models) if models[name].materialized == "table"]

    def add_models(schema: str) -> None:
        for model in tables:
            if model.schema == schema:
                how = definition_of(model, as_of) if model.repeatable else {_ALWAYS: None}
                add(model.name, how, model.reads, model.name)

    add_models("staging")
    judged = {name for name, model in models.items() if model.schema == "staging"}
    judged |= noted[judging.JUDGING].reads if judging.JUDGING in noted else set()
    add(judging.JUDGING, judging.definition_of(root / "schemas", config.linkage, as_of), judged)
    add_models("registry")
    add_models("marts")
    for name, endpoint in sorted(config.survival.items()):
        definition = survival.definition_of(endpoint, root)
        add(f"survival.{name}", definition, [endpoint.cohort], *(table.name for table in TABLES))
    if made := [table.name for table in outcomes.tables(config)]:
        read = {model.name for model in tables if model.schema in ("registry", "marts")}
        read |= noted[outcomes.OUTCOMES].reads if outcomes.OUTCOMES in noted else set()
        add(outcomes.OUTCOMES, outcomes.definition_of(config), read, *made)
    return found


def _follow(
    changes: _Changes,
    now: Mapping[str, _Known],
    noted: Mapping[str, _Known],
    views: Mapping[str, Iterable[str]],
    reasons: tuple[str, ...],
) -> None:
    """Add what follows from the changes, until nothing more does."""
    before = -1
    while before < len(changes.tables) + len(changes.steps):
        before = len(changes.tables) + len(changes.steps)
        changes.tables |= {name for name, reads in views.items() if changes.tables & set(reads)}
        for name, step in now.items():
            after = tuple(sorted(step.reads & changes.tables - set(step.makes)))
            why = reasons or _differences(step, noted.get(name))
            if why or after:
                changes.steps[name] = Step(name, step.makes, why, after)
                changes.tables |= set(step.makes)


def _differences(step: _Known, before: _Known | None) -> tuple[str, ...]:
    """What differs in the definition of a step."""
    if _ALWAYS in step.definition:
        return (_ALWAYS,)
    if before is None:
        return ("it is new",)
    names = dict.fromkeys([*step.definition, *before.definition])
    return tuple(
        f"{name} changed"
        for name in names
        if step.definition.get(name) != before.definition.get(name)
    )
