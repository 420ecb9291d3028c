"""Verify that everything kept is intact: landings, builds, the published file, the ledger.

Nothing is changed. Each line is about one landing, one run, or the whole, and says that it is
intact, or what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg import manifest
from cytoreg.errors import ConfigError, CytoregError
from cytoreg.identity import forgotten
from cytoreg.keeping.exposed import exposed
from cytoreg.keeping.lives_kept import last_night, strayed
from cytoreg.landing import balance
from cytoreg.nights import endings, ledger
from cytoreg.nights.ledger_tables import damaged, file_of
from cytoreg.nights.lock import read_locked
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import fingerprint
from cytoreg.publication import notes, publish
from cytoreg.warehouse.connection import open_build

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.project.load import Project

__all__ = ["Line", "verify"]

_DAMAGED = "refresh with the delivery in place: it is landed anew; or restore a backup"
_NO_BUILD = "choose another run: cytoreg runs; a build that is not published may be removed"
_TOLD = "the next refresh or rollback records it"
_ALL = 1_000_000


@dataclass(frozen=True)
class Line:
    """What was checked, whether it is intact, what was found, and what to do if it is not."""

    what: str
    well: bool
    found: str
    remedy: str = ""


def verify(project: Project, run_id: str | None = None) -> list[Line]:
    """A line for each landing and each kept run, then for the published file, ledger and modes.

    With `run_id`, only that run, its landings, and the published file if it is that run's. Raises
    ConfigError when there is no such run, Busy while a refresh is under way.
    """
    if not project.data.is_dir():
        raise ConfigError(
            f"nothing is kept in {project.data}", remedy="begin with: cytoreg refresh"
        )
    with read_locked(project.data):
        chosen = publish.folders(project)
        if run_id is not None:
            Run.of(project, run_id)  # raises if there is none
            chosen = [folder for folder in chosen if folder.name == run_id]
        used = {place for folder in chosen for place in _used(folder)}
        wanted = [place for place in _landings(project) if run_id is None or place in used]
        lines = [_landing(project, *place) for place in wanted]
        lines += [_run(project, folder) for folder in chosen]
        if run_id in (None, publish.published_run(project)):
            lines.append(_published(project))
        if run_id is None:
            lines.append(_ledger(project))
            if chosen and lines[-1].well:
                lines += _findings(project)
            lines += [_modes(project), *_forgotten(project)]
        return lines


def _landings(project: Project) -> list[tuple[str, str]]:
    """Source and fingerprint of every landing on disk."""
    return sorted(
        (folder.parent.name, folder.name)
        for folder in project.landing.glob("*/*")
        if folder.is_dir() and folder.name[0] != "."
    )


def _used(folder: Path) -> list[tuple[str, str]]:
    """Source and fingerprint of the landings from which a run was made."""
    return [
        (path.name, path.read_text(encoding="utf-8", errors="replace"))
        for path in sorted((folder / "landings").glob("[!.]*"))
    ]


def _landing(project: Project, source: str, name: str) -> Line:
    what = f"landing {source}/{name}"
    try:
        landing = manifest.read(project.landing / source / name)
    except ConfigError:
        return Line(what, False, "its manifest or a size differs from what was landed", _DAMAGED)
    if wrong := manifest.damaged(landing):
        return Line(what, False, f"{', '.join(wrong)}: not what was landed", _DAMAGED)
    rows = landing.rows + landing.rejects
    return Line(what, True, f"{len(landing.stored)} files as landed, {rows:,} records")


def _run(project: Project, folder: Path) -> Line:
    """A run's landings, its export, and its books."""
    what = f"run {folder.name}"
    try:
        run = Run.of(project, folder.name)
    except ConfigError:
        return Line(what, False, "run.json cannot be read", "restore a backup, or remove the run")
    landings, wrong = [], []
    for source, name in _used(folder):
        try:
            landings.append(manifest.read(project.landing / source / name))
        except ConfigError:
            wrong.append(f"its landing {source}/{name} is missing or incomplete")
    ending = endings.read(run)
    cut_off = ending is None or ending.status == "failed"  # maybe between hash and file
    if not (folder / publish.PUBLIC).exists() and (
        cut_off or not (folder / publish.DIGEST).exists()
    ):
        return Line(what, True, "it exported nothing: there is nothing to compare")
    if not (folder / publish.DIGEST).exists() and not (folder / "verdict.json").exists():
        return Line(what, True, "it was cut off while it exported: there is nothing to compare")
    if publish.as_exported(project, folder.name) is None:
        wrong.append(f"{publish.PUBLIC} is not what was exported")
    told = ""
    try:
        with open_build(run.build, read_only=True) as con:
            wrong += _unbalanced(con)
            if len(landings) == len(_used(folder)):
                wrong += _miscounted(con, landings)
            told = _sum(con)
    except (duckdb.Error, OSError):
        wrong.append(f"{run.build.name} cannot be read")
    if wrong:
        return Line(what, False, "; ".join(wrong), _NO_BUILD)
    return Line(what, True, f"exported file whole; {told}")


def _unbalanced(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Books of rows and cells that do not balance."""
    rows: list[tuple[str]] = con.execute(
        "select source || '.' || source_table from quality.balance"
        " where landed <> accepted + quarantined + forgotten order by 1"
    ).fetchall()
    for (name,) in rows:
        yield f"the books of {name} do not balance"
    cells: list[tuple[str]] = con.execute(
        "select source || '.' || source_table || '.' || \"column\" from quality.cell_balance"
        " where present <> accepted + refused order by 1"
    ).fetchall()
    for (name,) in cells:
        yield f"the cells of {name} do not balance"


def _miscounted(con: duckdb.DuckDBPyConnection, landings: list[Landing]) -> Iterator[str]:
    """Source tables whose counts in the books differ from those of manifests and tables."""
    counted = f"({balance.books(con, landings)})"
    for (name,) in con.execute(
        "select distinct source || '.' || source_table from ("
        f"(select * from quality.balance except select * from {counted}) union all"
        f" (select * from {counted} except select * from quality.balance)) order by 1"
    ).fetchall():
        yield f"the books of {name} are not what its landing and tables hold"
    for (name,) in con.execute(
        'with counted as (select source, source_table, entity, "column", count(*) as cells'
        " from quarantine.cell group by all)"
        " select b.source || '.' || b.source_table || '.' || b.\"column\""
        " from quality.cell_balance as b left join counted as c"
        ' using (source, source_table, entity, "column")'
        " where b.refused - b.with_row <> coalesce(c.cells, 0) order by 1"
    ).fetchall():
        yield f"the refused cells of {name} are not those in quarantine"


def _sum(con: duckdb.DuckDBPyConnection) -> str:
    rows = con.execute(
        "select coalesce(sum(landed), 0)::bigint, coalesce(sum(accepted), 0)::bigint,"
        " coalesce(sum(quarantined), 0)::bigint, coalesce(sum(forgotten), 0)::bigint"
        " from quality.balance"
    ).fetchall()[0]
    cells = con.execute(
        "select coalesce(sum(present), 0)::bigint, coalesce(sum(accepted), 0)::bigint,"
        " coalesce(sum(refused), 0)::bigint from quality.cell_balance"
    ).fetchall()[0]
    told = "rows {:,} landed = {:,} accepted + {:,} quarantined".format(*rows)
    told += f" + {rows[3]:,} forgotten" * bool(rows[3])
    return told + "; cells {:,} present = {:,} accepted + {:,} refused".format(*cells)


def _published(project: Project) -> Line:
    if not project.published.exists():
        return Line("published", True, "nothing is published yet")
    run = publish.published_run(project)
    if found := publish.faults(project):
        return Line("published", False, "; ".join(found), f"cytoreg rollback {run or 'RUN'}")
    return Line("published", True, f"run {run}, as exported, read-only and fenced")


def _ledger(project: Project) -> Line:
    """Compare the ledger with the runs' own files."""
    url = project.ledger_url
    kept = [folder.name for folder in publish.folders(project)]
    if damaged(url):
        return Line("ledger", False, "it is damaged", "the next refresh makes it anew of the runs")
    path = file_of(url)
    if path is not None and not path.exists():
        return Line("ledger", not kept, "there is none", _TOLD if kept else "")
    try:
        wrong = list(_differences(project))
        runs = len(ledger.statuses(url))
    except CytoregError as error:
        return Line("ledger", False, error.message, error.remedy)
    if wrong:
        return Line("ledger", False, "; ".join(wrong), _TOLD)
    return Line("ledger", True, f"{runs} runs, {len(kept)} of them kept, as their own files say")


def _findings(project: Project) -> Iterator[Line]:
    """Compare the lives of findings with the findings, of a ledger that is whole."""
    if (night := last_night(project)) is None:
        return
    lacking, more = strayed(project, night)
    if lacking or more:
        found = f"{lacking:,} of run {night.run_id} have no life, {more:,} lives have no finding"
        yield Line("findings", False, found, "restore a backup: their lives are kept nowhere else")
    else:
        yield Line("findings", True, f"{night.findings:,} of run {night.run_id} and their lives")


def _differences(project: Project) -> Iterator[str]:
    known = ledger.statuses(project.ledger_url)
    records = {run.run_id: run for run in ledger.runs(project.ledger_url, _ALL)}
    noted = {(one.run_id, one.how, one.at) for one in ledger.publications(project.ledger_url, _ALL)}
    for run, ending in endings.ended(project, publish.published_run(project)):
        if endings.untold(run, ending, known):
            says = known.get(run.run_id, "nothing")
            own = ending.status if ending else "interrupted"
            yield f"it says {says} of run {run.run_id}, whose own files say {own}"
            continue
        record = records[run.run_id]
        if ending and dict(record.outputs) != dict(ending.outputs):
            yield f"it counts other rows of marts than run {run.run_id} does"
        for source, told in record.inputs.items():
            if told["fingerprint"] != _fingerprint(run, source):
                yield f"it names another landing of {source} than run {run.run_id} does"
        for note in notes.of(run.folder):
            if (note.run_id, note.how, note.moment) not in noted:
                yield f"it does not know that run {run.run_id} was published at {note.at[:19]}"


def _fingerprint(run: Run, source: str) -> str:
    try:
        return fingerprint(run, source)
    except ConfigError:
        return ""


def _forgotten(project: Project) -> Iterator[Line]:
    """Whether removed content of forgotten persons is kept longer than announced."""
    what = "forgotten"
    try:
        if not (listed := forgotten.entries(project.data)):
            return
        overdue = forgotten.told(project.data)
    except ConfigError as error:
        yield Line(what, False, error.message, error.remedy)
        return
    kept = sum((project.data / forgotten.KEPT / entry.id).exists() for entry in listed)
    found = f"persons or groups forgotten: {len(listed)}; copies kept for a time: {kept}"
    yield Line(what, not overdue, overdue or found, "the next refresh removes them")


def _modes(project: Project) -> Line:
    if found := exposed(project):
        first = ", ".join(map(str, found[:5])) + (" and more" if len(found) > 5 else "")
        return Line(
            "permissions",
            False,
            f"others may read or change {first}",
            f"chmod -R go-rwx them, below {project.data}",
        )
    return Line("permissions", True, "only you can read or change files that contain identities")
