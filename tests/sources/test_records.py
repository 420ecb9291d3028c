"""Cutting text into records: as the csv module reads it, wherever that is well-formed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cytoreg.errors import SourceError
from cytoreg.sources import blocks
from cytoreg.sources.records import Dialect, delimited, lines
from cytoreg.sources.text_file import TextFile

FIELDS = st.text(st.sampled_from('ab"",\n\ré '), max_size=6)


def read(content: bytes, columns: int, path: Path, size: int) -> tuple[dict, dict]:
    """Good records and bad ones, by their number, read in blocks of `size` bytes."""
    path.write_bytes(content)
    good: dict[int, list[str]] = {}
    bad: dict[int, tuple[int, str, str]] = {}
    names = [f"c{number}" for number in range(columns)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        for rows, refused in delimited(TextFile("s", path, "f", "utf-8"), Dialect(","), names):
            for row in rows.to_pylist():
                number = row.pop("_row")
                good[number] = list(row.values())
            bad |= {item.row: (item.line, item.reason, item.raw) for item in refused}
    return good, bad


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(FIELDS, min_size=2, max_size=2), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(3, 40),
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[list[str]],
    end: str,
    quoting: int,
    size: int,
) -> None:
    if any("\r" in field for record in records for field in record):
        quoting = csv.QUOTE_ALL  # the module forgets to quote a lone CR
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows([["h1", "h2"], *records])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    good, bad = read(out.getvalue().encode(), 2, path, size)
    assert good == dict(enumerate(records, start=1))
    assert bad == {}


@settings(max_examples=300, deadline=None)
@example(b"\xef\xbb\xbf", 5)
@example(b"\xef\xbb\xbf1,2\n3,4", 5)
@given(
    st.binary(max_size=60) | st.text(st.sampled_from('ab",\n\r\0é'), max_size=40),
    st.integers(1, 20),
)
def test_whatever_a_file_holds_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str, size: int
) -> None:
    content = b"h1,h2\n" + (content.encode() if isinstance(content, str) else content)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    good, bad = read(content, 2, path, 1 << 20)
    assert sorted(good | bad) == list(range(1, len(good) + len(bad) + 1))
    assert not good.keys() & bad.keys()
    # Every byte but line ends is in a good record or in a raw one.
    kept = sum(len(value) for row in good.values() for value in row)
    text = content.decode("utf-8", "backslashreplace").partition("\n")[2]
    raw = sum(len(raw) for _, _, raw in bad.values())
    marks = len([mark for mark in text if mark in '",\r\n'])
    assert kept + raw >= len(text) - marks
    in_pieces = read(content, 2, path, size)
    assert in_pieces == (good, bad)


def test_records_are_the_same_whatever_the_size_of_a_block(tmp_path: Path) -> None:
    content = b'h1,h2\n"a\n\nb",c\n\n\n1,"x\n2,y\n3,z"q"\n"4""",\xff\n5,""\n\n\n'
    whole = read(content, 2, tmp_path / "a.csv", 1 << 20)
    assert {row: line for row, (line, _, _) in whole[1].items()} == {2: 5, 3: 6, 4: 7, 7: 10}
    for size in range(1, 40):
        assert read(content, 2, tmp_path / "a.csv", size) == whole


def test_an_open_quote_is_given_up_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "LONGEST", 1000)
    content = b'h1,h2\n1,"x\n' + b"2,y\n" * 5000 + b'3,"z\n'
    good, bad = read(content, 2, tmp_path / "a.csv", 4096)
    assert len(good) == 5000
    assert [(line, reason) for line, reason, _ in bad.values()] == [
        (2, blocks.OPEN_QUOTE),
        (5003, blocks.OPEN_QUOTE),
    ]


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ENDLESS", 10_000)
    with pytest.raises(SourceError, match="line 2 does not end"):
        read(b"h1,h2\n" + b"x" * 50_000, 2, tmp_path / "a.csv", 4096)


@pytest.mark.parametrize("size", [1, 5, 9, 1 << 20])
def test_a_record_knows_the_line_on_which_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\r\n1,"x\ny"\r\n\r\n2,z\r\n3,"p\n\nq"\n4,w')
    text = TextFile("s", path, "f", "utf-8")
    found = [
        (row["_row"], row["_line"])
        for rows, _ in delimited(text, Dialect(","), ["a", "b"], lined=True)
        for row in rows.to_pylist()
    ]
    assert found == [(1, 2), (3, 5), (4, 6), (5, 9)]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 1 << 20])
def test_lines_keep_their_numbers_in_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    path = tmp_path / "a.txt"
    path.write_bytes(b'ab"d\r\n"bcd\n\nabc\n\x01,\xc3\xa9d\nabc\xff\nabcd\n\n')
    good, bad = [], []

    def short(rows: pa.Table) -> dict[int, str]:
        return {at: "short" for at, line in enumerate(rows["line"].to_pylist()) if len(line) < 4}

    for rows, refused in lines(TextFile("s", path, "a.txt", "utf-8"), short):
        good += [(row["_row"], row["line"]) for row in rows.to_pylist()]
        bad += [(item.row, item.line, item.raw) for item in refused]
    assert good == [(1, 'ab"d'), (2, '"bcd'), (5, "\x01,éd"), (7, "abcd")]
    assert bad == [(3, 3, ""), (4, 4, "abc"), (6, 6, "abc\\xff")]
