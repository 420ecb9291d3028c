"""SAS transport files (.xpt) of versions 5 and 8, with all their data sets and missing values.

A file consists of records of 80 bytes (SAS, "Record Layout of a SAS Version 5 or 6 Data Set in SAS
Transport (XPORT) Format", TS-140, and the same for versions 8 and 9). Numbers are in the IBM 360
format; a missing one is marked by its first byte: a point, an underscore or a letter. ReadStat and
pandas do not distinguish these, nor a file's data sets.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cytoreg.sources.arrow import Column, as_text, equal, first_of, where
from cytoreg.sources.items import BATCH_ROWS
from cytoreg.sources.statistics import formats, values
from cytoreg.sources.statistics.isolated import Unreadable

_RECORD = 80
_HEADER = b"HEADER RECORD*******"
_MEMBER = (_HEADER + b"MEMBER  ", _HEADER + b"MEMBV8  ")
_CHUNK = _RECORD << 14
_CELLS = 5_000_000
_MOST = 1 << 24  # bytes of a record, and number of variables: more is damage


@dataclass(frozen=True)
class Variable:
    """A column: its name, whether it is text, its position in a record, its format."""

    name: str
    text: bool
    start: int
    width: int
    format: str


@dataclass(frozen=True)
class Member:
    """A data set: where its records begin and end; `rows` is -1 if the file does not say."""

    name: str
    variables: list[Variable]
    start: int
    end: int
    rows: int

    @property
    def width(self) -> int:
        """Bytes of a record."""
        return sum(variable.width for variable in self.variables)


@dataclass(frozen=True)
class Undecodable:
    """A record with text that is invalid in the encoding: its number and its bytes."""

    row: int
    raw: bytes


def members(path: Path, encoding: str) -> list[Member]:
    """The data sets of a transport file; raises Unreadable for a damaged one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        starts = _starts(file)
        if not starts or size % _RECORD:
            raise Unreadable(
                "it is not a complete transport file: it ends within a record of 80 bytes"
            )
        try:
            return [
                _member(file, start, end, encoding)
                for start, end in zip(starts, [*starts[1:], size], strict=True)
            ]
        except (ValueError, struct.error, UnicodeError):
            raise Unreadable("its description of a data set is damaged") from None


def batches(path: Path, member: Member, encoding: str) -> Iterator[pa.Table | Undecodable]:
    """A data set's records as text with `_row`; those in another encoding beside them."""
    width = member.width
    total = _rows(path, member)
    size = max(1, min(BATCH_ROWS, _CELLS // len(member.variables)))
    with path.open("rb") as file:
        file.seek(member.start)
        for first in range(0, total, size):
            many = min(size, total - first)
            data = np.frombuffer(file.read(many * width), np.uint8)
            if len(data) < many * width:
                raise Unreadable("it ends before its last record")
            records = data.reshape(many, width)
            columns: dict[str, Column] = {}
            bad: set[int] = set()
            for variable in member.variables:
                part = records[:, variable.start : variable.start + variable.width]
                if variable.text:
                    columns[variable.name] = _texts(part, encoding, bad)
                else:
                    columns[variable.name] = _numbers(part, formats.shown("sas", variable.format))
            table = pa.Table.from_pydict(
                columns | {"_row": pa.array(np.arange(first, first + many) + 1)}
            )
            if bad:
                table = table.filter(pa.array([row not in bad for row in range(many)]))
            yield table
            yield from (Undecodable(first + row + 1, records[row].tobytes()) for row in sorted(bad))


def _starts(file: IO[bytes]) -> list[int]:
    """Where the data sets' headers begin."""
    found = []
    offset = 0
    while chunk := file.read(_CHUNK):
        for mark in _MEMBER:
            at = chunk.find(mark)
            while at >= 0:
                if at % _RECORD == 0:
                    found.append(offset + at)
                at = chunk.find(mark, at + 1)
        offset += len(chunk)
    return sorted(found)


def _member(file: IO[bytes], start: int, end: int, encoding: str) -> Member:
    file.seek(start)
    size = int(_record(file)[73:78])  # of a variable's description
    _expect(_record(file), b"DSC")
    described = _record(file)
    _record(file)  # the time of its creation
    header = _expect(_record(file), b"NAMEST", b"NAMSTV8")
    long = header[20:27] == b"NAMSTV8"
    many = int(header[53:58])
    if size not in (136, 140):
        raise ValueError
    names = file.read(-(-many * size // _RECORD) * _RECORD)
    variables = [
        _variable(names[at : at + size], long, encoding) for at in range(0, many * size, size)
    ]
    header = _record(file)
    while header.startswith(_HEADER + b"LABEL"):  # long labels and formats, not needed here
        header = _record(file)
        while not header.startswith(_HEADER):
            header = _record(file)
    _expect(header, b"OBS")
    told = header[48:63].strip() if long else b""
    begin = file.tell()
    width = sum(variable.width for variable in variables)
    whole = sorted((variable.start, variable.width) for variable in variables)
    ends = list(accumulate((width for _, width in whole), initial=0))
    if not 0 < width < _MOST or [at for at, _ in whole] != ends[:-1]:
        raise ValueError
    name = described[8:40] if long else described[8:16]
    rows = int(told) if told.isdigit() and int(told) else -1
    return Member(name.decode(encoding).strip(), variables, begin, end, rows)


def _variable(raw: bytes, long: bool, encoding: str) -> Variable:
    """A description (NAMESTR): type, width, names, format, place."""
    described: tuple[int, int, int, int, bytes] = struct.unpack_from(">hhhh8s", raw)
    shown: tuple[bytes] = struct.unpack_from(">8s", raw, 56)
    place: tuple[int] = struct.unpack_from(">i", raw, 84)
    kind, _, width, _, name = described
    if long:
        name = raw[88:120].strip(b" \0") or name
    if kind not in (1, 2) or width < 1 or (kind == 1 and width > 8):
        raise ValueError
    text = name.strip(b" \0").decode(encoding)
    return Variable(text, kind == 2, place[0], width, shown[0].decode(encoding).strip())


def _record(file: IO[bytes]) -> bytes:
    record = file.read(_RECORD)
    if len(record) < _RECORD:
        raise ValueError
    return record


def _expect(record: bytes, *kinds: bytes) -> bytes:
    if not record.startswith(tuple(_HEADER + kind for kind in kinds)):
        raise ValueError
    return record


def _rows(path: Path, member: Member) -> int:
    """The number of records; in version 5, the last 80 bytes may be padded with blanks."""
    width, space = member.width, member.end - member.start
    if member.rows >= 0:
        if member.rows * width > space:
            raise Unreadable("it ends before its last record")
        return member.rows
    rows, rest = divmod(space, width)
    with path.open("rb") as file:
        tail = max(rows * width - _RECORD, 0)
        file.seek(member.start + tail)
        end = file.read(space - tail)
    if end[len(end) - rest :].strip(b" "):
        raise Unreadable("it ends before its last record")
    while rest + width < _RECORD and rows and not end[len(end) - rest - width :].strip(b" "):
        rest += width
        rows -= 1
    return rows


def _numbers(part: npt.NDArray[np.uint8], shown: formats.Shown) -> pa.StringArray:
    """IBM's numbers, of 2 to 8 bytes, as text."""
    padded = np.zeros((len(part), 8), np.uint8)
    padded[:, : part.shape[1]] = part
    bits = padded.view(">u8")[:, 0].astype(np.uint64)
    mantissa = bits & np.uint64((1 << 56) - 1)
    first = padded[:, 0]
    exponent = 4 * ((first & 127).astype(np.int32) - 64) - 56
    numbers = np.ldexp(mantissa.astype(np.float64), exponent) * np.where(first > 127, -1.0, 1.0)
    missing = np.equal(mantissa, 0) & ~np.isin(first, (0, 128))
    found = values.of_floats(np.where(missing, np.nan, numbers), "sas", shown)
    letters = missing & np.not_equal(first, ord("."))
    if not letters.any():
        return found
    signs: list[int] = first.tolist()
    tags = pa.array(
        [
            f".{chr(byte)}" if is_letter else None
            for byte, is_letter in zip(signs, letters, strict=True)
        ],
        pa.string(),
    )
    return first_of(tags, found)


def _texts(part: npt.NDArray[np.uint8], encoding: str, bad: set[int]) -> pa.StringArray:
    """Text without trailing blanks; rows that cannot be decoded are added to `bad`."""
    raw = np.ascontiguousarray(part).view(f"S{part.shape[1]}")[:, 0]
    if codecs.lookup(encoding).name == "utf-8":
        try:
            found = pc.utf8_rtrim(as_text(pa.array(raw, pa.binary())), " \0")
            return where(equal(found, ""), None, found)
        except pa.ArrowInvalid:
            pass
    decoded: list[str | None] = []
    texts: list[bytes] = raw.tolist()
    for row, value in enumerate(texts):
        try:
            decoded.append(value.decode(encoding).rstrip(" \0"))
        except UnicodeError:
            decoded.append(None)
            bad.add(row)
    return values.texts(decoded)
