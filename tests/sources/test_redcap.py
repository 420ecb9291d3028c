"""REDCap exports: one table an instrument, and data that must fit their dictionary."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cytoreg.errors import SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

Make = Callable[[str], Project]

REDCAP = """
[sources.research]
kind = "redcap"
data = "data*.csv"
dictionary = "dictionary.csv"
tables = { enrollment = "patient", visit = "follow_up" }
"""
CHOICES = "Choices, Calculations, OR Slider Labels"
DICTIONARY = f""""Variable / Field Name","Form Name","Field Type","{CHOICES}"
record_id,enrollment,text,
symptoms,enrollment,checkbox,"1, flushing | -2.5, none, or
 few"
visit_date,visit,text,
note,visit,descriptive,
other,unused,text,
"""
FIELDS = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,symptoms___1,symptoms____2_5,"
    "enrollment_complete,visit_date,visit_complete,other,unused_complete"
)


def redcap(project: Make, data: str, dictionary: str = DICTIONARY) -> Project:
    research = project(REDCAP)
    (research.extracts / "data.csv").write_text(data, encoding="utf-8")
    (research.extracts / "dictionary.csv").write_text(dictionary, encoding="utf-8")
    return research


def test_instruments_become_tables(project: Make, landed: Callable) -> None:
    research = redcap(
        project,
        f"{FIELDS}\n1,,,1,0,2,,,,\n1,visit,1,,,,2001-02-03,2,,\n1,visit,2,,,,,2,,\n2,,,0,0,0,,,,\n",
    )
    _, people, _ = landed(research, "research", "record_id, symptoms___1, symptoms____2_5, _row")
    landing, visits, _ = landed(
        research, "research", "record_id, redcap_repeat_instance, visit_date, _row", table="visit"
    )
    assert people == [("1", "1", "0", 1), ("2", "0", "0", 4)]
    assert visits == [("1", "1", "2001-02-03", 2), ("1", "2", "", 3)]
    assert {table.table: set(table.columns) for table in landing.tables} == {
        "enrollment": {
            "record_id", "redcap_repeat_instance", "symptoms___1", "symptoms____2_5",
            "enrollment_complete", "_file", "_row", "_line",
        },
        "visit": {
            "record_id", "redcap_repeat_instance", "visit_date", "visit_complete",
            "_file", "_row", "_line",
        },
    }  # fmt: skip


def test_an_instance_that_was_left_blank_is_counted_not_landed(
    project: Make, landed: Callable
) -> None:
    blank = '1,visit,2,,,,,0,,\n1,visit,3,0,0,0,,,,0\n1,visit,4,,,," ",,,\n1,unused,1,,,,,,,0\n'
    research = redcap(project, f"{FIELDS}\n1,visit,1,,,,2001-02-03,0,,\n{blank}")
    landing, visits, rejects = landed(research, "research", "redcap_repeat_instance", table="visit")
    assert (visits, rejects) == ([("1",)], [])
    assert landing.unexpected == {
        "row of instrument visit without a value": 3,
        "row of instrument unused, which is not declared": 1,
    }


def test_an_instrument_that_does_not_repeat_is_where_it_has_values(
    project: Make, landed: Callable
) -> None:
    data = (
        "record_id,redcap_event_name,symptoms___1,symptoms____2_5,visit_date,visit_complete,other"
    )
    data += "\n1,start,1,0,,0,\n1,later,0,0,2001-02-03,0,\n2,start,,,,,x\n2,later,0,0,,2,\n"
    columns = "record_id, redcap_event_name, visit_date, redcap_repeat_instance"
    _, visits, _ = landed(redcap(project, data), "research", columns, table="visit")
    assert visits == [("1", "later", "2001-02-03", None), ("2", "later", "", None)]


def test_codes_of_missing_data_belong_to_their_box(project: Make, landed: Callable) -> None:
    data = "record_id,symptoms___1,symptoms____2_5,symptoms___unk,visit_date,other\n1,0,0,1,,\n"
    _, people, _ = landed(redcap(project, data), "research", "symptoms___unk")
    assert people == [("1",)]


@pytest.mark.parametrize("code", ["UNK", "NASK", "ASKU", "NI", "NAV", "-99", "-98", "-1"])
def test_codes_of_missing_data_that_a_source_declares_are_empty_cells(
    code: str, project: Make, landed: Callable
) -> None:
    reference = Path(__file__).parents[2] / "cytoreg.toml"
    declared = tomllib.loads(reference.read_text(encoding="utf-8"))["sources"]["research"]
    research = project(f"{REDCAP}missing = {declared['missing']}\n")
    data = f"{FIELDS}\n{code[-1]},visit,1,,,,{code},2,,\n"
    (research.extracts / "data.csv").write_text(data, encoding="utf-8")
    (research.extracts / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    columns = "record_id, redcap_repeat_instance, visit_date"
    _, visits, rejects = landed(research, "research", columns, table="visit")
    assert (visits, rejects) == ([(code[-1], "1", "")], [])


def test_a_row_that_no_instrument_can_take_is_a_reject(project: Make, landed: Callable) -> None:
    research = redcap(
        project,
        f'{FIELDS}\n1,visit,1\n2\n1,"no\nsuch",1,,,,,,,\n1,unused,1,,,,,,x,2\n'
        "1,visit,2,1,,,2001-02-03,2,,\n1,visit,3,0,0,0,,2,,0\n",
    )
    landing, visits, rejects = landed(research, "research", "redcap_repeat_instance", table="visit")
    assert visits == [("3",)]
    assert [(table, row, line, raw) for table, row, line, _, raw in rejects] == [
        ("visit", 1, 2, "1,visit,1"),
        ("unknown", 2, 3, "2"),
        ("unknown", 3, 4, '1,"no\nsuch",1,,,,,,,'),
        ("visit", 5, 7, "1,visit,2,1,,,2001-02-03,2,,"),
    ]
    assert [reject[3] for reject in rejects[2:]] == [
        "a repeat instrument that the dictionary does not have",
        "values in fields of another instrument",
    ]
    assert {table.table: (table.rows, table.rejects) for table in landing.tables} == {
        "enrollment": (0, 0),
        "visit": (1, 2),
        "unknown": (0, 2),
    }
    assert landing.unexpected == {"row of instrument unused, which is not declared": 1}


def test_headings_alone_are_no_rows(project: Make, landed: Callable) -> None:
    _, visits, rejects = landed(redcap(project, FIELDS), "research", "visit_date", table="visit")
    assert (visits, rejects) == ([], [])


@pytest.mark.parametrize(
    ("data", "dictionary", "message"),
    [
        (f"{FIELDS},extra\n", DICTIONARY, "fields that the dictionary does not know: extra"),
        (f"{FIELDS},visit_date\n", DICTIONARY, "a column that occurs twice: visit_date"),
        (FIELDS.replace("visit_date,", ""), DICTIONARY, "no column for fields.*: visit_date"),
        (FIELDS, DICTIONARY.replace(",visit,", ",visits,"), "dictionary does not know: visit_comp"),
        ("record_id,symptoms___1,symptoms____2_5,visit_date,other", DICTIONARY.replace(
            ",visit,", ",visits,"), r"no instrument visit\n.*it has enrollment, visits, unused"),
        (FIELDS, "a,b\n", "not a REDCap data dictionary: no heading"),
        (FIELDS, DICTIONARY.splitlines()[0], r"dictionary\.csv has no fields"),
        (FIELDS, DICTIONARY + "x,y\n", r"dictionary\.csv line 8: 2 fields instead of 4"),
        ("", DICTIONARY, r"data\.csv is empty"),
        (FIELDS, "", r"dictionary\.csv is empty"),
    ],
)  # fmt: skip
def test_data_and_dictionary_must_fit(
    project: Make, data: str, dictionary: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        land(redcap(project, data, dictionary), "research")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("17,,,1,0,2,2001-02-03,,,\n", r"headings that are not names.*\n.*with raw headings"),
        (f'{FIELDS[:-4]}"17,,,1,0,2,2001-02-03,,,\n', "headings that are not names of fields"),
        ("Record ID,Visit date\n17,2001-02-03\n", "headings that are not names of fields"),
        ("simbo,xibo\n", "has no column record_id"),
    ],
)
def test_no_value_of_a_file_without_headings_is_told(
    project: Make, data: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        land(redcap(project, data), "research")
    assert "2001" not in str(caught.value)
    assert "simbo" not in str(caught.value)


def test_two_exports_in_the_folder_are_not_mixed(project: Make) -> None:
    research = redcap(project, FIELDS)
    (research.extracts / "data_old.csv").write_text(FIELDS)
    with pytest.raises(SourceError, match=r"2 files match data\*\.csv.*data\.csv, data_old\.csv"):
        land(research, "research")


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_the_delimiter_is_the_one_that_its_user_chose(
    project: Make, landed: Callable, delimiter: str, quote: str
) -> None:
    def written(*rows: list[str]) -> str:
        heads, *others = rows
        first = [f"{quote}{name}{quote}" for name in heads]
        return "\ufeff" + "\r\n".join(delimiter.join(row) for row in (first, *others)) + "\r\n"

    dictionary = written(
        ["Variable / Field Name", "Form Name", "Field Type", CHOICES],
        ["record_id", "enrollment", "text", ""],
        ["visit_date", "visit", "text", ""],
    )
    data = written(
        ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "visit_date"],
        ["1", "", "", ""], ["1", "visit", "1", "2001-02-03"], ["1", "visit"],
    )  # fmt: skip
    research = redcap(project, data, dictionary)
    _, visits, rejects = landed(research, "research", "record_id, visit_date", table="visit")
    assert visits == [("1", "2001-02-03")]
    assert [(table, row) for table, row, *_ in rejects] == [("visit", 3)]


@pytest.mark.parametrize(
    "row", ["1,,,Checked,Unchecked,Complete,,,,\n", "1,Visit,1,,,,2001-02-03,Incomplete,,\n"]
)
def test_labels_instead_of_codes_are_refused(project: Make, row: str) -> None:
    with pytest.raises(SourceError, match=r"data\.csv has the labels of choices.*\n.*raw data"):
        land(redcap(project, f"{FIELDS}\n{row}"), "research")


def test_what_people_type_comes_as_it_is(project: Make, landed: Callable) -> None:
    dictionary = DICTIONARY + "note_text,enrollment,notes,\nscan,enrollment,file,\n"
    typed = 'a, "b";\r\nc\n\n d\t'
    ids = ["007", "1,5", 'a"b', " x ", "1-é", "NA"]
    lines = "".join(
        '"{}",,,0,0,2,,,,,"{}",[document]\r\n'.format(*(x.replace('"', '""') for x in (id_, typed)))
        for id_ in ids
    )
    research = redcap(project, f"{FIELDS},note_text,scan\r\n{lines}".rstrip(), dictionary)
    _, people, rejects = landed(research, "research", "record_id, note_text, scan")
    assert rejects == []
    assert people == [(id_, typed, "[document]") for id_ in ids]


def test_surveys_groups_and_missing_data_are_kept(project: Make, landed: Callable) -> None:
    columns = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,"
        "redcap_data_access_group,redcap_survey_identifier,enrollment_timestamp,symptoms___1,"
        "symptoms____2_5,enrollment_complete,visit_date,visit_complete,other"
    )
    data = f"{columns}\n1,start,,,north,who@example.org,[not completed],0,0,0,,,\n"
    data += "1,later,,2,north,,,,,,UNK,0,\n"  # an event that repeats as a whole
    research = redcap(project, data)
    names = "redcap_event_name, redcap_data_access_group, redcap_survey_identifier"
    _, people, _ = landed(research, "research", f"{names}, enrollment_timestamp, _row")
    assert people[0] == ("start", "north", "who@example.org", "[not completed]", 1)
    names = "redcap_event_name, redcap_repeat_instance, visit_date, _row"
    _, visits, _ = landed(research, "research", names, table="visit")
    assert visits == [("later", "2", "UNK", 2)]


def test_both_files_may_lie_in_one_archive(project: Make, landed: Callable) -> None:
    research = project(
        REDCAP.replace('"data*.csv"', '"*.zip/*_DATA_*.csv"').replace(
            '"dictionary.csv"', '"*.zip/*Dictionary*.csv"'
        )
    )
    with zipfile.ZipFile(research.extracts / "export.zip", "w") as archive:
        archive.writestr("Study_DATA_2026.csv", f"{FIELDS}\n1,,,1,0,2,,,,\n")
        archive.writestr("Study_DataDictionary_2026.csv", DICTIONARY)
    landing, people, _ = landed(research, "research", "record_id, _file")
    assert people == [("1", "export.zip/Study_DATA_2026.csv")]
    assert [file.name for file in landing.files] == ["export.zip"]


def test_what_no_table_takes_is_counted(project: Make) -> None:
    research = redcap(project, f"{FIELDS}\n1,,,1,0,2,,,x,\n1,unused,1,,,,,,,2\n2,,,,,,,,,0\n")
    unexpected = land(research, "research").unexpected
    assert unexpected == {"row of instrument unused, which is not declared": 2}
