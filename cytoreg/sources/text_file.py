"""Files of text, decoded to UTF-8 whatever their encoding."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cytoreg.errors import SourceError
from cytoreg.sources.files import SourceFile, source_files

__all__ = ["TextFile", "as_text", "raw_text", "text_files"]

_MARKS = {  # in this order: one is a prefix of another
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class TextFile(SourceFile):
    """A file of text in an encoding that Python knows."""

    encoding: str

    def open_utf8(self) -> io.BufferedReader:
        """Its bytes as UTF-8 without a byte-order mark, unpacked as by `open`.

        Bytes that are invalid in `encoding` stay invalid UTF-8, so that the reader rejects only the
        records that hold them.
        """
        name = codecs.lookup(self.encoding).name
        file = self.open()
        if name not in ("utf-8", "utf-8-sig"):
            file = io.BufferedReader(_Transcoded(file, name), _CHUNK)
        if file.peek(3)[:3] == codecs.BOM_UTF8:
            file.read(3)
        return file


def text_files(
    source: str, pattern: str, extracts: Path, encoding: str = "utf-8"
) -> Iterator[TextFile]:
    """The files of `source_files` as text, each checked when its turn comes."""
    for file in source_files(source, pattern, extracts):
        yield as_text(file, encoding)


def as_text(file: SourceFile, encoding: str = "utf-8") -> TextFile:
    """A file with the encoding that its byte-order mark gives, or else `encoding`.

    Refuses an unknown encoding, an empty file and a file that is not text.
    """
    try:
        codecs.lookup(encoding)
        b"\n".decode(encoding, "replace")  # a codec of bytes, such as base64, gives no text
    except (LookupError, UnicodeError):
        raise SourceError(
            file.source,
            f"encoding {encoding!r} is unknown",
            remedy="use a name that Python knows, such as utf-8, cp1252 or latin-1",
        ) from None
    head = file.head()
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    codec = codecs.lookup(marked or encoding).name
    if codec in ("utf-16", "utf-32") and not marked:
        raise file.refused(
            f"does not begin with the byte-order mark of {codec}",
            f'set encoding = "{codec}-le" in cytoreg.toml, or the encoding that it is in',
        )
    wide = codec.startswith(("utf-16", "utf-32"))
    if not wide and b"\0" in head.replace(b"\r", b"\n").partition(b"\n")[0]:
        raise file.refused(
            "is a binary file, not text",
            "deliver the text export that cytoreg.toml declares, or set"
            ' encoding = "utf-16-le" if it is text in UTF-16 without a byte-order mark',
        )
    return TextFile(file.source, file.path, file.where, marked or encoding)


def raw_text(raw: bytes, encoding: str) -> str:
    """Bytes from `TextFile.open_utf8` as text, those that are invalid in `encoding` as \\xNN."""
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
