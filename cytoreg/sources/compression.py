"""Compressed files and zip archives, read as the files inside them.

gz, bz2, xz and zst are recognized by their first bytes, whatever the file's name. A zip archive
with one file is read as that file; one with several is read as a folder: `night.zip/lab.csv` is a
path. Encrypted files are opened with the source's password. Nothing is unpacked on disk, and a
stream uses little memory however much it unpacks.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar, cast

from cytoreg.sources.password import REMEDY, known

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_CHUNK = 1 << 20
_AES = 99  # replaces the method of compression: WinZip AES (APPNOTE 6.3.10, 4.4.5)
_OF_PASSWORDS = "utf-8", "cp437", "cp1252"  # encodings to try: no standard defines one
_STRANGE = "is a zip archive of a kind that cannot be read"
_DEEPEST = 3  # lab.csv.gz in a zip archive is legitimate; deeper nesting is an attack
_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_GZIP, _XZ, _ZSTD = b"\x1f\x8b\x08", b"\xfd7zXZ", b"(\xb5/\xfd"
_BZIP2 = b"1AY&SY", b"\x17rE8P\x90"  # after BZh and a digit: text, too, may begin with BZh
_OFFICE = "[Content_Types].xml", "mimetype"  # of .xlsx and .docx, of .ods
_SYSTEM = "__MACOSX", "Thumbs.db", "desktop.ini"

_T = TypeVar("_T")
Told = Callable[[OSError], Exception]
"""Turns the reason why a file cannot be read into the error to raise."""


class Damaged(OSError):
    """A file that cannot be unpacked; `strerror` says why, to follow the file's name."""

    remedy = "unpack it to see whether it is whole, or deliver it again"

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


class Locked(Damaged):
    """An encrypted file without a password, or with a wrong one."""

    remedy = REMEDY


def open_unpacked(path: Path, told: Told) -> io.BufferedReader:
    """The unpacked bytes of a file, or of a path into a zip archive.

    Opening and reading raise the error that `told` makes from an OSError, which is Damaged when the
    compressed bytes are corrupt.
    """
    try:
        file, encrypted = _open(path)
    except OSError as error:
        raise told(error) from None
    reader = _buffered(file, _decrypting(told) if encrypted else told)
    try:
        for _ in range(_DEEPEST):
            unpack = _unpacking(reader.peek(10)[:10])
            if unpack is None:
                return reader
            reader = _buffered(unpack(reader), told, reader)
        raise told(Damaged("is compressed again and again"))
    except BaseException:
        reader.close()
        raise


def members(path: Path) -> list[str]:
    """Names of the files in a zip archive; [] for any other file.

    Files added by an operating system are left out. Raises OSError: Damaged for an archive that
    cannot be read. Office documents are zip archives too, but not treated as such.
    """
    return sorted(_directory(path)[1]) if _is_zip(path) else []


def is_packed(path: Path) -> bool:
    """Whether a file is compressed or a zip archive; an Office document is neither."""
    with path.open("rb") as file:
        head = file.read(10)
    if not head.startswith(_ZIP):
        return _unpacking(head) is not None
    try:
        with zipfile.ZipFile(path) as archive:
            return not {*_OFFICE}.intersection(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False  # its reader reports what is wrong with it


def without_packing(where: str) -> str:
    """A path in lower case, without the suffix of a compression."""
    text = where.casefold()
    for ending in PACKED:
        text = text.removesuffix(ending)
    return text


def inside(pattern: str) -> tuple[str, str]:
    """Split a pattern at `.zip/`: the pattern of files, and that of an archive's members."""
    outer, found, inner = pattern.partition(".zip/")
    return (outer + ".zip", inner) if found else (pattern, "")


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _ZIP


def _open(path: Path) -> tuple[IO[bytes], bool]:
    """Open a file, the only file in a zip archive, or the file at a path into an archive.

    Also returns whether it is encrypted, so that its bytes may be garbage.
    """
    if not path.exists():
        archive = next((parent for parent in path.parents if parent.is_file()), None)
        if archive:
            return _member(archive, path.relative_to(archive).as_posix())
    names = members(path)
    if len(names) > 1:
        raise Damaged(f"is a zip archive of {len(names)} files, where one is expected")
    return _member(path, names[0]) if names else (path.open("rb", buffering=0), False)


def _member(path: Path, name: str) -> tuple[IO[bytes], bool]:
    archive, infos = _directory(path)
    if name not in infos:
        raise Damaged("is not in its zip archive")
    info = infos[name]
    if not info.flag_bits & 1:
        return _careful(lambda: archive.open(info)), False
    if not (password := known()):
        raise Locked("is encrypted in its zip archive, and no password is declared")
    if info.compress_type == _AES:
        import pyzipper

        opened: Callable[[Path], zipfile.ZipFile] = pyzipper.AESZipFile
        archive = _careful(lambda: opened(path))
    for encoding in _OF_PASSWORDS:
        with suppress(UnicodeEncodeError):
            key = password.encode(encoding)
            try:
                return _careful(lambda: archive.open(info.filename, pwd=key), (RuntimeError,)), True  # noqa: B023
            except NotImplementedError:
                raise Damaged(_STRANGE) from None
            except RuntimeError:  # the password does not fit
                continue
    raise Locked("is encrypted in its zip archive, and the password does not fit")


def _decrypting(told: Told) -> Told:
    """Treat damage as a wrong password: only a byte or two of a password are checked."""
    why = "is encrypted in its zip archive, and the password does not fit or it is damaged"
    return lambda error: told(Locked(why) if isinstance(error, Damaged) else error)


def _directory(path: Path) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    stat = path.stat()
    return _directory_of(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)  # so that an archive of many small files is not read again for each
def _directory_of(path: Path, *_: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    archive = _careful(lambda: zipfile.ZipFile(path))
    infos: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        inside = PurePosixPath(info.filename)
        if info.is_dir() or inside.name.startswith(".") or {*inside.parts}.intersection(_SYSTEM):
            continue
        if inside.as_posix() in _OFFICE:
            raise Damaged("is an Office document, not text (a workbook is of kind excel)")
        if inside.is_absolute() or ".." in inside.parts:
            raise Damaged("is a zip archive with a path that leads out of it")
        if inside.as_posix() in infos:
            raise Damaged("is a zip archive with two files of the same name")
        infos[inside.as_posix()] = info
    if not infos:
        raise Damaged("is an empty zip archive")
    return archive, infos


def _unpacking(head: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    """How a stream with these first bytes is unpacked; None if it is not packed."""
    if head.startswith(_GZIP):
        return lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if head.startswith(b"BZh") and head[4:] in _BZIP2:
        return lambda file: cast("IO[bytes]", bz2.BZ2File(file))
    if head.startswith(_XZ):
        return lambda file: cast("IO[bytes]", lzma.LZMAFile(file))
    return _zstd if head.startswith(_ZSTD) else None


def _zstd(file: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    return cast(
        "IO[bytes]", pa.CompressedInputStream(pa.PythonFile(cast("io.IOBase", file), "r"), "zstd")
    )


def _buffered(file: IO[bytes], told: Told, below: IO[bytes] | None = None) -> io.BufferedReader:
    return io.BufferedReader(_Stream(file, told, below), _CHUNK)


class _Stream(io.RawIOBase):
    """A stream whose failures all become the errors made by `told`."""

    def __init__(self, file: IO[bytes], told: Told, below: IO[bytes] | None) -> None:
        self._file, self._told, self._below = file, told, below

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            return int(_careful(lambda: self._file.readinto(buffer)))  # type: ignore[attr-defined]
        except OSError as error:
            raise self._told(error) from None

    def close(self) -> None:
        if not self.closed:
            self._file.close()
            if self._below:
                self._below.close()
        super().close()


def _careful(call: Callable[[], _T], let: tuple[type[Exception], ...] = ()) -> _T:
    """The result of `call`; every error by which a library reports corrupt bytes becomes Damaged.

    The library's own message is dropped, since it may quote the bytes. Errors in `let` pass.
    """
    try:
        return call()
    except let:
        raise
    except OSError as error:
        if error.errno or isinstance(error, Damaged):  # from the system: no permission, no network
            raise
        raise Damaged("is a compressed file that is damaged or cut off") from None
    except (EOFError, ValueError, KeyError, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
        raise Damaged("is a compressed file that is damaged or cut off") from None
    except (NotImplementedError, RuntimeError):
        raise Damaged(_STRANGE) from None
    except MemoryError:
        raise Damaged("is a compressed file that asks for more memory than there is") from None
    except Exception as error:
        if type(error).__name__ != "BadZipFile":  # pyzipper has its own BadZipFile
            raise
        raise Damaged("is a compressed file that is damaged or cut off") from None
