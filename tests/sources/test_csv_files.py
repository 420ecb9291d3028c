"""Delimited files: headings change, records break, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import blocks
from cytoreg.sources.items import Headings
from cytoreg.sources.kinds import kind_of
from cytoreg.sources.text.config import CsvSource

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
ALL = """
[sources.log]
kind = "csv"
path = "*.csv"
tables = { cases = "procedure" }
columns = "all"
optional = []
"""
UNDECODABLE = "bytes that are not in the declared encoding"
CP1252 = f"{UNDECODABLE} (utf-8; perhaps in cp1252)"
Make = Callable[[str], Project]


def write(project: Project, **files: bytes) -> None:
    for name, content in files.items():
        (project.extracts / f"{name}.csv").write_bytes(content)


def encoded(encoding: str) -> str:
    return LOG.replace('path = "*.csv"', f'path = "*.csv"\nencoding = "{encoding}"')


def test_files_with_other_headings_land_in_one_table(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(
        log,
        a1=b"CASE NO,MRN,ROOM\n1,0000001,A\n",
        a2=b"\xef\xbb\xbfPatient MRN,Case Number\r\n0000002,2\r\n",
    )
    landing, rows, rejects = landed(log, "log", "case_number, hospital_number, room, _file, _row")
    assert rows == [("1", "0000001", "A", "a1.csv", 1), ("2", "0000002", None, "a2.csv", 1)]
    assert rejects == []
    assert [file.headings for file in landing.files] == [
        ["CASE NO", "MRN", "ROOM"],
        ["Patient MRN", "Case Number"],
    ]


def test_text_lands_as_it_came(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a='CASE NO,MRN\n 007 ,NA\n"two\nlines","a ""quoted"", comma"\n,é\n'.encode())
    _, rows, _ = landed(log, "log", "case_number, hospital_number, _row")
    assert rows == [(" 007 ", "NA", 1), ("two\nlines", 'a "quoted", comma', 2), ("", "é", 3)]


def test_every_landed_row_says_where_it_came_from(project: Make, landed: Callable) -> None:
    log = project(LOG)
    (log.extracts / "2016").mkdir()
    log = project(LOG.replace("*.csv", "*/*.csv"))
    (log.extracts / "2016" / "a.csv").write_bytes(b"CASE NO,MRN\n1,2\n")
    _, rows, _ = landed(log, "log", "_source, _table, _file, _row, _run_id")
    assert rows == [("log", "cases", "2016/a.csv", 1, "run")]


def test_a_broken_record_is_kept_raw_and_the_others_go_on(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(
        log,
        a=b'CASE NO,MRN\n1,"a\nb"\n2\n3,c,"d"\n"4",caf\xe9\n\n6,\0\n7\xe9\n8,e\n',
    )
    _, rows, rejects = landed(log, "log", "case_number, _row")
    assert rows == [("1", 1), ("8", 8)]
    assert rejects == [
        ("cases", 2, 4, "1 fields instead of 2", "2"),
        ("cases", 3, 5, "3 fields instead of 2", '3,c,"d"'),
        ("cases", 4, 6, CP1252, '"4",caf\\xe9'),
        ("cases", 5, 7, "a blank line", ""),
        ("cases", 6, 8, "a NUL byte", "6,\0"),
        ("cases", 7, 9, CP1252, "7\\xe9"),
    ]


def test_two_headings_of_one_name_are_told_apart_where_they_are_declared(
    project: Make, landed: Callable
) -> None:
    log = project(LOG.replace('"ROOM"', '"MRN (2)"'))
    write(log, a=b"CASE NO,MRN,MRN\n1,a,b\n")
    assert landed(log, "log", "hospital_number, room")[1] == [("a", "b")]
    log = project(ALL + "header = 1\n")
    assert landed(log, "log", '"MRN", "MRN (2)"')[1] == [("a", "b")]
    with pytest.raises(SourceError, match=r"more than one heading.*\n.*'Date \(2\)'"):
        land(project(ALL), "log")


@pytest.mark.parametrize("heading", [b"CASE NO,MRN\n", b"CASE NO,MRN,\n"])
def test_a_delimiter_may_end_each_record(project: Make, landed: Callable, heading: bytes) -> None:
    log = project(LOG.replace("optional", "trailing = true\noptional"))
    write(log, a=heading + b'1,a,\n2,b,c\n3,d\n"4,",e, \n')
    _, rows, rejects = landed(log, "log", "case_number, hospital_number, _row")
    assert rows == [("1", "a", 1), ("4,", "e", 4)]
    assert rejects == [
        ("cases", 2, 3, "text behind the delimiter that ends each record", "2,b,c"),
        ("cases", 3, 4, "2 fields instead of 3", "3,d"),
    ]


def test_blank_lines_at_the_end_are_no_records(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\r\n1,a\r\n,\r\n\r\n\r\n")
    _, rows, rejects = landed(log, "log", "case_number, hospital_number")
    assert rows == [("1", "a"), ("", "")]
    assert rejects == []


@pytest.mark.parametrize("rest", ["3,c\n", '"3","LAST, FIRST"\n', '3,""\n"4","d"\n', '3,"c"\n'])
def test_an_open_quote_costs_its_own_line_only(project: Make, landed: Callable, rest: str) -> None:
    log = project(LOG)
    write(log, a=f'CASE NO,MRN\n1,a\n2,"b\n{rest}'.encode())
    _, rows, rejects = landed(log, "log", "case_number")
    assert rows == [("1",), *((line[: line.index(",")].strip('"'),) for line in rest.splitlines())]
    assert [(row, line, raw) for _, row, line, _, raw in rejects] == [(2, 3, '2,"b')]
    assert "quote" in rejects[0][3]


def test_a_quote_inside_an_unquoted_field_is_text(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b'CASE NO,MRN\n5" tube,a "b"\n"6",c\n')
    _, rows, rejects = landed(log, "log", "case_number, hospital_number")
    assert rows == [('5" tube', 'a "b"'), ("6", "c")]
    assert rejects == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_is_one(project: Make, landed: Callable, end: str) -> None:
    log = project(LOG)
    write(log, a=end.join(["CASE NO,MRN", "1,a", '2,"x', 'y"', "3"]).encode())
    _, rows, rejects = landed(log, "log", "case_number, hospital_number")
    assert rows == [("1", "a"), ("2", f"x{end}y")]
    assert [(row, line) for _, row, line, _, _ in rejects] == [(3, 5)]


@pytest.mark.parametrize(
    ("encoding", "bad", "raw"),
    [
        ("cp1252", b"\x81", "2,\\x81"),
        ("shift_jis", b"\x81 ", "2,\\x81 "),
        ("utf-16-le", b"\x00\xd8", "2,\\x00\\xd8"),
        ("ascii", b"\xe9", "2,\\xe9"),
    ],
)
def test_a_declared_encoding_is_read(
    project: Make, landed: Callable, encoding: str, bad: bytes, raw: str
) -> None:
    log = project(encoded(encoding))
    good, more, end = ("CASE NO,MRN\n1,x\n2,".encode(encoding), "3,y\n".encode(encoding), "\n")
    write(log, a=good + bad + end.encode(encoding) + more)
    _, rows, rejects = landed(log, "log", "hospital_number, _row")
    assert rows == [("x", 1), ("y", 3)]
    assert rejects == [("cases", 2, 3, UNDECODABLE, raw)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_mark_says_the_encoding_whatever_is_declared(
    project: Make, landed: Callable, encoding: str
) -> None:
    log = project(encoded("cp1252"))
    write(log, a="CASE NO,MRN\n1,é€\n".encode(encoding), b="CASE NO,MRN\n2,é€\n".encode("cp1252"))
    assert landed(log, "log", "hospital_number")[1] == [("é€",), ("é€",)]


def test_utf_16_is_read_by_its_mark(project: Make, landed: Callable) -> None:
    log = project(encoded("utf-16"))
    write(log, a="CASE NO,MRN\n1,é€\n".encode("utf-16") + b"x")  # half a character at the end
    _, rows, rejects = landed(log, "log", "hospital_number")
    assert rows == [("é€",)]
    assert [(row, raw) for _, row, _, _, raw in rejects] == [(2, "\\x78")]


def test_very_short_records_come_in_portions(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST", 7)
    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n" + b"1,\n\n2\n" * 50 + b"3,\r\r\n\r\n4,\n")
    _, rows, rejects = landed(log, "log", "case_number, _row")
    assert rows == [*(("1", 3 * n + 1) for n in range(50)), ("3", 151), ("4", 154)]
    assert [(row, line) for _, row, line, _, _ in rejects] == [
        (n, n + 1) for n in range(1, 154) if (n < 151 and n % 3 != 1) or n in (152, 153)
    ]


def test_many_rejects_leave_the_row_numbers_right(project: Make, landed: Callable) -> None:
    log = project(LOG)
    lines = [f"{n},x" if n % 7 else f"{n}" for n in range(1, 200_001)]
    write(log, a="\n".join(["CASE NO,MRN", *lines]).encode())
    landing, rows, rejects = landed(
        log, "log", "count(*), count(*) filter (cast(_row as varchar) <> case_number)"
    )
    assert rows == [(200_000 - 28_571, 0)]
    assert all(str(row) == raw and line == row + 1 for _, row, line, _, raw in rejects)
    assert landing.tables[0].rejects == len(rejects) == 28_571


def test_a_heading_that_nobody_declared_lands_and_is_noted(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN,Surgeon\n1,a,x\n", b=b"CASE NO,,MRN\n2,y,b\n")
    landing, rows, _ = landed(log, "log", '"Surgeon", column_2')
    assert rows == [("x", None), (None, "y")]
    assert landing.unexpected == {"column Surgeon": 1, "column column_2": 1}


@pytest.mark.parametrize("content", [b"CASE NO,MRN", b"CASE NO,MRN\r\n", b"CASE NO,MRN\n\n"])
def test_a_header_alone_is_no_rows(project: Make, landed: Callable, content: bytes) -> None:
    log = project(LOG)
    write(log, a=content)
    landing, rows, rejects = landed(log, "log")
    assert (rows, rejects) == ([], [])
    assert landing.tables[0].columns["case_number"] == "string"


def test_a_hidden_file_is_not_part_of_the_source(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(log, **{"a": b"CASE NO,MRN\n1,a\n", "._a": b"\0\0\5\x16\7"})
    _, rows, _ = landed(log, "log", "case_number")
    assert rows == [("1",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"CASE NO,Patients MRN\n1,2\n", r"a\.csv has no heading for column hospital_number:"
         r" expected 'MRN', 'Patient MRN'; perhaps it is now called 'Patients MRN'\n"
         r".*add 'Patients MRN' to hospital_number in \[sources\.log\.columns\]"),
        (b"CASE NO,MRNSmith,1\n2,b\n", r"a\.csv has no heading for column hospital_n.*: (?!.*Smi)"),
        (b"CASE NO,MRN,CASE NO\n1,2,3\n", r"a\.csv has more than one heading for.*'case_number'"),
        (b"CASE NO,MRN,Case Number\n1,2,3\n", r"a\.csv has more than one .*'case_number'"),
        (b"CASE NO,MRN,note,Note\n1,2,3,4\n", r"a\.csv has more than one .*'Note', 'note'"),
        (b"CASE NO,MRN,_row\n1,2,3\n", r"a\.csv has the heading _row.*reserved for cytoreg"),
        (b"CASE NO,M\xe9RN\n", r"a\.csv: its first line.*not in the declared encoding"),
        (b'CASE NO,"MRN\n1,2\n', r"a\.csv: its first line.*a quote that never closes"),
        (b"", r"a\.csv is empty"),
        (b"PK\x03\x04rest", r"a\.csv is a compressed file that is damaged or cut off"),
        (b"\x1f\x8b\x08rest", r"a\.csv is a compressed file that is damaged or cut off"),
        (b"%PDF-1.7", r"a\.csv is a PDF document, not text"),
        (b"CASE\0NO,MRN\n1,2\n", r"a\.csv is a binary file, not text"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_clear_error(
    project: Make, content: bytes, message: str
) -> None:
    log = project(LOG)
    write(log, a=content)
    with pytest.raises(SourceError, match=rf"(?s)^source log: {message}") as caught:
        land(log, "log")
    assert caught.value.remedy


def test_no_value_of_a_file_without_headings_is_told(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"1990-00001,Patient MRN 7\n1990-00002,x\n")
    with pytest.raises(SourceError, match=r"none of the declared headings") as caught:
        land(log, "log")
    assert "1990-00001" not in str(caught.value)
    assert "MRN 7" not in str(caught.value)


@pytest.mark.parametrize("columns", ["all", {"case": ["CASE NO"], "mrn": ["MRN"]}])
@pytest.mark.parametrize(
    "content",
    [
        b'CASE NO,"MRN\n1,Simbo"\n2,x\n',
        b'CASE NO,MRN,"Note\r1,2,Simbo"\n2,x,y\n',
        "CASE NO,MRN,Note\u2028Simbo\n2,x,y\n".encode(),
        b"CASE NO,MRN,Simbo,Simbo\n1,2,3,4\n",
        b"CASE NO,MRN,Note1,2009-02-11,Simbo\n2,x,y\n",
        b"8812345,Simbo,2/11/2009\n8812346,x,y\n",
    ],
)
def test_a_record_among_the_headings_is_refused_and_not_told(
    tmp_path: Path, columns: object, content: bytes
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    optional = [] if columns == "all" else ["mrn"]
    config = CsvSource.model_validate(
        {"kind": "csv", "path": "a.csv", "tables": {"t": "patient"}, "columns": columns}
        | {"optional": optional}
    )
    told: list[object] = []
    with pytest.raises(SourceError) as caught:
        told.extend(kind_of(config).read("s", config, tmp_path))
    assert caught.value.remedy
    for value in ("Simbo", "2009", "8812345"):
        assert value not in f"{caught.value}{told}"


def test_a_number_is_a_heading_when_it_is_declared(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"CASE NO,718-7,20509\n1,14,135\n")
    config = CsvSource.model_validate(
        {"kind": "csv", "path": "a.csv", "tables": {"t": "patient"}}
        | {"columns": {"case": ["CASE NO"], "sodium": ["20509"]}}
    )
    found = list(kind_of(config).read("s", config, tmp_path))
    assert Headings("a.csv", ["CASE NO", "718-7", "20509"], 1) in found


def test_a_missing_file_names_the_pattern_and_the_remedy(project: Make) -> None:
    with pytest.raises(SourceError, match=r"(?s)source log: no file matches \*\.csv.*--extracts"):
        land(project(LOG), "log")


@pytest.mark.parametrize("encoding", ["utf-7b", "base64", "rot13"])
def test_an_unknown_encoding_is_named(project: Make, encoding: str) -> None:
    log = project(encoded(encoding))
    write(log, a=b"CASE NO,MRN\n")
    with pytest.raises(SourceError, match=f"encoding '{encoding}' is unknown"):
        land(log, "log")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"procedure" }', '"procedure", rooms = "room" }', "lands one table"),
        ('["room"]', '["rooms"]', "`optional` names rooms"),
        ('["ROOM"]', '["ROOM", "MRN"]', "'MRN' is given to hospital_number and room"),
        ('path = "*.csv"', 'path = "*.csv"\ndelimiter = "||"', "one ASCII character"),
        ("room = [", "_row = [", "_row is a name reserved for cytoreg"),
        ("{ cases", "{ reject", "cannot be called reject"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    project: Make, old: str, new: str, message: str
) -> None:
    changed = LOG.replace(old, new)
    if "_row" in new:
        changed = changed.replace('optional = ["room"]', "")
    with pytest.raises(ConfigError, match=message):
        project(changed)


def test_all_headings_are_taken_on_request(project: Make, landed: Callable) -> None:
    start, _, _ = LOG.partition("optional")
    log = project(start + 'columns = "all"\n')
    write(log, a=b"Z,A\n1,2\n", b=b"B,A\n3,4\n")
    landing, rows, _ = landed(log, "log", '"Z", "A", "B", _file')
    assert rows == [("1", "2", None, "a.csv"), (None, "4", "3", "b.csv")]
    assert list(landing.tables[0].columns)[:3] == ["Z", "A", "B"]
    assert landing.unexpected == {}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("columns", ["declared", "all"])
def test_a_delimiter_that_is_not_declared_is_found(
    project: Make, landed: Callable, delimiter: str, columns: str
) -> None:
    log = project(LOG if columns == "declared" else ALL)
    others = ",;\t|".replace(delimiter, "")
    lines = ["CASE NO@MRN@NOTE", f"1@a@{others}", f'2@b@"{others}@"', "3@c", "4@d@"]
    write(log, a="\n".join(lines).replace("@", delimiter).encode())
    landing, rows, rejects = landed(log, "log", '"NOTE", _row')
    assert rows == [(others, 1), (others + delimiter, 2), ("", 4)]
    assert [(row, reason) for _, row, _, reason, _ in rejects] == [(3, "2 fields instead of 3")]
    assert landing.files[0].headings == ["CASE NO", "MRN", "NOTE"]


def test_a_delimiter_that_is_declared_is_not_doubted(project: Make) -> None:
    log = project(LOG.replace("optional", 'delimiter = ","\noptional'))
    write(log, a=b"CASE NO;MRN\n1;2\n")
    with pytest.raises(SourceError, match=r"a\.csv has a single column.*\n.*`delimiter`"):
        land(log, "log")


def test_headings_are_found_below_other_lines(project: Make, landed: Callable) -> None:
    log = project(LOG)
    write(
        log,
        a=b'Theatre log, printed "2020\n\nWard;A,B\n\nCASE NO;MRN\n1;a\n2\n',
        b=b"MRN\tCASE NO\nb\t3",
    )
    landing, rows, rejects = landed(log, "log", "case_number, hospital_number, _file, _row")
    assert rows == [("1", "a", "a.csv", 1), ("3", "b", "b.csv", 1)]
    assert [(row, line) for _, row, line, _, _ in rejects] == [(2, 7)]
    assert landing.unexpected == {"lines before the headings of a.csv": 4}


def test_the_line_of_the_headings_may_be_declared(project: Make, landed: Callable) -> None:
    log = project(ALL + "header = 3")
    write(log, a=b"#\r#;;;;\rCASE NO;MRN\r1;a\r\r2;b")
    _, rows, rejects = landed(log, "log", '"CASE NO", "MRN", _row')
    assert rows == [("1", "a", 1), ("2", "b", 3)]
    assert [(row, line) for _, row, line, _, _ in rejects] == [(2, 5)]
    with pytest.raises(SourceError, match=r"a\.csv: line 30, which should hold the headings"):
        land(project(ALL + "header = 30"), "log")


@pytest.mark.parametrize(("columns", "first"), [("LOG", "case_number"), ("ALL", "column_1")])
def test_a_file_without_headings_has_its_columns_in_order(
    project: Make, landed: Callable, columns: str, first: str
) -> None:
    log = project(globals()[columns].replace("optional", "header = 0\noptional"))
    write(log, a=b"1;a;x\n2;b\n3;c;y\n")
    _, rows, rejects = landed(log, "log", f"{first}, _row")
    assert rows == [("1", 1), ("3", 3)]
    assert rejects == [("cases", 2, 2, "2 fields instead of 3", "2;b")]


@pytest.mark.parametrize(
    ("quote", "content", "name"),
    [("", b'1\t"5 inch\n', '"5 inch'), ("'", b"1\t'a\t''b'''\n", "a\t'b'")],
)
def test_another_quote_or_none_may_be_declared(
    project: Make, landed: Callable, quote: str, content: bytes, name: str
) -> None:
    log = project(ALL + f'quote = "{quote}"')
    write(log, a=b"NO\tNAME\n" + content + b'2\t"x"\n')
    _, rows, rejects = landed(log, "log", '"NO", "NAME"')
    assert rows == [("1", name), ("2", '"x"')]
    assert rejects == []
