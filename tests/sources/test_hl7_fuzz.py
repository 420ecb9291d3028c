"""HL7 messages with bytes changed at random: refused, or nobody lost.

Laws, for any change: nothing but a SourceError leaves the reader, and neither it nor a note tells a
value. When the file is not refused, messages are numbered without a gap; each that the change did
not touch is a row or stands, raw, in a reject, once, and its observations are its patient's.
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
from cytoreg.sources.hl7 import envelope, files
from cytoreg.sources.hl7.config import Hl7Source
from cytoreg.sources.items import Reject, Rows, Unexpected

PIECES = [
    b"\r", b"\n", b"\r\n", b"\r\r", b"|", b"^", b"~", b"\\", b"&", b"\0", b"\xff", b"\xc3", b" ",
    b"\x0b", b"\x1c", b"\x1c\r", b"MSH", b"\rMSH|", b"\rMSH|^~\\&|", b"\rPID|", b"\rADD|x",
    b"\rDSC|1", b"\rBTS|9\r", b"\rFHS|\r", b"\\X", b"\\.sp99\\", b"OBX", b"\xef\xbb\xbf", b"||||||",
]  # fmt: skip


def messages(count: int, end: str) -> list[bytes]:
    """Messages of a patient each, whose words say whose they are."""
    return [
        "".join(
            line + end
            for line in (
                f"MSH|^~\\&|A|B|||2025||ORU^R01|C{number:04}.|P|2.5.1||||||UNICODE UTF-8",
                f"PID|1||M{number:02}^^^é^MR||Simbo",
                f"OBR|1||S{number:02}",
                *(f"OBX|{at}|ST|K||O{number:04}:{at}\\T\\b" for at in range(1 + number % 3)),
            )
        ).encode()
        for number in range(count)
    ]


def read(path: Path, encoding: str = "") -> tuple[list[dict], list[dict], list[Reject], str]:
    config = Hl7Source(
        kind="hl7", path=path.name, tables={"message": "m", "result": "r"}, encoding=encoding,
        columns={"message": {"control": "MSH-10", "mrn": "PID-3.1", "texts": "OBX[K]*-5"},
                 "result": {"mrn": "PID-3.1", "accession": "OBR-3", "value": "OBX-5"}},
        each={"result": "OBX"},
    )  # fmt: skip
    rows: dict[str, list[dict]] = {"message": [], "result": []}
    rejects, notes = [], ""
    for item in files.read("lab", config, path.parent):
        if isinstance(item, Rows):
            rows[item.table] += item.rows.to_pylist()
        elif isinstance(item, Reject):
            rejects.append(item)
        elif isinstance(item, Unexpected):
            notes += item.what
    return rows["message"], rows["result"], rejects, notes


@HOW_OFTEN
@given(
    wanted=changes(PIECES) | st.tuples(CUT_OFF).map(list),
    chunk=st.sampled_from([7, 64, 300, 1 << 16]),
    end=st.sampled_from(["\r", "\n", "\r\n"]),
)
@example(wanted=[(0.5, 12, b"")], chunk=64, end="\r")
@example(
    wanted=[(0.75, 12, b""), (0.5625, 10, b""), (0.561393248129563, 12, b"\x1c")],
    chunk=7,
    end="\r\n",
)
def test_no_message_is_lost_and_none_is_mixed_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: list[Change], chunk: int, end: str
) -> None:
    monkeypatch.setattr(envelope, "CHUNK", chunk)
    whole = messages(8, end)
    text, spans = changed(b"".join(whole), wanted)
    assume_unmarked(text)
    visible = bytes(byte for byte in text if byte >= ord(" "))
    (tmp_path / "a.hl7").write_bytes(text)
    try:
        rows, results, rejects, notes = read(tmp_path / "a.hl7")
    except SourceError as error:
        assert "é" not in str(error)
        assert error.remedy
        return
    assert "é" not in notes + "".join(reject.reason for reject in rejects)
    kept = [reject for reject in rejects if reject.table == "message"]
    numbers = sorted([row["_row"] for row in rows] + [reject.row for reject in kept])
    assert numbers == list(range(1, len(numbers) + 1))
    found = Counter(row["control"] for row in rows)
    raw = "".join(reject.raw for reject in kept)
    at = 0
    for number, message in enumerate(whole):
        if not touches(spans, at, at + len(message)):
            control, mrn, its = f"C{number:04}.", f"M{number:02}", f"O{number:04}:"
            assert found[control] + raw.count(control) == 1, text
            mine = [row for row in results if (row["value"] or "").startswith(its)]
            every = 1 + number % 3
            # what became one message of two patients is a reject of the table of messages alone
            assert len(mine) in ([every] if found[control] else [0, every]), text
            assert all((row["mrn"], row["accession"]) == (mrn, f"S{number:02}") for row in mine)
            if visible.count(mrn.encode()) == 1:  # else the change wrote it into another message
                assert sum(row["mrn"] == mrn for row in results) == len(mine), text
        at += len(message)


@HOW_OFTEN
@given(
    wanted=changes(PIECES),
    chunk=st.sampled_from([7, 300]),
    encoding=st.sampled_from(["latin-1", "utf-16", "cp1252", "utf-8"]),
)
def test_nothing_but_a_source_error_leaves_the_reader(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: list[Change],
    chunk: int,
    encoding: str,
) -> None:
    monkeypatch.setattr(envelope, "CHUNK", chunk)
    whole = b"".join(messages(4, "\r")).decode()
    text, _ = changed(whole.encode(encoding), wanted)
    (tmp_path / "a.hl7").write_bytes(text)
    try:
        rows, _, rejects, notes = read(tmp_path / "a.hl7", encoding)
    except SourceError as error:
        assert "é" not in str(error)
        return
    assert "é" not in notes
    numbers = [row["_row"] for row in rows] + [r.row for r in rejects if r.table == "message"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
