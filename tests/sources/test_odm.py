"""CDISC ODM: what its records say lands, whatever the system, and what is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from cytoreg import connect
from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import ordering
from cytoreg.sources.cdisc import elements

Make = Callable[[str], Project]
SPACE = "http://www.cdisc.org/ns/odm/v1.3"
TRIAL = """
[sources.trial]
kind = "odm"
path = "*.xml"
tables = { vitals = "vitals", subject = "enrolment" }
[sources.trial.groups]
vitals = ["IG_VS"]
"""
METADATA = """
<Study OID="S"><GlobalVariables/><BasicDefinitions>
  <MeasurementUnit OID="MU_KG" Name="Kilogram"><Symbol><TranslatedText>kg</TranslatedText></Symbol>
  </MeasurementUnit><MeasurementUnit OID="MU_LB" Name="lb"/></BasicDefinitions>
<MetaDataVersion OID="V1" Name="1">
  <FormDef OID="F_VS" Name="Vitals" Repeating="No"><ItemGroupRef ItemGroupOID="IG_VS"/></FormDef>
  <ItemGroupDef OID="IG_VS" Name="VS" Repeating="Yes">
    <ItemRef ItemOID="I_WEIGHT"/><ItemRef ItemOID="I_ARM"/></ItemGroupDef>
  <ItemDef OID="I_WEIGHT" Name="WEIGHT" DataType="float"><MeasurementUnitRef
    MeasurementUnitOID="MU_KG"/><RangeCheck><MeasurementUnitRef MeasurementUnitOID="MU_LB"/>
    </RangeCheck></ItemDef>
  <ItemDef OID="I_ARM" Name="ARM" DataType="text"><CodeListRef CodeListOID="CL_ARM"/></ItemDef>
  <CodeList OID="CL_ARM" Name="Arm" DataType="text">
    <CodeListItem CodedValue="1"><Decode><TranslatedText xml:lang="en">left</TranslatedText>
      <TranslatedText xml:lang="de">links</TranslatedText></Decode></CodeListItem>
    <CodeListItem CodedValue="2"><Decode><TranslatedText>right</TranslatedText></Decode>
    </CodeListItem></CodeList>
</MetaDataVersion></Study>"""


def odm(
    data: str = "",
    metadata: str = METADATA,
    space: str = SPACE,
    kind: str = "Snapshot",
    root: str = 'CreationDateTime="2020-01-01T00:00:00"',
) -> str:
    """A file of ODM; `data` is inside a ClinicalData, unless it has one."""
    if data and "ClinicalData" not in data:
        data = f'<ClinicalData StudyOID="S" MetaDataVersionOID="V1">{data}</ClinicalData>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="{space}" ODMVersion="1.3.2"'
        ' xmlns:OpenClinica="http://www.openclinica.org/ns/odm_ext_v130/v3.1"'
        f' FileType="{kind}" {root}>{metadata}{data}</ODM>'
    )


def subject(inside: str, key: str = "1", more: str = "") -> str:
    return f'<SubjectData SubjectKey="{key}" {more}>{inside}</SubjectData>'


def vitals(items: str, repeat: str = "1", more: str = "") -> str:
    return (
        '<StudyEventData StudyEventOID="SE"><FormData FormOID="F_VS">'
        f'<ItemGroupData ItemGroupOID="IG_VS" ItemGroupRepeatKey="{repeat}" {more}>{items}'
        "</ItemGroupData></FormData></StudyEventData>"
    )


def item(oid: str, value: str, more: str = "") -> str:
    return f'<ItemData ItemOID="{oid}" Value="{value}" {more}/>'


def put(some: Project, *files: str, name: str = "{}.xml") -> None:
    for number, text in enumerate(files):
        (some.extracts / name.format(number)).write_text(text, encoding="utf-8")


WEIGHT = '"SubjectKey", "ItemGroupRepeatKey", "I_WEIGHT"'


@pytest.mark.parametrize(
    "space", [SPACE, "http://www.cdisc.org/ns/odm/v1.2", ""], ids=["1.3", "1.2", "none"]
)
def test_a_record_is_an_item_group_with_its_keys(
    project: Make, landed: Callable, space: str
) -> None:
    trial = project(TRIAL)
    two = vitals(item("I_WEIGHT", "70.50") + item("I_ARM", "1")) + vitals(
        item("I_ARM", "é&amp;"), "2"
    )
    site = '<InvestigatorRef UserOID="U7"/><SiteRef LocationOID="L9"/>'
    put(trial, odm(subject(site + two), space=space))
    landing, rows, rejects = landed(trial, "trial", "* exclude (_source, _table, _run_id)")
    keys = ("1", "S", "V1", "SE", None, "F_VS", None)
    assert [row[: len(keys) + 5] for row in rows] == [
        (*keys, "1", "70.50", "kg", "1", None),
        (*keys, "2", None, None, "é&", None),
    ]
    assert landed(trial, "trial", '"SubjectKey", "LocationOID", "UserOID"', table="subject")[1] == [
        ("1", "L9", "U7")
    ]
    assert (rejects, landing.unexpected) == ([], {})


def test_typed_and_untyped_items_land_alike(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    typed = (
        '<ItemDataFloat ItemOID="I_WEIGHT" MeasurementUnitOID="MU_LB">\n 5e1 </ItemDataFloat>'
        '<ItemDataString ItemOID="I_ARM"><![CDATA[ <1> ]]></ItemDataString>'
    )
    untyped = (
        '<ItemData ItemOID="I_WEIGHT" Value="5e1"><MeasurementUnitRef MeasurementUnitOID="MU_LB"/>'
        "</ItemData>" + item("I_ARM", " &lt;1&gt; ")
    )
    put(trial, odm(subject(vitals(typed) + vitals(untyped, "2"))))
    assert (
        landed(trial, "trial", '"I_WEIGHT", "I_WEIGHT@unit", "I_ARM"')[1]
        == [("5e1", "lb", " <1> ")] * 2
    )


def test_null_empty_and_absent_are_told_apart(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    null = '<ItemData ItemOID="I_ARM" IsNull="Yes" OpenClinica:ReasonForNull="NASK"/>'
    put(
        trial,
        odm(subject(vitals(item("I_ARM", "")) + vitals(null, "2") + vitals("", "3"))),
    )
    landing, rows, _ = landed(trial, "trial", '"I_ARM", _items')
    assert [value for value, _ in rows] == ["", None, None]
    assert [json.loads(more) if more else None for _, more in rows] == [
        None,
        {"I_ARM@OpenClinica:ReasonForNull": "NASK", "I_ARM@IsNull": "Yes"},
        None,
    ]
    assert landing.unexpected == {
        "I_ARM@OpenClinica:ReasonForNull of vitals, which has no column": 1
    }


@pytest.mark.parametrize(
    ("element", "kept"),
    [
        ('<ItemData ItemOID="I_ARM" IsNull="Yes"/>', {"I_ARM@IsNull": "Yes"}),
        (
            '<ItemDataString ItemOID="I_ARM" OpenClinica:why="z">x</ItemDataString>',
            {"I_ARM@OpenClinica:why": "z"},
        ),
    ],
)
def test_the_only_further_attribute_of_an_item_is_kept(
    project: Make, landed: Callable, element: str, kept: dict[str, str]
) -> None:
    trial = project(TRIAL)
    put(trial, odm(subject(vitals(element))))
    ((more,),) = landed(trial, "trial", "_items")[1]
    assert json.loads(more) == kept


def test_what_has_no_column_is_kept_and_counted_until_it_gets_one(
    project: Make, landed: Callable
) -> None:
    data = subject(
        vitals(item("I_NEW", "7") + '<Stranger a="1"><b/></Stranger>', more='OpenClinica:x="y"'),
        more='OpenClinica:StudySubjectID="M-1"',
    )
    trial = project(TRIAL)
    put(trial, odm(data))
    landing, rows, _ = landed(trial, "trial", "_items")
    assert json.loads(rows[0][0]) == {"OpenClinica:x": "y", "I_NEW": "7"}
    assert landing.unexpected == {
        "I_NEW of vitals, which has no column": 1,
        "OpenClinica:x of vitals, which has no column": 1,
        "OpenClinica:StudySubjectID of subject, which has no column": 1,
        "Stranger of ItemGroupData, which no table has": 1,
    }
    named = (
        "[sources.trial.columns]\nvitals = ['I_NEW', 'OpenClinica:x', 'later']\n"
        "subject = ['OpenClinica:StudySubjectID']\n"
    )
    landing, rows, _ = landed(project(TRIAL + named), "trial", 'I_NEW, "OpenClinica:x", later')
    assert rows == [("7", "y", None)]
    assert landing.unexpected == {"Stranger of ItemGroupData, which no table has": 1}


def test_labels_stand_in_place_of_codes_of_the_records_own_metadata(
    project: Make, landed: Callable
) -> None:
    trial = project(TRIAL.replace("[sources.trial.g", "labels = true\n[sources.trial.g"))
    second = """<Study OID="S"><MetaDataVersion OID="V2" Name="2">
      <Include StudyOID="S" MetaDataVersionOID="V1"/><CodeList OID="CL_ARM" Name="" DataType="text">
      <CodeListItem CodedValue="1"><Decode><TranslatedText>rechts</TranslatedText></Decode>
      </CodeListItem></CodeList></MetaDataVersion></Study>"""
    one = subject(vitals(item("I_ARM", "1")) + vitals(item("I_ARM", "9"), "2"))
    other = (
        '<ClinicalData StudyOID="S" MetaDataVersionOID="V2">'
        + subject(vitals(item("I_ARM", "1")), "2")
        + "</ClinicalData>"
    )
    first = f'<ClinicalData StudyOID="S" MetaDataVersionOID="V1">{one}</ClinicalData>'
    put(trial, odm(first + other, METADATA + second))
    landing, rows, _ = landed(trial, "trial", '"SubjectKey", "I_ARM"')
    assert rows == [("1", "left"), ("1", "9"), ("2", "rechts")]
    assert landing.unexpected == {"value of I_ARM that its code list does not have": 1}


REDCAP = """
[sources.trial]
kind = "odm"
path = "*.xml"
tables = { visit = "visit" }
[sources.trial.groups]
visit = ["visit.date", "visit.bp"]
"""


def test_groups_of_one_table_are_one_row_per_form(project: Make, landed: Callable) -> None:
    def form(number: int) -> str:
        group = '<ItemGroupData ItemGroupOID="visit.{}" ItemGroupRepeatKey="1" note="{}">{}'
        date = group.format("date", "a", item("date", f"2020-01-0{number}")) + "</ItemGroupData>"
        bp = group.format("bp", "b", item("bp", f"12{number}")) + "</ItemGroupData>"
        return f'<FormData FormOID="F" FormRepeatKey="{number}">{date}\n{bp}</FormData>'

    metadata = """<Study OID="S"><MetaDataVersion OID="V1" Name="1">
      <FormDef OID="F" Name="visit" Repeating="No"><ItemGroupRef ItemGroupOID="visit.date"/>
      <ItemGroupRef ItemGroupOID="visit.bp"/></FormDef>
      <ItemGroupDef OID="visit.date" Name="visit" Repeating="No"><ItemRef ItemOID="date"/>
      </ItemGroupDef><ItemGroupDef OID="visit.bp" Name="visit" Repeating="No">
      <ItemRef ItemOID="bp"/></ItemGroupDef></MetaDataVersion></Study>"""
    trial = project(REDCAP)
    put(trial, odm(subject(form(1) + form(2)), metadata))
    _, rows, _ = landed(trial, "trial", '"FormRepeatKey", "StudyEventOID", date, bp, _row')
    assert rows == [("1", None, "2020-01-01", "121", 1), ("2", None, "2020-01-02", "122", 3)]
    assert landed(trial, "trial", "_items")[1][0] == (
        '{"visit.date@note": "a", "visit.bp@note": "b"}',
    )
    draft = connect.offered(trial, "new", "odm", "*.xml")
    assert draft.tables == ["visit"]
    assert draft.keys["groups"] == {"visit": ["visit.date", "visit.bp"]}


def test_reference_data_and_dataset_xml_have_no_forms(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    group = '<ItemGroupData ItemGroupOID="IG_VS" {}>{}</ItemGroupData>'
    space = 'xmlns:data="http://www.cdisc.org/ns/Dataset-XML/v1.0" data:ItemGroupDataSeq="{}"'
    put(
        trial,
        odm(
            '<ReferenceData StudyOID="S" MetaDataVersionOID="V1">'
            + group.format('ItemGroupRepeatKey="a"', item("I_ARM", "0"))
            + '</ReferenceData><ClinicalData StudyOID="S" MetaDataVersionOID="V1">'
            + "".join(group.format(space.format(n), item("I_ARM", str(n))) for n in (1, 2))
            + "</ClinicalData>"
        ),
    )
    _, rows, rejects = landed(trial, "trial", '"SubjectKey", "ItemGroupRepeatKey", "I_ARM"')
    assert rows == [(None, "a", "0"), (None, "1", "1"), (None, "2", "2")]
    assert rejects == []


def test_a_record_with_two_values_of_an_item_is_a_reject(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    put(
        trial,
        odm(
            subject(vitals(item("I_ARM", "1") + item("I_ARM", "2")))
            + "\n"
            + subject(vitals(item("I_ARM", "1") + item("I_ARM", "1")), "2")
            + subject(vitals(item("I_WEIGHT", "4")), "2")
        ),
    )
    landing, rows, rejects = landed(trial, "trial", '"SubjectKey", "I_ARM", "I_WEIGHT", _row')
    assert rows == [("2", "1", "4", 2)]
    (reject,) = rejects
    assert reject[:1] + reject[3:4] == ("vitals", "two values of one item in a snapshot")
    assert json.loads(reject[4])["I_ARM"] == ["1", "2"]
    assert landing.unexpected == {"value that snapshots give more than once": 1}


@pytest.mark.parametrize(
    ("data", "table", "reason", "told"),
    [
        (
            f"<SubjectData>{vitals(item('I_ARM', '7'))}</SubjectData>",
            "vitals",
            "a SubjectData without a SubjectKey",
            "7",
        ),
        (
            subject(vitals(item("I_ARM", "7")), ""),
            "vitals",
            "a SubjectData without a SubjectKey",
            "7",
        ),
        (
            subject(vitals('<ItemData Value="7"/>')),
            "vitals",
            "an ItemData without an ItemOID",
            "7",
        ),
        (
            subject(vitals(item("I_ARM", "7", 'TransactionType="Replace"'))),
            "vitals",
            "a TransactionType that ODM does not have",
            "7",
        ),
        (
            subject(f"<ItemGroupData>{item('I_ARM', '7')}</ItemGroupData>"),
            "unknown",
            "an ItemGroupData without an ItemGroupOID",
            "7",
        ),
        (subject(item("I_ARM", "7")), "unknown", "an ItemData in a SubjectData", "7"),
        (
            subject(vitals(subject(vitals(item("I_ARM", "7"))))),
            "vitals",
            "a SubjectData in a ItemGroupData",
            "7",
        ),
    ],
)
def test_what_cannot_be_a_record_is_kept_raw(
    project: Make, landed: Callable, data: str, table: str, reason: str, told: str
) -> None:
    trial = project(TRIAL)
    put(trial, odm(data + subject(vitals(item("I_ARM", "1")), "9")))
    _, rows, rejects = landed(trial, "trial", '"SubjectKey", "I_ARM"')
    assert ("9", "1") in rows
    assert [row for row in rows if told in row] == []
    assert (table, reason) in [(place, why) for place, _, _, why, raw in rejects if told in raw]


def test_the_line_of_a_record_is_exact_beyond_any_number(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    between = "\n" * 70_000
    put(trial, odm(subject(vitals(item("I_ARM", "1")) + between + vitals("", "2")), "\n"))
    assert landed(trial, "trial", "_line")[1] == [(3,), (70_003,)]


NOTES = """
[sources.trial]
kind = "odm"
path = "*.xml"
tables = { note = "note" }
"""
WHO = "<UserRef UserOID='U'/><DateTimeStamp>2020</DateTimeStamp>"


def test_all_that_is_said_about_data_is_a_note(project: Make, landed: Callable) -> None:
    audit = f"<AuditRecord EditPoint='DBAudit'>{WHO}</AuditRecord>"
    flag = "<Flag><FlagValue CodeListOID='C'>{}</FlagValue></Flag>"
    note = f"<Annotation SeqNum='1'><Comment>a &lt; b</Comment>{flag.format(1)}{flag.format(2)}"
    arm = "<OpenClinica:SubjectGroupData OpenClinica:StudyGroupName='left'/>"
    value = f"<ItemData ItemOID='I_ARM' Value='2' TransactionType='Update'>{audit}</ItemData>"
    admin = "<AdminData StudyOID='S'><Location OID='L9' Name='Site'/></AdminData>"
    data = (
        '<ClinicalData StudyOID="S" MetaDataVersionOID="V1"><AuditRecords>'
        "<AuditRecord ID='A1'/></AuditRecords>"
        + subject(arm + vitals(f"{note}</Annotation>{value}"), more="TransactionType='Insert'")
        + "</ClinicalData><Association><KeySet StudyOID='S'/><KeySet StudyOID='T'/></Association>"
    )
    trial = project(NOTES)
    put(trial, odm(data, METADATA + admin, kind="Transactional"))
    columns = '"SubjectKey", "ItemOID", "TransactionType", "Value", element, content, _row'
    landing, rows, rejects = landed(trial, "trial", columns)
    said = {"@EditPoint": "DBAudit", "UserRef": {"@UserOID": "U"}, "DateTimeStamp": "2020"}
    flags = [{"FlagValue": {"@CodeListOID": "C", "#text": n}} for n in "12"]
    ours = {"@SeqNum": "1", "Comment": "a < b", "Flag": flags}
    left = {"@OpenClinica:StudyGroupName": "left"}
    pair = {"KeySet": [{"@StudyOID": "S"}, {"@StudyOID": "T"}]}
    assert [(*row[:5], json.loads(row[5]), row[6]) for row in rows] == [
        (None, None, None, None, "Location", {"@OID": "L9", "@Name": "Site"}, 1),
        (None, None, None, None, "AuditRecord", {"@ID": "A1"}, 2),
        ("1", None, "Insert", None, "OpenClinica:SubjectGroupData", left, 3),
        ("1", None, "Insert", None, "Annotation", ours, 4),
        ("1", "I_ARM", "Update", "2", "AuditRecord", said, 5),
        (None, None, None, None, "Association", pair, 6),
    ]
    assert landing.unexpected == {"ItemGroupData of IG_VS, which no table has": 1}
    assert rejects == []


def test_what_no_table_has_is_counted(project: Make, landed: Callable) -> None:
    trial = project(TRIAL.replace(', subject = "enrolment"', ""))
    site = '<SiteRef LocationOID="L9"/><Annotation SeqNum="1"/>'
    other = '<ItemGroupData ItemGroupOID="IG_X"><ItemData ItemOID="I" Value="1"/></ItemGroupData>'
    put(trial, odm(subject(site + other + vitals(""), more='OpenClinica:Status="x"')))
    assert landed(trial, "trial")[0].unexpected == {
        "Annotation of SubjectData, which no table has": 1,
        "ItemGroupData of IG_X, which no table has": 1,
        "LocationOID of SubjectData, which no table has": 1,
        "OpenClinica:Status of SubjectData, which no table has": 1,
    }


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pieces_of_any_size_give_the_same_rows(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    trial = project(TRIAL)
    put(trial, odm("".join(subject(vitals(item("I_ARM", str(n))), str(n)) for n in range(9))))
    whole = landed(trial, "trial")[1]
    monkeypatch.setattr(elements, "_CHUNK", size)
    monkeypatch.setattr(ordering, "_CELLS", 4)
    (trial.extracts / "0.xml").touch()
    again = project(TRIAL.replace("*.xml", "?.xml"))
    drop = slice(0, -1)
    assert [row[drop] for row in landed(again, "trial")[1]] == [row[drop] for row in whole]
    assert len(whole) == 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (odm(subject(vitals(item("I_ARM", "Simbo"))))[:-40], "is cut off, or not XML"),
        (odm().replace(SPACE, "urn:x"), "is ODM of the namespace urn:x, where versions 1"),
        (
            odm(space="http://www.cdisc.org/ns/odm/v2.0").replace("1.3.2", "2.0"),
            "is ODM 2.0, where versions 1.1 to 1.3.2 are read",
        ),
        (odm().replace("<ODM", "<!DOCTYPE ODM>\n<ODM"), "has a document type declaration"),
        ("<NaaccrData/>", "is XML, but not ODM: its root is NaaccrData"),
        (odm(subject("</x>")), "is not well-formed XML at line"),
        (odm(subject(vitals("")) + "&e;"), "is not well-formed XML at line"),
        (odm(subject(vitals("")), "").replace("</ODM>", METADATA + "</ODM>"), "has a Study after"),
        (odm("", "<AdminData/>" + METADATA), "has a Study after"),
        (odm().replace("UTF-8", "x-klingon"), "encoding 'x-klingon' is unknown"),
        ("no xml", "is not well-formed XML"),
        ("<html><body/></html>", "is a web page"),
        ("", "is empty"),
    ],
)
def test_other_and_damaged_files_are_refused(project: Make, content: str, message: str) -> None:
    trial = project(TRIAL)
    put(trial, content)
    with pytest.raises(SourceError, match=message) as refused:
        land(trial, "trial")
    assert refused.value.remedy
    assert "Simbo" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "shift_jis"])
def test_a_file_is_read_in_the_encoding_that_it_declares(
    project: Make, landed: Callable, encoding: str
) -> None:
    trial = project(TRIAL)
    letter = "ク" if encoding == "shift_jis" else "é"
    text = odm(subject(vitals(item("I_ARM", letter))))
    text = text.replace("UTF-8", encoding.removesuffix("-sig"))
    (trial.extracts / "a.xml").write_bytes(text.encode(encoding))
    assert landed(trial, "trial", '"I_ARM"')[1] == [(letter,)]


def test_bytes_in_another_encoding_are_refused(project: Make) -> None:
    trial = project(TRIAL)
    data = odm(subject(vitals(item("I_ARM", "é")))).encode("latin-1")
    (trial.extracts / "a.xml").write_bytes(data)
    with pytest.raises(SourceError, match=r"not well-formed XML, or not in UTF-8, at line \d+"):
        land(trial, "trial")


def test_an_item_group_that_the_metadata_do_not_have_is_refused(project: Make) -> None:
    trial = project(TRIAL.replace("IG_VS", "IG_VITALS"))
    put(trial, odm())
    with pytest.raises(SourceError, match="no item group IG_VITALS, of table vitals") as refused:
        land(trial, "trial")
    assert "IG_VS" in refused.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("vitals = [", "other = [", "`groups` names other, which is not in `tables`"),
        ("vitals = [", "subject = ['a']\nvitals = [", "`groups` names subject, whose rows"),
        ('["IG_VS"]', '["a", "a"]', "names the item group a twice"),
        ("vitals =", "#", "`groups` does not say which item groups make table vitals"),
        ("[sources.trial.g", "columns = { vitals = ['_row'] }\n[sources.trial.g", "_row is a name"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused(
    project: Make, old: str, new: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        project(TRIAL[:90] + TRIAL[90:].replace(old, new, 1))


@pytest.mark.parametrize("name", ["a.xml", "a.xml.gz", "a.odm"])
def test_sources_add_knows_odm_by_its_root(project: Make, name: str) -> None:
    trial = project(TRIAL)
    data = odm(subject(vitals(item("I_ARM", "1")), more='OpenClinica:StudySubjectID="M-1"'))
    content = gzip.compress(data.encode()) if name.endswith("gz") else data.encode()
    (trial.extracts / name).write_bytes(content)
    assert connect.guess(name, trial.extracts) == "odm"
    draft = connect.offered(trial, "new", "odm", name)
    assert draft.tables == ["subject", "vs"]
    assert draft.keys["columns"] == {"subject": ["OpenClinica:StudySubjectID"]}
    assert "M-1" not in str(draft)


def test_forms_that_are_called_like_ready_tables_get_other_names(project: Make) -> None:
    trial = project(TRIAL)
    forms = "".join(
        f'<FormDef OID="{oid}" Name="{oid}" Repeating="No"><ItemGroupRef ItemGroupOID="{oid}"/>'
        f'</FormDef><ItemGroupDef OID="{oid}" Name="{oid}" Repeating="No">'
        f'<ItemRef ItemOID="I_{oid}"/></ItemGroupDef>'
        for oid in ("event", "event_data")
    )
    metadata = (
        f'<Study OID="S"><MetaDataVersion OID="V1" Name="1">{forms}</MetaDataVersion></Study>'
    )
    put(trial, odm("", metadata))
    draft = connect.offered(trial, "new", "odm", "0.xml")
    assert draft.keys["groups"] == {"event_data_2": ["event"], "event_data": ["event_data"]}


def test_a_draft_of_data_alone_names_groups_and_items(project: Make) -> None:
    trial = project(TRIAL)
    put(trial, odm(subject(vitals(item("I_ARM", "1"))), ""))
    draft = connect.offered(trial, "new", "odm", "0.xml")
    assert draft.tables == ["ig_vs"]
    assert draft.keys["groups"] == {"ig_vs": ["IG_VS"]}
    assert draft.keys["columns"] == {"ig_vs": ["I_ARM"]}
