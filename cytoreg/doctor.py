"""`cytoreg doctor`: find in advance what could stop tonight's refresh."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cytoreg.errors import ConfigError, CytoregError

if TYPE_CHECKING:
    from cytoreg.project.load import Project

FREE_GB = 5
"""The doctor warns when there is less free space than this."""


@dataclass(frozen=True)
class Check:
    """One check and its result."""

    state: Literal["ok", "warning", "wrong"]
    what: str
    detail: str


def examine(root: Path | None, extracts: Path | None, data: Path | None) -> list[Check]:
    """Check installation, project, sources, ledger, disk and marts; rehearse all that compiles.

    It shows no patient's value and writes nothing.
    """
    from cytoreg.project.load import load_project

    checks = [*_installation()]
    try:
        project = load_project(root, extracts=extracts, data=data)
    except CytoregError as error:
        return [*checks, Check("wrong", "project", str(error))]
    checks.append(Check("ok", "project", str(project.root)))
    for what, look in (
        ("schemas", _schemas),
        ("sql models", _models),
        ("suites", _suites),
        ("time zone", _time_zone),
        ("ledger", _ledger),
        ("marts", _marts),
    ):
        checks.append(_guarded(what, look, project))
    checks += [*_kinds(), *_sources(project)]
    return [
        *checks,
        *_night(project, checks),
        _disk(project),
        _private(project),
        _pseudonyms(project),
    ]


def summary(checks: Sequence[Check]) -> str:
    """One line: the number of checks, and whether a refresh can begin."""
    wrong = [check.what for check in checks if check.state == "wrong"]
    warnings = sum(check.state == "warning" for check in checks)
    warned = f", {warnings} warning{'s' * (warnings != 1)}" if warnings else ""
    if wrong:
        return f"{len(wrong)} of {len(checks)} checks failed{warned}: {', '.join(wrong)}"
    return f"all {len(checks)} checks passed{warned}: a refresh can begin"


def _night(project: Project, checks: Sequence[Check]) -> Iterator[Check]:
    """Rehearse what a refresh would compile, unless the project's files cannot even be read.

    A source that cannot be read is reported already; if it never landed, there is no rehearsal.
    """
    wrong = [check.what for check in checks if check.state == "wrong"]
    if not project.config.sources or any(not what.startswith("source ") for what in wrong):
        yield Check("warning", "night", "not rehearsed until the above is corrected")
        return
    from cytoreg.nights.rehearsal import rehearse

    for stage, well, detail in rehearse(project):
        if stage == "landings" and not well and wrong:
            yield Check(
                "warning", "night", "not rehearsed: a source cannot be read and has never landed"
            )
            return
        yield Check("ok" if well else "wrong", f"night, {stage}", detail)


def _guarded(what: str, look: Callable[[Project], str], project: Project) -> Check:
    try:
        return Check("ok", what, look(project))
    except CytoregError as error:
        return Check("wrong", what, str(error))


def _installation() -> Iterator[Check]:
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    yield Check("ok", "python", sys.version.split()[0])
    try:
        bounds = requires("cytoreg") or []
    except PackageNotFoundError:
        yield Check("warning", "packages", "cytoreg is not installed: its bounds are unknown")
        return
    wrong = []
    for text in bounds:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is outside {requirement.specifier}")
    state: Literal["ok", "wrong"] = "wrong" if wrong else "ok"
    yield Check(state, "packages", "; ".join(wrong) or "all within their bounds")


def _schemas(project: Project) -> str:
    from cytoreg.rules import catalogue, load_schemas

    schemas = load_schemas(project.root / "schemas")
    return f"{len(schemas)} entities, {len(catalogue(schemas))} rules"


def _models(project: Project) -> str:
    from cytoreg.models.build import load_models

    return f"{len(load_models(project.root / 'sql'))} models"


def _suites(project: Project) -> str:
    from cytoreg.nights.proof import prove_suites

    suites = prove_suites(project, by_gx=True)
    return f"{len(suites)} suites, {sum(map(len, suites.values()))} expectations"


def _time_zone(project: Project) -> str:
    told = "declared" if project.config.registry.time_zone else "this machine's: none is declared"
    return f"{project.time_zone} ({told})"


def _ledger(project: Project) -> str:
    from cytoreg.nights import endings
    from cytoreg.project.load import LEDGER

    if not project.config.ledger.url and not (project.data / LEDGER).exists():
        return "no run yet"  # looking would create the file
    last = endings.runs(project, 1)
    return f"last run {last[0].run_id}: {last[0].status}" if last else "no run yet"


def _marts(project: Project) -> str:
    from cytoreg.publication.publish import faults, published_run

    if not project.published.exists():
        return "none published yet"
    run = published_run(project)
    if found := faults(project):
        raise ConfigError(
            f"{project.published}: {'; '.join(found)}",
            remedy=f"publish it again: cytoreg rollback {run or 'RUN'}",
        )
    return f"run {run}, as exported"


def _kinds() -> Iterator[Check]:
    """The kinds of source that other packages add; nothing if there are none."""
    from cytoreg.sources.kinds import OWN, kinds, owner, reader

    try:
        found = kinds()
    except ConfigError as error:
        yield Check("wrong", "kinds of source", str(error))
        return
    for kind, entry in found.items():
        if kind not in OWN:
            try:
                reader(kind)
            except ConfigError as error:
                yield Check("wrong", f"kind {kind}", str(error))
            else:
                yield Check("ok", f"kind {kind}", f"of {owner(entry)}")


def _sources(project: Project) -> Iterator[Check]:
    from cytoreg.landing.check import check

    if not project.config.sources:
        yield Check("wrong", "sources", "none is declared\n  → add one: cytoreg sources add")
    for source in project.config.sources:
        for what, well, detail in check(project, source):
            yield Check("ok" if well else "wrong", f"source {source}, {what}", detail)


def _disk(project: Project) -> Check:
    folder = project.data
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(
            "wrong", "disk", f"{folder} cannot be written\n  → [paths] data names the data folder"
        )
    free = shutil.disk_usage(folder).free / 1e9
    return Check("ok" if free >= FREE_GB else "warning", "disk", f"{free:.0f} GB free for data")


def _private(project: Project) -> Check:
    """Whether other users can read identities, or any are kept longer than they should be."""
    from cytoreg.identity import forgotten
    from cytoreg.keeping.exposed import exposed

    try:
        overdue = forgotten.told(project.data)
    except CytoregError as error:
        return Check("wrong", "privacy", str(error))
    if overdue:
        return Check("warning", "privacy", f"{overdue}\n  → the next refresh removes them")
    if found := ", ".join(map(str, exposed(project))):
        return Check(
            "warning",
            "privacy",
            f"others on this machine may read {found} in {project.data}\n  → chmod -R go-rwx them",
        )
    return Check("ok", "privacy", "only you can read or change files that contain identities")


def _pseudonyms(project: Project) -> Check:
    from cytoreg.errors import ConfigError
    from cytoreg.identity.key import DEMO_NAME, fingerprint_of, key_of

    try:
        known = fingerprint_of(key_of(project))
    except ConfigError as error:
        return Check("wrong", "pseudonyms", f"{error.message}; {error.remedy}")
    if known == DEMO_NAME:
        return Check("warning", "pseudonyms", "of a simulated hospital: the demo's key is public")
    return Check("ok", "pseudonyms", f"keyed; the key's fingerprint is {known}")
