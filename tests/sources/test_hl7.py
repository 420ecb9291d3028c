"""HL7 v2: messages of any line ends become rows by paths, and what is none is kept raw."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing import land, read_manifest
from cytoreg.project import Project

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
        ("A1", "SIM", "0000001", "Simbo^Xibo", "12.5", "Ileum & valve", 1),
        ("A2", "SIM", "0000002", None, None, None, 2),
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
    assert rows == [("A1", "a.hl7", 1), ("A2", "a.hl7", 2), ("A2", "b.hl7", 1)]
    assert rejects == []
    unexpected = read_manifest(landing.folder).unexpected
    assert unexpected == {"a.hl7: batches that declare another number of messages": 1}


def test_a_message_that_is_none_is_kept_raw_and_the_others_go_on(
    project: Make, landed: Callable
) -> None:
    hospital = project(SOURCE)
    bad = (("PID|1||7",), ("MSH|^",), ONE, (TWO[0], "no segment at all"), TWO)
    content = text(*bad) + TWO[0].encode() + b"\rPID|1||\xe9\r" + text(TWO)
    (hospital.extracts / "a.hl7").write_bytes(content)
    _, rows, rejects = landed(hospital, "pathology", "control, _row")
    assert rows == [("A1", 3), ("A2", 5), ("A2", 7)]
    assert [(table, row, line, reason) for table, row, line, reason, _ in rejects] == [
        ("report", 1, 1, "a segment outside a message"),
        ("report", 2, 2, "an MSH segment without its separators"),
        ("report", 4, 10, "a line that is no segment"),
        ("report", 6, 14, "bytes that are not in the declared encoding"),
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


def test_an_escape_sign_that_was_escaped_is_one(project: Make, landed: Callable) -> None:
    hospital = project(SOURCE)
    twice = ONE[0].replace("~\\&", "~\\\\&")
    assert twice != ONE[0]
    (hospital.extracts / "a.hl7").write_bytes(text((twice, *ONE[1:])))
    _, rows, _ = landed(hospital, "pathology", "control, site")
    assert rows == [("A1", "Ileum & valve")]


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


@pytest.mark.parametrize("path", ["PID", "PID-0", "pid-3", "PID[X]-3", "OBX-5.1.1.1", "-5"])
def test_a_path_that_is_none_is_refused(path: str, project: Make) -> None:
    with pytest.raises(ConfigError, match="is no path such as PID-3"):
        project(SOURCE.replace('"PID-3.1"', f'"{path}"', 1))


def test_no_byte_loses_a_message(project: Make, landed: Callable) -> None:
    """Bytes are changed at random: every message that begins is a row or kept raw."""
    hospital = project(SOURCE)
    rng = random.Random(2017)
    for _ in range(60):
        content = bytearray(text(*[ONE, TWO] * 5))
        for _ in range(rng.randrange(1, 6)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        (hospital.extracts / "a.hl7").write_bytes(content)
        try:
            _, rows, rejects = landed(hospital, "pathology", "_row")
        except SourceError:
            continue
        numbers = sorted([row for (row,) in rows] + [row for _, row, *_ in rejects])
        assert numbers == list(range(1, len(numbers) + 1))
        begun = sum(
            line[:3] == b"MSH" for line in bytes(content).replace(b"\n", b"\r").split(b"\r")
        )
        assert len(numbers) >= begun
