"""Recognize the kind of a workbook by its content; its name is unreliable."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from cytoreg.errors import SourceError
from cytoreg.sources.excel.book import UNZIPPING, Book, Damaged, Refused
from cytoreg.sources.files import SourceFile
from cytoreg.sources.password import REMEDY, known

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")  # BIFF without an OLE container
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_AGAIN = "open it in Excel and save it as .xlsx"
_NOT_ASKED = "VelvetSweatshop"  # with this password, Excel opens the file without asking
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def open_book(file: SourceFile) -> Book:
    """The workbook in this file; raises SourceError for another file, saying what it is."""
    try:
        return _book(file.path)
    except Refused as error:
        raise file.refused(error.what, error.remedy) from None
    except Damaged as error:
        raise damaged(file, error) from None
    except OSError as error:
        raise file.refused(f"cannot be read: {error.strerror}", "check its permissions") from None


def damaged(file: SourceFile, error: Damaged) -> SourceError:
    """The error for a damaged workbook."""
    return file.refused(f"is not a complete workbook: {error}", f"deliver it again, or {_AGAIN}")


def _book(path: Path) -> Book:
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _zipped(path)
    if head.startswith(_OLE):
        if _holds(path, _ENCRYPTED):
            return _zipped(_decrypted(path))
        return _xls(path)
    if head.startswith(_OLD):
        return _xls(path)
    raise _none(head)


class _Locked(Protocol):
    """The part of msoffcrypto's OfficeFile that is used here; it has no types of its own."""

    def load_key(self, *, password: str) -> None: ...
    def decrypt(self, out: IO[bytes]) -> None: ...


def _decrypted(path: Path) -> IO[bytes]:
    """The decrypted workbook, in a file without a name that disappears by itself."""
    from msoffcrypto import OfficeFile
    from msoffcrypto.exceptions import InvalidKeyError

    out = TemporaryFile()  # noqa: SIM115 - whoever reads the workbook lets go of it
    try:
        with path.open("rb") as file:
            open_: Callable[[IO[bytes]], _Locked] = OfficeFile
            locked = open_(file)
            for password in filter(None, (known(), _NOT_ASKED)):
                with suppress(InvalidKeyError):
                    locked.load_key(password=password)
                    locked.decrypt(out)
                    out.seek(0)
                    return out
                out.seek(0)
                out.truncate()
    except Exception as error:  # for damage the library raises any exception
        out.close()
        if isinstance(error, OSError) and error.errno:
            raise
        raise Damaged("it is protected by a password, in a way that cannot be read") from None
    out.close()
    what = (
        "the password does not fit or the file is damaged" if known() else "no password is declared"
    )
    raise Refused(f"is protected by a password, and {what}", REMEDY)


def _zipped(path: Path | IO[bytes]) -> Book:
    try:
        with zipfile.ZipFile(path) as parts:
            names = {name.casefold() for name in parts.namelist()}
            ods = "mimetype" in names and parts.read("mimetype").startswith(_ODS)
            kinds = parts.read("[Content_Types].xml") if "[content_types].xml" in names else b""
    except UNZIPPING:
        raise Damaged("it is not a complete zip archive") from None
    if ods:
        from cytoreg.sources.excel.ods import Ods

        return Ods(path)
    if "xl/workbook.bin" in names:
        from cytoreg.sources.excel.xlsb import Xlsb

        return Xlsb(path)
    if b"spreadsheetml" not in kinds:
        raise Refused("is a zip archive but not a workbook", "unpack it, or deliver the workbook")
    from cytoreg.sources.excel.xlsx import Xlsx

    return Xlsx(path)


def _xls(path: Path) -> Book:
    from cytoreg.sources.excel.xls import Xls

    return Xls(path)


def _none(head: bytes) -> Refused:
    """What a file is that is not a workbook."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        return Refused("is empty", "deliver it again, or remove it from the folder")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return Refused("is an XML spreadsheet of Excel 2003 instead of a workbook", _AGAIN)
    if b"<html" in start or b"<table" in start or start.startswith(b"<!doctype"):
        return Refused("is a web page (HTML) instead of a workbook", _AGAIN)
    if b"\0" not in head:
        return Refused(
            "is text instead of a workbook",
            f'declare it as kind = "csv" with its `delimiter`, or {_AGAIN}',
        )
    return Refused("is no workbook", "deliver an Excel workbook or an OpenDocument spreadsheet")


def _holds(path: Path, mark: bytes) -> bool:
    """Whether these bytes are somewhere in the file."""
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(1 << 20):
            if mark in before + chunk:
                return True
            before = chunk[-len(mark) :]
    return False
