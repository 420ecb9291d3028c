"""CDA documents: what lands of them, which of them stand, and what is refused."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from cytoreg import connect
from cytoreg.errors import ConfigError, SourceError
from cytoreg.project.load import Project
from cytoreg.sources.cda import document as documents
from cytoreg.sources.cda import files as cda_files

Make = Callable[[str], Project]

CDA = """
[sources.s]
kind = "cda"
path = "*"
tables = { document = "document", patient = "patient", section = "section", entry = "entry" }
"""
OWN = """
[sources.s]
kind = "cda"
path = "*"
tables = { patient = "patient", tumor = "tumor" }
each = { tumor = "//observation[value/@codeSystem='2.16.840.1.113883.6.43.1']" }
[sources.s.columns]
patient = { mrn = "patientRole/id[@root='1.2.3']/@extension", races = "count(.//sdtc:raceCode)" }
[sources.s.columns.tumor]
histology = "value/@code"
behavior = "value/qualifier[name/@code='31206-6']/value/@code"
told = "value[@xsi:type='CD']/originalText"
patient = "/ClinicalDocument/recordTarget/patientRole/id/@extension"
"""
NAMESPACES = {
    "c": "urn:hl7-org:v3",
    "sdtc": "urn:hl7-org:sdtc",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:v3="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <templateId root="2.16.840.1.113883.10.13.1" extension="2014-08-08"/>
  <id root="1.2.9" extension="{id}"/>
  <code code="72134-0" codeSystem="2.16.840.1.113883.6.1" displayName="Cancer event report"/>
  <title> Cancer
    report </title>
  <effectiveTime value="20240105103000+0100"/>
  <confidentialityCode code="N"/>
  {versions}
  <recordTarget><patientRole>
    <id root="1.2.3" extension="{patient}"/><id root="1.2.4" extension="A-7"/>
    <id nullFlavor="UNK"/>
    <addr use="BAD"><city>Nowhere</city></addr>
    <addr use="HP"><streetAddressLine>1 Test Rd</streetAddressLine>
      <streetAddressLine>Flat 2</streetAddressLine><city>Simtown</city>
      <postalCode>00001</postalCode></addr>
    <patient>
      <name use="P"><given>Zim</given></name>
      <name use="L"><prefix qualifier="VV">van</prefix><given>Xibo</given><given>T.</given>
        <given qualifier="CL">Xi</given><family>Simbo</family>
        <family qualifier="BR">Simlast</family><suffix>Jr</suffix></name>
      <administrativeGenderCode nullFlavor="ASKU"/>
      <birthTime value="1950"/>
      <sdtc:deceasedInd value="true"/><sdtc:deceasedTime value="202312"/>
      <raceCode code="2106-3" codeSystem="2.16.840.1.113883.6.238"/>
      <sdtc:raceCode code="2028-9"/><sdtc:raceCode code="2034-7"/>
    </patient>
  </patientRole></recordTarget>
  <author><time value="20240105"/><assignedAuthor><id root="1.2.5" extension="9"/>
    <assignedPerson><name><given>Pat</given><family>Hologist</family></name></assignedPerson>
    <representedOrganization><name>Lab</name></representedOrganization>
  </assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.6"/>
    <name>Hospital</name></representedCustodianOrganization></assignedCustodian></custodian>
  {related}
"""
BODY = """<component><structuredBody>
  <component><section>
    <code code="72135-7" codeSystem="2.16.840.1.113883.6.1"/><title>Cancer diagnosis</title>
    <text><paragraph>Grade <content revised="delete">3</content><content revised="insert"
      >2</content> tumour</paragraph><table><tr><th>Ki-67</th><td>&lt; 3 %</td></tr></table>
      <list><item ID="h1">Neuroendocrine <!-- x -->tumour</item></list></text>
    <entry typeCode="DRIV"><act classCode="ACT" moodCode="EVN">
      <code code="CONC"/><statusCode code="active"/>
      <entryRelationship typeCode="SUBJ" inversionInd="true">
        <observation classCode="OBS" moodCode="EVN">
          <templateId root="1.1" extension="a"/><templateId root="1.2"/>
          <id root="1.2.7" extension="1"/>
          <code nullFlavor="OTH"><originalText>Diagnosis</originalText>
            <translation code="29308-4" codeSystem="2.16.840.1.113883.6.1"/></code>
          <statusCode code="completed"/>
          <effectiveTime><low value="202401"/><high nullFlavor="UNK"/></effectiveTime>
          <value xsi:type="v3:CD" code="8240" codeSystem="2.16.840.1.113883.6.43.1"
            displayName="NET"><originalText><reference value="#h1"/></originalText>
            <qualifier><name code="31206-6"/><value code="3"/></qualifier>
            <translation code="C7A.019" codeSystem="2.16.840.1.113883.6.90"/></value>
          <methodCode code="1"/>
          <targetSiteCode code="C17.2" codeSystem="2.16.840.1.113883.6.43.1">
            <qualifier><name code="20228-3"/><value code="0"/></qualifier></targetSiteCode>
        </observation></entryRelationship></act></entry>
    <entry><organizer classCode="BATTERY" moodCode="EVN"><statusCode code="completed"/>
      <specimen><specimenRole><id root="1.2.8" extension="S1"/><specimenPlayingEntity>
        <code code="119376003" displayName="Tissue"/>
        </specimenPlayingEntity></specimenRole></specimen>
      <component><observation classCode="OBS" moodCode="EVN"><code code="KI67"/>
        <effectiveTime value="20240105"/>
        <value xsi:type="IVL_PQ"><high value="3" unit="%" inclusive="false"/></value>
      </observation></component>
      <component><observation classCode="OBS" moodCode="EVN" negationInd="true"><code code="META"/>
        <value xsi:type="BL" value="true"/></observation></component>
      <component><observation classCode="OBS" moodCode="INT"><code code="SIZE"/>
        <value xsi:type="PQ" nullFlavor="UNK" value="7" unit="mm"/></observation></component>
      <component><observation classCode="OBS" moodCode="EVN"><code code="NODES"/>
        <value xsi:type="RTO"><numerator xsi:type="INT" value="2"/><denominator xsi:type="INT"
          value="15"/></value></observation></component>
      <component><observation classCode="OBS" moodCode="EVN"><code code="TEXT"/>
        <value xsi:type="ST"> p<!-- c -->T3 </value><value xsi:type="ST">again</value>
        </observation></component>
    </organizer></entry>
    <component><section><title>Treatment</title>
      <entry><substanceAdministration classCode="SBADM" moodCode="EVN">
        <effectiveTime xsi:type="PIVL_TS"><period value="28" unit="d"/></effectiveTime>
        <effectiveTime xsi:type="IVL_TS"><low value="20240201"/></effectiveTime>
        <routeCode code="C38299"/><doseQuantity value="30" unit="mg"/>
        <consumable><manufacturedProduct><manufacturedMaterial><code code="3339"
          displayName="Octreotide"/></manufacturedMaterial></manufacturedProduct></consumable>
      </substanceAdministration></entry></section></component>
  </section></component>
</structuredBody></component></ClinicalDocument>
"""
SHORT = "<component><structuredBody/></component></ClinicalDocument>"


def cda(
    id: str = "1",
    versions: str = "",
    related: str = "",
    patient: str = "0000001",
    body: str = SHORT,
) -> str:
    return HEAD.format(id=id, versions=versions, related=related, patient=patient) + body


def version(number: int, set_id: str = "S") -> str:
    return f'<setId root="1.2.10" extension="{set_id}"/><versionNumber value="{number}"/>'


def related(kind: str, id: str) -> str:
    return (
        f'<relatedDocument typeCode="{kind}"><parentDocument><id root="1.2.9" extension="{id}"/>'
        "</parentDocument></relatedDocument>"
    )


def put(project: Project, *texts: str) -> None:
    for number, text in enumerate(texts):
        (project.extracts / f"{number}.xml").write_text(text, encoding="utf-8")


STANDING = "document_id, replaced_by"


def test_the_header_lands(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(versions=version(2), related=related("APND", "0"), body=BODY))
    columns = "document_id, set_id, version, effective_time, code, code_name, title, author_time, "
    columns += "author_name, author_organization, custodian_id, custodian_name, replaces, appends"
    landing, rows, rejects = landed(some, "s", columns)
    assert rows == [
        ("1.2.9^1", "1.2.10^S", "2", "20240105103000+0100", "72134-0", "Cancer event report",
         "Cancer report", "20240105", "Pat Hologist", "Lab", "1.2.6", "Hospital", None, "1.2.9^0"),
    ]  # fmt: skip
    assert rejects == []
    assert landing.unexpected == {"value beside a nullFlavor, not taken": 1}


def test_a_patient_has_all_ids_and_the_legal_name(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda())
    columns = "patient_ids, name, family_name, given_names, birth_name, prefix, suffix, sex, "
    columns += "sex_null_flavor, birth_time, deceased, deceased_time, race, further_races, street, "
    columns += "city, postal_code"
    _, rows, _ = landed(some, "s", columns, table="patient")
    assert rows == [
        ("1.2.3^0000001\n1.2.4^A-7", "van Xibo T. Xi Simbo Simlast Jr", "van Simbo", "Xibo T.",
         "Simlast", None, "Jr", None, "ASKU", "1950", "true", "202312", "2106-3", "2028-9\n2034-7",
         "1 Test Rd, Flat 2", "Simtown", "00001"),
    ]  # fmt: skip


def test_narrative_is_text_without_what_was_deleted(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    _, rows, _ = landed(some, "s", "section, parent_section, code, title, text", table="section")
    assert rows == [
        ("1", None, "72135-7", "Cancer diagnosis",
         "Grade 2 tumour\nKi-67\t< 3 %\nNeuroendocrine tumour"),
        ("2", "1", None, "Treatment", None),
    ]  # fmt: skip


def test_a_report_in_one_piece_of_text_keeps_its_lines(project: Make, landed: Callable) -> None:
    some = project(CDA)
    plain = BODY[: BODY.index("<text>")] + "<text>DIAGNOSIS:\n  NET,   grade 2\n</text>"
    put(some, cda(body=plain + "</section></component></structuredBody></component>"
                  "</ClinicalDocument>"))  # fmt: skip
    _, rows, _ = landed(some, "s", "text", table="section")
    assert rows == [("DIAGNOSIS:\n  NET,   grade 2",)]


def entries(landed: Callable, some: Project, columns: str) -> list[tuple]:
    return landed(some, "s", columns, table="entry")[1]


def test_statements_land_at_any_depth(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    columns = "entry, parent_entry, section, section_code, relation, relation_inverted, class, mood"
    assert entries(landed, some, columns + ", negated, status") == [
        ("1", None, "1", "72135-7", "DRIV", None, "ACT", "EVN", None, "active"),
        ("2", "1", "1", "72135-7", "SUBJ", "true", "OBS", "EVN", None, "completed"),
        ("3", None, "1", "72135-7", "COMP", None, "BATTERY", "EVN", None, "completed"),
        ("4", "3", "1", "72135-7", "COMP", None, "OBS", "EVN", None, None),
        ("5", "3", "1", "72135-7", "COMP", None, "OBS", "EVN", "true", None),
        ("6", "3", "1", "72135-7", "COMP", None, "OBS", "INT", None, None),
        ("7", "3", "1", "72135-7", "COMP", None, "OBS", "EVN", None, None),
        ("8", "3", "1", "72135-7", "COMP", None, "OBS", "EVN", None, None),
        ("9", None, "2", None, "COMP", None, "SBADM", "EVN", None, None),
    ]


def test_values_land_by_their_type(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    columns = "code, value_type, value, value_unit, value_null_flavor, value_low, value_high, "
    columns += "value_high_inclusive, further_values, specimen_id, specimen"
    assert entries(landed, some, columns)[3:8] == [
        ("KI67", "IVL_PQ", None, "%", None, None, "3", "false", None, "1.2.8^S1", "119376003"),
        ("META", "BL", "true", None, None, None, None, None, None, "1.2.8^S1", "119376003"),
        ("SIZE", "PQ", None, None, "UNK", None, None, None, None, "1.2.8^S1", "119376003"),
        ("NODES", "RTO", "2/15", None, None, None, None, None, None, "1.2.8^S1", "119376003"),
        ("TEXT", "ST", "pT3", None, None, None, None, None, "again", "1.2.8^S1", "119376003"),
    ]


def test_a_coded_value_has_its_words_translations_and_qualifiers(
    project: Make, landed: Callable
) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    columns = "code, code_null_flavor, code_text, code_translation, value_type, value, value_name, "
    columns += "value_text, value_qualifiers, value_translation, target_site, "
    columns += "target_site_qualifiers, effective_low, effective_high, effective_high_null_flavor"
    assert entries(landed, some, columns)[1] == (
        None, "OTH", "Diagnosis", "29308-4", "CD", "8240", "NET", "Neuroendocrine tumour",
        "31206-6=3", "C7A.019", "C17.2", "20228-3=0", "202401", None, "UNK",
    )  # fmt: skip


def observed(value: str, attributes: str = "", text: str = "") -> str:
    return cda(
        body="<component><structuredBody><component><section>"
        f'<text>{text}</text><entry><observation classCode="OBS" moodCode="EVN"{attributes}>{value}'
        "</observation></entry></section></component></structuredBody></component>"
        "</ClinicalDocument>"
    )


RELATIVE = """<component><structuredBody><component><section>
  <entry><organizer classCode="CLUSTER" moodCode="EVN">
    <subject><relatedSubject classCode="PRS"><code code="MTH" displayName="mother"/>
      </relatedSubject></subject>
    <component><observation classCode="OBS" moodCode="EVN"><code code="A"/>
      <entryRelationship typeCode="CAUS"><observation classCode="OBS" moodCode="EVN">
        <code code="B"/>
        <subject><relatedSubject classCode="PAT"/></subject>
      </observation></entryRelationship></observation></component></organizer></entry>
  <entry><observation classCode="OBS" moodCode="EVN"><code code="C"/></observation></entry>
  <component><section><subject><relatedSubject><code nullFlavor="UNK"/></relatedSubject></subject>
    <entry><observation classCode="OBS" moodCode="EVN"><code code="D"/></observation></entry>
    <entry><observation classCode="OBS" moodCode="EVN"><code code="E"/><subject nullFlavor="NI"/>
      </observation></entry></section></component>
</section></component></structuredBody></component></ClinicalDocument>"""
SUBJECTS = [
    ("A", "MTH", "mother"), ("B", None, None), ("C", None, None), ("D", "PRS", None),
    ("E", "NI", None),
]  # fmt: skip


def test_what_is_about_a_relative_is_not_the_patients(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=RELATIVE))
    assert entries(landed, some, "code, subject, subject_name")[1:] == SUBJECTS
    assert entries(landed, some, "subject")[0] == ("MTH",)
    assert landed(some, "s", "subject", table="section")[1] == [(None,), ("PRS",)]


def test_a_table_of_ones_own_tells_whom_its_rows_are_about(project: Make, landed: Callable) -> None:
    some = project(
        CDA.replace('entry = "entry" }', 'own = "own" }\neach = { own = "//observation" }')
        + 'columns = { own = { code = "code/@code" } }\n'
    )
    put(some, cda(body=RELATIVE))
    assert landed(some, "s", "code, subject, subject_name", table="own")[1] == SUBJECTS


ENCODED = [
    ("text/plain", "grade 2 tumör".encode(), "grade 2 tumör", 0),
    ("text/plain; charset=x", b"tum\xf6r", None, 1),
    ("text/plain", "tumör".encode("utf-16-le"), None, 1),
    ("application/pdf", b"%PDF-\xf6", None, 0),
]


@pytest.mark.parametrize(("media", "data", "text", "count"), ENCODED)
def test_text_in_base64_lands_or_is_counted(
    project: Make, landed: Callable, media: str, data: bytes, text: str | None, count: int
) -> None:
    some = project(CDA)
    inside = f'mediaType="{media}" representation="B64">{base64.b64encode(data).decode()}<'
    put(
        some,
        cda(body=f"<component><nonXMLBody><text {inside}/text></nonXMLBody></component>"
            "</ClinicalDocument>"),
        observed(f'<value xsi:type="ED" {inside}/value>').replace("1.2.9", "1.2.11"),
    )  # fmt: skip
    landing, bodies, _ = landed(some, "s", "body_text")
    assert (bodies, entries(landed, some, "value")) == ([(text,), (None,)], [(text,)])
    told = "plain text in base64 of unknown encoding, not landed"
    assert landing.unexpected.get(told, 0) == 2 * count


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16"])
def test_text_in_base64_may_be_in_the_encoding_of_its_document(
    project: Make, landed: Callable, encoding: str
) -> None:
    some = project(CDA)
    inside = base64.b64encode("tumör".encode(encoding)).decode()
    text = observed(f'<value xsi:type="ED" representation="B64">{inside}</value>')
    (some.extracts / "1.xml").write_bytes(text.replace("UTF-8", encoding, 1).encode(encoding))
    assert entries(landed, some, "value") == [("tumör",)]


@pytest.mark.parametrize(
    ("value", "columns", "told"),
    [
        ('<value xsi:type="PQ" value="1" unit="[in_i]"><translation value="2.54" code="cm"/>'
         "</value>",
         "value, value_unit, value_translation", ("1", "[in_i]", None)),
        ('<value xsi:type="PQ" value="5" unit="mm"/><value xsi:type="PQ" value="7" unit="cm"/>'
         '<value xsi:type="IVL_PQ"><low value="1" unit="mm"/></value>',
         "value, value_unit, further_values", ("5", "mm", "7 cm\n1.. mm")),
        ('<value xsi:type="CD" code="a"/><value xsi:type="CD" nullFlavor="OTH">'
         '<translation code="b"/></value>', "value, further_values", ("a", "b")),
        ('<value xsi:type="CD" code="a"><translation code="b" codeSystem="2"/>'
         '<translation code="c"/></value>',
         "value_translation, value_translation_system", ("b\nc", "2\n")),
        ('<value xsi:type="IVL_PQ"><low value="2" unit="mm"/><high value="1" unit="cm"/></value>',
         "value, value_unit, value_low, value_high", (None, "mm..cm", "2", "1")),
        ('<value xsi:type="RTO_PQ_PQ"><numerator value="3" unit="mg"/><denominator value="1" '
         'unit="mL"/></value>', "value, value_unit", ("3/1", "mg/mL")),
        ('<value xsi:type="RTO"><numerator value="3"/><denominator nullFlavor="UNK"/></value>',
         "value, value_unit", (None, None)),
        ('<value xsi:type="BL" value="1"/>', "value", ("true",)),
        ('<value xsi:type=" v3:AD "><city>A</city><state>B</state></value>',
         "value_type, value", ("AD", "A B")),
        ('<value xsi:type="ED" mediaType="application/pdf" representation="B64">JVBERi0=</value>',
         "value_type, value", ("ED", None)),
        ("<value>by hand</value>", "value_type, value", (None, "by hand")),
        ('<effectiveTime><center value="2024"/></effectiveTime>', "effective_time", ("2024",)),
    ],
)  # fmt: skip
def test_values_that_are_seldom_land_as_they_are_meant(
    project: Make, landed: Callable, value: str, columns: str, told: tuple
) -> None:
    some = project(CDA)
    put(some, observed(value))
    assert entries(landed, some, columns) == [told]


@pytest.mark.parametrize(("said", "negated"), [("1", "true"), ("0", "false"), ("true", "true")])
def test_what_is_negated_is_true_however_it_is_written(
    project: Make, landed: Callable, said: str, negated: str
) -> None:
    some = project(CDA)
    put(some, observed("", f' negationInd="{said}"', "10<sup>3</sup>"))
    assert entries(landed, some, "negated") == [(negated,)]
    assert landed(some, "s", "text", table="section")[1] == [("10^3",)]


@pytest.mark.parametrize(
    ("old", "new", "columns", "told"),
    [
        ('use="HP"', 'use="HP BAD"', "city", ("Nowhere",)),
        ('use="BAD"', "", "city", ("Simtown",)),
        ('use="BAD"><city>Nowhere</city>', 'use="HP">1 Test Rd<city>Here</city>',
         "street, city, address", (None, "Here", "1 Test Rd Here")),
        ('name use="L"', 'name use="OLD"', "given_names", ("Zim",)),
        ("<family>Simbo</family>", "", "family_name, birth_name", ("Simlast", "Simlast")),
        ("<family>Simbo</family>", "<family>Sim</family><family>Bo</family>", "family_name",
         ("van Sim Bo",)),
        ("<suffix>Jr</suffix>", '<validTime><high value="2010"/></validTime>', "given_names",
         ("Zim",)),
    ],
)  # fmt: skip
def test_names_and_addresses_that_are_no_longer_right_come_last(
    project: Make, landed: Callable, old: str, new: str, columns: str, told: tuple
) -> None:
    some = project(CDA)
    put(some, cda().replace(old, new, 1))
    assert landed(some, "s", columns, table="patient")[1] == [told]


def test_how_often_something_is_given_is_not_when(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    columns = "effective_time, effective_low, product, product_name, dose, dose_unit, route"
    assert entries(landed, some, columns)[-1] == (
        None, "20240201", "3339", "Octreotide", "30", "mg", "C38299",
    )  # fmt: skip


def test_what_lands_is_what_xpath_finds(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda(body=BODY))
    tree = etree.fromstring(cda(body=BODY).encode())
    steps = " | ".join(
        f"//c:{name}" for name in ("act", "observation", "organizer", "substanceAdministration")
    )
    expected = []
    for one in tree.xpath(steps, namespaces=NAMESPACES):
        first = lambda path, one=one: (  # noqa: E731
            [str(x) for x in one.xpath(path, namespaces=NAMESPACES)] or [None]
        )[0]
        expected.append(
            (
                first("@moodCode"), first("@negationInd"), first("c:code/@code"),
                first("c:statusCode/@code"), first("c:effectiveTime/c:low/@value"),
                first("c:value[1][not(@nullFlavor)]/@displayName"),
                first("c:value/c:high/@value"), first("c:targetSiteCode/@code"),
                str(one.sourceline),
            )
        )  # fmt: skip
    columns = "mood, negated, code, status, effective_low, value_name, value_high, target_site"
    assert entries(landed, some, columns + ", cast(_line as varchar)") == expected


@pytest.mark.parametrize(
    ("texts", "standing"),
    [
        ([cda("1"), cda("2", related=related("RPLC", "1"))], ["1.2.9^2", None]),
        ([cda("2", related=related("RPLC", "1")), cda("1")], [None, "1.2.9^2"]),
        ([cda("1"), cda("2", related=related("APND", "1"))], [None, None]),
        ([cda("1", version(1)), cda("2", version(10)), cda("3", version(9))],
         ["1.2.9^2", None, "1.2.9^2"]),
        ([cda("1"), cda("2", related=related("RPLC", "1")),
          cda("3", related=related("RPLC", "2"))], ["1.2.9^3", "1.2.9^3", None]),
        ([cda("1", version(1)), cda("2", version(1, "T"))], [None, None]),
        ([cda("1"), cda("1")], ["1.2.9^1", None]),
        ([cda("1", related=related("RPLC", "1"))], [None]),
        ([cda("1", version(1), related("RPLC", "2")), cda("2", version(2), related("RPLC", "1"))],
         ["1.2.9^2", None]),
    ],
    ids=["replaced", "in any order", "appended", "versions are numbers", "chain", "another set",
         "delivered twice", "replaces itself", "ring"],
)  # fmt: skip
def test_a_replaced_document_does_not_stand(
    project: Make, landed: Callable, texts: list[str], standing: list[str | None]
) -> None:
    some = project(CDA)
    put(some, *texts)
    landing, rows, rejects = landed(some, "s", f"{STANDING}, _file")
    assert [by for _, by, _ in sorted(rows, key=lambda row: row[2])] == standing
    _, patients, _ = landed(some, "s", "replaced_by, _file", table="patient")
    assert [by for by, _ in sorted(patients, key=lambda row: row[1])] == standing
    assert (landing.unexpected, rejects) == ({}, [])


@pytest.mark.parametrize(
    ("texts", "odd"),
    [
        ([cda("1", version(1)), cda("2", version(1))],
         "document with the setId and version of another: both are kept"),
        ([cda("1"), cda("1", patient="0000002")],
         "document with the id of another, and other content: both are kept"),
        ([cda("1", related=related("RPLC", "0")), cda("2"),
          cda("3", versions='<setId root="1.2.10"/>')], None),
        ([cda("1", versions='<setId root="1.2.10"/><versionNumber value="1.1"/>'),
          cda("2", versions='<setId root="1.2.10"/><versionNumber value="2"/>')],
         "document with the setId of another and no version: both are kept"),
        ([cda("0"), cda("1", related=related("RPLC", "0")), cda("2", related=related("RPLC", "0"))],
         "document that replaces what another does too: both are kept"),
    ],
)  # fmt: skip
def test_what_does_not_tell_which_counts_is_counted(
    project: Make, landed: Callable, texts: list[str], odd: str | None
) -> None:
    some = project(CDA)
    put(some, *texts)
    landing, rows, _ = landed(some, "s", "document_id, replaced_by")
    assert landing.unexpected == ({odd: 1} if odd else {})
    assert {by for name, by in rows if name != "1.2.9^0"} == {None}


def test_a_set_of_several_patients_replaces_nothing(project: Make, landed: Callable) -> None:
    some = project(CDA)
    both = [
        cda(name, version(number), patient=patient).replace('root="1.2.4"', f'root="1.9.{name}"')
        for name, number, patient in (("1", 1, "0000001"), ("2", 2, "0000002"))
    ]
    put(some, *both)
    landing, rows, _ = landed(some, "s", "replaced_by")
    assert rows == [(None,), (None,)]
    assert landing.unexpected == {"document with the setId of another patient's: both are kept": 1}


def test_a_replacement_that_is_cut_off_replaces_nothing(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda("1"), cda("2", related=related("RPLC", "1"))[:-30])
    landing, rows, rejects = landed(some, "s", STANDING)
    assert rows == [("1.2.9^1", None)]
    ((table, row, line, reason, raw),) = rejects
    assert (table, row, line) == ("document", 1, 1)
    assert reason.startswith("XML that is not well-formed, at line ")
    assert raw.startswith("<?xml")
    assert [(t.table, t.rows, t.rejects) for t in landing.tables][:2] == [
        ("document", 1, 1), ("patient", 1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty file"),
        ("MRN,Name\n", "XML that is not well-formed, at line 1"),
        ('<Bundle xmlns="http://hl7.org/fhir"/>', "XML of another standard: its root is Bundle"),
        ("<ClinicalDocument/>", "not in the namespace urn:hl7-org:v3"),
        (cda().replace('<id root="1.2.9" extension="1"/>', ""), "a document without an id"),
        (cda().replace('<id root="1.2.9" extension="1"', '<id nullFlavor="NI"'), "without an id"),
        (cda().replace("?>", '?><!DOCTYPE ClinicalDocument [<!ENTITY a "x">]>', 1), "type decl"),
        (cda().replace("?>", '?><!DOCTYPE html SYSTEM "a.dtd">', 1), "document type declaration"),
        (cda().replace("Simtown", "Sim&town;"), "not well-formed"),
        (cda().replace("Simtown", "Sim\x01town"), "not well-formed"),
    ],
)
def test_what_is_no_document_is_a_reject(
    project: Make, landed: Callable, text: str, reason: str
) -> None:
    some = project(CDA)
    put(some, cda("0"), text)
    landing, rows, rejects = landed(some, "s", "document_id")
    assert rows == [("1.2.9^0",)]
    assert [(row[0], row[1]) for row in rejects] == [("document", 1)]
    assert reason in rejects[0][3]
    assert "Sim" not in rejects[0][3]
    assert landing.unexpected == {}


def test_a_source_without_any_document_is_refused(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, "<Bundle/>", "Simbo")
    with pytest.raises(SourceError, match=r"nothing in .* is a CDA document") as refused:
        landed(some, "s")
    assert "Simbo" not in str(refused.value)


def test_bytes_in_another_encoding_are_named_so(project: Make, landed: Callable) -> None:
    some = project(CDA)
    put(some, cda())
    text = cda().replace("Simtown", "Simtöwn")
    (some.extracts / "z.xml").write_bytes(text.encode("latin-1"))
    _, _, rejects = landed(some, "s")
    line = text[: text.index("Simtöwn")].count("\n") + 1
    assert rejects[0][3] == f"bytes that are not in its encoding, at line {line}"
    assert "Simt\\xf6wn" in rejects[0][4]


def test_a_document_that_is_too_long_is_a_reject(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cda_files, "LONGEST", len(cda().encode()))
    some = project(CDA)
    put(some, cda(), cda() + " ")
    _, rows, rejects = landed(some, "s", "document_id")
    assert (len(rows), [reject[3][:16] for reject in rejects]) == (1, ["a file of more t"])


def test_only_the_start_of_a_long_reject_is_kept(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_KEPT", 40)
    some = project(CDA)
    put(some, cda(), cda()[:-9])
    _, _, rejects = landed(some, "s", "document_id")
    assert rejects[0][-1] == cda()[:40]


def prefixed(text: str) -> str:
    for old, new in (
        ("xmlns=", "xmlns:h="), ("<", "<h:"), ("<h:/", "</h:"), ("<h:?", "<?"), ("<h:!", "<!"),
        ("h:sdtc:", "sdtc:"),
    ):  # fmt: skip
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace('"UTF-8"', '"UTF-16"').encode("utf-16"),
        lambda text: text.replace('"UTF-8"', '"iso-8859-1"').encode("latin-1"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"\r\n " + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: prefixed(text).encode(),
        lambda text: text.replace('"UTF-8"', "'utf-16'").encode(),
        lambda text: text.replace('"UTF-8"', '"windows-1252"').encode("cp1252"),
        lambda text: text.partition("?>")[2].encode("utf-16"),
    ],
    ids=["utf-16", "latin-1", "mark", "blank lines", "carriage returns", "prefixed",
         "said to be utf-16", "cp1252", "undeclared"],
)  # fmt: skip
def test_the_same_lands_however_it_is_written(
    project: Make, landed: Callable, written: Callable[[str], bytes]
) -> None:
    some = project(CDA)
    text = cda(body=BODY).replace("Simtown", "Simtöwn")
    found = []
    for data in (text.encode(), written(text)):
        (some.extracts / "a").write_bytes(data)
        columns = "* exclude (_file, _line, _run_id)"
        tables = ("document", "patient", "section", "entry")
        found.append([landed(some, "s", columns, table=table)[1] for table in tables])
    assert found[0] == found[1]
    assert found[0][1][0][2] == "1.2.3^0000001\n1.2.4^A-7"


def test_an_archive_is_a_folder_of_documents(project: Make, landed: Callable) -> None:
    some = project(CDA)
    with zipfile.ZipFile(some.extracts / "night.zip", "w") as archive:
        archive.writestr("a.xml", cda("1"))
        archive.writestr("sub/b.xml", cda("2"))
    _, rows, _ = landed(some, "s", "document_id, _file, _row")
    assert rows == [("1.2.9^1", "night.zip/a.xml", 1), ("1.2.9^2", "night.zip/sub/b.xml", 1)]


def message(*texts: str) -> bytes:
    data = [base64.b64encode(text.encode()).decode() for text in texts]
    return "\r".join(
        ["MSH|^~\\&|L|L|R|R|20240105||MDM^T02|1|P|2.5", "PID|1||0000001",
         *(f"OBX|{n}|ED|1^CDA||LAB^text^XML^Base64^{text}" for n, text in enumerate(data, 1))]
    ).encode() + b"\r"  # fmt: skip


def test_documents_in_messages_land(project: Make, landed: Callable) -> None:
    some = project(CDA)
    (some.extracts / "a.hl7").write_bytes(
        message(cda("1")) + message() + message(cda("2"), cda("3"))
    )
    _, rows, rejects = landed(some, "s", "document_id, _row, _parent_row")
    assert rows == [("1.2.9^1", 1, 1), ("1.2.9^2", 3, 3), ("1.2.9^3", 4, 4)]
    assert [(row, line, why) for _, row, line, why, _ in rejects] == [
        (2, 4, "a message without a CDA document in base64")
    ]


def test_ones_own_tables_and_columns_are_picked_by_xpath(project: Make, landed: Callable) -> None:
    some = project(OWN)
    put(some, cda("1", body=BODY), cda("2", related=related("RPLC", "1")))
    landing, rows, _ = landed(some, "s", "mrn, races", table="patient")
    assert rows == [("0000001", "2"), ("0000001", "2")]
    _, rows, _ = landed(some, "s", "* exclude (_run_id, _source, _table, _line)", table="tumor")
    assert rows == [("1.2.9^1", "1.2.9^2", None, None, "8240", "3", None, "0000001", "0.xml", 1, 1)]
    assert landing.unexpected == {
        "more than one value of tumor.patient, the first is landed": 1,
        "value beside a nullFlavor, not taken": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"value/@code"', '"value/@code["', r"histology of tumor: 'value/@code\[' is not an XPath"),
        ('"value/@code"', '"hl7:value/@code"', "is not an XPath"),
        ("[value/@codeSystem", "[hl7:value/@codeSystem", "`each` of tumor: .* is not an XPath"),
        ('"value/@code"', '"nothing(value)"', "is not an XPath"),
        ("count(.//sdtc:raceCode)", "", "races of patient: '' is not an XPath"),
        ("mrn =", "family_name =", "patient has a column family_name of its own"),
        ("mrn =", "_row =", "_row is a name reserved"),
        ("each = { tumor", "each = { other", "`each` names other, which is not in `tables`"),
        ("each = { tumor", "each = { patient = '/a', tumor", "`each` names patient, whose rows"),
        ("each =", "missing = ['x']\n#", "`each` says nothing of table tumor"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(
    project: Make, old: str, new: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        project(OWN.replace(old, new, 1))


def test_an_unknown_function_in_a_path_is_named_when_it_is_reached(
    project: Make, landed: Callable
) -> None:
    some = project(OWN.replace("[name/@code='31206-6']", "[nothing(name)]"))
    put(some, cda())
    assert landed(some, "s", "*", table="tumor")[1] == []
    put(some, cda(body=BODY))
    with pytest.raises(SourceError, match=r"nothing\(name\).* is not an XPath"):
        landed(some, "s")


def test_documents_are_known_by_their_root(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(cda())
    (tmp_path / "b.xml").write_text("<ClinicalDocument/>")
    assert connect.guess("a.xml", tmp_path) == "cda"
    assert connect.guess("x/*.cda", tmp_path) == "cda"
    with pytest.raises(ConfigError, match="neither NAACCR XML nor CDA nor ODM: its root is Clin"):
        connect.guess("b.xml", tmp_path)


def test_only_tables_that_have_rows_are_drafted(project: Make) -> None:
    some = project(CDA)
    put(some, cda())
    assert connect.offered(some, "new", "cda", "*.xml").tables == ["document", "patient"]
    put(some, cda(body=BODY))
    assert len(connect.offered(some, "new", "cda", "*.xml").tables) == 4
