"""Delimited, fixed-width, JSON and compressed files with bytes changed at random.

Laws, for any change: nothing but a SourceError with a remedy leaves a reader, and it tells no
value. When the file is not refused, its records have the numbers 1, 2, 3, … each once, as a row or
as a reject, and each record that the change did not touch is there: whole in a row, or in the raw
text of a reject, or as part of a field that the change's quote has opened.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from changes import CUT_OFF, HOW_OFTEN, Change, changed, changes, touches
from hypothesis import example, given
from hypothesis import strategies as st

from cytoreg.errors import SourceError
from cytoreg.sources import blocks
from cytoreg.sources.declaration import Source
from cytoreg.sources.items import Reject, Rows
from cytoreg.sources.json.config import JsonSource
from cytoreg.sources.kinds import kind_of
from cytoreg.sources.text.config import CsvSource, FixedWidthSource

PIECES = [
    b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\xff", b"\xc3", b"'",
    b" ", b"\\", b'"\n', b"{", b"}", b"[", b"]", b":", b'\\"', b"null", b"1e5", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\\ud800", b"\x1f\x8b\x08", b"PK\x03\x04",
]  # fmt: skip
SIZES = st.sampled_from([16, 100, 8 << 20])
TABLES = {"t": "entity"}
WORD = "<é{:02}>"


def csv_lines(delimiter: str, count: int) -> list[bytes]:
    header = delimiter.join(["NO", "NAME", "NOTE"])
    rows = [
        delimiter.join([str(n), f'"{WORD.format(n)}"' if n % 3 else WORD.format(n), '"a\n""b"'])
        for n in range(count)
    ]
    return [f"{line}\n".encode() for line in (header, *rows)]


def found(config: Source, folder: Path) -> tuple[list[int], str]:
    """The numbers of all records, and all text of rows and rejects."""
    numbers: list[int] = []
    text: list[str] = []
    for item in kind_of(config).read("s", config, folder):
        if isinstance(item, Rows):
            numbers += item.rows["_row"].to_pylist()
            for name in item.rows.column_names:
                if name not in ("_row", "_line"):
                    text += [value for value in item.rows[name].to_pylist() if value]
        elif isinstance(item, Reject):
            numbers.append(item.row)
            text.append(item.raw)
    return numbers, "\n".join(text)


def hold(config: Source, folder: Path, records: list[bytes], wanted: list[Change]) -> None:
    """The laws, for a file of these records so changed; the first, which stays, is a heading."""
    head, *rest = records
    text, spans = changed(b"".join(rest), wanted)
    (folder / "a").write_bytes(head + text)
    try:
        numbers, kept = found(config, folder)
    except SourceError as error:
        assert "<é" not in str(error)
        assert error.remedy
        return
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    at = 0
    for number, record in enumerate(rest):
        end = at + len(record)
        if not touches(spans, at, end):
            assert WORD.format(number) in kept, (number, text)
        at = end


@HOW_OFTEN
@given(wanted=changes(PIECES), size=SIZES, delimiter=st.sampled_from(",;\t"), known=st.booleans())
@example(wanted=[(0.0, 0, b"\n\n")], size=16, delimiter=",", known=True)
def test_no_record_of_delimited_text_is_lost(
    tmp_path: Path, wanted: list[Change], size: int, delimiter: str, known: bool
) -> None:
    columns = {"no": ["NO"], "name": ["NAME"], "note": ["NOTE"]} if known else "all"
    header = None if known else 1
    config = CsvSource(kind="csv", path="a", tables=TABLES, columns=columns, header=header)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        hold(config, tmp_path, csv_lines(delimiter, 10), wanted)


@HOW_OFTEN
@given(wanted=changes(PIECES), size=SIZES)
def test_a_changed_first_line_tells_nothing(
    tmp_path: Path, wanted: list[Change], size: int
) -> None:
    config = CsvSource(kind="csv", path="a", tables=TABLES, columns={"name": ["NAME"]})
    near = [(share / 20, gone, new) for share, gone, new in wanted]
    text, _ = changed(b"".join(csv_lines(",", 10)), near)
    (tmp_path / "a").write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        try:
            numbers, _ = found(config, tmp_path)
        except SourceError as error:
            assert "<é" not in str(error)
            assert error.remedy
        else:
            assert sorted(numbers) == list(range(1, len(numbers) + 1))


@HOW_OFTEN
@given(wanted=changes(PIECES), size=SIZES, trimmed=st.booleans())
def test_no_line_of_fixed_width_is_lost(
    tmp_path: Path, wanted: list[Change], size: int, trimmed: bool
) -> None:
    config = FixedWidthSource(
        kind="fixed_width", path="a", tables=TABLES, length=12, trimmed=trimmed,
        columns={"all": {"start": 1, "width": 12}},
    )  # fmt: skip
    lines = [b"            \n", *(f"{WORD.format(n):12}\n".encode() for n in range(10))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        hold(config, tmp_path, lines, wanted)


@HOW_OFTEN
@given(wanted=changes(PIECES), size=SIZES, known=st.booleans())
def test_no_record_of_json_lines_is_lost(
    tmp_path: Path, wanted: list[Change], size: int, known: bool
) -> None:
    columns = {"t": {"name": "v[1].n", "all": "$"}} if known else {}
    config = JsonSource(kind="json", path="a", tables=TABLES, columns=columns)
    lines = [f'{{"id":{n},"v":[1.50,{{"n":"{WORD.format(n)}"}}]}}\n'.encode() for n in range(10)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        hold(config, tmp_path, [b'{"id":0}\n', *lines], wanted)


@HOW_OFTEN
@given(wanted=changes(PIECES) | st.tuples(CUT_OFF).map(list), size=SIZES, deep=st.booleans())
def test_a_changed_json_document_is_refused_or_whole(
    tmp_path: Path, wanted: list[Change], size: int, deep: bool
) -> None:
    config = JsonSource(
        kind="json", path="a", tables=TABLES, records="d.r" if deep else "$",
        columns={"t": {"name": "n", "all": "$"}},
    )  # fmt: skip
    records = [f'{{"id":{n},\n"n":"{WORD.format(n)}"}},\n'.encode() for n in range(10)]
    head, end = (b'{"x":[1,{}],"d":{"r":[\n', b'{"id":10}]}}') if deep else (b"[\n", b'{"id":10}]')
    text, spans = changed(head + b"".join(records) + end, wanted)
    (tmp_path / "a").write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        try:
            numbers, kept = found(config, tmp_path)
        except SourceError as error:
            assert "<é" not in str(error)
            assert error.remedy
            return
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    if not deep and not text.startswith(b"\xff\xfe"):
        at = len(head)
        for number, record in enumerate(records):
            if not touches(spans, at, at + len(record)):
                assert WORD.format(number) in kept, text
            at += len(record)


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.csv"), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("pack", PACK)
@HOW_OFTEN
@given(wanted=changes(PIECES) | st.tuples(CUT_OFF).map(list))
def test_a_changed_archive_is_refused_or_gives_all(
    tmp_path: Path, pack: str, wanted: list[Change]
) -> None:
    config = CsvSource(kind="csv", path="a", tables=TABLES, columns={"name": ["NAME"]})
    text, _ = changed(PACK[pack](b"".join(csv_lines(",", 10))), wanted)
    (tmp_path / "a").write_bytes(text)
    try:
        numbers, kept = found(config, tmp_path)
    except SourceError as error:
        assert "<é" not in str(error)
        assert error.remedy
    else:
        assert pack == "zst" or (len(numbers) == 10 and WORD.format(9) in kept)
