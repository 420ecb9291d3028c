"""The list of forgotten persons: keyed digests by which their records are recognized.

`forgotten.json` in the data folder has an entry for each time that somebody was forgotten: HMACs,
made with the key of pseudonyms, of the person's numbers, of names and dates together, and of the
keys of their records. Without the key the list reveals nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytoreg import manifest
from cytoreg.errors import ConfigError
from cytoreg.identity.key import fingerprint_of, key_of
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.system.environment import variable
from cytoreg.warehouse.connection import literal

if TYPE_CHECKING:
    import duckdb

    from cytoreg.project.load import Project

__all__ = [
    "Entry", "add_digests", "check", "define", "entries", "expire", "known",
    "overdue", "sweep", "text", "told",
]  # fmt: skip

NAME, KEPT = "forgotten.json", "forgotten"
FORMER = "_FORMER"
"""Suffix of the variable with former keys."""


@dataclass(frozen=True)
class Entry:
    """One use of forget: by whom, and the digests with the key that made them.

    Until `until`, what was removed is kept in `forgotten/<id>`; '' means that nothing is kept.
    """

    id: str
    at: str
    who: str
    key: str
    digests: list[str]
    until: str = ""

    @property
    def over(self) -> bool:
        """Whether the time for which removed content is kept is over; false if none was kept."""
        return bool(self.until) and datetime.fromisoformat(self.until) < datetime.now(UTC)


def entries(data: Path) -> list[Entry]:
    """The list, oldest first; raises ConfigError if unreadable, so that nobody comes back."""
    try:
        known: list[dict[str, Any]] = json.loads((data / NAME).read_text(encoding="utf-8"))
        return [Entry(**entry) for entry in known]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        raise ConfigError(
            f"{data / NAME}, the list of forgotten persons, cannot be read",
            remedy="restore it from a backup: without it their records would come back",
        ) from None


def text(listed: Sequence[Entry]) -> str:
    """The list as it is stored."""
    return json.dumps([asdict(entry) for entry in listed], indent=1)


def check(project: Project) -> dict[str, str]:
    """The keys that made the list, by fingerprint; raises ConfigError if one is not set."""
    wanted = {entry.key for entry in entries(project.data)}
    if not wanted:
        return {}
    name = project.config.privacy.pseudonym_key
    keys = [key_of(project), *(variable(name + FORMER) or "").split()]
    found = {fingerprint_of(key): key for key in keys}
    if missing := sorted(wanted - set(found)):
        raise ConfigError(
            f"forgotten persons are known by the key {', '.join(missing)}, which is not set",
            remedy=f"set {name}{FORMER} to the former key beside the new one in {name}",
        )
    return {key: found[key] for key in sorted(wanted)}


def define(con: duckdb.DuckDBPyConnection, project: Project) -> int:
    """Define temporary `forgotten_digest` and the macros that `known` uses; returns their number.

    The last of them uses the key that is set now.
    """
    keys = check(project)
    now = key_of(project)
    keys.pop(fingerprint_of(now), None)
    con.execute("create or replace temp table forgotten_digest (generation int, digest varchar)")
    generations = [*keys.items(), (fingerprint_of(now), now)]
    for generation, (name, key) in enumerate(generations):
        define_pseudonym(con, key, f"digest_{generation}")
        listed = [d for entry in entries(project.data) if entry.key == name for d in entry.digests]
        add_digests(con, generation, listed)
    return len(generations)


def add_digests(con: duckdb.DuckDBPyConnection, generation: int, digests: Sequence[str]) -> None:
    """Add digests to those that `known` looks up."""
    con.execute(
        "insert into forgotten_digest select ?, unnest(?::varchar[])", [generation, digests]
    )


def known(kind: str, value: str, generations: int) -> str:
    """SQL condition: the text `value`, of this kind, belongs to a forgotten person."""
    return (
        "("
        + " or ".join(
            f"digest_{one}({literal(kind)}, {value}) in"
            f" (select digest from forgotten_digest where generation = {one})"
            for one in range(generations)
        )
        + ")"
    )


def sweep(project: Project) -> None:
    """Remove landings of interrupted runs that were never searched for forgotten persons."""
    ids = {entry.id for entry in entries(project.data)}
    for folder in project.landing.glob("[!.]*/[!.]*") if ids else ():
        try:
            looked = set(manifest.read(folder).without)
        except ConfigError:
            looked = set()
        if not ids <= looked:
            shutil.rmtree(folder)


def expire(project: Project) -> None:
    """Remove content that was kept for a time that is over."""
    for folder in overdue(project.data):
        shutil.rmtree(folder, ignore_errors=True)


def overdue(data: Path) -> list[Path]:
    """Folders of removed content that still exist although their time is over."""
    kept = [(entry, data / KEPT / entry.id) for entry in entries(data)]
    return [folder for entry, folder in kept if entry.over and folder.exists()]


def told(data: Path) -> str:
    """What to say of copies whose time is over; '' if there are none."""
    names = ", ".join(str(folder.relative_to(data)) for folder in overdue(data))
    return (
        f"copies of forgotten records are kept longer than they should be: {names}" if names else ""
    )
