"""What every kind of file has in common: finding it, refusing what it is not, decoding it."""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import IO

from cytoreg.errors import SourceError

_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Office document",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}
_CHUNK = 1 << 20


def find(source: str, pattern: str, extracts: Path) -> list[Path]:
    """Files that match `pattern` below `extracts`, in the order of their names."""
    found = sorted(path for path in extracts.glob(pattern) if path.is_file())
    if not found:
        raise SourceError(
            source,
            f"no file matches {pattern} in {extracts}",
            remedy="deliver the extract, correct `path` in cytoreg.toml, or give --extracts DIR",
        )
    return found


def place(path: Path, extracts: Path) -> str:
    """The file's name as rows and messages give it."""
    return path.relative_to(extracts).as_posix() if path.is_relative_to(extracts) else path.name


def check_text(source: str, path: Path, where: str, encoding: str) -> None:
    """Refuse an unknown encoding, an empty file and a file that is not text."""
    try:
        wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    except LookupError:
        raise SourceError(
            source,
            f"encoding {encoding!r} is unknown",
            remedy="use a name that Python knows, such as utf-8, cp1252 or latin-1",
        ) from None
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise SourceError(
            source, f"{where} cannot be read: {error.strerror}", remedy="check its permissions"
        ) from None
    if not head:
        raise SourceError(
            source, f"{where} is empty", remedy="deliver it again, or remove it from the folder"
        )
    what = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    if not what and not wide and b"\0" in head:
        what = "a binary file"
    if what:
        raise SourceError(
            source,
            f"{where} is {what}, not text",
            remedy="deliver the text export that cytoreg.toml declares",
        )


def open_utf8(path: Path, encoding: str) -> IO[bytes]:
    """The file's bytes as UTF-8 without a byte-order mark.

    Bytes that `encoding` does not know stay invalid UTF-8, so that the reader finds them in the
    records that hold them and the others can go on.
    """
    name = codecs.lookup(encoding).name
    if name in ("utf-8", "utf-8-sig"):
        file = path.open("rb")
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        return file
    return io.BufferedReader(_Transcoded(path, name), _CHUNK)


class _Transcoded(io.RawIOBase):
    def __init__(self, path: Path, encoding: str) -> None:
        self._file = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
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
