"""NAACCR files with bytes changed at random: refused, or nobody lost.

Laws, for any change: nothing but a SourceError leaves the reader, and it tells no value. When the
file is not refused, each patient and each tumor that the change did not touch is a row or stands,
raw, in a reject; no row occurs twice. A line of a fixed-width file is a row or a reject.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from changes import (
    CUT_OFF,
    HOW_OFTEN,
    Change,
    assume_unmarked,
    changed,
    changes,
    touches,
)
from hypothesis import example, given
from hypothesis import strategies as st

from cytoreg.errors import SourceError
from cytoreg.sources.items import Reject, Rows
from cytoreg.sources.naaccr import flat as naaccr_flat
from cytoreg.sources.naaccr import pieces as naaccr_pieces
from cytoreg.sources.naaccr import xml as naaccr_xml
from cytoreg.sources.naaccr.config import NaaccrFlatSource, NaaccrXmlSource
from cytoreg.sources.naaccr.items import LENGTHS, layout

PIECES = [
    b"<", b">", b"&", b'"', b"'", b"/", b"\0", b"\xff", b"\xc3", b"\n", b" ", b"x", b"]]>", b"&lt;",
    b"&x;", b"<Patient>", b"</Patient>", b"<Patient/>", b"<Tumor>", b"</Tumor>", b"</Item>",
    b"</NaaccrData>", b"<NaaccrData>", b"<a:b>", b"<Item naaccrId='sex'>", b"\xef\xbb\xbf",
]  # fmt: skip
HIDING = [b"<!--", b"-->", b"<![CDATA[", b"<?", b"?>", b"<!DOCTYPE a>", b"<!"]

HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<NaaccrData recordType="I" xmlns="urn:n">\n'


def people(count: int) -> list[bytes]:
    """Patients with one to three tumors, each with a word of its own in it."""
    texts = []
    for number in range(count):
        tumors = "".join(
            f'<Tumor><Item naaccrId="primarySite">T{number:02}{which}</Item></Tumor>\n'
            for which in range(1 + number % 3)
        )
        texts.append(
            f'<Patient>\n<Item naaccrId="patientIdNumber">P{number:02}é</Item>\n'
            f'<Item naaccrId="nameLast">a&amp;b</Item>\n{tumors}</Patient>\n'.encode()
        )
    return texts


def items(path: Path) -> tuple[Counter[str], str]:
    """How often each patient and tumor is a row, and the raw text of all rejects."""
    config = NaaccrXmlSource(
        kind="naaccr_xml", path=path.name, tables={"patient": "p", "tumor": "t"},
        items={"patient": ["patientIdNumber"], "tumor": ["primarySite"]},
    )  # fmt: skip
    found: Counter[str] = Counter()
    raw = ""
    for item in naaccr_xml.read("registry", config, path.parent):
        if isinstance(item, Rows):
            name = {"patient": "patientIdNumber", "tumor": "primarySite"}.get(item.table)
            if name:
                found.update(text for text in item.rows[name].to_pylist() if text)
                for kept in item.rows["_items"].to_pylist():
                    raw += kept or ""
        elif isinstance(item, Reject):
            raw += item.raw
    return found, raw


@HOW_OFTEN
@given(wanted=changes(PIECES), chunk=st.sampled_from([7, 64, 300, 1 << 16]))
@example(wanted=[(0.5, 0, b"</NaaccrData>")], chunk=64)
@example(wanted=[(0.999, 12, b"")], chunk=64)
def test_no_patient_and_no_tumor_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: list[Change], chunk: int
) -> None:
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    whole = people(8)
    text, spans = changed(HEAD + b"".join(whole) + b"</NaaccrData>\n", wanted)
    (tmp_path / "a.xml").write_bytes(text)
    try:
        found, raw = items(tmp_path / "a.xml")
    except SourceError as error:
        assert "é" not in str(error)
        assert error.remedy
        return
    assert not found or max(found.values()) == 1
    at = len(HEAD)
    for number, patient in enumerate(whole):
        end = at + len(patient)
        if not touches(spans, at, end):
            words = [f"P{number:02}é", *(f"T{number:02}{w}" for w in range(1 + number % 3))]
            lost = [word for word in words if not found[word] and word not in raw]
            assert not lost, (lost, text)
        at = end


@HOW_OFTEN
@given(
    wanted=changes(PIECES + HIDING) | st.tuples(CUT_OFF).map(list),
    chunk=st.sampled_from([7, 300]),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16"]),
)  # fmt: skip
def test_nothing_but_a_source_error_leaves_the_reader(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: list[Change],
    chunk: int,
    encoding: str,
) -> None:
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    whole = (HEAD + b"".join(people(4)) + b"</NaaccrData>\n").decode()
    text, _ = changed(whole.replace("utf-8", encoding).encode(encoding), wanted)
    (tmp_path / "a.xml").write_bytes(text)
    try:
        found, _ = items(tmp_path / "a.xml")
    except SourceError as error:
        assert "é" not in str(error)
        return
    assert not found or max(found.values()) == 1


@HOW_OFTEN
@given(wanted=changes(PIECES))
def test_what_is_lost_does_not_depend_on_where_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: list[Change]
) -> None:
    text, _ = changed(HEAD + b"".join(people(6)) + b"</NaaccrData>\n", wanted)
    (tmp_path / "a.xml").write_bytes(text)
    told = []
    for chunk in (7, 300, 1 << 16):
        monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
        try:
            told.append(items(tmp_path / "a.xml"))
        except SourceError as error:
            told.append((Counter(), type(error).__name__))
    assert told[0] == told[1] == told[2]


def flat_line(number: int, version: int) -> bytes:
    text = bytearray(b" " * LENGTHS[version]["I"])
    places = {place.item: place for place in layout(version)}
    for item, value in {
        "recordType": b"I",
        "naaccrRecordVersion": str(version).encode(),
        "patientIdNumber": f"{number:08}".encode(),
    }.items():
        start = places[item].start - 1
        text[start : start + len(value)] = value
    return bytes(text) + b"\n"


@HOW_OFTEN
@given(wanted=changes([*PIECES, b"\r", b"\n\n", b"180", b"A"]))
def test_each_line_is_a_row_or_a_reject(tmp_path: Path, wanted: list[Change]) -> None:
    whole = [flat_line(number, (140, 180)[number % 2]) for number in range(6)]
    text, spans = changed(b"".join(whole), wanted)
    assume_unmarked(text)
    (tmp_path / "a.txt").write_bytes(text)
    config = NaaccrFlatSource(
        kind="naaccr_flat", path="a.txt", tables={"t": "t"}, items=["patientIdNumber"]
    )
    rows: list[int] = []
    found: Counter[str] = Counter()
    raw = ""
    try:
        for item in naaccr_flat.read("registry", config, tmp_path):
            if isinstance(item, Rows):
                rows += item.rows["_row"].to_pylist()
                found.update(item.rows["patientIdNumber"].to_pylist())
            elif isinstance(item, Reject):
                rows.append(item.row)
                raw += item.raw
    except SourceError as error:  # empty, or with a NUL in its first line
        assert error.remedy
        return
    assert sorted(rows) == list(range(1, len(rows) + 1))
    text = text.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf")
    count = len(text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    assert len(rows) == count
    at = 0
    for number, line in enumerate(whole):
        if not touches(spans, at, at + len(line)):
            assert found[f"{number:08}"] == 1 or f"{number:08}" in raw
        at += len(line)
