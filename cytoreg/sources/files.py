"""Files of any kind: finding them, refusing files of another kind, decoding them."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from cytoreg.errors import SourceError
from cytoreg.sources.compression import Damaged, inside, is_packed, members, open_unpacked

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
_MARKS = {  # in this order: one is a prefix of another
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_FETCHED = re.compile(r"^(sftp|s3):/")
_CHUNK = 1 << 20
_MOST = 8 << 30
"""Most bytes that are unpacked to the disk."""


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


def texts(source: str, pattern: str, extracts: Path) -> list[Path]:
    """The files of `find`, with a zip archive replaced by its members, as if it were a folder.

    An archive with one member counts as that file. The paths are only for `open_bytes` and `place`.
    """
    _, member = inside(pattern)
    found: list[Path] = []
    for path in find(source, pattern, extracts):
        found += _within(source, path, member, extracts)
    return found


def _within(source: str, path: Path, member: str, extracts: Path) -> list[Path]:
    """The selected members of an archive that has several; else the file itself."""
    try:
        names = members(path)
    except OSError as error:
        raise unreadable(source, relative_name(path, extracts), error) from None
    chosen = [name for name in names if fnmatchcase(name, member)] if member else names
    if member and not chosen:
        raise SourceError(
            source,
            f"no file in {relative_name(path, extracts)} matches {member}",
            remedy="correct `path` in cytoreg.toml, or deliver the archive again",
        )
    return [path] if len(names) <= 1 else [path / name for name in chosen]


def on_disk(source: str, pattern: str, extracts: Path, folder: Path) -> dict[Path, Path]:
    """The files of `texts` with their paths on disk, for readers that need real files.

    Compressed files and members of archives are unpacked to `folder`, at most `_MOST` bytes.
    """
    found: dict[Path, Path] = {}
    left = most = _MOST
    for path in find(source, pattern, extracts):
        try:
            packed = is_packed(path)
        except OSError as error:
            raise unreadable(source, relative_name(path, extracts), error) from None
        if not packed:
            found[path] = path
            continue
        for member in _within(source, path, inside(pattern)[1], extracts):
            found[member] = folder / str(len(found))
            file = open_bytes(source, member, relative_name(member, extracts))
            with file, found[member].open("wb") as out:
                while chunk := file.read(_CHUNK):
                    left -= out.write(chunk)
                    if left < 0:
                        raise SourceError(
                            source,
                            f"{relative_name(path, extracts)} unpacks to more than"
                            f" {most >> 30} GiB",
                            remedy="deliver it unpacked",
                        )
    return found


def text_one(source: str, pattern: str, extracts: Path) -> Path:
    """The one file that matches `pattern`, perhaps a member of an archive, as for `texts`."""
    found = texts(source, pattern, extracts)
    if len(found) > 1:
        names = ", ".join(relative_name(path, extracts) for path in found[:5])
        raise SourceError(
            source,
            f"{len(found)} files match {pattern}, where one is expected: {names}",
            remedy="keep the current export alone in the folder, or name it in cytoreg.toml",
        )
    return found[0]


def relative_name(path: Path, extracts: Path) -> str:
    """The file's name in rows and messages: relative to the extracts.

    A file fetched from a server is below a folder `sftp:` or `s3:` there; its address is used.
    """
    if not path.is_relative_to(extracts):
        return str(path)
    return _FETCHED.sub(r"\1://", path.relative_to(extracts).as_posix())


def check_text(source: str, path: Path, where: str, encoding: str) -> str:
    """The file's encoding: given by its byte-order mark, or else `encoding`.

    Refuses an unknown encoding, an empty file and a file that is not text.
    """
    try:
        codecs.lookup(encoding)
        b"\n".decode(encoding, "replace")  # a codec of bytes, such as base64, gives no text
    except (LookupError, UnicodeError):
        raise SourceError(
            source,
            f"encoding {encoding!r} is unknown",
            remedy="use a name that Python knows, such as utf-8, cp1252 or latin-1",
        ) from None
    head = check_file(source, path, where)
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    codec = codecs.lookup(marked or encoding).name
    if codec in ("utf-16", "utf-32") and not marked:
        raise SourceError(
            source,
            f"{where} does not begin with the byte-order mark of {codec}",
            remedy=f'set encoding = "{codec}-le" in cytoreg.toml, or the encoding that it is in',
        )
    wide = codec.startswith(("utf-16", "utf-32"))
    if not wide and b"\0" in head.replace(b"\r", b"\n").partition(b"\n")[0]:
        raise SourceError(
            source,
            f"{where} is a binary file, not text",
            remedy="deliver the text export that cytoreg.toml declares, or set"
            ' encoding = "utf-16-le" if it is text in UTF-16 without a byte-order mark',
        )
    return marked or encoding


def check_file(source: str, path: Path, where: str) -> bytes:
    """The first bytes of a file; refuses an empty or unreadable one, and well-known other kinds."""
    with open_bytes(source, path, where) as file:
        head = file.read(4096)
    if not head:
        raise SourceError(
            source, f"{where} is empty", remedy="deliver it again, or remove it from the folder"
        )
    what = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    if what:
        raise SourceError(
            source,
            f"{where} is {what}, not text",
            remedy="deliver the text export that cytoreg.toml declares",
        )
    if _WEB_PAGE.match(head):
        raise SourceError(
            source,
            f"{where} is a web page (HTML), perhaps a login or an error, in the place of an export",
            remedy="open it in a browser to see what it says, then export again",
        )
    return head


def open_bytes(source: str, path: Path, where: str) -> io.BufferedReader:
    """The file's bytes, unpacked if it is compressed; reading raises only SourceError."""
    return open_unpacked(path, lambda error: unreadable(source, where, error))


def open_utf8(source: str, path: Path, where: str, encoding: str) -> io.BufferedReader:
    """The file's bytes as UTF-8 without a byte-order mark, unpacked as by `open_bytes`.

    Bytes that are invalid in `encoding` stay invalid UTF-8, so that the reader rejects only the
    records that hold them.
    """
    name = codecs.lookup(encoding).name
    file = open_bytes(source, path, where)
    if name not in ("utf-8", "utf-8-sig"):
        file = io.BufferedReader(_Transcoded(file, name), _CHUNK)
    if file.peek(3)[:3] == codecs.BOM_UTF8:
        file.read(3)
    return file


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


def raw_text(raw: bytes, encoding: str) -> str:
    """Bytes from `open_utf8` as text, those that are invalid in `encoding` as \\xNN."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        return raw.decode("utf-8", "backslashreplace")
    text = "".join(
        f"\\x{ord(sign) - _LONE:02x}" if _LONE <= ord(sign) < _LONE + 256 else sign
        for sign in raw.decode("utf-8", "surrogatepass")
    )
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_LONE = 0xDC00  # a byte b that cannot be decoded is kept as this lone surrogate + b


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    undecoded = error.object[error.start : error.end]
    return "".join(chr(_LONE + byte) for byte in undecoded), error.end


codecs.register_error("cytoreg.keep", _keep)


class _Transcoded(io.RawIOBase):
    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("cytoreg.keep")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            chunk = self._file.read(_CHUNK)
            text = self._decoder.decode(chunk, final=not chunk)
            self._left = text.encode("utf-8", "surrogatepass")
            if not chunk:
                break
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._file.close()
        super().close()
