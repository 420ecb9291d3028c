"""HL7 v2: what a path finds, and what of a message a row may look at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.manifest import read as read_manifest
from cytoreg.project.load import Project
from cytoreg.sources.hl7.message import parse
from cytoreg.sources.hl7.paths import path_of, picker
from cytoreg.sources.hl7.signs import escaped, signs_of, unescaped

Make = Callable[[str], Project]
Landed = Callable[..., tuple]

USUAL = signs_of(r"|^~\&|", "utf-8")
assert USUAL is not None


def value(path: str, field: str) -> str | None:
    found = path_of(path)
    assert found is not None
    return picker(found, USUAL)(field)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("PID-3[5=MR].1", "11"),
        ("PID-3[5=SS].1", "22"),
        ("PID-3[4.2=1.2.3].1", "22"),
        ("PID-3[4.1=H]", "11^^^H^MR"),
        ("PID-3[5=XX].1", None),
        ("PID-3*.1", "11\n22\n33"),
        ("PID-3[4.1=H]*.1", "11\n33"),
        ("PID-3.4.2", ""),
        ("PID-3.9", ""),
    ],
)
def test_a_repetition_is_chosen_by_what_it_has(path: str, expected: str | None) -> None:
    field = "11^^^H^MR~22^^^SSA&1.2.3^SS~33^^^H"
    assert value(path, field if "[" in path or "*" in path else field.partition("~")[0]) == expected


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        ("PID-3[MR].1", "22^^^SSA^SS~11^^^H^MR", "11"),
        ("PID-3[MR].1", "22^^^SSA^SS~11^^^H^mr ", "11"),
        ("PID-3[MR].1", "11", "11"),
        ("PID-3[MR].1", "11^^^H", "11"),
        ("PID-3[MR].1", "22^^^SSA^SS~11", "11"),
        ("PID-3[MR].1", "33~11", None),  # which of them?
        ("PID-3[MR].1", "22^^^SSA^SS", None),
        ("PID-3[MR].1", "33~11^^^H^MR", "11"),
        ("PID-3[MR|PI].1", "44^^^H^PI~11^^^H^MR", "11"),
        ("PID-3[MR|PI].1", "22^^^SSA^SS~44^^^H^PI", "44"),
        ("PID-3[MR@H].1", "55^^^OTHER^MR~11^^^H&1.2&ISO^MR", "11"),
        ("PID-3[MR@1.2].1", "55^^^OTHER^MR~11^^^H&1.2&ISO^MR", "11"),
        ("PID-3[MR@H].1", "55^^^OTHER^MR~11^^^^MR", "11"),
        ("PID-3[MR@H].1", "55^^^OTHER^MR~11", "11"),
        ("PID-3[MR@H].1", "55^^^OTHER^MR", None),
        ("PID-3[MR]*.1", "11^^^H^MR~22^^^SSA^SS~12^^^H^MR", "11\n12"),
        ("PID-3[MR].1", '""^^^H^MR~11^^^H^MR', "11"),
        ("PID-3[MR].1", '""^^^H^MR', None),
        ("PID-5[L].1", "Xibo^A^^^^^M~Simbo^A^^^^^L", "Simbo"),
        ("PID-5[L].1", "Simbo^A", "Simbo"),
        ("OBR-16[NPI].1", "7^Pathos^^^^^^^SIM^^^^EI~8^Pathos^^^^^^^SIM^^^^NPI", "8"),
    ],
)
def test_a_repetition_is_chosen_by_its_type_wherever_it_stands(
    path: str, field: str, expected: str | None
) -> None:
    assert value(path, field) == expected


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        ("PID-5", '""', None),
        ("PID-5", '""^""', None),
        ("PID-5.1", '""^Xibo', None),
        ("PID-5.2", '""^Xibo', "Xibo"),
        ("PID-3.4.2", 'a^^^H&""&ISO', None),
        ("PID-3.4", 'a^^^""&""', None),
        ("PID-3*.1", '""~11', "11"),
        ("PID-5", 'said ""', 'said ""'),
        ("PID-5", "", ""),
    ],
)
def test_hl7s_null_is_a_null_in_every_part(path: str, field: str, expected: str | None) -> None:
    assert value(path, field) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\F\\S\\R\\T\\E\ ", r"|^~&\ "),
        (r"a\.br\b\.sp2\c\.sp\d\.ce\e", "a\nb\n\nc\nd\ne"),
        (r"\.in+4\a\.ti-2\b\.fi\c\.nf\d\.sk3\e", "abcd   e"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"\X41\\X0D0A\\Xe9\ ", "\\X41\\\\X0D0A\\\\Xe9\\ "),  # together no UTF-8
        (r"\X41\b\XC3\\Xa9\ ", "Abé "),
        (r"\X00\ \X4\ \X\ ", r"\X00\ \X4\ \X\ "),
        (r"\Z9\ \C2842\ \M1B2442\ ", r"\Z9\ \C2842\ \M1B2442\ "),
        (r"C:\temp\.br\x", "C:\\temp\nx"),
        (r"D:\Data\F\x", r"D:\Data|x"),
        (r"\.sp999\ \.sp99\ ".rstrip(), "\\.sp999\\ " + "\n" * 99),
        ("no escape", "no escape"),
        ("one \\ alone", "one \\ alone"),
    ],
)
def test_escapes_are_undone_and_what_is_none_stays(text: str, expected: str) -> None:
    assert unescaped(USUAL)(text) == expected


def test_an_escaped_text_is_itself_again() -> None:
    assert unescaped(USUAL)(escaped(r"a|b^c~d\e&f", USUAL)) == r"a|b^c~d\e&f"


def test_hexadecimal_escapes_are_in_the_encoding_of_the_message() -> None:
    latin = signs_of(r"|^~\&|", "latin-1")
    assert latin is not None
    assert unescaped(latin)(r"Sim\XE9\on") == "Siméon"


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        (r"|^~\&|", True), (r"|^~\&#|", True), (r"|^~\|", True), ("|^~|", True),
        (r"#*~!?#", True), ("", False), ("|", False), ("|^|", False), (r"|^^\&|", False),
        ("|^~\\&#@|", False), ("|a~\\&|", False), ("| ~\\&|", False),
    ],
)  # fmt: skip
def test_signs_must_differ_from_each_other(head: str, whole: bool) -> None:
    assert (signs_of(head, "utf-8") is not None) == whole


def test_the_truncation_sign_of_version_2_7_is_one() -> None:
    message = parse(
        b"\rMSH|^~\\&#|A|B\rPID|1||5#^^^H\rOBX|1|ST|X||a\\P\\b", "", frozenset({"PID", "OBX"})
    )
    _, pid, obx = message.segments
    assert pid[3] == "5#^^^H"
    assert unescaped(message.signs)(obx[5]) == "a#b"


@pytest.mark.parametrize(
    "path",
    ["PID", "PID-0", "pid-3", "PID[X]-3", "PID-8[MR].1", "PID-3[@H].1", "PID-3[MR@].1",
     "PID-5[L@H].1", "OBX-5.1.1.1", "-5", "OBX[]-5", "OBX-5**",
     "OBX[3=]-5", "PID-99999"],
)  # fmt: skip
def test_what_is_no_path_is_none(path: str) -> None:
    assert path_of(path) is None


REPORTS = """
[sources.pathology]
kind = "hl7"
path = "*.hl7"
tables = { report = "pathology", result = "laboratory", note = "laboratory", patient = "patient" }
each = { report = "OBR", result = "OBX", note = "NTE", patient = "PID" }
[sources.pathology.columns.report]
mrn = "PID-3.1"
placer = "ORC-2"
accession = "OBR-3"
visit = "PV1-19"
diagnosis = "OBX[22637-3]*-5"
ki67 = "OBX[KI67]-5"
specimen = "SPM-4"
[sources.pathology.columns.result]
mrn = "PID-3.1"
placer = "ORC-2"
accession = "OBR-3"
code = "OBX-3.1"
value = "OBX-5"
note = "NTE*-3"
specimen = "SPM-4"
ki67 = "OBX[KI67]-5"
[sources.pathology.columns.note]
code = "OBX-3.1"
note = "NTE-3"
mrn = "PID-3.1"
[sources.pathology.columns.patient]
mrn = "PID-3.1"
control = "MSH-10"
note = "NTE-3"
orders = "OBR*-3"
"""
TWO_PATIENTS = r"""MSH|^~\&|LAB|SIM|||20250101||ORU^R01|A1|P|2.5.1
PID|1||100
NTE|1||of the patient
PV1|1|I|||||||||||||||||V1
ORC|RE|P1
OBR|1||S1
NTE|1||of the order
OBX|1|TX|22637-3^Final diagnosis^LN||first line
NTE|1||of the first
NTE|2||again
OBX|2|TX|22637-3^Final diagnosis^LN||
OBX|3|TX|DX^local^L^22637-3^Final diagnosis^LN||last line
OBX|4|NM|KI67^Ki-67^L||12.5
SPM|1|||ileum
OBR|2||S2
OBX|1|TX|22637-3^Final diagnosis^LN||of the second order
PID|2||200
ORC|RE|P3
OBR|1||S3
OBX|1|NM|KI67^Ki-67^L||3
""".replace("\n", "\r")


@pytest.fixture
def rows(project: Make, landed: Landed) -> Callable[[str, str], list[tuple]]:
    hospital = project(REPORTS)
    (hospital.extracts / "a.hl7").write_bytes(TWO_PATIENTS.encode())

    def of(table: str, columns: str) -> list[tuple]:
        return landed(hospital, "pathology", columns, table=table)[1]

    return of


def test_an_order_has_its_own_observations_joined_and_nothing_of_a_neighbour(
    rows: Callable[[str, str], list[tuple]],
) -> None:
    columns = "mrn, placer, accession, visit, diagnosis, ki67, specimen, _row, _parent_row"
    assert rows("report", columns) == [
        ("100", "P1", "S1", "V1", "first line\n\nlast line", "12.5", "ileum", 1, 1),
        ("100", "P1", "S2", "V1", "of the second order", None, None, 2, 1),
        ("200", "P3", "S3", None, None, "3", None, 3, 1),
    ]


def test_an_observation_looks_outwards_only(rows: Callable[[str, str], list[tuple]]) -> None:
    columns = "mrn, placer, accession, code, value, note, specimen, ki67, _row"
    assert rows("result", columns) == [
        ("100", "P1", "S1", "22637-3", "first line", "of the first\nagain", "ileum", "12.5", 1),
        ("100", "P1", "S1", "22637-3", "", None, "ileum", "12.5", 2),
        ("100", "P1", "S1", "DX", "last line", None, "ileum", "12.5", 3),
        ("100", "P1", "S1", "KI67", "12.5", None, "ileum", "12.5", 4),
        ("100", "P1", "S2", "22637-3", "of the second order", None, None, None, 5),
        ("200", "P3", "S3", "KI67", "3", None, None, "3", 6),
    ]


def test_a_row_may_be_any_segment(rows: Callable[[str, str], list[tuple]]) -> None:
    assert rows("note", "code, note, mrn") == [
        (None, "of the patient", "100"),
        ("22637-3", "of the order", "100"),
        ("22637-3", "of the first", "100"),
        ("22637-3", "again", "100"),
    ]
    assert rows("patient", "mrn, control, note, orders") == [
        ("100", "A1", "of the patient", "S1\nS2"),
        ("200", "A1", None, "S3"),
    ]


def test_a_row_a_message_does_not_mix_patients(project: Make, landed: Landed) -> None:
    hospital = project(REPORTS.replace('patient = "PID" }', "}").replace('"NTE", }', '"NTE" }'))
    (hospital.extracts / "a.hl7").write_bytes(TWO_PATIENTS.encode())
    _, rows, rejects = landed(hospital, "pathology", "mrn", table="patient")
    assert rows == []
    assert [(table, row, why) for table, row, _, why, _ in rejects] == [
        ("patient", 1, "several PID segments; a table with a row each has `each` = PID")
    ]


def test_a_segment_can_be_chosen_by_a_field(project: Make, landed: Landed) -> None:
    hospital = project("""
[sources.adt]
kind = "hl7"
path = "*.hl7"
tables = { visit = "admission" }
[sources.adt.columns.visit]
final = "DG1[6=F]-3.1"
all_ = "DG1*-3.1"
surgeon = "ROL[3.1=AT]-4.2"
none_ = "DG1[6=X]-3.1"
""")
    message = (
        "MSH|^~\\&|A|B\rDG1|1||C7A.0^x^I10|||W\rDG1|2||C17.2^y^I10|||F\rROL|1|AD|PP^x|1^Other\r"
        "ROL|2|AD|AT^attending|2^Simbo\r"
    )
    (hospital.extracts / "a.hl7").write_bytes(message.encode())
    _, rows, _ = landed(hospital, "adt", "final, all_, surgeon, none_")
    assert rows == [("C17.2", "C7A.0\nC17.2", "Simbo", None)]


def test_values_that_are_passed_over_are_counted(project: Make, landed: Landed) -> None:
    hospital = project("""
[sources.adt]
kind = "hl7"
path = "*.hl7"
tables = { visit = "admission", obs = "laboratory" }
each = { obs = "OBX" }
[sources.adt.columns.visit]
one = "PID-3.1"
mr = "PID-3[5=MR].1"
ids = "PID-3*.1"
ki67 = "OBX[KI67]-5"
[sources.adt.columns.obs]
value = "OBX-5"
""")
    message = "MSH|^~\\&|A|B\rPID|1||1^^^^SS~2^^^^MR\rOBR|1\rOBX|1|NM|KI67||1\rOBX|2|NM|KI67||2\r"
    (hospital.extracts / "a.hl7").write_bytes(message.encode())
    landing, rows, _ = landed(hospital, "adt", "one, mr, ids, ki67")
    assert rows == [("1", "2", "1\n2", "1")]
    assert read_manifest(landing.folder).unexpected == {
        "more than one value of visit.one, the first is landed": 1,
        "more than one value of visit.ki67, the first is landed": 1,
    }
