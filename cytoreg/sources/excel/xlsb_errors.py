"""Errors in the cells of .xlsb, which calamine reads as blank cells (MS-XLSB, 2.1.4 and 2.4)."""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cytoreg.sources.excel.book import UNZIPPING, Damaged

ERRORS = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A",
    43: "#GETTING_DATA",
}  # fmt: skip
_ROW, _ERROR, _FORMULA_ERROR, _SHEET = 0, 3, 11, 156


def errors(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """The errors of a sheet by row and column, counted from 0; raises Damaged."""
    try:
        with zipfile.ZipFile(path) as parts:
            related = parts.read("xl/_rels/workbook.bin.rels").decode("utf-8")
            part = _part(related, parts.read("xl/workbook.bin"), sheet)
            return dict(_errors(parts.read(part)))
    except (*UNZIPPING, UnicodeError):
        raise Damaged(f"its sheet {sheet} cannot be read") from None


def _part(related: str, workbook: bytes, sheet: str) -> str:
    """Where the archive keeps a sheet."""
    targets = {}
    for one in re.findall(r"<[^<>]*Relationship\s[^<>]*>", related):
        given = dict(re.findall(r"""(\w+)\s*=\s*["']([^"']*)["']""", one))
        targets[given["Id"]] = posixpath.normpath(posixpath.join("/xl", given["Target"]))[1:]
    for kind, data in _records(workbook):
        if kind == _SHEET:
            key, rest = _text(data[8:])
            if _text(rest)[0] == sheet:
                return targets[key]
    raise KeyError(sheet)


def _errors(data: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    row = 0
    for kind, record in _records(data):
        if kind == _ROW:
            (row,) = struct.unpack_from("<I", record)
        elif kind in (_ERROR, _FORMULA_ERROR):
            (column,) = struct.unpack_from("<I", record)
            yield (row, column), ERRORS.get(record[8], "#ERROR!")


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each record; both lengths are written with 7 bits a byte."""
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind > 127:
            kind = kind & 127 | data[at] << 7
            at += 1
        size, shift, more = 0, 0, 128
        while more & 128:
            more = data[at]
            size |= (more & 127) << shift
            shift += 7
            at += 1
        yield kind, data[at : at + size]
        at += size


def _text(data: bytes) -> tuple[str, bytes]:
    (length,) = struct.unpack_from("<I", data)
    return data[4 : 4 + 2 * length].decode("utf-16-le"), data[4 + 2 * length :]
