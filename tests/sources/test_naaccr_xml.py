"""NAACCR XML: patients and tumors, whatever the version, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing import land
from cytoreg.project import Project
from cytoreg.sources import naaccr_xml

Make = Callable[[str], Project]

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
    <Item naaccrId="patientIdNumber" naaccrNum="20">2</Item><Item naaccrId="sex">é&amp;</Item>
    <Tumor/>
  </Patient>
</NaaccrData>
"""


def file(inside: str, before: str = "") -> str:
    return f"<?xml version='1.0'?>{before}<NaaccrData>{inside}</NaaccrData>"


def item(name: str, value: str) -> str:
    return f'<Item naaccrId="{name}">{value}</Item>'


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://naaccr.org/naaccrxml"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_tumor_knows_its_patient(
    project: Make, landed: Callable, namespace: str, encoding: str
) -> None:
    registry = project(NAACCR)
    text = XML.format(namespace=namespace).replace('"1.0"?', f'"1.0" encoding="{encoding}"?')
    (registry.extracts / "a.xml").write_bytes(text.encode(encoding))
    landing, patients, _ = landed(registry, "registry", '"patientIdNumber", sex, _row')
    _, tumors, _ = landed(registry, "registry", '"primarySite", _parent_row, _row', table="tumor")
    assert patients == [("1", None, 1), ("2", "é&", 2)]
    assert tumors == [("C172", 1, 1), ("C250", 1, 2), (None, 2, 3)]
    assert landing.unexpected == {"item race1": 1, "root item registryId": 1}


def test_every_file_counts_its_own_rows(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naaccr_xml, "BATCH_ROWS", 1)
    registry = project(NAACCR)
    for name in ("a.xml", "b.xml"):
        (registry.extracts / name).write_text(XML.format(namespace=""), encoding="utf-8")
    _, tumors, _ = landed(registry, "registry", "_file, _row, _parent_row", table="tumor")
    assert tumors == [(n, *rows) for n in ("a.xml", "b.xml") for rows in ((1, 1), (2, 1), (3, 2))]


def test_comments_are_not_part_of_a_value(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(
        file(
            "<!-- a --><Patient><!-- b -->"
            + item("sex", "1<!-- c -->2")
            + "<Tumor><?d?>"
            + item("primarySite", "<![CDATA[C<1]]>")
            + "</Tumor></Patient>"
        )
    )
    landing, patients, _ = landed(registry, "registry", "sex")
    _, tumors, _ = landed(registry, "registry", '"primarySite"', table="tumor")
    assert (patients, tumors) == ([("12",)], [("C<1",)])
    assert landing.unexpected == {}


def test_an_element_whose_items_are_ambiguous_is_a_reject(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    twice = item("sex", "1") + item("sex", "2")
    nested = "<Tumor>" + item("primarySite", "C<b>1</b>") + "</Tumor>"
    (registry.extracts / "a.xml").write_text(
        file(f"\n<Patient>{twice}{nested}</Patient>\n<Patient>{item('sex', '1')}</Patient>")
    )
    landing, patients, rejects = landed(registry, "registry", "sex, _row")
    assert patients == [("1", 2)]
    assert [(table, row, line) for table, row, line, _, _ in rejects] == [
        ("patient", 1, 2),
        ("tumor", 1, 2),
    ]
    assert twice in rejects[0][-1]
    assert [(t.rows, t.rejects) for t in landing.tables] == [(1, 1), (0, 1)]


def test_strangers_are_counted(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(
        file(
            '<Tumor/><Patient><Item naaccrNum="220">1</Item><Item naaccrNum="390">2</Item>'
            "<Other/><Tumor><Other/><Other/></Tumor></Patient><Other/>"
        )
    )
    landing, patients, rejects = landed(registry, "registry", "sex")
    assert (patients, rejects) == ([(None,)], [])
    assert landing.unexpected == {
        "element Other": 3,
        "element Other outside a patient": 1,
        "element Tumor outside a patient": 1,
        "item without naaccrId": 2,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (XML.format(namespace="")[:-60], r"a\.xml is not well-formed XML at line \d+"),
        (XML.format(namespace="").replace("&amp;", "&"), r"is not well-formed XML at line 11"),
        ("<html><body/></html>", r"a\.xml is XML, but not NAACCR XML"),
        (file("<Patient/>", "<!DOCTYPE NaaccrData>"), r"a\.xml has a document type declaration"),
        ("no xml at all", r"a\.xml is not well-formed XML at line 1"),
        ("  ", r"a\.xml is not well-formed XML at line 1"),
        ("", r"a\.xml is empty"),
        ("PK\3\4", r"a\.xml is a zip archive"),
    ],
)
def test_other_files_are_refused(project: Make, text: str, message: str) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message) as caught:
        land(registry, "registry")
    assert caught.value.remedy
    assert list((registry.landing / "registry").glob("*")) == []


def test_an_entity_reads_no_other_file(project: Make) -> None:
    registry = project(NAACCR)
    (registry.extracts / "secret").write_text("x")
    doctype = '<!DOCTYPE NaaccrData [<!ENTITY e SYSTEM "secret">]>'
    (registry.extracts / "a.xml").write_text(
        file(f"<Patient>{item('sex', '&e;')}</Patient>", doctype)
    )
    with pytest.raises(SourceError, match="document type declaration"):
        land(registry, "registry")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tumor = "tumor" }', 'biopsy = "tumor" }', "no table biopsy"),
        ('tumor = ["primarySite"]', "", "what is read of table tumor"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    project: Make, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        project(NAACCR.replace(old, new))
