"""Fixed-width files: lines of the declared length are rows, all others are kept raw."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

Make = Callable[[str], Project]

DEATHS = """
[sources.index]
kind = "fixed_width"
path = "*.txt"
tables = { deaths = "death" }
length = 8
[sources.index.columns]
name = { start = 1, width = 5 }
sex = { start = 6, width = 1 }
"""


def test_lines_are_cut_into_columns(project: Make, landed: Callable) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes(
        'SimäbF  \r\nShort\nSim,"M 1\n\nSim\xe9 is too long\nSim\0xF  \n'.encode() + b"Simx\xff\n\n"
    )
    _, rows, rejects = landed(index, "index", "name, sex, _row")
    assert rows == [("Simäb", "F", 1), ('Sim,"', "M", 3)]
    assert [(row, line, reason) for _, row, line, reason, _ in rejects] == [
        (2, 2, "5 characters instead of 8"),
        (4, 4, "a blank line"),
        (5, 5, "16 characters instead of 8"),
        (6, 6, "a NUL byte"),
        (7, 7, "bytes that are not in the declared encoding (utf-8; perhaps in cp1252)"),
    ]
    assert rejects[-1][-1] == "Simx\\xff"


def test_characters_are_counted_not_bytes(project: Make, landed: Callable) -> None:
    index = project(DEATHS.replace("length", 'encoding = "latin-1"\nlength'))
    (index.extracts / "a.txt").write_bytes("SiméèF  \n".encode("latin-1"))
    _, rows, _ = landed(index, "index", "name, sex")
    assert rows == [("Siméè", "F")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_end_is_one_and_the_last_may_be_missing(
    project: Make, landed: Callable, end: str, last: bool
) -> None:
    index = project(DEATHS)
    text = end.join(["Simé\tF12", "Simb\u0301F  ", "short", "Sim  M  "]) + end * last
    (index.extracts / "a.txt").write_bytes(text.encode())
    landing, rows, rejects = landed(index, "index", "name, sex, _row")
    assert rows == [("Simé\t", "F", 1), ("Simb\u0301", "F", 2), ("Sim  ", "M", 4)]
    assert [(row, line) for _, row, line, _, _ in rejects] == [(3, 3)]
    assert landing.unexpected == {"text at 7 to 8, where no column is": 1}


def test_blanks_may_be_missing_at_the_end_of_trimmed_lines(project: Make, landed: Callable) -> None:
    index = project(DEATHS.replace("length", "trimmed = true\nlength"))
    (index.extracts / "a.txt").write_bytes(b"SimabF\nSim\n\nSim  M  \nSim  M   x\n")
    _, rows, rejects = landed(index, "index", "name, sex, _row")
    assert rows == [("Simab", "F", 1), ("Sim  ", " ", 2), ("Sim  ", "M", 4)]
    assert rejects == [
        ("deaths", 3, 3, "a blank line", ""),
        ("deaths", 5, 5, "10 characters, more than 8", "Sim  M   x"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_blanks_that_were_taken_from_every_line_of_a_file_are_put_back(
    project: Make, landed: Callable, end: str, last: bool
) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes((end.join(["SimabF", "Sim  M"]) + end * last).encode())
    (index.extracts / "b.txt").write_bytes((end.join(["SimcdF  ", "Sim  M"]) + end * last).encode())
    _, rows, rejects = landed(index, "index", "name, sex, _file")
    assert rows == [("Simab", "F", "a.txt"), ("Sim  ", "M", "a.txt"), ("Simcd", "F", "b.txt")]
    assert [reason for *_, reason, _ in rejects] == ["6 characters instead of 8"]


def test_blanks_beyond_the_length_are_no_fault(project: Make, landed: Callable) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes(b"SimabF    \nSim  M  \n")
    _, rows, rejects = landed(index, "index", "name, sex")
    assert (rows, rejects) == ([("Simab", "F"), ("Sim  ", "M")], [])


def test_a_file_of_line_ends_has_no_rows(project: Make, landed: Callable) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes(b"\r\n\r\n")
    _, rows, rejects = landed(index, "index")
    assert (rows, rejects) == ([], [])


def test_a_binary_file_is_refused(project: Make) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes(b"\x00\x01\x02\n")
    with pytest.raises(SourceError, match=r"a\.txt is a binary file"):
        land(index, "index")


def test_a_column_must_lie_within_the_line(project: Make) -> None:
    with pytest.raises(ConfigError, match="name ends at 12, past the line's length 8"):
        project(DEATHS.replace("width = 5", "width = 12"))
