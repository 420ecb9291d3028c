"""Workbooks: cells as people see them, tables that do not begin at A1, files that are none."""

from __future__ import annotations

import datetime
import random
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

BOOK = """
[sources.lab]
kind = "excel"
path = "*.xls*"
tables = { samples = "laboratory" }
optional = ["unit"]
[sources.lab.columns]
number = ["Lab No"]
value = ["Value", "Result"]
unit = ["Unit"]
"""
ALL = BOOK.partition("optional")[0] + 'columns = "all"\n'
HEADINGS = ["Lab No", "Value", "Unit"]
Make = Callable[[str], Project]
TRANSITIONAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def write(
    path: Path, sheets: dict[str, list[list]], hidden: tuple[str, ...] = (), **options: object
) -> Path:
    """A workbook; a cell is a value or (value, number format)."""
    with xlsxwriter.Workbook(path, options) as book:
        formats: dict[str, xlsxwriter.format.Format] = {}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            else:
                sheet.activate()
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    value, code = cell if isinstance(cell, tuple) else (cell, "")
                    style = formats.setdefault(code, book.add_format({"num_format": code}))
                    if isinstance(value, str) and value.startswith("="):
                        sheet.write_formula(at, column, *value.split("→"))
                    elif isinstance(value, str):
                        sheet.write_string(at, column, value)
                    elif value is not None:
                        sheet.write(at, column, value, style if code else None)
    return path


def with_key(line: str, config: str = BOOK) -> str:
    return config.replace("tables =", f"{line}\ntables =")


def test_rows_keep_the_numbers_that_their_sheet_gives_them(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    rows = [["Results of May"], [], HEADINGS, ["007", 12, "mg"], [], ["x", 0.1 + 0.2]]
    write(lab.extracts / "a.xlsx", {"Data": rows})
    landing, rows, rejects = landed(lab, "lab", "number, value, unit, _file, _row")
    assert rows == [("007", "12", "mg", "a.xlsx#Data", 4), ("x", "0.3", None, "a.xlsx#Data", 6)]
    assert rejects == []
    assert landing.unexpected == {"row above the headings": 1, "blank row": 1}
    assert landing.files[0].headings == HEADINGS


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12.0, "12"),
        (-0.5, "-0.5"),
        (1 / 3, "0.333333333333333"),
        (123456789012345, "123456789012345"),
        (1e-7, "1e-07"),
        ((0.55, "0%"), "0.55"),
        ((5, '0 "days"'), "5"),
        ((5, "[Red]#,##0.00"), "5"),
        (True, "TRUE"),
        ("1e5", "1e5"),
        ("  two\nlines ", "  two\nlines "),
        ("a_x000D_b", "a_x000D_b"),
        ((42371, "yyyy-mm-dd"), "2016-01-02"),
        ((42371, "[$-409]d-mmm-yy;@"), "2016-01-02"),
        ((42371.5, "dd.mm.yyyy"), "2016-01-02 12:00:00"),
        ((42371, "m/d/yy h:mm"), "2016-01-02 00:00:00"),
        ((42371.9999999999, "yyyy-mm-dd"), "2016-01-03"),
        ((0.5625, "hh:mm"), "13:30:00"),
        ((0.0000144676, "mm:ss.000"), "00:00:01.250"),
        ((1.25, "[h]:mm:ss"), "30:00:00"),
        ((-1.25, "[mm]:ss"), "-30:00:00"),
        ((1, "yyyy-mm-dd"), "1900-01-01"),
        ((60, "yyyy-mm-dd"), "1900-02-29"),
        ((61, "yyyy-mm-dd"), "1900-03-01"),
        ((-5, "yyyy-mm-dd"), "-5"),
        ((1e9, "yyyy-mm-dd"), "1000000000"),
        ("=1+1→2", "2"),
        ("=NA()→#N/A", "#N/A"),
        ("=1/0→#DIV/0!", "#DIV/0!"),
        ('="a"→a', "a"),
    ],
)
def test_a_cell_lands_as_people_read_it(
    project: Make, landed: Callable, cell: object, text: str
) -> None:
    lab = project(BOOK)
    with xlsxwriter.Workbook(lab.extracts / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        value, code = cell if isinstance(cell, tuple) else (cell, "General")
        if isinstance(value, str) and value.startswith("="):
            formula, result = value.split("→")
            sheet.write_formula(1, 1, formula, None, result)
        elif isinstance(value, str):
            sheet.write_string(1, 1, value)
        else:
            sheet.write(1, 1, value, book.add_format({"num_format": code}))
    _, rows, _ = landed(lab, "lab", "value, _row")
    assert rows == [(text, 2)]


def test_days_count_from_1904_where_the_workbook_says_so(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    day = (datetime.date(2016, 1, 2), "yyyy-mm-dd")
    write(lab.extracts / "a.xlsx", {"Data": [HEADINGS, ["1", day]]}, date_1904=True)
    _, rows, _ = landed(lab, "lab", "value")
    assert rows == [("2016-01-02",)]


def test_a_formula_that_was_never_calculated_lands_as_itself(
    project: Make, landed: Callable
) -> None:
    lab = project(BOOK)
    book = openpyxl.Workbook()  # which does not calculate
    book.active.append(HEADINGS)
    book.active.append(["1", "=1+1"])
    book.save(lab.extracts / "a.xlsx")
    landing, rows, _ = landed(lab, "lab", "value")
    assert rows == [("=1+1",)]
    assert landing.unexpected == {"formula without a result": 1}


def test_files_with_other_headings_land_in_one_table(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    write(lab.extracts / "a.xlsx", {"Data": [HEADINGS, ["1", 2, "mg"]]})
    write(lab.extracts / "b.xlsx", {"S": [["Extra", "Result", "Lab\nNo "], [7, 3, "2"]]})
    landing, rows, _ = landed(lab, "lab", 'number, value, unit, "Extra"')
    assert rows == [("1", "2", "mg", None), ("2", "3", None, "7")]
    assert landing.unexpected == {"column Extra": 1}


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        ("", ["2019"]),
        ("sheet = 2", ["2020"]),
        ('sheet = "2020"', ["2020"]),
        ('sheet = "old"', ["old"]),
        ('sheet = "OLD"', ["old"]),
        ('sheet = "20*"', ["2019", "2020"]),
        ('sheet = ["2020", "old"]', ["old", "2020"]),
    ],
)
def test_sheets_are_chosen(project: Make, landed: Callable, sheet: str, found: list[str]) -> None:
    lab = project(with_key(sheet))
    names = ["old", "2019", "2020"]
    write(lab.extracts / "a.xlsx", {name: [HEADINGS, [name, 1]] for name in names}, hidden=("old",))
    landing, rows, _ = landed(lab, "lab", "number, _file")
    assert rows == [(name, f"a.xlsx#{name}") for name in found]
    assert landing.unexpected == {f"sheet {name}": 1 for name in names if name not in found}


@pytest.mark.parametrize("sheet", ['"May"', "3", '["2020", "May"]', '"19*"'])
def test_a_sheet_that_is_not_there_stops_the_source(project: Make, sheet: str) -> None:
    lab = project(with_key(f"sheet = {sheet}"))
    write(lab.extracts / "a.xlsx", {"2019": [HEADINGS], "2020": [HEADINGS]})
    with pytest.raises(SourceError, match=r"a\.xlsx has no sheet .*it has '2019', '2020'"):
        land(lab, "lab")


def test_the_row_of_headings_can_be_told(project: Make, landed: Callable) -> None:
    lab = project(with_key("header = 2", ALL))
    write(lab.extracts / "a.xlsx", {"Data": [["Results"], ["A", None, "C"], [1, 2, 3]]})
    _, rows, _ = landed(lab, "lab", '"A", column_2, "C", _row')
    assert rows == [("1", "2", "3", 3)]


def test_a_heading_that_is_missing_names_the_likely_new_one(project: Make) -> None:
    lab = project(BOOK)
    rows = [["Results"], ["Lab No", "Value (mg/l)", "Unit"], ["1", "secret", "mg"]]
    write(lab.extracts / "a.xlsx", {"Data": rows})
    with pytest.raises(SourceError, match=r"a\.xlsx#Data has no heading for column value") as error:
        land(lab, "lab")
    assert "perhaps it is now called 'Value (mg/l)'" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_sheet_without_headings_is_refused_without_its_values(project: Make) -> None:
    lab = project(BOOK)
    write(lab.extracts / "a.xlsx", {"Data": [["SMITH", 1], ["JONES", 2]]})
    with pytest.raises(
        SourceError, match="none of the declared headings is in its first 2 rows"
    ) as e:
        land(lab, "lab")
    assert "SMITH" not in str(e.value)


@pytest.mark.parametrize("footer", ["^Total", "^$"])
def test_a_footer_ends_the_records(project: Make, landed: Callable, footer: str) -> None:
    lab = project(with_key(f'footer = "{footer}"'))
    rows = [HEADINGS, ["1", 2, "mg"], [None], ["Total", 2], ["Seen by", None]]
    write(lab.extracts / "a.xlsx", {"Data": [*rows, ["9", 9, "mg"]]})
    landing, rows, rejects = landed(lab, "lab", "number, _row")
    assert rows == [("1", 2)]
    below = [("samples", 6, 6, "a record below the footer", "9\t9\tmg")]
    if footer == "^$":
        below.insert(0, ("samples", 4, 4, "a record below the footer", "Total\t2"))
    assert rejects == below
    assert landing.unexpected["row of the footer"] == 3 - len(below)


def test_cells_beside_the_table_are_kept_and_their_row_lands(
    project: Make, landed: Callable
) -> None:
    lab = project(BOOK)
    beside = [None, "see fax"]
    write(
        lab.extracts / "a.xlsx", {"Data": [HEADINGS, ["1", 2, "mg", *beside], [None] * 4 + ["x"]]}
    )
    _, rows, rejects = landed(lab, "lab", "number, _row")
    assert rows == [("1", 2)]
    assert [(row, raw) for _, row, _, _, raw in rejects] == [(2, "\tsee fax"), (3, "\tx")]


def test_what_excel_keeps_of_emptied_cells_is_nothing(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    empty = '<c r="A3" s="1"/><c r="Z3" t="str"><f>""</f><v></v></c><c r="B3" t="inlineStr"/>'
    by_hand(lab.extracts / "a.xlsx", f"<row>{empty}</row>")
    landing, rows, rejects = landed(lab, "lab", "number")
    assert (rows, rejects, landing.unexpected) == ([("1",)], [], {})


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("space", [TRANSITIONAL, STRICT])
def test_any_program_may_have_written_it(
    project: Make, landed: Callable, prefix: str, space: str
) -> None:
    lab = project(BOOK)
    cells = {
        '<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>': "ab",
        '<c t="inlineStr"><is><t>k</t><rPh><t>reading</t></rPh></is></c>': "k",
        '<c t="inlineStr"><is><t>new</t></is><v>7</v></c>': "new",
        '<c t="inlineStr"><v>7</v><is><r><t>n</t></r><r><t>ew</t></r></is></c>': "new",
        '<c t="inlineStr"><v>alone</v></c>': "alone",
        "<c><is><t>of no type</t></is></c>": "of no type",
        '<c t="str"><is><t>old</t></is><v>new</v></c>': "new",
        '<c t="s"><v>0</v></c>': "shared_x",
        '<c t="str"><v>a_x000D_b_x0000_</v></c>': "a\rb_x0000_",
        '<c t="d"><v>2016-01-02T00:00:00</v></c>': "2016-01-02 00:00:00",
        '<c t="d" s="1"><v>2016-01-02T00:00:00</v></c>': "2016-01-02",
        '<c s="1"><v>42371</v></c>': "2016-01-02",
        '<c t="b"><v>0</v></c>': "FALSE",
        '<c t="e"><v>#N/A</v></c>': "#N/A",
        "<c><v>1.2345678901234567E+16</v></c>": "12345678901234568",
        "<c><v>12345678901234567</v></c>": "12345678901234567",
    }
    rows = "".join(f"<row><c/>{cell}</row>" for cell in cells)
    by_hand(lab.extracts / "a.xlsx", rows, prefix, space)
    _, rows, _ = landed(lab, "lab", "value, _row")
    assert rows == [("2", 2), *((text, row) for row, text in enumerate(cells.values(), start=3))]


def test_a_document_type_is_refused(project: Make) -> None:
    lab = project(BOOK)
    by_hand(lab.extracts / "a.xlsx", "&a;", head='<!DOCTYPE a [<!ENTITY a "aaaa">]>')
    with pytest.raises(SourceError, match="a document type"):
        land(lab, "lab")


def by_hand(path: Path, rows: str, prefix: str = "", space: str = "", head: str = "") -> None:
    """A workbook as other programs write it: headings, the record ("1", 2), then `rows`."""
    space = space or TRANSITIONAL
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheet = (
        '<row r="1"><c r="A1" t="str"><v>Lab No</v></c><c r="B1" t="str"><v>Value</v></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>2</v></c></row>' + rows
    )
    parts = {
        "xl/workbook.xml": '<workbook><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets>'
        "</workbook>",
        "xl/worksheets/s.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>",
        "xl/sharedStrings.xml": "<sst><si><r><t>shared</t></r><r><t>_x</t></r></si></sst>",
        "xl/styles.xml": '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
    }
    related = (
        "<Relationships>"
        '<Relationship Id="r1" Type="x/worksheet" Target="/xl/worksheets/s.xml"/>'
        '<Relationship Id="r2" Type="x/styles" Target="styles.xml"/>'
        '<Relationship Id="r3" Type="x/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", "<Types>spreadsheetml</Types>")
        book.writestr(
            "_rels/.rels",
            related.replace("x/styles", "x/officeDocument", 1).replace(
                "styles.xml", "xl/workbook.xml", 1
            ),
        )
        book.writestr("xl/_rels/workbook.xml.rels", related)
        for part, text in parts.items():
            names = re.sub(r"<(/?)([A-Za-z])", rf"<\1{prefix}\2", text)
            declared = f'xmlns{":" + prefix[:-1] if prefix else ""}="{space}" xmlns:r="{office}"'
            names = re.sub(r"^(<[\w:]+)", rf"\1 {declared}", names)
            book.writestr(part, head + names)


def test_merged_cells_are_told(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    with xlsxwriter.Workbook(lab.extracts / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        sheet.merge_range(1, 0, 2, 0, "1")
        sheet.write(2, 1, 3)
    landing, rows, _ = landed(lab, "lab", "number, value")
    assert rows == [("1", None), (None, "3")]
    assert landing.unexpected == {"merged cells": 1}


def test_an_old_workbook_is_read(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    cells = [12, 0.1 + 0.2, "007", True, datetime.date(2016, 1, 2)]
    for at, heading in enumerate(HEADINGS):
        sheet.write(0, at, heading)
    for row, cell in enumerate(cells, start=1):
        date = isinstance(cell, datetime.date)
        sheet.write(row, 1, cell, xlwt.easyxf(num_format_str="yyyy-mm-dd" if date else "General"))
    sheet.row(6).set_cell_error(1, 42)
    book.save(lab.extracts / "a.xls")
    _, rows, _ = landed(lab, "lab", "value, _row")
    texts = ["12", "0.3", "007", "TRUE", "2016-01-02", "#N/A"]
    assert rows == [(text, row) for row, text in enumerate(texts, start=2)]


def test_an_opendocument_spreadsheet_is_read(project: Make, landed: Callable) -> None:
    lab = project(BOOK.replace("*.xls*", "*.ods"))
    cells = {
        "12": 'office:value-type="float" office:value="12"',
        "1850-03-04": 'office:value-type="date" office:date-value="1850-03-04"',
        "30:05:00": 'office:value-type="time" office:time-value="PT30H05M00S"',
        "TRUE": 'office:value-type="boolean" office:boolean-value="true"',
        "#N/A": 'office:value-type="string"',
        "#DIV/0!": 'office:value-type="string" office:string-value="" calcext:value-type="error"',
        "x": 'table:number-columns-repeated="2" office:value-type="string"',
    }
    ods(lab.extracts / "a.ods", [HEADINGS, *([("1", ""), cell] for cell in cells.items())])
    _, rows, _ = landed(lab, "lab", "value, _row")
    assert rows == [(text, row) for row, text in enumerate(cells, start=2)]


def test_a_document_says_what_it_repeats_and_notes_are_no_text(
    project: Make, landed: Callable
) -> None:
    lab = project(BOOK.replace("*.xls*", "*.ods"))
    path = lab.extracts / "a.ods"
    ods(path, [HEADINGS, ["1", "two<text:s text:c='2'/>spaces</text:p><text:p>lines"], ["9"]])
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    note = "<office:annotation><text:p>seen</text:p></office:annotation>"
    blank = '<table:table-cell table:number-columns-repeated="16380"/>'
    parts["content.xml"] = (
        parts["content.xml"]
        .replace("<text:p>9", f"{note}<text:p>9")
        .replace("</table:table-row></table:table>", f"{blank}</table:table-row></table:table>")
        .replace("<table:table-row><table:table-cell office:value-type=\"string\"><office:ann",
                 '<table:table-row table:number-rows-repeated="2"><table:table-cell '
                 'office:value-type="string"><office:ann')
    )  # fmt: skip
    with zipfile.ZipFile(path, "w") as new:
        for name, text in parts.items():
            new.writestr(name, text)
    _, rows, _ = landed(lab, "lab", "number, value, _row")
    assert rows == [("1", "two  spaces\nlines", 2), ("9", None, 3), ("9", None, 4)]


def ods(path: Path, rows: list) -> None:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "calcext")
    )
    text = 'office:value-type="string"'
    body = "".join(
        "<table:table-row>"
        + "".join(
            f"<table:table-cell {cell[1] or text}><text:p>{cell[0]}</text:p></table:table-cell>"
            for cell in ((c, "") if isinstance(c, str) else c for c in row)
        )
        + "</table:table-row>"
        for row in rows
    )
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("meta.xml", "<meta/>")
        parts.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        parts.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f'<table:table table:name="Data">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


def test_a_binary_workbook_is_read_with_its_errors(project: Make, landed: Callable) -> None:
    lab = project(BOOK)
    rows = [
        [xlsb_text(0, "Lab No"), xlsb_text(1, "Value")],
        [xlsb_cell(0, 5, struct.pack("<d", 12)), xlsb_cell(1, 5, struct.pack("<d", 0.1 + 0.2))],
        [xlsb_cell(0, 3, b"\x2a"), xlsb_cell(1, 5, struct.pack("<d", 42371), style=1)],
        [xlsb_cell(0, 4, b"\1"), xlsb_cell(1, 11, b"\x07" + bytes(10))],
        [xlsb_cell(0, 7, struct.pack("<I", 0)), xlsb_cell(1, 2, struct.pack("<i", 1234 << 2 | 3))],
        [xlsb_cell(1, 2, struct.pack("<I", 0x3FF80000)), xlsb_cell(2, 1, b"")],
        [xlsb_cell(1, 2, struct.pack("<i", -5 << 2 | 2), style=1)],
    ]
    xlsb(lab.extracts / "a.xlsb", rows)
    lab = project(BOOK.replace("*.xls*", "*.xlsb"))
    _, rows, _ = landed(lab, "lab", "number, value, _row")
    assert rows == [
        ("12", "0.3", 2),
        ("#N/A", "2016-01-02", 3),
        ("TRUE", "#DIV/0!", 4),
        ("shared", "12.34", 5),
        (None, "1.5", 6),
        (None, "-5", 7),
    ]


def xlsb(path: Path, rows: list[list[bytes]]) -> None:
    def name(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    cells = b"".join(
        xlsb_record(0, struct.pack("<II9x", number, 0)) + b"".join(row)
        for number, row in enumerate(rows)
    )
    office = "http://schemas.openxmlformats.org"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{office}/package/2006/relationships">'
            f'<Relationship Id="r1" Target="worksheets/s.bin" Type="{office}/officeDocument/2006/'
            'relationships/worksheet"/><Relationship Id="r2" Type="x/styles" Target="styles.bin"/>'
            '<Relationship Id="r3" Type="x/sharedStrings" Target="shared.bin"/></Relationships>',
        )
        book.writestr("xl/shared.bin", xlsb_record(19, b"\0" + name("shared")))
        book.writestr(
            "_rels/.rels",
            '<Relationships><Relationship Id="r1" Type="x/officeDocument" '
            'Target="xl/workbook.bin"/></Relationships>',
        )
        sheet = xlsb_record(156, struct.pack("<II", 0, 1) + name("r1") + name("Data"))
        general = xlsb_record(153, struct.pack("<III", 0, 0, 0))
        sheets = xlsb_record(143) + sheet + xlsb_record(144)
        book.writestr("xl/workbook.bin", general + sheets + xlsb_record(132))
        size = xlsb_record(148, struct.pack("<4I", 0, len(rows) - 1, 0, 1))
        book.writestr("xl/worksheets/s.bin", size + xlsb_record(145) + cells + xlsb_record(146))
        styles = [struct.pack("<HHHHHHI", 0, code, 0, 0, 0, 0, 0) for code in (0, 14)]
        book.writestr(
            "xl/styles.bin",
            xlsb_record(617, struct.pack("<I", 2))
            + b"".join(xlsb_record(47, style) for style in styles)
            + xlsb_record(618),
        )


def xlsb_record(kind: int, data: bytes = b"") -> bytes:
    coded = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return coded + bytes([len(data)]) + data


def xlsb_cell(column: int, kind: int, value: bytes, style: int = 0) -> bytes:
    return xlsb_record(kind, struct.pack("<II", column, style) + value)


def xlsb_text(column: int, text: str) -> bytes:
    return xlsb_cell(column, 6, struct.pack("<I", len(text)) + text.encode("utf-16-le"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"<html><table><tr><td>SMITH</td></tr></table></html>", "is a web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>", "is a web page"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "is an XML spreadsheet of Excel 2003"),
        (b"Lab No\tValue\nSMITH\t1\n", "is text"),
        (b"%PDF-1.4\0", "is no workbook"),
        (b"PK\x03\x04 cut off", "is not a complete workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is not a complete workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
         "is not a complete workbook: it is protected by a password, in a way that cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_as_what_it_is(
    project: Make, content: bytes, what: str
) -> None:
    lab = project(BOOK)
    (lab.extracts / "a.xls").write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.xls {what}") as error:
        land(lab, "lab")
    assert error.value.remedy
    assert "SMITH" not in str(error.value)


def test_a_document_of_another_kind_is_refused(project: Make) -> None:
    lab = project(BOOK)
    with zipfile.ZipFile(lab.extracts / "a.xlsx", "w") as parts:
        parts.writestr("[Content_Types].xml", "<Types>wordprocessingml</Types>")
    with pytest.raises(SourceError, match="is a zip archive but not a workbook"):
        land(lab, "lab")


@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods"])
def test_bytes_changed_at_random_are_refused_or_read(project: Make, kind: str) -> None:
    lab = project(BOOK.replace("*.xls*", "a.*"))
    path = lab.extracts / f"a.{kind}"
    rows = [["MARKED" if c else str(r), str(r), "mg"] for r in range(30) for c in (0, 1)]
    if kind == "xlsx":
        write(path, {"Data": [HEADINGS, *rows]})
    elif kind == "xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("Data")
        for at, row in enumerate([HEADINGS, *rows]):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell)
        book.save(path)
    elif kind == "xlsb":
        xlsb(path, [[xlsb_text(*cell) for cell in enumerate(row)] for row in [HEADINGS, *rows]])
    else:
        ods(path, [HEADINGS, *rows])
    whole = path.read_bytes()
    dice = random.Random(kind)
    outcomes = set()
    for _ in range(120):
        path.write_bytes(whole)
        if kind != "xls" and dice.random() < 0.7:
            change_parts(path, dice)  # behind the checksums of the archive
        else:
            path.write_bytes(changed(whole, dice))
        try:
            outcomes.add(land(lab, "lab").kind)
        except SourceError as error:
            assert error.remedy
            assert "MARKED" not in str(error)
            outcomes.add("refused")
    assert outcomes == {"excel", "refused"}


def changed(whole: bytes, dice: random.Random) -> bytes:
    broken = bytearray(whole)
    for _ in range(dice.choice((1, 3, 20))):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    return bytes(broken[: dice.choice((len(broken), len(broken), dice.randrange(len(broken))))])


def change_parts(path: Path, dice: random.Random) -> None:
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    for name in dice.sample(sorted(parts), dice.choice((1, 2))):
        parts[name] = changed(parts[name], dice)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)


@pytest.mark.parametrize("line", ['footer = "("', "sheet = 0", "header = 0", 'encoding = "x"'])
def test_a_wrong_declaration_is_refused(project: Make, line: str) -> None:
    with pytest.raises(ConfigError):
        project(with_key(line))
