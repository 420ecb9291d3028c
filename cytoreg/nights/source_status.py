"""The status of each source in a run: read tonight, or away with its last landing in use.

One source's failure does not waste the others' work. A source that is away (no delivery, no server)
is stale: its last landing is used, marked with its age, unless cytoreg.toml says `required`. A
source that was read and does not match cytoreg.toml is refused: its last landing is used too, so
that the stewards' report is made, but gate `sources` closes. If a source fails that has never
landed, that is an error.

`sources.json` in a run's folder keeps these results, so that a rebuild reports the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cytoreg.errors import ConfigError, CytoregError, SourceError, kind_and_place
from cytoreg.landing.deliveries import files, missing, overlooked
from cytoreg.landing.drift import NIGHTS, Drift, profiles, volume
from cytoreg.landing.kept import landing_of, verified
from cytoreg.landing.land import land
from cytoreg.landing.profile import read as read_profile
from cytoreg.manifest import Landing
from cytoreg.nights import archive
from cytoreg.nights.run import Run, earlier
from cytoreg.nights.run_folder import fingerprint, read_verdict, remember_landing
from cytoreg.progress import Progress, quiet
from cytoreg.system import durable
from cytoreg.system.machine import interrupted, machine_error
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["NIGHTS", "Stale", "copy", "judge", "landed", "stale"]

SOURCES = "sources.json"


@dataclass(frozen=True)
class Stale:
    """Why a source's last landing is in use.

    `away`: the source cannot be reached; otherwise it was read and does not match cytoreg.toml. The
    last landing was read at `seen_at`; the failure was noticed at `noticed_at` (ISO, UTC).
    """

    reason: str
    away: bool
    seen_at: str
    noticed_at: str

    @property
    def days(self) -> float:
        """The age of the landing in days."""
        return self._past / timedelta(days=1)

    @property
    def _past(self) -> timedelta:
        past = datetime.fromisoformat(self.noticed_at) - datetime.fromisoformat(self.seen_at)
        return max(past, timedelta())  # the clock may have been set back

    @property
    def age(self) -> str:
        """The age of the landing, in words."""
        past = self._past
        count, what = (past.days, "day") if past.days else (past.seconds // 3600, "hour")
        return f"{count} {what}{'s' * (count != 1)}"


@dataclass(frozen=True)
class Standing:
    """A source in a run: read, unchanged, away or refused; its landing, and why it is stale."""

    source: str
    kind: str
    state: str
    landed_at: str
    seen_at: str
    rows: int
    rejects: int
    version: str
    reason: str


def landed(run: Run, source: str, progress: Progress = quiet) -> tuple[Landing, Stale | None]:
    """The landing that a run uses of a source: the continued run's, tonight's, or the last one.

    And why it is the last one, if it is. Raises SourceError when the source cannot be landed and
    never was, ConfigError when there is no such source.
    """
    note = None
    try:
        landing = _continued(run, source) or _tonights(run, source, progress)
    except SourceError as error:
        landing, note = _last(run, error)
        _note(run, source, note)
        progress(f"{error.message}; its last landing ({note.age} old) is used", 0)
    remember_landing(run, source, landing.fingerprint)
    return landing, note


def stale(run: Run, source: str) -> Stale | None:
    """Why a run uses an old landing of a source; None when it does not."""
    try:
        known: dict[str, Any] = json.loads((run.folder / "stale" / source).read_text("utf-8"))
        return Stale(**known)
    except (OSError, ValueError, TypeError):
        return None


def judge(
    con: DuckDBPyConnection,
    run: Run,
    landings: Sequence[Landing],
    published: Mapping[str, Landing],
    nights: Mapping[tuple[str, str], Sequence[int]],
) -> dict[str, int]:
    """Write `quality.source` and `quality.drift`; returns how many are stale and how many drifts.

    `published` holds the landings of the published build by source, `nights` the rows that earlier
    runs published by source and table, the oldest first.
    """
    path = run.folder / SOURCES
    if not path.exists():
        standings = [_standing(run, landing) for landing in landings]
        drifts = [
            (landing.source, drift)
            for landing in landings
            for drift in _drifts(run, landing, published.get(landing.source), nights)
        ]
        judged = {
            "source": [astuple(standing) for standing in standings],
            "drift": [(source, *astuple(drift)) for source, drift in drifts],
        }
        durable.write(path, json.dumps(judged, ensure_ascii=False))
    found: dict[str, list[list[object]]] = json.loads(path.read_text(encoding="utf-8"))
    quality.ensure(con, *found)
    with transaction(con):
        for table, rows in found.items():
            con.execute(f"delete from quality.{table}")
            if rows:
                con.executemany(quality.TABLES[table].values(), rows)
    return {
        "stale": sum(row[2] in ("away", "refused") for row in found["source"]),
        "drifts": len(found["drift"]),
    }


def copy(earlier: Run, run: Run, sources: Sequence[str]) -> None:
    """Let a run use the landings of an earlier run, with the status that they had there.

    Raises ConfigError when a landing is no longer kept, or is damaged.
    """
    for source in sources:
        landing = verified(run.project, source, fingerprint(earlier, source))
        remember_landing(run, source, landing.fingerprint)
        if (note := stale(earlier, source)) is not None:
            _note(run, source, note)
    if (earlier.folder / SOURCES).exists():
        durable.write(run.folder / SOURCES, (earlier.folder / SOURCES).read_text(encoding="utf-8"))


def _published_before(run: Run, published: Landing) -> Iterator[Landing]:
    """Other landings of its source from which builds were published, as far as they are kept."""
    seen = {published.fingerprint}
    for before in earlier(run):
        with suppress(ConfigError):
            known = fingerprint(before, published.source)
            if known not in seen and read_verdict(before).published:
                seen.add(known)
                yield landing_of(run.project, published.source, known)


def _continued(run: Run, source: str) -> Landing | None:
    """The landing of the failed run that this one continues, if it is intact."""
    if not run.continues:
        return None
    failed = Run.open(run.data, run.continues)
    try:
        known = verified(run.project, source, fingerprint(failed, source))
    except ConfigError:
        return None
    if stale(failed, source):
        return None
    archive.carry(failed, run, source)
    return known


def _tonights(run: Run, source: str, progress: Progress) -> Landing:
    """The landing of what was delivered; whatever fails in its reader is a SourceError."""
    try:
        landing = land(run.project, source, progress=progress)
        archive.note(run, source, landing)
    except CytoregError:
        raise
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from None
        if failure := machine_error(error):
            raise failure from None
        raise SourceError(
            source,
            f"its reader failed ({kind_and_place(error)}); no values shown",
            remedy="please report this: a reader should refuse what it cannot read",
        ) from None
    return landing


def _last(run: Run, error: SourceError) -> tuple[Landing, Stale]:
    """The landing that the last refresh with a verdict used, or an earlier one if that is damaged.

    And why it is used. If there is none, raises SourceError with `error` and what is damaged.
    """
    source = error.source
    tables = run.project.source(source).tables.keys()
    lost = []
    for before in earlier(run):
        try:
            landing = verified(run.project, source, fingerprint(before, source))
        except ConfigError as damage:
            lost.append(damage.message)
            continue
        if tables <= {table.table for table in landing.tables}:
            break
    else:
        if not lost:
            raise error
        raise SourceError(source, f"{error.what}; {lost[0]}", remedy=error.remedy, away=error.away)
    old = stale(before, source)
    told = [error.what, error.remedy, *lost[:1]]
    return landing, Stale(
        reason="; ".join(filter(None, told)),
        away=error.away,
        seen_at=old.seen_at if old else before.began.isoformat(),
        noticed_at=run.began.isoformat(),
    )


def _note(run: Run, source: str, note: Stale) -> None:
    path = run.folder / "stale" / source
    path.parent.mkdir(exist_ok=True)
    durable.write(path, json.dumps(asdict(note), ensure_ascii=False))


def _standing(run: Run, landing: Landing) -> Standing:
    note = stale(run, landing.source)
    state = ("away" if note.away else "refused") if note else "read"
    if not note and landing.landed_at < run.began.isoformat():
        state = "unchanged"
    return Standing(
        landing.source,
        landing.kind,
        state,
        landing.landed_at,
        note.seen_at if note else run.began.isoformat(),
        landing.rows,
        landing.rejects,
        landing.source_version,
        note.reason if note else "",
    )


def _drifts(
    run: Run,
    landing: Landing,
    published: Landing | None,
    nights: Mapping[tuple[str, str], Sequence[int]],
) -> Iterator[Drift]:
    """How a source differs from the published build's; differences that need action are graver."""
    source = landing.source
    if (note := stale(run, source)) is not None:
        what = "stale" if note.away else "refused"
        config = run.project.source(source)
        old = config.max_age_days is not None and note.days > config.max_age_days
        grave = not note.away or config.required or old
        severity = "critical" if grave else "warning"
        told = f"{note.age} old" + (f", at most {config.max_age_days:g} days" if old else "")
        yield Drift("", "", what, severity, note.reason, note.seen_at[:10], told)
    yield from overlooked(run.project, source)
    for drift in missing(run.project, landing):
        yield drift.accepted() if source in run.drift_accepted else drift
    if published is None or published.fingerprint == landing.fingerprint:
        return
    rows = {table.table: table.rows + table.rejects for table in published.tables}
    archived = run.project.source(source).archive != ""
    found = [drift for drift in files(published, landing) if drift.what != "gone" or not archived]
    for table in landing.tables:
        usual = nights.get((source, table.table), ())
        found += volume(table.table, table.rows + table.rejects, rows.get(table.table), usual)
    before = [read_profile(night) for night in (published, *_published_before(run, published))]
    found += profiles(before[0], read_profile(landing), before[1:])
    for drift in found:
        yield drift.accepted() if source in run.drift_accepted else drift
