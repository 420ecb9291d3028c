"""Fixed width, NAACCR XML and REDCap exports: what they hold, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.errors import SourceError
from cytoreg.landing import land
from cytoreg.project import Project

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

NAACCR = """
[sources.registry]
kind = "naaccr_xml"
path = "*.xml"
tables = { patient = "patient", tumor = "tumor" }
[sources.registry.items]
patient = ["patientIdNumber", "sex"]
tumor = ["primarySite"]
"""
XML = """<?xml version="1.0"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml"
  recordType="I" specificationVersion="1.8"{namespace}>
  <Item naaccrId="registryId">1</Item>
  <Patient>
    <Item naaccrId="patientIdNumber">1</Item><Item naaccrId="race1">01</Item>
    <Tumor><Item naaccrId="primarySite">C172</Item></Tumor>
    <Tumor><Item naaccrId="primarySite">C250</Item></Tumor>
  </Patient>
  <Patient>
    <Item naaccrId="patientIdNumber">2</Item><Item naaccrId="sex">é&amp;</Item>
    <Tumor/>
  </Patient>
</NaaccrData>
"""

REDCAP = """
[sources.research]
kind = "redcap"
data = "data.csv"
dictionary = "dictionary.csv"
tables = { enrollment = "patient", visit = "follow_up" }
"""
CHOICES = "Choices, Calculations, OR Slider Labels"
DICTIONARY = f""""Variable / Field Name","Form Name","Field Type","{CHOICES}"
record_id,enrollment,text,
symptoms,enrollment,checkbox,"1, flushing | 2, none"
visit_date,visit,text,
note,visit,descriptive,
other,unused,text,
"""
FIELDS = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,symptoms___1,symptoms___2,"
    "enrollment_complete,visit_date,visit_complete,other,unused_complete"
)


def test_fixed_width_lines_are_cut_into_columns(project: Make, landed: Callable) -> None:
    index = project(DEATHS)
    (index.extracts / "a.txt").write_bytes(
        "SimäbF  \r\nShort\nSimxxM 1\n\nSim\xe9".encode() + b"\xff"
    )
    _, rows, rejects = landed(index, "index", "name, sex, _row")
    assert rows == [("Simäb", "F", 1), ("Simxx", "M", 3)]
    assert [(row, line, reason) for _, row, line, reason, _ in rejects] == [
        (2, 2, "5 characters instead of 8"),
        (4, 4, "blank"),
        (5, 5, "bytes that are not in the declared encoding"),
    ]


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://naaccr.org/naaccrxml"'])
def test_a_tumor_knows_its_patient(project: Make, landed: Callable, namespace: str) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(XML.format(namespace=namespace), encoding="utf-8")
    landing, patients, _ = landed(registry, "registry", '"patientIdNumber", sex, _row')
    _, tumors, _ = landed(registry, "registry", '"primarySite", _parent_row, _row', table="tumor")
    assert patients == [("1", None, 1), ("2", "é&", 2)]
    assert tumors == [("C172", 1, 1), ("C250", 1, 2), (None, 2, 3)]
    assert landing.unexpected == {"item race1": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (XML.format(namespace="")[:-60], r"a\.xml is not well-formed XML at line \d+"),
        ("<html><body/></html>", r"a\.xml is XML, but not NAACCR XML"),
        ("no xml at all", r"a\.xml is not well-formed XML at line 1"),
        ("", r"a\.xml is empty"),
    ],
)
def test_other_xml_is_refused(project: Make, text: str, message: str) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        land(registry, "registry")
    assert list((registry.landing / "registry").glob("*")) == []


def redcap(project: Make, data: str, dictionary: str = DICTIONARY) -> Project:
    research = project(REDCAP)
    (research.extracts / "data.csv").write_text(data, encoding="utf-8")
    (research.extracts / "dictionary.csv").write_text(dictionary, encoding="utf-8")
    return research


def test_instruments_become_tables(project: Make, landed: Callable) -> None:
    research = redcap(
        project,
        f"{FIELDS}\n1,,,1,0,2,,,,\n1,visit,1,,,,2001-02-03,2,,\n1,visit,2,,,,,0,,\n2,,,0,0,0,,,,\n",
    )
    _, people, _ = landed(research, "research", "record_id, symptoms___1, _row")
    _, visits, _ = landed(
        research, "research", "record_id, redcap_repeat_instance, visit_date, _row", table="visit"
    )
    assert people == [("1", "1", 1), ("2", "0", 4)]
    assert visits == [("1", "1", "2001-02-03", 2), ("1", "2", "", 3)]


def test_a_ragged_line_goes_to_its_instrument_as_far_as_it_can_be_read(
    project: Make, landed: Callable
) -> None:
    research = redcap(project, f"{FIELDS}\n1,visit,1\n2\n1,elsewhere,1,,,,,,,\n")
    _, _, rejects = landed(research, "research")
    assert [(table, row, line) for table, row, line, _, _ in rejects] == [
        ("visit", 1, 2),
        ("unknown", 2, 3),
        ("unknown", 3, 4),
    ]


@pytest.mark.parametrize(
    ("data", "dictionary", "message"),
    [
        (f"{FIELDS},extra\n", DICTIONARY, "fields that the dictionary does not know: extra"),
        (FIELDS.replace("visit_date,", "") + "\n", DICTIONARY, "the data lack: visit_date"),
        (FIELDS + "\n", DICTIONARY.replace(",visit,", ",visits,"), "the dictionary does not know"),
        (FIELDS + "\n", "a,b\n", "not a REDCap data dictionary: no heading"),
    ],
)
def test_data_and_dictionary_must_fit(
    project: Make, data: str, dictionary: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        land(redcap(project, data, dictionary), "research")
