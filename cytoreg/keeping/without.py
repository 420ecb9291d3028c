"""Remake what is kept without a person: landings, the builds made from them, the published file.

Landings are rewritten without the person's records, and builds are remade from them by the same
stages: nothing is cut out of a database. Runs of another state of the project or another version of
cytoreg cannot be remade, nor can failed runs: they lose their builds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg import manifest
from cytoreg.errors import ConfigError
from cytoreg.identity import forgotten
from cytoreg.identity.forgotten import Entry
from cytoreg.identity.key import fingerprint_of, key_of
from cytoreg.keeping.remake import BUILD, is_made, remake
from cytoreg.keeping.search import Place, narrow, place_of, records, search
from cytoreg.nights.run import Run
from cytoreg.nights.run_folder import fingerprint
from cytoreg.nights.withhold import NEW, rewrite
from cytoreg.progress import Progress
from cytoreg.publication import publish
from cytoreg.publication.keys import published_key
from cytoreg.system import durable
from cytoreg.system.journal import HOME, Move
from cytoreg.system.version import __version__
from cytoreg.warehouse.connection import in_memory, literal, open_build, quote

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.project.load import Project

__all__ = ["Made", "files", "identified", "make"]

PSEUDONYM = re.compile("P[0-9A-F]{16}")


@dataclass
class Made:
    """What was remade: records removed from each landing, runs remade and runs given up; `lives`
    are source and pseudonym of each record that was removed, by which the ledger knows it."""

    landings: dict[Place, int]
    records: dict[str, int]
    rebuilt: list[str]
    removed: list[str]
    moves: list[Move]
    lives: list[tuple[str, str]] = field(default_factory=list)


def make(
    project: Project,
    home: Path,
    entry: Entry | None,
    ids: Sequence[str],
    progress: Progress,
) -> Made:
    """Remake, below `home`, everything kept without the persons of these pseudonyms.

    They become `entry` of the list; without an entry the persons are those already on the list.
    Raises ConfigError when the published build cannot be remade, and when no record was found.
    """
    runs, complete = _runs(project)
    made = Made({}, {}, [], [], [])
    used = {place_of(landing): landing for landings in complete.values() for landing in landings}
    with closing(in_memory(home / "spill")) as con:
        digests = search(project, home, con, runs, complete, ids, progress)
        listed = forgotten.entries(project.data)
        if entry:
            if not con.execute("from all_trace limit 1").fetchall():
                raise ConfigError("no record of the person was found", remedy="refresh first")
            listed.append(replace(entry, digests=digests))
        made.moves += files(home, {forgotten.NAME: forgotten.text(listed)})
        for place, landing in used.items():
            narrow(con, landing)
            written, move = rewrite(con, landing, home, [one.id for one in listed])
            made.moves.append(move)
            for before, after in zip(landing.tables, written.tables, strict=True):
                if count := after.forgotten - before.forgotten:
                    made.landings[place] = made.landings.get(place, 0) + count
        made.records = records(con)
        made.lives = con.execute(
            "select distinct source, record from all_life_trace order by all"
        ).fetchall()
    for run in runs:
        landings = complete.get(run.run_id, [])
        touched = any(place_of(landing) in made.landings for landing in landings)
        if landings and not touched:
            continue
        if landings and (run.folder / "verdict.json").exists():
            progress(f"build run {run.run_id} again", 0)
            remake(run, home / NEW, progress)
            made.rebuilt.append(run.run_id)
            made.moves.append(_move(f"builds/{run.run_id}"))
        else:
            made.removed.append(run.run_id)
            made.moves += _given_up(project, run.folder, used)
    for folder in project.landing.glob("[!.]*/[!.]*"):
        if (folder.parent.name, folder.name) not in used:
            made.moves.append(Move(folder.relative_to(project.data).as_posix()))
    current = publish.published_run(project)
    if current in made.rebuilt:
        (target := home / NEW / "published" / project.published.name).parent.mkdir()
        durable.copy(home / NEW / "builds" / current / publish.PUBLIC, target)
        target.chmod(publish.READ_ONLY)
        made.moves.append(_move(f"published/{target.name}"))
    made.moves += _mappings(project, home, ids, made.rebuilt)
    return made


def _runs(project: Project) -> tuple[list[Run], dict[str, list[Landing]]]:
    """The kept runs; for those made by the project in its present state, all landings of the run.

    Raises ConfigError unless the published run is one of these.
    """
    runs, complete = [], {}
    now = (project.content_hash(), __version__)
    for folder in publish.folders(project):
        try:
            run = Run.of(project, folder.name)
        except ConfigError:
            run = None
        if run is None:
            raise ConfigError(
                f"run.json of run {folder.name} cannot be read: its content is unknown",
                remedy=f"remove {folder}, or restore a backup",
            )
        runs.append(run)
        with suppress(ConfigError):
            landings = [
                manifest.read(project.landing / source / fingerprint(run, source))
                for source in project.config.sources
            ]
            if (run.project_hash, run.code_version) == now:
                complete[run.run_id] = landings
    current = publish.published_run(project)
    if current is not None and current not in complete:
        raise ConfigError(
            "the project has changed since the published build was made, so that it cannot be"
            " made again",
            remedy="refresh first: cytoreg refresh",
        )
    if published_key(project) not in ("", fingerprint_of(key_of(project))):
        raise ConfigError(
            "the key that is set is not the published build's",
            remedy=f"set {project.config.privacy.pseudonym_key} to that key, or refresh first",
        )
    return runs, complete


def _given_up(project: Project, folder: Path, used: Collection[Place]) -> list[Move]:
    """What is removed of a run that cannot be remade: builds, and names of lost landings."""
    gone = sorted(path for path in folder.iterdir() if is_made(path.name))
    gone += [
        path
        for path in (folder / "landings").glob("[!.]*")
        if (path.name, path.read_text(encoding="utf-8", errors="replace")) not in used
    ]
    return [Move(path.relative_to(project.data).as_posix()) for path in gone]


def _mappings(
    project: Project, home: Path, ids: Sequence[str], rebuilt: Sequence[str]
) -> list[Move]:
    """Mappings of rotated keys without the pseudonyms that no build has any more."""
    moves = []
    for path in sorted((project.data / "keys").glob("*.parquet")):
        gone = set(ids)
        for run in rebuilt:
            before, after = (
                _pseudonyms(data / "builds" / run / "build.duckdb")
                for data in (project.data, home / NEW)
            )
            gone |= before - after
        target = home / NEW / "keys" / path.name
        target.parent.mkdir(exist_ok=True)
        with closing(in_memory()) as con:
            con.execute(
                f"copy (select * from read_parquet({literal(str(path))})"
                " where not list_contains($1::varchar[], old)"
                f" and not list_contains($1::varchar[], new)) to {literal(str(target))}"
                " (format parquet)",
                [sorted(gone)],
            )
        moves.append(_move(f"keys/{path.name}"))
    return moves


def _pseudonyms(build: Path) -> set[str]:
    """All pseudonyms of a build's registry."""
    with open_build(build, read_only=True) as con:
        columns: list[tuple[str, str]] = con.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'registry'"
            " and column_name like '%\\_id' escape '\\' and data_type = 'VARCHAR'"
            " and database_name = current_database()"
        ).fetchall()
        rows = [
            con.execute(f"select distinct {quote(name)} from registry.{quote(table)}").fetchall()
            for table, name in columns
        ]
    return {value for found in rows for (value,) in found if value}


def identified(project: Project, persons: Collection[str]) -> list[str]:
    """The pseudonyms of persons who are given by a pseudonym or a number; errors show no number."""
    wanted = {person.strip() for person in persons} - {""}
    if not wanted:
        raise ConfigError("nobody is named", remedy="give --patient KEY, as the marts show it")
    entity, number = project.config.linkage.entity, project.config.linkage.number
    identifier = quote(f"{entity}_id")
    found: dict[str, set[str]] = {}
    for folder in publish.folders(project):
        with suppress(duckdb.Error), open_build(folder / BUILD, read_only=True) as con:
            rows: list[tuple[str, str]] = con.execute(
                f"from (select {identifier} as id, unnest([id, cast({quote(number)} as varchar)])"
                f" as named from registry.{quote(entity + '_number')})"
                " where list_contains($1::varchar[], named)",
                [sorted(wanted)],
            ).fetchall()
            for identity, named in rows:
                found.setdefault(named, set()).add(identity)
    if missing := wanted - set(found):
        told = ", ".join(sorted(one for one in missing if PSEUDONYM.fullmatch(one)))
        raise ConfigError(
            f"{len(missing)} of {len(wanted)} keys belong to nobody in what is kept"
            + (f": {told}" if told else ""),
            remedy=f"give {entity}_id as the marts show it; numbers only by --from FILE",
        )
    return sorted(set().union(*found.values()))


def _move(to: str) -> Move:
    return Move(to, f"{HOME}/{NEW}/{to}")


def files(home: Path, texts: Mapping[str, str]) -> list[Move]:
    """Write texts as new files below `home`; returns the moves that put them in place."""
    for name, text in texts.items():
        path = home / NEW / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [_move(name) for name in texts]
