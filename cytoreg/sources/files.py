"""Files of any kind: finding them, unpacking them, refusing files of another kind."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from cytoreg.errors import SourceError
from cytoreg.sources.compression import (
    Damaged,
    inside,
    is_packed,
    members,
    open_unpacked,
    without_packing,
)

_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Office document",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"%PDF": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
ABOUT = re.compile(r"(?:read[ _-]?me|manifest|licen[cs]e|checksums?)(?:[ ._-].*)?")
"""Names of files that say something about the others of an archive."""
_FETCHED = re.compile(r"^(sftp|s3):/")
_CHUNK = 1 << 20
_MOST = 8 << 30
"""Most bytes that are unpacked to the disk."""


@dataclass(frozen=True)
class SourceFile:
    """A file of a source; `where` is its name in rows and messages.

    `path` is its place on disk, or a path into a zip archive.
    """

    source: str
    path: Path
    where: str

    def open(self) -> io.BufferedReader:
        """Its bytes, unpacked if it is compressed; reading raises only SourceError."""
        return open_unpacked(self.path, lambda error: unreadable(self.source, self.where, error))

    def head(self) -> bytes:
        """Its first bytes; refuses an empty or unreadable file, and well-known other kinds."""
        with self.open() as file:
            head = file.read(4096)
        if not head:
            raise self.refused("is empty", "deliver it again, or remove it from the folder")
        what = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
        if what:
            raise self.refused(
                f"is {what}, not text", "deliver the text export that cytoreg.toml declares"
            )
        if _WEB_PAGE.match(head):
            raise self.refused(
                "is a web page (HTML), perhaps a login or an error, instead of an export",
                "open it in a browser to see what it says, then export again",
            )
        return head

    def refused(self, what: str, remedy: str) -> SourceError:
        """The error that this file is not what the project declares."""
        return SourceError(self.source, f"{self.where} {what}", remedy=remedy)


def find(source: str, pattern: str, extracts: Path) -> list[Path]:
    """Files that match `pattern` below `extracts`, sorted by name.

    A file whose name begins with a dot is matched only by a pattern that does too, as in a shell. A
    pattern after `.zip/` selects an archive's members; the file is the archive.
    """
    pattern, _ = inside(pattern)
    hidden = Path(pattern).name.startswith(".")
    found = sorted(
        path
        for path in _glob(pattern, extracts)
        if path.is_file() and (hidden or not path.name.startswith("."))
    )
    if not found:
        raise SourceError(
            source,
            f"no file matches {pattern} in {extracts}",
            remedy="deliver the extract, correct cytoreg.toml, or give --extracts DIR",
            away=True,
        )
    return found


def neighbours(pattern: str, extracts: Path) -> list[Path]:
    """All files in the folders that a pattern searches."""
    above = str(Path(inside(pattern)[0]).parent)
    folders = [extracts] if above == "." else _glob(above, extracts)
    within = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
    return [path for path in within if path.is_file()]


def _glob(pattern: str, extracts: Path) -> Iterator[Path]:
    anchor = Path(pattern).anchor
    folder, below = (Path(anchor), pattern[len(anchor) :]) if anchor else (extracts, pattern)
    return folder.glob(below)


def source_files(source: str, pattern: str, extracts: Path) -> list[SourceFile]:
    """The files of `find`, with a zip archive replaced by its members, as if it were a folder.

    An archive with one member counts as that file. `passed_over` are not among the members.
    """
    return [
        SourceFile(source, path, relative_name(path, extracts))
        for found in find(source, pattern, extracts)
        for path in _within(source, found, inside(pattern)[1], extracts)
    ]


_endings: ContextVar[tuple[str, ...]] = ContextVar("endings", default=())


@contextmanager
def of_endings(endings: tuple[str, ...]) -> Iterator[None]:
    """Read files with one of these endings alone from archives that have any, in this block."""
    token = _endings.set(endings)
    try:
        yield
    finally:
        _endings.reset(token)


def passed_over(source: str, pattern: str, extracts: Path) -> list[Path]:
    """The members of archives that are not read, although the pattern chooses none.

    Those with an ending that is not one of the kind's, and README, MANIFEST and the like.
    """
    found: list[Path] = []
    for path in [] if inside(pattern)[1] else find(source, pattern, extracts):
        with suppress(OSError):  # told by its reader
            names = members(path) if is_packed(path) else []
            found += (path / name for name in names if name not in _data(names))
    return found


def _data(names: list[str]) -> list[str]:
    """The names of an archive's members that are read."""
    data = [each for each in names if not ABOUT.fullmatch(Path(each.casefold()).name)] or names
    return [each for each in data if without_packing(each).endswith(_endings.get())] or data


def _within(source: str, path: Path, member: str, extracts: Path) -> list[Path]:
    """The selected members of an archive that has several; else the file itself."""
    try:
        names = members(path)
    except OSError as error:
        raise unreadable(source, relative_name(path, extracts), error) from None
    chosen = [name for name in names if fnmatchcase(name, member)] if member else _data(names)
    if member and not chosen:
        raise SourceError(
            source,
            f"no file in {relative_name(path, extracts)} matches {member}",
            remedy="correct `path` in cytoreg.toml, or deliver the archive again",
        )
    return [path] if len(names) <= 1 else [path / name for name in chosen]


def on_disk(source: str, pattern: str, extracts: Path, folder: Path) -> list[SourceFile]:
    """The files of `source_files`, for readers that need files on disk.

    Compressed files and members of archives are unpacked to `folder`, at most `_MOST` bytes.
    """
    found: list[SourceFile] = []
    left = _MOST
    for path in find(source, pattern, extracts):
        where = relative_name(path, extracts)
        try:
            packed = is_packed(path)
        except OSError as error:
            raise unreadable(source, where, error) from None
        if not packed:
            found.append(SourceFile(source, path, where))
            continue
        for member in _within(source, path, inside(pattern)[1], extracts):
            inner = SourceFile(source, member, relative_name(member, extracts))
            found.append(replace(inner, path=folder / str(len(found))))
            with inner.open() as file, found[-1].path.open("wb") as out:
                while chunk := file.read(_CHUNK):
                    left -= out.write(chunk)
                    if left < 0:
                        raise SourceError(
                            source,
                            f"{where} unpacks to more than {_MOST >> 30} GiB",
                            remedy="deliver it unpacked",
                        )
    return found


def one_file(source: str, pattern: str, extracts: Path) -> SourceFile:
    """The one file that matches `pattern`, perhaps a member of an archive."""
    found = source_files(source, pattern, extracts)
    if len(found) > 1:
        names = ", ".join(file.where for file in found[:5])
        raise SourceError(
            source,
            f"{len(found)} files match {pattern}, where one is expected: {names}",
            remedy="leave only the current export in the folder, or name it in cytoreg.toml",
        )
    return found[0]


def relative_name(path: Path, extracts: Path) -> str:
    """The file's name in rows and messages: relative to the extracts.

    A file fetched from a server is below a folder `sftp:` or `s3:` there; its address is used.
    """
    if not path.is_relative_to(extracts):
        return str(path)
    return _FETCHED.sub(r"\1://", path.relative_to(extracts).as_posix())


def unreadable(source: str, where: str, error: OSError) -> SourceError:
    """The error for a file that is damaged or not permitted, or a disk that fails temporarily."""
    if isinstance(error, Damaged):
        return SourceError(
            source,
            f"{where} {error.strerror}",
            remedy=error.remedy,
        )
    refused = isinstance(error, PermissionError)
    return SourceError(
        source,
        f"{where} cannot be read: {error.strerror or type(error).__name__}",
        remedy="check its permissions" if refused else "check the disk or the share it lies on",
        away=True,
        transient=not refused,
    )
