"""HL7 v2: which results of a message stand, and that orders of one message are never mixed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.project.load import Project

Make = Callable[[str], Project]

SOURCE = """
[sources.pathology]
kind = "hl7"
path = "*.hl7"
tables = { report = "pathology" }
[sources.pathology.columns.report]
control = "MSH-10"
mrn = "PID-3[MR].1"
placer = "ORC-2"
report = "OBR-3.1"
status = "OBR-25"
ki67 = "OBX[KI67]-5"
ki67_status = "OBX[KI67]-11"
mitoses = "OBX[MITOSES]-5"
text = "OBX[NOTE]*-5"
note = "NTE*-3"
"""
HEAD = (r"MSH|^~\&|SIM|LAB|||20050101||ORU^R01|A1|P|2.5.1", "PID|1||0000001^^^H^MR")


def obx(value: str, status: str = "F", code: str = "KI67", sub_id: str = "") -> str:
    return f"OBX|1|ST|{code}^{code.title()}^L|{sub_id}|{value}|%|||||{status}"


def order(number: str, status: str) -> str:
    return f"OBR|1||{number}" + "|" * 22 + status


def rows_of(
    project: Make, landed: Callable, segments: tuple[str, ...], columns: str
) -> list[tuple]:
    hospital = project(SOURCE)
    text = "".join(f"{segment}\r" for segment in (*HEAD, *segments))
    (hospital.extracts / "a.hl7").write_bytes(text.encode())
    _, rows, rejects = landed(hospital, "pathology", columns)
    assert rejects == []
    return rows


@pytest.mark.parametrize(
    ("results", "stands"),
    [
        ([("25", "F")], "25"),
        ([("25", "")], "25"),
        ([("25", "W"), ("2", "C")], "2"),
        ([("2", "C"), ("25", "W")], "2"),
        ([("25", "F"), ("2", "C")], "2"),
        ([("25", "F"), ("3", "A"), ("2", "C")], "2"),
        ([("2", "C"), ("25", "F")], "2"),
        ([("25", "F"), ("25", "W")], None),
        ([("25", "F"), ("", "D")], None),
        ([("25", "F"), ('""', "D")], None),
        ([("", "D"), ("2", "F")], "2"),
        ([("2", "F"), ("25", "W")], "2"),
        ([("2", "C"), ("", "D")], "2"),
        ([("2", "C"), ("2", "D")], None),
        ([("25", "D")], None),
        ([("25", "W")], None),
        ([("25", "X")], None),
        ([("25", "F"), ("", "X")], None),
        ([("25", "N")], None),
        ([("25", "I")], None),
        ([("25", "O")], None),
        ([("25", "P")], "25"),
        ([("25", "P"), ("2", "F")], "2"),
        ([("2", "F"), ("25", "P")], "2"),
        ([("25", "P"), ("", "U")], "25"),
        ([("25", "R")], "25"),
        ([("25", "S")], "25"),
        ([("25", "V")], "25"),
        ([("25", "w")], None),
        ([("25", "F"), ("26", "F")], "25"),
    ],
)
def test_the_result_that_stands_is_read(
    results: list[tuple[str, str]], stands: str | None, project: Make, landed: Callable
) -> None:
    segments = ("OBR|1||S1", *(obx(value, status) for value, status in results))
    assert rows_of(project, landed, segments, "ki67") == [(stands,)]


def test_a_result_is_corrected_within_its_sub_identifier(project: Make, landed: Callable) -> None:
    segments = ("OBR|1||S1", obx("25", "W", sub_id="1"), obx("2", sub_id="2"))
    assert rows_of(project, landed, segments, "ki67") == [("2",)]
    segments = (
        "OBR|1||S1",
        obx("2", sub_id="1"),
        obx("25", sub_id="2"),
        obx("30", "C", sub_id="2"),
    )
    assert rows_of(project, landed, segments, "ki67") == [("2",), ("30",)]


@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("1.1", "2.1"), ("^1^1", "^2^1")])
def test_results_of_two_specimens_are_never_one_row(
    first: str, second: str, project: Make, landed: Callable
) -> None:
    segments = (
        "ORC|RE|P1", order("S1", "F"), obx("all", code="NOTE"),
        obx("2", sub_id=first), "NTE|1||on the first", obx("30", sub_id=second),
        obx("35", code="MITOSES", sub_id=second), "OBR|2||S2", obx("5", sub_id=first),
    )  # fmt: skip
    columns = "report, status, ki67, mitoses, text, note, _row, _parent_row"
    assert rows_of(project, landed, segments, columns) == [
        ("S1", "F", "2", None, "all", "on the first", 1, 1),
        ("S1", "F", "30", "35", "all", None, 2, 1),
        ("S2", None, "5", None, None, None, 3, 1),
    ]


def test_a_sub_identifier_that_only_counts_parts_no_results(
    project: Make, landed: Callable
) -> None:
    lines = (obx("one", code="NOTE", sub_id="3"), obx("two", code="NOTE", sub_id="4"))
    segments = ("OBR|1||S1", obx("2", sub_id="1"), obx("35", code="MITOSES", sub_id="2"), *lines)
    columns = "ki67, mitoses, text, _row"
    assert rows_of(project, landed, segments, columns) == [("2", "35", "one\ntwo", 1)]


def test_of_a_result_that_does_not_stand_the_status_is_told(
    project: Make, landed: Callable
) -> None:
    rows = rows_of(project, landed, ("OBR|1||S1", obx("25", "W")), "ki67, ki67_status")
    assert rows == [(None, "W")]


def test_lines_of_a_text_that_were_withdrawn_are_none_of_it(
    project: Make, landed: Callable
) -> None:
    lines = [("one", "F"), ("two", "W"), ("three", "C"), ("four", "F")]
    segments = ("OBR|1||S1", *(obx(line, status, "NOTE") for line, status in lines))
    assert rows_of(project, landed, segments, "text") == [("one\nthree\nfour",)]


def test_each_order_of_a_message_is_a_row_of_its_own(project: Make, landed: Callable) -> None:
    segments = (
        "ORC|RE|P1", order("S1", "C"), obx("2"), "NTE|1||first",
        "ORC|RE|P2", order("S2", "F"), obx("35", code="MITOSES"), "NTE|1||next",
        "OBR|3||S3",
    )  # fmt: skip
    columns = "mrn, placer, report, status, ki67, mitoses, note, _row, _parent_row"
    assert rows_of(project, landed, segments, columns) == [
        ("0000001", "P1", "S1", "C", "2", None, "first", 1, 1),
        ("0000001", "P2", "S2", "F", None, "35", "next", 2, 1),
        ("0000001", "P2", "S3", None, None, None, None, 3, 1),
    ]


def test_a_result_of_one_order_corrects_none_of_another(project: Make, landed: Callable) -> None:
    segments = ("OBR|1||S1", obx("25"), "OBR|2||S2", obx("2", "C"), "OBR|3||S3", obx("", "D"))
    rows = rows_of(project, landed, segments, "report, ki67")
    assert rows == [("S1", "25"), ("S2", "2"), ("S3", None)]


def test_a_message_without_an_order_is_a_row(project: Make, landed: Callable) -> None:
    assert rows_of(project, landed, (obx("2"),), "report, ki67") == [(None, "2")]


def test_orders_of_several_patients_have_their_own(project: Make, landed: Callable) -> None:
    segments = ("OBR|1||S1", obx("2"), "PID|2||0000002^^^H^MR", "OBR|1||S2", obx("3"))
    rows = rows_of(project, landed, segments, "mrn, report, ki67")
    assert rows == [("0000001", "S1", "2"), ("0000002", "S2", "3")]


def test_a_table_may_still_have_a_row_a_message(project: Make, landed: Callable) -> None:
    each = 'tables = { report = "pathology" }\neach = { report = "MSH" }'
    hospital = project(SOURCE.replace('tables = { report = "pathology" }', each))
    segments = (*HEAD, "OBR|1||S1", obx("2"), "OBR|2||S2", obx("35", code="MITOSES"))
    (hospital.extracts / "a.hl7").write_bytes("".join(f"{one}\r" for one in segments).encode())
    _, rows, _ = landed(hospital, "pathology", "report, ki67, mitoses")
    assert rows == [("S1", "2", "35")]
