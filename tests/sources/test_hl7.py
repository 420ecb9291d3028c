"""HL7 v2: messages of any line ends become rows by paths, and what is none is kept raw."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.manifest import read as read_manifest
from cytoreg.project.load import Project
from cytoreg.sources.hl7 import envelope

Make = Callable[[str], Project]

SOURCE = """
[sources.pathology]
kind = "hl7"
path = "*.hl7"
tables = { report = "pathology", result = "laboratory" }
each = { result = "OBX" }
[sources.pathology.columns.report]
control = "MSH-10"
sender = "MSH-3"
mrn = "PID-3.1"
names = "PID-5"
ki67 = "OBX[KI67]-5"
site = "OBX[SITE]-5.2"
[sources.pathology.columns.result]
mrn = "PID-3.1"
report = "OBR-3"
code = "OBX-3.1"
value = "OBX-5"
"""
ONE = (
    r"MSH|^~\&|SIM|LAB|||20050101||ORU^R01|A1|P|2.5.1",
    "PID|1||0000001^^^H^MR~99^^^X||Simbo^Xibo",
    "OBR|1||S05-1",
    "OBX|1|NM|KI67^Ki-67^L||12.5|%",
    "OBR|2||S05-2",
    r"OBX|2|CWE|SITE^Site^L||C17.2^Ileum \T\ valve^ICDO3",
    r"OBX|3|FT|NOTE^Note^L||a\F\b\S\c\.br\d\Z9\e",
)
TWO = (r"MSH|^~\&|SIM|LAB|||20050102||ADT^A01|A2|P|2.3", "PID|1||0000002")


def text(*messages: tuple[str, ...], end: str = "\r") -> bytes:
    return "".join(line + end for message in messages for line in message).encode()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_messages_become_rows_whatever_their_line_ends(
    end: str, project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(text(ONE, TWO, end=end))
    columns = "control, sender, mrn, names, ki67, site, _row"
    _, rows, rejects = landed(hospital, "pathology", columns)
    assert rows == [
        ("A1", "SIM", "0000001", "Simbo^Xibo", "12.5", None, 1),
        ("A1", "SIM", "0000001", "Simbo^Xibo", None, "Ileum & valve", 2),
        ("A2", "SIM", "0000002", None, None, None, 3),
    ]
    assert rejects == []


def test_a_row_a_segment_looks_back_for_the_rest(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(text(TWO, ONE))
    columns = "mrn, report, code, value, _row, _parent_row"
    _, rows, _ = landed(hospital, "pathology", columns, table="result")
    assert rows == [
        ("0000001", "S05-1", "KI67", "12.5", 1, 2),
        ("0000001", "S05-2", "SITE", "C17.2^Ileum & valve^ICDO3", 2, 2),
        ("0000001", "S05-2", "NOTE", "a|b^c\nd\\Z9\\e", 3, 2),
    ]


def test_batches_and_mllp_frames_are_unwrapped_and_counted(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    batch = (("FHS|^~\\&",), ("BHS|^~\\&",), ONE, TWO, ("BTS|3",), ("FTS|1",))
    framed = b"\x0b" + text(TWO) + b"\x1c\r"
    (hospital.extracts / "a.hl7").write_bytes(text(*batch))
    (hospital.extracts / "b.hl7").write_bytes(framed)
    landing, rows, rejects = landed(hospital, "pathology", "control, _file, _row")
    assert rows == [
        ("A1", "a.hl7", 1), ("A1", "a.hl7", 2), ("A2", "a.hl7", 3), ("A2", "b.hl7", 1),
    ]  # fmt: skip
    assert rejects == []
    unexpected = read_manifest(landing.folder).unexpected
    assert unexpected["a.hl7: batch that declares another number of messages"] == 1


def test_a_message_that_is_none_is_kept_raw_and_the_others_go_on(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    bad = (("PID|1||7",), ("MSH|^",), ONE, (TWO[0], "no segment at all"), TWO)
    content = text(*bad) + TWO[0].encode() + b"\rPID|1||\xe9\r" + text(TWO)
    (hospital.extracts / "a.hl7").write_bytes(content)
    _, rows, rejects = landed(hospital, "pathology", "control, _row")
    assert rows == [("A1", 3), ("A1", 4), ("A2", 6), ("A2", 8)]
    assert [(table, row, line, reason) for table, row, line, reason, _ in rejects] == [
        ("report", 1, 1, "a segment outside a message"),
        ("report", 2, 2, "an MSH segment without its separators"),
        ("report", 5, 10, "a line that is not a segment"),
        ("report", 7, 14, "bytes that are not in utf-8"),
    ]
    assert rejects[0][-1] == "PID|1||7"
    assert rejects[-1][-1].endswith("PID|1||\\xe9")


def test_other_separators_and_encodings_are_those_of_the_message(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE.replace('path = "*.hl7"', 'path = "*.hl7"\nencoding = "latin-1"'))
    message = "MSH#*~!?#Siméon#LAB#####ORU*R01#A3\rPID#1##5*x##a!F!b\r"
    (hospital.extracts / "a.hl7").write_bytes(message.encode("latin-1"))
    _, rows, _ = landed(hospital, "pathology", "control, sender, mrn, names")
    assert rows == [("A3", "Siméon", "5", "a#b")]


def test_a_byte_order_mark_takes_precedence_over_the_declared_encoding(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE.replace('path = "*.hl7"', 'path = "*.hl7"\nencoding = "latin-1"'))
    message = "MSH|^~\\&|Siméon|LAB|||||ORU^R01|A3\rPID|1||5\r"
    (hospital.extracts / "a.hl7").write_bytes(message.encode("utf-8-sig"))
    _, rows, rejects = landed(hospital, "pathology", "control, sender, mrn")
    assert rows == [("A3", "Siméon", "5")]
    assert rejects == []


def test_an_escape_sign_that_was_escaped_is_one(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    twice = ONE[0].replace("~\\&", "~\\\\&")
    assert twice != ONE[0]
    (hospital.extracts / "a.hl7").write_bytes(text((twice, *ONE[1:])))
    _, rows, _ = landed(hospital, "pathology", "control, site")
    assert rows == [("A1", None), ("A1", "Ileum & valve")]


def test_an_empty_batch_has_no_rows_and_a_file_without_messages_is_refused(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(text(("FHS|^~\\&",), ("BTS|0",), ("FTS|1",)))
    _, rows, rejects = landed(hospital, "pathology")
    assert (rows, rejects) == ([], [])
    (hospital.extracts / "a.hl7").write_bytes(b"\r\n\r\n")
    with pytest.raises(SourceError, match=r"a\.hl7 holds no HL7 message"):
        land(hospital, "pathology")


@pytest.mark.parametrize("path", ["PID-0", "PID[X]-3", "PID-8[MR].1"])
def test_a_path_that_is_none_is_refused(path: str, project: Make) -> None:
    with pytest.raises(ConfigError, match="is not a path such as PID-3"):
        project(SOURCE.replace('"PID-3.1"', f'"{path}"', 1))


def test_line_breaks_inside_a_text_are_kept_and_counted(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    lines = ("one", "", "  MSH2: retained", "YES", "two|ml|||||F", "OBX|9|NM|KI67||3")
    text_ = "\r".join([*ONE[:5], "OBX|2|FT|NOTE||" + "\n".join(lines)]) + "\r"
    (hospital.extracts / "a.hl7").write_bytes(text_.encode())
    columns = "code, value"
    landing, rows, rejects = landed(hospital, "pathology", columns, table="result")
    assert rejects == []
    assert rows[1:] == [("NOTE", "one\n\n  MSH2: retained\nYES\ntwo"), ("KI67", "3")]
    unexpected = read_manifest(landing.folder).unexpected
    assert unexpected["line that is not a segment, joined to the one before"] == 3


def test_a_segment_without_fields_is_none_of_a_text_with_line_breaks(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    message = (ONE[0], "EVN", "PID|1||7", "OBR", "OBX|1|FT|NOTE||one", "two", "OBX|2|NM|KI67||3 ")
    (hospital.extracts / "a.hl7").write_bytes(text(message))
    _, rows, rejects = landed(hospital, "pathology", "mrn, ki67")
    assert (rows, rejects) == ([("7", "3 ")], [])
    _, rows, _ = landed(hospital, "pathology", "report, value", table="result")
    assert rows == [(None, "one\ntwo"), (None, "3 ")]


def test_hl7s_null_is_none_and_an_empty_field_no_missing_one(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    message = (TWO[0], 'PID|1||""||')
    (hospital.extracts / "a.hl7").write_bytes(text(message, (TWO[0], "PID|1||"), (TWO[0],)))
    _, rows, _ = landed(hospital, "pathology", "mrn, names")
    assert rows == [(None, ""), ("", None), (None, None)]


def test_an_addendum_goes_on_where_its_segment_ended(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    message = (*ONE[:3], "OBX|1|NM|KI67||12", "ADD|.5|%", "ADD||L", *ONE[4:])
    (hospital.extracts / "a.hl7").write_bytes(text(message))
    _, rows, _ = landed(hospital, "pathology", "ki67, site")
    assert rows == [("12.5", None), (None, "Ileum & valve")]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ((TWO[0], "DSC|next"), "a message that goes on in another (DSC)"),
        ((TWO[0], "ADD|rest"), "the rest of another message (ADD)"),
        ((TWO[0], "PID|1||\0"), "a NUL byte"),
        ((TWO[0], "pid|1||7"), "a line that is not a segment"),
        ((TWO[0], f"PID|1||7{TWO[0]}"), "another message's MSH in the middle of a line"),
        (("MSH|^^^^|",), "an MSH segment without its separators"),
    ],
)
def test_a_message_that_cannot_be_believed_is_kept_raw(
    message: tuple[str, ...], reason: str, project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(text(TWO, message, TWO))
    _, rows, rejects = landed(hospital, "pathology", "_row")
    assert rows == [(1,), (3,)]
    assert rejects == [("report", 2, 3, reason, "\n".join(message))]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("UNICODE UTF-8", "utf-8"),
        ("ASCII", "utf-8"), ("", "utf-8"), ("8859/1~UNICODE", "latin-1"), ("ISO IR87", "utf-8"),
    ],
)  # fmt: skip
def test_a_message_says_what_it_is_in(
    charset: str, codec: str, project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    head = TWO[0] + "||||||" + charset
    content = text(TWO) + f"{head}\rPID|1||5||Siméon\r".encode(codec) + text(TWO)
    (hospital.extracts / "a.hl7").write_bytes(content)
    _, rows, rejects = landed(hospital, "pathology", "names")
    assert rows == [(None,), ("Siméon",), (None,)]
    assert rejects == []


def test_what_is_not_in_its_character_set_is_kept_raw(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    message = f"{TWO[0]}||||||8859/3\rPID|1||5\xa5\r".encode("latin-1")  # 8859/3 has no such byte
    (hospital.extracts / "a.hl7").write_bytes(message)
    _, rows, rejects = landed(hospital, "pathology", "names")
    assert rows == []
    assert [(why, raw[-5:]) for *_, why, raw in rejects] == [
        ("bytes that are not in iso8859-3", "5\\xa5")
    ]


def test_blanks_and_marks_before_a_segment_are_none_of_it(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    content = "\r".join(" \t" + line for line in ONE) + "\r\x1c\x0b" + "\r".join(TWO) + "\x1c\r"
    (hospital.extracts / "a.hl7").write_bytes(b"\xef\xbb\xbf\r\n" + content.encode())
    _, rows, rejects = landed(hospital, "pathology", "control, mrn, ki67")
    assert rejects == []
    assert rows == [
        ("A1", "0000001", "12.5"), ("A1", "0000001", None), ("A2", "0000002", None),
    ]  # fmt: skip


def test_segments_of_ones_own_and_segments_without_fields_are_such(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE.replace('"PID-5"', '"ZID-2.2"'))
    (hospital.extracts / "a.hl7").write_bytes(text((TWO[0], "EVN", TWO[1], "PV1", "ZID|1|a^b")))
    landing, rows, _ = landed(hospital, "pathology", "mrn, names")
    assert rows == [("0000002", "b")]
    assert read_manifest(landing.folder).unexpected == {}


def test_envelopes_that_do_not_close_or_count_wrong_are_noted(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    files = {
        "a": (("FHS|^~\\&",), ("BHS|^~\\&",), TWO, ("BTS|1",), ("BHS|^~\\&",), TWO, ("BTS|2",)),
        "b": (("BHS|^~\\&",), TWO, ("BHS|^~\\&",), TWO, ("BTS|1",), ("FTS|1",)),
        "c": (("BHS|^~\\&",), ("BTS|1",), ("lost",), TWO, ("BTS",)),
    }
    for name, batch in files.items():
        (hospital.extracts / f"{name}.hl7").write_bytes(text(*batch))
    landing, rows, rejects = landed(hospital, "pathology", "_file, _row")
    assert [(row, line, why) for _, row, line, why, _ in rejects] == [
        (1, 3, "a segment outside a message")
    ]
    assert rows == [
        ("a.hl7", 1), ("a.hl7", 2), ("b.hl7", 1), ("b.hl7", 2), ("c.hl7", 2),
    ]  # fmt: skip
    assert read_manifest(landing.folder).unexpected == {
        "a.hl7: batch that declares another number of messages": 1,
        "a.hl7: file without its end (FTS)": 1,
        "b.hl7: batch without its end (BTS)": 1,
        "b.hl7: file that declares another number of batches": 1,
        "c.hl7: batch that declares another number of messages": 1,
    }


def test_a_broken_message_alone_is_a_reject_and_what_is_no_hl7_is_refused(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(b"MS|^~\\&|A\rPID|1||7\r")
    _, rows, rejects = landed(hospital, "pathology")
    assert (rows, len(rejects)) == ([], 1)
    (hospital.extracts / "a.hl7").write_bytes(b"mrn,name\n1,Simbo\n")
    with pytest.raises(SourceError, match=r"a\.hl7 holds no HL7 message") as caught:
        land(hospital, "pathology")
    assert "Simbo" not in str(caught.value)


def test_a_damaged_header_costs_no_message_but_its_own(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    damaged = (ONE[0].replace("MSH|", "MS|"), *ONE[1:])
    (hospital.extracts / "a.hl7").write_bytes(text(ONE, damaged, TWO))
    _, rows, rejects = landed(hospital, "pathology", "control, _row")
    assert rows == [("A1", 1), ("A1", 2), ("A2", 4)]
    assert [(row, line, why) for _, row, line, why, _ in rejects] == [
        (3, 1 + len(ONE), "a damaged MSH segment")
    ]


def test_a_message_that_never_ends_is_not_waited_for(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "LONGEST", 1000)
    monkeypatch.setattr(envelope, "CHUNK", 100)
    hospital = project(SOURCE)
    (hospital.extracts / "a.hl7").write_bytes(text(TWO) + text((TWO[0], "OBX|1|FT|" + "x" * 2000)))
    with pytest.raises(SourceError, match=r"a\.hl7: the message of line 3 does not end"):
        land(hospital, "pathology")


@pytest.mark.parametrize("chunk", [1, 2, 7, 50])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_messages_do_not_depend_on_how_they_are_read(
    chunk: int,
    end: str,
    project: Make,
    landed: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(envelope, "CHUNK", chunk)
    hospital = project(SOURCE)
    batch = (("FHS|^~\\&",), ("BHS|^~\\&",), ONE, (TWO[0], "x"), TWO, ("BTS|3",), ("FTS|1",))
    content = b"\x0b" + text(ONE, end=end) + b"\x1c\r\x0b" + text(*batch, end=end) + b"\x1c\r"
    (hospital.extracts / "a.hl7").write_bytes(content)
    landing, rows, rejects = landed(hospital, "pathology", "control, mrn, ki67, _row")
    one, next_, two = ("A1", "0000001", "12.5"), ("A1", "0000001", None), ("A2", "0000002", None)
    assert rows == [(*one, 1), (*next_, 2), (*one, 3), (*next_, 4), (*two, 6)]
    assert [(row, line) for _, row, line, *_ in rejects] == [(5, 18)]
    assert not any("batch" in what for what in read_manifest(landing.folder).unexpected)


def test_compressed_files_are_read_as_they_are(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE.replace('"*.hl7"', '"*.hl7.gz"'))
    (hospital.extracts / "a.hl7.gz").write_bytes(gzip.compress(text(ONE, TWO)))
    _, rows, _ = landed(hospital, "pathology", "control")
    assert rows == [("A1",), ("A1",), ("A2",)]


def test_utf_16_says_its_byte_order(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE.replace('path = "*.hl7"', 'path = "*.hl7"\nencoding = "utf-16"'))
    (hospital.extracts / "a.hl7").write_bytes(text(ONE).decode().encode("utf-16"))
    _, rows, _ = landed(hospital, "pathology", "control")
    assert rows == [("A1",), ("A1",)]
    (hospital.extracts / "a.hl7").write_bytes(text(ONE).decode().encode("utf-16-le"))
    with pytest.raises(SourceError, match=r"byte-order mark of utf-16\n.*utf-16-le"):
        land(hospital, "pathology")


def test_the_sections_of_the_page_read_reports_and_admissions(
    project: Make, landed: Callable
) -> None:
    page = (Path(__file__).parents[2] / "docs/sources/hl7.md").read_text(encoding="utf-8")
    hospital = project("\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)))
    for name, lines in {"pathology": PATHOLOGY, "adt": ADMISSION}.items():
        (hospital.extracts / name).mkdir()
        (hospital.extracts / name / "a.hl7").write_bytes(text(lines))
    columns = "mrn, accession, final_diagnosis, gross_pathology, pathologist"
    _, rows, _ = landed(hospital, "pathology", columns)
    assert rows == [
        ("7", "S1", "Ileum:\nneuroendocrine tumour, G1", None, "Pathos"),
        ("7", "S2", None, "a nodule", None),
    ]
    _, rows, _ = landed(hospital, "pathology", "accession, code, note", table="result")
    assert rows[0] == ("S1", "22637-3", None)
    assert rows[1] == ("S1", "22637-3", "line one\nline two")
    _, rows, _ = landed(hospital, "admissions", "event, mrn, former_mrn, visit, final_diagnosis")
    assert rows == [("A08", "7", "5", "V1", "C17.2")]
    _, rows, _ = landed(hospital, "admissions", "mrn, visit, code, kind", table="diagnosis")
    assert rows == [("7", "V1", "C7A.0", "W"), ("7", "V1", "C17.2", "F")]


PATHOLOGY = (
    r"MSH|^~\&|LAB|SIM^33D^CLIA|||20250101||ORU^R01^ORU_R01|A1|P|2.5.1",
    "PID|1||9^^^^SS~7^^^H^MR||Simbo^Xibo||19570706|F",
    "OBR|1||S1|11529-5^Surgical pathology^LN||" + "|" * 26 + "1&Pathos",
    "OBX|1|TX|22637-3^Final diagnosis^LN||Ileum:||||||F",
    "OBX|2|TX|22637-3^Final diagnosis^LN||neuroendocrine tumour, G1||||||F",
    "NTE|1||line one",
    "NTE|2||line two",
    "OBR|2||S2|11529-5^Surgical pathology^LN",
    "OBX|1|TX|22634-0^Gross pathology^LN||a nodule||||||F",
)
ADMISSION = (
    r"MSH|^~\&|ADT|SIM|||20250101||ADT^A08|A1|P|2.3",
    "PID|1||7^^^H^MR||Simbo^Xibo",
    "MRG|5",
    "PV1|1|I|W1" + "|" * 16 + "V1",
    "DG1|1||C7A.0^^I10|||W",
    "DG1|2||C17.2^^I10|||F",
)
