"""Forget a person: in landings, in every kept build, in the published file, and in future.

Kept content is remade without the person in a temporary folder (`without`) and put in place by one
plan (`journal`): after a crash the registry is as before, or the next start completes the plan. The
lives of the person's findings leave the ledger just before: what is kept never outlives them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.identity import forgotten
from cytoreg.identity.forgotten import KEPT, Entry
from cytoreg.identity.key import fingerprint_of, key_of
from cytoreg.keeping.without import files, identified, make
from cytoreg.nights import endings, life_ledger
from cytoreg.nights.lock import locked
from cytoreg.progress import Progress, quiet
from cytoreg.publication import publish
from cytoreg.system import durable, journal
from cytoreg.system.environment import user
from cytoreg.system.journal import Move

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["Receipt", "forget", "forget_again", "undo"]


@dataclass(frozen=True)
class Receipt:
    """What was done, without any hint to the person.

    records: number of records removed from landings, by source table. rebuilt: the kept runs that
    were remade. removed: runs whose builds are no longer kept. until: how long the removed content
    is kept, so that it can be restored. copies: its folder in the data folder.
    """

    id: str
    at: str
    who: str
    persons: int
    records: dict[str, int]
    landings: int
    rebuilt: list[str]
    removed: list[str]
    published: str
    until: str = ""
    copies: str = ""


def forget(
    project: Project,
    persons: Collection[str],
    *,
    keep: timedelta | None = None,
    progress: Progress = quiet,
) -> Receipt:
    """Remove persons from all that is kept, and keep them out of later refreshes.

    persons: pseudonyms as shown in the marts, or numbers from the sources. With `keep`, removed
    content stays for that time in a private folder, see `undo`. Raises ConfigError when nobody has
    such a key, Busy while a refresh is under way.
    """
    with durable.private(), locked(project.data):
        endings.make_up(project)
        forgotten.check(project)
        ids = identified(project, persons)
        now = datetime.now(UTC)
        entry = Entry(
            id=secrets.token_hex(8),
            at=now.isoformat(timespec="seconds"),
            who=user(),
            key=fingerprint_of(key_of(project)),
            digests=[],
            until=(now + keep).isoformat(timespec="seconds") if keep else "",
        )
        copies = f"{KEPT}/{entry.id}" if keep else ""
        with journal.making(project.data) as home:
            made = make(project, home, entry, ids, progress)
            receipt = Receipt(
                id=entry.id,
                at=entry.at,
                who=entry.who,
                persons=len(ids),
                records=made.records,
                landings=len(made.landings),
                rebuilt=sorted(made.rebuilt),
                removed=sorted(made.removed),
                published=publish.published_run(project) or "",
                until=entry.until,
                copies=copies,
            )
            told = json.dumps(asdict(receipt), indent=1)
            moves = made.moves + files(home, {f"{KEPT}/{entry.id}.json": told})
            detail = f"receipt {entry.id}: {sum(made.records.values())} records"
            again = endings.retelling(receipt.rebuilt, "forget", detail)
            moves += files(home, {endings.RETELL: again})
            life_ledger.forget(project.ledger_url, made.lives)
            journal.carry_out(project.data, moves, keep=copies)
        endings.make_up(project)
    return receipt


def forget_again(project: Project, *, progress: Progress = quiet) -> list[str]:
    """Remove everyone on the list from restored content; returns the runs that were remade."""
    with durable.private(), locked(project.data):
        forgotten.check(project)
        with journal.making(project.data) as home:
            made = make(project, home, None, (), progress)
            again = endings.retelling(made.rebuilt, "forget", "again, what was restored")
            life_ledger.forget(project.ledger_url, made.lives)
            journal.carry_out(project.data, made.moves + files(home, {endings.RETELL: again}))
        endings.make_up(project)
    return made.rebuilt


def undo(project: Project, receipt: str) -> list[str]:
    """Restore what was removed, as far as it is kept; returns the runs that have the person again.

    Raises ConfigError if nothing is kept, and if somebody has been forgotten since.
    """
    with durable.private(), locked(project.data):
        endings.make_up(project)
        listed = forgotten.entries(project.data)
        entry = next((one for one in listed if one.id == receipt), None)
        kept = project.data / KEPT / receipt
        if entry is None or entry.over or not (kept / journal.MOVES).exists():
            raise ConfigError(
                f"{receipt} cannot be undone: no copy is kept",
                remedy="only what was forgotten with --keep-for can be, and not after that time",
            )
        if listed[-1] is not entry:
            raise ConfigError(
                f"somebody was forgotten after {receipt}, and undoing it would bring them back",
                remedy="undo the later one first, and forget that person again",
            )
        with journal.making(project.data) as home:
            moves, runs = [], []
            former = journal.moves_of(kept)
            still = f"builds/{publish.published_run(project)}" in {move.to for move in former}
            for number, move in enumerate(former):
                old, target = kept / str(number), project.data / move.to
                there = target.exists() if move.new else target.parent.exists()
                if old.exists() and there and (target != project.published or still):
                    moves.append(Move(move.to, old.relative_to(project.data).as_posix()))
                    runs += [target.name] * (target.parent == project.builds)
            rest = [one for one in listed if one is not entry]
            moves += files(home, {forgotten.NAME: forgotten.text(rest)})
            again = endings.retelling(runs, "forget --undo", f"receipt {receipt}")
            moves += files(home, {endings.RETELL: again})
            moves.append(Move(f"{KEPT}/{receipt}"))
            journal.carry_out(project.data, moves)
        endings.make_up(project)
    return runs
