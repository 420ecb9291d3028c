"""Restore a backup: check every file, write to a temporary folder, put in place in one step."""

from __future__ import annotations

import secrets
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.identity import forgotten
from cytoreg.identity.key import fingerprint_of, key_of
from cytoreg.keeping.backup import DATA, PROJECT, Backup, copy_ledger, read
from cytoreg.keeping.forget import forget_again
from cytoreg.nights import audit, ledger
from cytoreg.nights.ledger_tables import file_of
from cytoreg.nights.lock import locked
from cytoreg.progress import Progress, quiet
from cytoreg.project.load import CONFIG, LEDGER, expand, load_project
from cytoreg.publication.publish import READ_ONLY, fence
from cytoreg.system import durable

__all__ = ["Restored", "restore"]

LOCK = "refresh.lock"
ASIDE = "restore.tmp"


@dataclass(frozen=True)
class Restored:
    """What was restored where; `replaced` is where the former content is now."""

    backup: Backup
    root: Path
    data: Path
    replaced: Path | None = None
    notes: list[str] = field(default_factory=list)


def restore(
    folder: Path,
    root: Path,
    *,
    data: Path | None = None,
    replace: bool = False,
    progress: Progress = quiet,
) -> Restored:
    """Restore a backup as the data folder of the project in `root`.

    A new or empty root becomes the project of the backup; an existing project is not changed.
    `data` overrides [paths] data. Every file is checked by its hash before anything is changed.
    Raises ConfigError for an incomplete backup, and, without `replace`, for a data folder that is
    not empty; Busy for one that is in use.
    """
    root, found = root.absolute(), read(folder)
    _prove(folder, found, progress)
    there = (root / CONFIG).is_file()
    if not there and root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigError(
            f"{root} is not a project, and is not empty",
            remedy="name a project, or a folder that is new or empty",
        )
    target = _data_of(root if there else folder / PROJECT, root, data)
    with durable.private():
        if not there:
            inside = target.is_relative_to(root) and target != root
            with _making(root) as making:
                _write(folder, found, PROJECT, making, progress)
                if inside:
                    _write(folder, found, DATA, making / target.relative_to(root), progress)
                _put(making, root)
            if inside:
                return _told(Restored(found, root, target))
        with locked(target):
            kept = _others(target)
            if kept and not replace:
                raise ConfigError(
                    f"{target} is not empty",
                    remedy="--replace moves what is there aside; --data names another folder",
                )
            with _making(target) as making:
                _write(folder, found, DATA, making, progress)
                more = _remember(target, making)
                aside = _put(making, target, keep=bool(kept))
    return _told(Restored(found, root, target, aside), again=more)


def _prove(folder: Path, found: Backup, progress: Progress) -> None:
    """Raise ConfigError, naming the files, unless every file of a backup is intact."""
    wrong = []
    for count, file in enumerate(found.files, 1):
        path = folder / file.name
        steps = [path, *(above for above in path.parents if above.is_relative_to(folder))]
        linked = any(step.is_symlink() for step in steps[:-1])
        sized = path.is_file() and path.stat().st_size == file.bytes
        if linked or not sized or durable.sha256(path) != file.sha256:
            wrong.append(file.name)
        progress("check the backup", count)
    if wrong:
        raise ConfigError(
            f"{folder} is damaged: {', '.join(wrong[:5])} {'and more' * (len(wrong) > 5)}".strip(),
            remedy="nothing was touched; take another backup, or another copy of it",
        )


def _data_of(project: Path, root: Path, data: Path | None) -> Path:
    """The data folder of a project in `root`, or of one that will be there."""
    if data is not None:
        return data.resolve()
    path = project / CONFIG
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8")).get("paths", {}).get("data", "data")
    except (OSError, ValueError):
        raise ConfigError(f"{path} cannot be read", remedy="say where: --data DIR") from None
    return (root / str(expand(said, path))).resolve()


@contextmanager
def _making(target: Path) -> Iterator[Path]:
    """A new folder beside `target`; if it is still there at the end, it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*.{ASIDE}"):
        shutil.rmtree(leftover, ignore_errors=True)
    making = target.with_name(f".{target.name}.{secrets.token_hex(4)}.{ASIDE}")
    making.mkdir()
    try:
        yield making
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(folder: Path, found: Backup, part: str, into: Path, progress: Progress) -> None:
    """Copy a part of a backup to a folder, and fence the published file in it."""
    for count, file in enumerate(found.files, 1):
        if not file.name.startswith(f"{part}/"):
            continue
        target = into / file.name.removeprefix(f"{part}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if durable.copy(folder / file.name, target).sha256 != file.sha256:
            raise ConfigError(
                f"{file.name} of the backup changed while it was read",
                remedy="nothing was touched; take another copy of it",
            )
        if file.read_only:
            target.chmod(READ_ONLY)
        progress("restore", count)
    published = into / "published" / "registry.duckdb"
    if part == DATA and published.exists():
        fence(published)


def _put(making: Path, target: Path, *, keep: bool = False) -> Path | None:
    """Put a folder in place at `target` and sync it; returns where the former content is kept."""
    durable.sync_below(making)
    if not target.exists():
        making.rename(target)
        durable.sync(target.parent)
        return None
    durable.exchange(making, target)
    aside = None
    if keep:
        now = datetime.now(UTC)
        aside = making.rename(target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%SZ}"))
    else:
        shutil.rmtree(making)
    durable.sync(target.parent)
    return aside


def _others(data: Path) -> list[str]:
    """What is in a data folder besides the lock that this process holds."""
    return [path.name for path in data.iterdir() if path.name != LOCK]


def _remember(there: Path, making: Path) -> bool:
    """Keep those forgotten since the backup on the list; returns whether there are any."""
    listed = forgotten.entries(making)
    ids = {entry.id for entry in listed}
    more = [entry for entry in forgotten.entries(there) if entry.id not in ids]
    if more:
        durable.write(making / forgotten.NAME, forgotten.text([*listed, *more]))
    return bool(more)


def _told(done: Restored, *, again: bool = False) -> Restored:
    """Write to the audit, and to a ledger elsewhere; note what failed, and another key.

    With `again`, restored content may have persons who are on the list of the forgotten; they are
    removed.
    """
    notes = done.notes
    try:
        project = load_project(done.root, data=done.data)
        if file_of(project.ledger_url) != done.data / LEDGER:
            if ledger.statuses(project.ledger_url):
                notes.append("the ledger, which lies elsewhere, has runs: it stays as it is")
            else:
                copy_ledger(f"sqlite:///{done.data / LEDGER}", project.ledger_url)
        audit.record(project, "restore", f"of the backup made at {done.backup.made_at}")
        if again:
            runs = forget_again(project)
            notes.append(f"who was forgotten since the backup was removed from {len(runs)} runs")
        key = fingerprint_of(key_of(project))
        if done.backup.key not in ("", key):
            notes.append(
                f"{done.backup.variable} holds another key ({key}) than that of what is published"
            )
    except CytoregError as error:
        notes.append(error.message)
    return done
