"""REDCap exports with bytes changed at random: refused, or nothing lost.

Laws, for any change of the data or the dictionary: nothing but a SourceError leaves the reader, and
neither it nor a note tells a value. When the export is not refused, what stands in a line that the
change did not touch stands in a row or, raw, in a reject: once. No line has two rows in a table,
and one that has none is counted in a note.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

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
from cytoreg.sources.items import Reject, Rows, Unexpected
from cytoreg.sources.redcap import export
from cytoreg.sources.redcap.config import RedcapSource

PIECES = [
    b'"', b'""', b'","', b",", b",,", b";", b"\n", b"\r\n", b"\r", b"\n\n", b"\0", b"\xff", b"\xc3",
    b"visit", b",visit,", b"1", b"\xef\xbb\xbf", b"x,y\n",
]  # fmt: skip
DICTIONARY = b"""field_name,form_name,field_type,select_choices_or_calculations
record_id,enrollment,text,
word,enrollment,notes,
box,enrollment,checkbox,"1, yes | 2, no"
visit_word,visit,text,
"""
HEAD = (
    b"record_id,redcap_repeat_instrument,redcap_repeat_instance,word,box___1,box___2,"
    b"enrollment_complete,visit_word,visit_complete\n"
)


def word(number: int) -> str:
    """A word that no small change makes of another."""
    return f"W{number:02}{number:02}{number:02}"


def lines() -> list[bytes]:
    """A line for each person, whose word is quoted, and for each of their visits."""
    found: list[bytes] = []
    for person in range(6):
        found.append(f'{person},,,"{word(len(found))} \u00e9,\n""b""",1,0,2,,\n'.encode())
        for at in range(1, 1 + person % 3):
            found.append(f"{person},visit,{at},,,,,{word(len(found))},0\n".encode())
    return found


def read(folder: Path) -> tuple[str, dict[str, list[int]], list[Reject], Counter[str]]:
    """All words of the rows, the rows' numbers by table, the rejects, the notes."""
    config = RedcapSource(
        kind="redcap", data="data.csv", dictionary="dictionary.csv",
        tables={"enrollment": "e", "visit": "v"},
    )  # fmt: skip
    words, notes = "", Counter[str]()
    numbers: dict[str, list[int]] = {"enrollment": [], "visit": []}
    rejects = []
    for item in export.read("research", config, folder):
        if isinstance(item, Rows):
            own = [name for name in item.rows.column_names if name in ("word", "visit_word")]
            words += "".join(text or "" for name in own for text in item.rows[name].to_pylist())
            numbers[item.table] += item.rows["_row"].to_pylist()
        elif isinstance(item, Reject):
            rejects.append(item)
        elif isinstance(item, Unexpected):
            notes[item.what] += item.count
    return words, numbers, rejects, notes


@HOW_OFTEN
@given(wanted=changes(PIECES) | st.tuples(CUT_OFF).map(list))
@example(wanted=[(0.3, 0, b'"'), (0.6, 0, b'"')])
@example(wanted=[(0.75, 4, b""), (0.75, 12, b""), (0.49609375, 7, b"")])
def test_no_line_is_lost(tmp_path: Path, wanted: list[Change]) -> None:
    whole = lines()
    text, spans = changed(b"".join(whole), wanted)
    (tmp_path / "data.csv").write_bytes(HEAD + text)
    (tmp_path / "dictionary.csv").write_bytes(DICTIONARY)
    try:
        words, numbers, rejects, notes = read(tmp_path)
    except SourceError as error:
        assert "é" not in str(error)
        assert error.remedy
        return
    assert "é" not in "".join([*notes, *(reject.reason for reject in rejects)])
    for table in numbers.values():
        assert len(set(table)) == len(table)
    every = sorted({*numbers["enrollment"], *numbers["visit"]} | {item.row for item in rejects})
    assert max(every, default=0) - len(every) <= sum(notes.values())
    kept = words + "".join(reject.raw for reject in rejects)
    at = 0
    for number, line in enumerate(whole):
        if not touches(spans, at, at + len(line)):
            assert kept.count(word(number)) == 1, text
        at += len(line)


@HOW_OFTEN
@given(wanted=changes(PIECES), head=st.booleans())
def test_a_dictionary_or_headings_with_other_bytes_are_refused_or_fit(
    tmp_path: Path, wanted: list[Change], head: bool
) -> None:
    other, _ = changed(HEAD if head else DICTIONARY, wanted)
    assume_unmarked(other)
    (tmp_path / "data.csv").write_bytes((other if head else HEAD) + b"".join(lines()))
    (tmp_path / "dictionary.csv").write_bytes(DICTIONARY if head else other)
    try:
        words, _, rejects, notes = read(tmp_path)
    except SourceError as error:
        assert "é" not in str(error)
        assert error.remedy
        return
    assert "é" not in "".join(notes)
    kept = words + "".join(reject.raw for reject in rejects)
    lost = [n for n in range(len(lines())) if word(n) not in kept]
    assert not lost or any("which is not declared" in note for note in notes), other
