"""Delimited files: headings change, records break, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.errors import SourceError
from cytoreg.landing import land
from cytoreg.project import Project

LOG = """
[sources.log]
kind = "csv"
path = "*.csv"
tables = { cases = "procedure" }
optional = ["room"]
[sources.log.columns]
case_number = ["CASE NO", "Case Number"]
hospital_number = ["MRN", "Patient MRN"]
room = ["ROOM"]
"""
Make = Callable[[str], Project]


def write(project: Project, **files: bytes) -> None:
    for name, content in files.items():
        (project.extracts / f"{name}.csv").write_bytes(content)


def test_files_with_other_headings_land_in_one_table(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(
        log,
        a1=b"CASE NO,MRN,ROOM\n1,0000001,A\n",
        a2=b"\xef\xbb\xbfPatient MRN,Case Number\r\n0000002,2\r\n",
    )
    _, rows, rejects = landed(log, "log", "case_number, hospital_number, room, _file, _row")
    assert rows == [("1", "0000001", "A", "a1.csv", 1), ("2", "0000002", None, "a2.csv", 1)]
    assert rejects == []


def test_text_lands_as_it_came(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a='CASE NO,MRN\n 007 ,NA\n"two\nlines","a ""quoted"", comma"\n,é\n'.encode())
    _, rows, _ = landed(log, "log", "case_number, hospital_number, _row")
    assert rows == [(" 007 ", "NA", 1), ("two\nlines", 'a "quoted", comma', 2), ("", "é", 3)]


def test_a_broken_record_is_kept_raw_and_the_others_go_on(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b'CASE NO,MRN\n1,"a\nb"\n2\n3,c,d\n4,caf\xe9\n\n5,e\n')
    _, rows, rejects = landed(log, "log", "case_number, _row")
    assert rows == [("1", 1), ("5", 6)]
    assert rejects == [
        ("cases", 2, 4, "1 fields instead of 2", "2"),
        ("cases", 3, 5, "3 fields instead of 2", "3,c,d"),
        ("cases", 4, 6, "bytes that are not in the declared encoding", "4,caf\\xe9"),
        ("cases", 5, 7, "blank", ","),
    ]


def test_a_quote_that_never_closes_is_a_reject_with_all_that_follows(
    project: Make, landed: Callable
) -> None:
    log = project(LOG)
    write(log, a=b'CASE NO,MRN\n1,a\n2,"b\n3,c\n')
    _, rows, rejects = landed(log, "log", "case_number")
    assert rows == [("1",)]
    assert [(row, line) for _, row, line, _, _ in rejects] == [(2, 3)]
    assert "3,c" in rejects[0][4]


def test_a_declared_encoding_is_read(project: Make, landed: Callable) -> None:
    log = project(LOG.replace('path = "*.csv"', 'path = "*.csv"\nencoding = "cp1252"'))
    write(log, a="CASE NO,MRN\n1,é€\n".encode("cp1252") + b"2,\x81\n")
    _, rows, rejects = landed(log, "log", "hospital_number")
    assert rows == [("é€",)]
    assert [reject[1] for reject in rejects] == [2]


def test_many_rejects_leave_the_row_numbers_right(project: Make, landed: Callable) -> None:
    log = project(LOG)
    lines = [f"{n},x" if n % 7 else f"{n}" for n in range(1, 200_001)]
    write(log, a="\n".join(["CASE NO,MRN", *lines]).encode())
    landing, rows, rejects = landed(
        log, "log", "count(*), count(*) filter (cast(_row as varchar) <> case_number)"
    )
    assert rows == [(200_000 - 28_571, 0)]
    assert all(str(row) == raw for _, row, _, _, raw in rejects)
    assert landing.tables[0].rejects == len(rejects) == 28_571


def test_a_heading_that_nobody_declared_lands_and_is_noted(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN,Surgeon\n1,a,x\n")
    landing, rows, _ = landed(log, "log", '"Surgeon"')
    assert rows == [("x",)]
    assert landing.unexpected == {"column Surgeon": 1}


def test_a_header_alone_is_no_rows(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN")
    _, rows, rejects = landed(log, "log")
    assert (rows, rejects) == ([], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"CASE NO,Patients MRN\n1,2\n", r"a\.csv has no heading for column hospital_number.*"
         r"'MRN', 'Patient MRN'.*'Patients MRN'.*\n.*sources\.log\.columns"),
        (b"CASE NO,MRN,CASE NO\n1,2,3\n", r"a\.csv: heading 'CASE NO' occurs twice"),
        (b"CASE NO,MRN,Case Number\n1,2,3\n", r"a\.csv has two headings for column case_number"),
        (b"", r"a\.csv is empty"),
        (b"PK\x03\x04rest", r"a\.csv is a zip archive or an Office document, not text"),
        (b"CASE NO,MRN\n1,\x00\n", r"a\.csv is a binary file, not text"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_clear_error(
    project: Make, content: bytes, message: str
) -> None:
    log = project(LOG)
    write(log, a=content)
    with pytest.raises(SourceError, match=rf"(?s)source log: {message}"):
        land(log, "log")


def test_a_missing_file_names_the_pattern_and_the_remedy(project: Make) -> None:
    with pytest.raises(SourceError, match=r"(?s)source log: no file matches \*\.csv.*--extracts"):
        land(project(LOG), "log")


def test_an_unknown_encoding_is_named(project: Make) -> None:
    log = project(LOG.replace('path = "*.csv"', 'path = "*.csv"\nencoding = "utf-7b"'))
    write(log, a=b"CASE NO,MRN\n")
    with pytest.raises(SourceError, match="encoding 'utf-7b' is unknown"):
        land(log, "log")
