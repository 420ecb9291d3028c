"""Each row names the line of its file on which its record begins, whatever the format.

The files here say so themselves: each record holds the number of its line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.project.load import Project

Make = Callable[[str], Project]

_MSH = "MSH|^~\\&|LAB|H|||2010||ORU^R01|{}|P|2.5"


def _named(landed: Callable, made: Project, said: str, table: str = "") -> list[tuple]:
    """The line of each row, and what its record says."""
    _, rows, _ = landed(made, "s", f"_line, {said}::bigint", table)
    return rows


def _agree(rows: list[tuple], lines: list[int]) -> bool:
    return rows == [(line, line) for line in lines]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_message_begins_on_the_line_of_its_msh(
    project: Make, landed: Callable, tmp_path: Path, end: str
) -> None:
    made = project(
        '[sources.s]\nkind = "hl7"\npath = "*.hl7"\ntables = { m = "m" }\n'
        'columns.m = { said = "MSH-10" }\n'
    )
    lines = ["", _MSH.format(2), "PID|1||7", "OBX|1|TX|A||a", "text that goes on", "", "", _MSH]
    text = end.join(lines).replace("{}", "8") + end
    (tmp_path / "extracts" / "a.hl7").write_bytes(text.encode())
    assert _agree(_named(landed, made, "said"), [2, 8])


def test_orders_and_segments_begin_on_lines_of_their_own(
    project: Make, landed: Callable, tmp_path: Path
) -> None:
    made = project(
        '[sources.s]\nkind = "hl7"\npath = "*.hl7"\ntables = { o = "o", x = "x" }\n'
        'columns.o = { said = "OBR-3" }\ncolumns.x = { said = "OBX-5" }\neach = { x = "OBX" }\n'
    )
    lines = ["FHS|^~\\&|LAB", "BHS|^~\\&|LAB", _MSH.format(1), "PID|1||7", "ORC|RE"]
    lines += ["OBR|1||6", "OBX|1|NM|A||7", "NTE|1||a", "whose text goes on", "OBX|2|NM|B||10"]
    lines += ["ORC|RE", "OBR|2||12", "OBX|1|NM|A||13", "BTS|1", "FTS|1"]
    (tmp_path / "extracts" / "a.hl7").write_text("\r".join(lines), encoding="utf-8")
    assert _agree(_named(landed, made, "said", "o"), [6, 12])
    assert _agree(_named(landed, made, "said", "x"), [7, 10, 13])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"said": 1}\n\n{"said": 3}\n', [1, 3]),
        ('[\n {"said": 2}, {"said": 2},\n\n {\n  "said": 4}]', [2, 2, 4]),
        ('{"said": 1,\n "b": [2,\n 3]}\n{"said": 4}', [1, 4]),
    ],
)
def test_json_tells_where_each_record_begins(
    project: Make, landed: Callable, tmp_path: Path, text: str, lines: list[int]
) -> None:
    made = project('[sources.s]\nkind = "json"\npath = "*.json"\ntables = { r = "r" }\n')
    (tmp_path / "extracts" / "a.json").write_text(text, encoding="utf-8")
    assert _agree(_named(landed, made, "said"), lines)


def test_values_of_a_list_begin_where_their_record_does(
    project: Make, landed: Callable, tmp_path: Path
) -> None:
    made = project(
        '[sources.s]\nkind = "json"\npath = "*.json"\ntables = { v = "v" }\neach = { v = "list" }\n'
    )
    text = '{"list": [{"said": 1}, {"said": 1}]}\n{"list": [{"said": 2}]}\n'
    (tmp_path / "extracts" / "a.json").write_text(text, encoding="utf-8")
    assert _agree(_named(landed, made, "said"), [1, 1, 2])


_VIEW = (
    'views.p = { resource = "Patient", select = [{ column = [{ name = "said", path = "id" }] }] }\n'
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            '{"resourceType": "Patient", "id": "1"}\n{"resourceType": "Group"}\n'
            '{"resourceType": "Patient", "id": "3"}\n',
            [1, 3],
        ),
        (
            '{"resourceType": "Bundle", "entry": [\n {"resource":'
            ' {"resourceType": "Patient", "id": "2"}},\n {\n "resource":'
            ' {"resourceType": "Patient", "id": "3"}}]}',
            [2, 3],
        ),
    ],
)
def test_a_resource_names_its_line_and_an_entry_that_of_its_bundle(
    project: Make, landed: Callable, tmp_path: Path, text: str, lines: list[int]
) -> None:
    made = project('[sources.s]\nkind = "fhir"\npath = "*.json"\ntables = { p = "p" }\n' + _VIEW)
    (tmp_path / "extracts" / "a.json").write_text(text, encoding="utf-8")
    assert _agree(_named(landed, made, "said"), lines)


def test_a_redcap_export_names_the_line_on_which_a_row_begins(
    project: Make, landed: Callable, tmp_path: Path
) -> None:
    made = project(
        '[sources.s]\nkind = "redcap"\ndata = "data.csv"\ndictionary = "dictionary.csv"\n'
        'tables = { visit = "visit" }\n'
    )
    extracts = tmp_path / "extracts"
    (extracts / "dictionary.csv").write_text(
        "Variable / Field Name,Form Name,Field Type,"
        '"Choices, Calculations, OR Slider Labels"\n'
        "id,visit,text,\nsaid,visit,text,\nnote,visit,notes,\n",
        encoding="utf-8",
    )
    (extracts / "data.csv").write_text(
        'id,said,note,visit_complete\n1,2,"two\nlines",2\n2,4,,2\n', encoding="utf-8"
    )
    assert _agree(_named(landed, made, "said"), [2, 4])


def _naaccr(blank_lines: int) -> tuple[str, list[int], list[int]]:
    """A file of three patients far from each other, and the lines of patients and tumours."""
    parts = ['<?xml version="1.0"?>', '<NaaccrData recordType="I">']
    patients, tumors = [], []
    for _ in range(3):
        parts += ["  "] * blank_lines
        patients.append(len(parts) + 1)
        parts += ["<Patient>", f'<Item naaccrId="nameLast">{patients[-1]}</Item>']
        for _ in range(2):
            tumors.append(len(parts) + 1)
            parts.append(f'<Tumor><Item naaccrId="primarySite">{tumors[-1]}</Item></Tumor>')
        parts.append("</Patient>")
    return "\n".join([*parts, "</NaaccrData>"]), patients, tumors


@pytest.mark.parametrize("blank_lines", [0, 40_000])
def test_patients_and_tumors_begin_on_lines_of_their_own(
    project: Make, landed: Callable, tmp_path: Path, blank_lines: int
) -> None:
    made = project(
        '[sources.s]\nkind = "naaccr_xml"\npath = "*.xml"\n'
        'tables = { patient = "patient", tumor = "tumor" }\n'
        'items = { patient = ["nameLast"], tumor = ["primarySite"] }\n'
    )
    text, patients, tumors = _naaccr(blank_lines)
    (tmp_path / "extracts" / "a.xml").write_text(text, encoding="utf-8")
    assert _agree(_named(landed, made, '"nameLast"', "patient"), patients)
    assert _agree(_named(landed, made, '"primarySite"', "tumor"), tumors)


def test_rows_of_a_workbook_have_no_line(project: Make, landed: Callable, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["said"])
    book.active.append([2])
    book.save(tmp_path / "extracts" / "a.xlsx")
    made = project(
        '[sources.s]\nkind = "excel"\npath = "*.xlsx"\ntables = { t = "t" }\ncolumns = "all"\n'
    )
    landing, _, _ = landed(made, "s")
    assert "_line" not in landing.tables[0].columns
