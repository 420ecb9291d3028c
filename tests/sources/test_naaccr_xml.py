"""NAACCR XML: patients and tumors, whatever the version, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources.naaccr import level as naaccr_level
from cytoreg.sources.naaccr import pieces as naaccr_pieces

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
    return f"<?xml version='1.0'?>{before}<NaaccrData recordType='I'>{inside}</NaaccrData>"


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
    monkeypatch.setattr(naaccr_level, "BATCH_ROWS", 1)
    monkeypatch.setattr(naaccr_pieces, "CHUNK", 50)
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


def test_a_tumor_whose_line_cannot_be_counted_has_that_of_its_patient(
    project: Make, landed: Callable
) -> None:
    """libxml2 counts 65,534 lines; of later ones it says that of the next text."""
    registry = project(NAACCR)
    remark = item("text", "line\n" * 100)
    one = f"<Patient>{{}}<Tumor>{remark}</Tumor></Patient>".format
    (registry.extracts / "a.xml").write_text(file("\n" + one("\n") + one("\n" * 70_000)))
    _, patients, _ = landed(registry, "registry", "_line")
    _, tumors, _ = landed(registry, "registry", "_line", table="tumor")
    assert patients == [(2,), (103,)]
    assert tumors == [(3,), (103,)]


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


BOTH = NAACCR.replace('"sex"', '{ sex = ["sexAssignedAtBirth", "sex"] }')


def test_files_of_mixed_versions_land_in_one_column(project: Make, landed: Callable) -> None:
    registry = project(BOTH)
    old, new = item("sex", "1"), item("sexAssignedAtBirth", "2")
    for name, items in {
        "v25.xml": [old, "", old + item("sexAssignedAtBirth", "")],
        "v26.xml": [new, old + new, item("sex", "2") + new],
    }.items():
        patients = "".join(f"<Patient>{each}</Patient>" for each in items)
        (registry.extracts / name).write_text(file(patients))
    landing, rows, rejects = landed(registry, "registry", "sex, _items, _row")
    assert rows == [
        ("1", None, 1),
        (None, None, 2),
        ("1", None, 3),
        ("2", None, 1),
        ("2", '{"sex": "1"}', 2),  # which contradicts the item that is taken
        ("2", None, 3),
    ]
    assert (landing.unexpected, rejects) == ({"item sex": 1}, [])


@pytest.mark.parametrize("items", ['["sex", { sex = ["a"] }]', '["sex", { b = ["Sex"] }]'])
def test_an_item_has_one_column(project: Make, items: str) -> None:
    with pytest.raises(ConfigError, match="`items` names sex twice"):
        project(NAACCR.replace('["patientIdNumber", "sex"]', items))


def test_an_id_and_a_number_of_two_items_are_a_reject(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    numbered = [("sex", "220"), ("sex", "400"), ("mine", "220"), ("sex", "9999"), ("sex", " 220 ")]
    (registry.extracts / "a.xml").write_text(
        file(
            "".join(
                f'<Patient><Item naaccrId="{name}" naaccrNum="{number}">1</Item></Patient>'
                for name, number in numbered
            )
        )
    )
    _, rows, rejects = landed(registry, "registry", "sex, _row")
    assert rows == [("1", 1), (None, 3), ("1", 4), ("1", 5)]
    assert [(row, reason) for _, row, _, reason, _ in rejects] == [
        (2, "an item whose naaccrId and naaccrNum are of two items")
    ]


def test_tumors_in_an_unknown_element_are_a_reject_with_it(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    tumor = f"<Tumor>{item('primarySite', 'C172')}</Tumor>"
    other = tumor.replace("<Tumor", "<x:Tumor xmlns:x='u'").replace("</T", "</x:T")
    box = f"<Box>{tumor * 2}</Box>"
    (registry.extracts / "a.xml").write_text(
        file(f"<Patient>{box}{tumor}{other}</Patient><Patient><Tumor>{box}</Tumor></Patient>")
    )
    _, patients, rejects = landed(registry, "registry", "_items, _row")
    _, tumors, _ = landed(registry, "registry", "_items, _row, _parent_row", table="tumor")
    assert patients == [(None, 1), (None, 2)]
    assert tumors == [(None, 3, 1), (None, 4, 2)]
    reason = "an unknown element with patients or tumors in it"
    assert [(table, row, why) for table, row, _, why, _ in rejects] == [
        ("tumor", 1, reason),
        ("tumor", 2, reason),
        ("tumor", 5, reason),
    ]
    assert rejects[0][-1].count("C172") == 2


@pytest.mark.parametrize("chunk", [1, 1 << 16])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_patients_in_an_unknown_element_are_one_reject_with_it(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch, chunk: int, encoding: str
) -> None:
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    registry = project(NAACCR)
    one, two, other = (f"<Patient>{item('sex', sex)}</Patient>\n" for sex in "129")
    text = file(f"\n{one}<Box><In>{other}</In>{other}</Box>\n{two}<Box>{other}</Box>")
    (registry.extracts / "a.xml").write_bytes(
        text.replace("'1.0'", f"'1.0' encoding='{encoding}'").encode(encoding)
    )
    _, patients, rejects = landed(registry, "registry", "sex, _items")
    assert patients == [("1", None), ("2", None)]
    reason = "an unknown element with patients or tumors in it"
    assert [(table, line, why) for table, _, line, why, _ in rejects] == [
        ("patient", 3, reason),
        ("patient", 7, reason),
    ]
    assert [raw.count(item("sex", "9")) for *_, raw in rejects] == [2, 1]


@pytest.mark.parametrize("chunk", [1, 100, 1 << 16])
@pytest.mark.parametrize(
    ("between", "table"),
    [
        ("<Box>{other}<Note>a&b</Note>{other}</Box>", "patient"),
        ("<Box><Note>a&b</Note>{other}</Box>", "patient"),
        ("<Box><In a=1>{other}</In>{other}<!-- </Box> --></Box>", "patient"),
        ("<Other>a&b</Other>", "unknown"),
        ("a&b", "unknown"),
        ("</Other>", "unknown"),
        ("</NaaccrData><NaaccrData>", "unknown"),
    ],
)
def test_a_damaged_element_between_patients_costs_only_itself(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch,
    chunk: int, between: str, table: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    registry = project(NAACCR)
    people = [f"<Patient>{item('patientIdNumber', str(n))}</Patient>\n" for n in range(9)]
    damaged = between.format(other=f"<Patient>{item('sex', '9')}</Patient>")
    for name, at in (("a.xml", 1), ("b.xml", 9)):
        text = file("\n" + "".join([*people[:at], damaged, "\n", *people[at:]]))
        (registry.extracts / name).write_text(text)
    _, rows, rejects = landed(registry, "registry", '"patientIdNumber"')
    assert sorted(rows) == sorted([(str(n),) for n in range(9)] * 2)
    assert [(*reject[:1], *reject[3:]) for reject in rejects] == [
        (table, "XML that is not well-formed", damaged)
    ] * 2


@pytest.mark.parametrize("chunk", [1, 100, 1 << 16])
def test_a_patient_in_a_patient_is_a_reject_of_its_own(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    registry = project(NAACCR)
    one, two, inner = (f"<Patient>{item('patientIdNumber', n)}</Patient>" for n in "129")
    for name, (start, end) in {"a.xml": ("", ""), "b.xml": ("<Box>", "</Box>")}.items():
        outer = two.replace("</Patient>", f"<Tumor/>{start}{inner}{end}<Tumor/></Patient>")
        (registry.extracts / name).write_text(file(f"\n{one}\n{outer}\n{one}"))
    _, rows, rejects = landed(registry, "registry", '"patientIdNumber"')
    _, tumors, _ = landed(registry, "registry", "_parent_row", table="tumor")
    assert rows == [("1",), ("2",), ("1",)] * 2
    assert tumors == [(2,)] * 4
    assert [(line, raw) for _, _, line, _, raw in rejects] == [
        (3, inner),
        (3, f"<Box>{inner}</Box>"),
    ]


def test_an_element_that_does_not_end_refuses_the_file(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = project(NAACCR)
    one = f"<Patient>{item('sex', '1')}</Patient>\n"
    path = registry.extracts / "a.xml"
    for chunk in (1, 1 << 16):
        monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
        path.write_text(file(f"\n{one}<Box>{one * 2}"))
        with pytest.raises(SourceError, match=r"a\.xml is not well-formed XML at line 3"):
            land(registry, "registry")
    path.write_text(file(f"{one}<Box>{one * 9}</Box>"))
    monkeypatch.setattr(naaccr_pieces, "LONGEST", 300)
    with pytest.raises(SourceError, match="has an element Box that does not end within"):
        land(registry, "registry")


def test_attributes_of_the_root_are_kept_whatever_their_kind(
    project: Make, landed: Callable
) -> None:
    text = file(item("registryId", "1")).replace(
        "<NaaccrData",
        '<NaaccrData xmlns:v="http://v" v:batch="7" export-no="8" registryId="2"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    )
    items = {"{http://v}batch": "7", "export-no": "8", "registryId": "2"}
    for which in ('"all"', '["registryId"]'):
        registry = project(
            NAACCR.replace("{ patient", '{ root = "file", patient').replace(
                "items]\n", f"items]\nroot = {which}\n"
            )
        )
        (registry.extracts / "a.xml").write_text(text)
        landing, rows, _ = landed(registry, "registry", '"registryId", _items', table="root")
        ((registry_id, kept),) = rows
        assert registry_id == "1"
        assert json.loads(kept) == {f"@{name}": value for name, value in items.items()}
        assert landing.unexpected == {f"root attribute {name}": 1 for name in items}


def test_items_without_a_column_are_kept_and_counted(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(
        file(
            '<Patient><Item naaccrNum="220">1</Item><Item naaccrNum="390"> 2</Item>'
            + '<Item naaccrId="é\n"/><Item naaccrNum="9x">3</Item>'
            + '<Other a="b">c</Other>'
            + '<Tumor><Other/><Item naaccrId="race1">01</Item><Other/></Tumor></Patient><Other/>'
        ),
        encoding="utf-8",
    )
    landing, patients, rejects = landed(registry, "registry", "sex, _items")
    _, tumors, _ = landed(registry, "registry", "_items", table="tumor")
    ((sex, kept),) = patients
    assert (sex, rejects) == ("1", [])
    assert json.loads(kept) == {
        "dateOfDiagnosis": " 2", "é ": None, "naaccrNum 9x": "3",
        "<Other>": '<Other a="b">c</Other>',
    }  # fmt: skip
    assert [json.loads(text) for (text,) in tumors] == [
        {"race1": "01", "<Other>": "<Other/><Other/>"}
    ]
    assert landing.unexpected == {
        "element Other": 3,
        "element Other outside a patient": 1,
        "item dateOfDiagnosis of patient, in the dictionary of tumor": 1,
        "item naaccrNum 9x of patient, in no dictionary": 1,
        "item race1 of tumor, in the dictionary of patient": 1,
        "item é  of patient, in no dictionary": 1,
    }


def test_a_tumor_that_has_no_place_is_not_lost(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    site = f"<Tumor>{item('primarySite', 'C250')}</Tumor>"
    (registry.extracts / "a.xml").write_text(
        file(f"{site}\n<Patient><Tumor>{site}</Tumor></Patient>")
    )
    _, tumors, rejects = landed(registry, "registry", '"primarySite", _row', table="tumor")
    assert tumors == [(None, 2)]
    assert [(*reject[:4],) for reject in rejects] == [
        ("tumor", 1, 1, "a Tumor outside a Patient"),
        ("tumor", 3, 2, "a Tumor in a Tumor"),
    ]
    assert [reject[4] for reject in rejects] == [site, site]


ALL = NAACCR.replace("patient = [\"patientIdNumber\", \"sex\"]", 'patient = "all"').replace(
    'tumor = ["primarySite"]', 'tumor = "all"\nroot = "all"'
).replace('tables = { patient', 'tables = { root = "exchange", patient')  # fmt: skip


def test_all_items_become_columns(project: Make, landed: Callable) -> None:
    registry = project(ALL)
    (registry.extracts / "a.xml").write_text(XML.format(namespace=""), encoding="utf-8")
    (registry.extracts / "b.xml").write_text(
        file(
            f"<Patient>{item('Sex', '1')}<Tumor>{item('my-item', '2')}</Tumor></Patient>"
            f"<Patient>{item('_row', '3')}</Patient>"
        )
    )
    landing, _, _ = landed(registry, "registry", table="patient")
    columns = {table.table: set(table.columns) for table in landing.tables}
    assert columns == {
        "root": {
            "baseDictionaryUri", "recordType", "registryId", "specificationVersion",
            "_items", "_file", "_row", "_line",
        },
        "patient": {"patientIdNumber", "race1", "Sex", "_items", "_file", "_row", "_line"},
        "tumor": {"primarySite", "_items", "_file", "_row", "_parent_row", "_line"},
    }  # fmt: skip
    _, kept, _ = landed(registry, "registry", "_file, _row, _items", table="patient")
    assert kept == [
        ("a.xml", 1, None), ("a.xml", 2, '{"sex": "é&"}'),
        ("b.xml", 1, None), ("b.xml", 2, '{"_row": "3"}'),
    ]  # fmt: skip
    _, tumors, _ = landed(registry, "registry", "_items", table="tumor")
    assert ('{"my-item": "2"}',) in tumors


def test_the_file_has_a_row_of_its_own(project: Make, landed: Callable) -> None:
    registry = project(
        NAACCR.replace("tables = { ", 'tables = { root = "exchange", ')
        + 'root = ["registryId", "recordType", "baseDictionaryUri"]\n'
    )
    (registry.extracts / "a.xml").write_text(XML.format(namespace=""), encoding="utf-8")
    (registry.extracts / "b.xml").write_text(
        file(item("registryId", "2") + "<Patient/>" + item("registryId", "3"))
    )
    landing, files, rejects = landed(
        registry, "registry", '"registryId", "recordType", "baseDictionaryUri"', table="root"
    )
    assert files == [("1", "I", "http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml")]
    assert [(table, row) for table, row, *_ in rejects] == [("root", 1)]
    assert landing.unexpected == {"item race1": 1}


def test_items_of_a_user_dictionary_are_known(project: Make, landed: Callable) -> None:
    registry = project(
        NAACCR.replace('path = "*.xml"', 'path = "*.xml"\ndictionaries = ["own.xml"]')
    )
    data = file(f"<Patient>{item('a', '1')}{item('b', '2')}{item('c', '3')}</Patient>")
    (registry.extracts / "a.xml").write_text(data)
    (registry.extracts / "own.xml").write_text(
        '<NaaccrDictionary xmlns="http://naaccr.org/naaccrxml"><ItemDefs>'
        '<ItemDef naaccrId="a" parentXmlElement="Patient"/>'
        '<ItemDef naaccrId="b" parentXmlElement="Tumor"/></ItemDefs></NaaccrDictionary>'
    )
    landing, patients, _ = landed(registry, "registry", "_items")
    assert [json.loads(text) for (text,) in patients] == [{"a": "1", "b": "2", "c": "3"}]
    assert landing.unexpected == {
        "item a": 1,
        "item b of patient, in the dictionary of tumor": 1,
        "item c of patient, in no dictionary": 1,
    }
    assert [entry.name for entry in landing.files] == ["a.xml", "own.xml"]


@pytest.mark.parametrize("own", ["<a/>", "no xml"])
def test_a_user_dictionary_must_be_one(project: Make, own: str) -> None:
    registry = project(
        NAACCR.replace('path = "*.xml"', 'path = "*.xml"\ndictionaries = ["own.xml"]')
    )
    (registry.extracts / "a.xml").write_text(file(""))
    (registry.extracts / "own.xml").write_text(own)
    with pytest.raises(SourceError, match=r"own\.xml is not a NAACCR dictionary"):
        land(registry, "registry")


@pytest.mark.parametrize(
    ("declared", "said", "message"),
    [
        ("", 'recordType="X"', "should have record type A, M, C or I, and says 'X'"),
        ("C", 'recordType="I"', "should have record type C, and says 'I'"),
        ("I", "", "should have record type I, and does not say it"),
    ],
)
def test_the_record_type_must_be_the_declared_one(
    project: Make, declared: str, said: str, message: str
) -> None:
    key = f'path = "*.xml"\nrecord_type = "{declared}"' if declared else 'path = "*.xml"'
    registry = project(NAACCR.replace('path = "*.xml"', key))
    (registry.extracts / "a.xml").write_text(f"<NaaccrData {said}><Patient/></NaaccrData>")
    with pytest.raises(SourceError, match=message):
        land(registry, "registry")


def test_a_file_without_a_record_type_is_noted(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text("<NaaccrData><Patient/></NaaccrData>")
    landing, patients, _ = landed(registry, "registry", "sex")
    assert (len(patients), landing.unexpected) == (1, {"file without a recordType": 1})


PEOPLE = "\n".join(
    f"<Patient>{item('patientIdNumber', str(n))}"
    f"<Tumor>{item('primarySite', f'C{n}')}</Tumor></Patient>"
    for n in range(1, 7)
)


@pytest.mark.parametrize("chunk", [40, 200, 1 << 16])
@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("C3<", "C3&<", {3}),
        ("C3<", "C3\0<", {3}),
        ("C3<", "C\xff<", {3}),
        ("C6</Item>", "C6</Itex>", {6}),
        (">C1</Item></Tumor></Patient>", ">C1</Item></Tumor></Patxent>", {1}),
        (">C6</Item></Tumor></Patient>", ">C6</Item></Tumor></Patxent>", {6}),
        ("<Patient><Item naaccrId=\"patientIdNumber\">4", "<Patient><Item naaccrId=patient>4", {4}),
        (">C4</Item></Tumor></Patient>", ">C4</Item></Tumor>", {4}),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_costs_its_patient(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch,
    old: str, new: str, lost: set[int], chunk: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(naaccr_pieces, "CHUNK", chunk)
    registry = project(NAACCR)
    assert old in PEOPLE
    text = file(f"{item('registryId', '1')}\n{PEOPLE}\n").replace(old, new, 1)
    (registry.extracts / "a.xml").write_bytes(text.encode("latin-1"))
    landing, patients, rejects = landed(registry, "registry", '"patientIdNumber", _row')
    _, tumors, _ = landed(registry, "registry", '"primarySite", _parent_row', table="tumor")
    kept = sorted(set(range(1, 7)) - lost)
    assert patients == [(str(n), n) for n in kept]
    assert tumors == [(f"C{n}", n) for n in kept]
    assert [(*reject[:4],) for reject in rejects] == [
        ("patient", n, n + 1, "XML that is not well-formed") for n in lost
    ]
    assert all(reject[4].startswith("<Patient><Item") for reject in rejects)
    assert landing.unexpected == {"root item registryId": 1}


def test_a_patient_in_a_comment_is_none(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naaccr_pieces, "CHUNK", 30)
    registry = project(NAACCR)
    people = PEOPLE.split("\n")
    text = file(
        f"<!--{people[0]}-->{people[1]}<!--\n{people[2]}-->{people[3].replace('C4', 'C&')}"
        f"<?x {people[4]}?>{people[5].replace('C6', '<![CDATA[</Patient>]]>')}"
    )
    (registry.extracts / "a.xml").write_text(text)
    _, tumors, rejects = landed(registry, "registry", '"primarySite", _row', table="tumor")
    assert tumors == [("C2", 1), ("</Patient>", 2)]
    assert [(table, row) for table, row, *_ in rejects] == [("patient", 2)]


def test_text_between_patients_is_kept(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(
        file(f"a<Patient/>b{item('registryId', '1')}c<Patient>d{item('sex', '1')}</Patient>e")
    )
    _, patients, rejects = landed(registry, "registry", "_row")
    assert patients == [(1,)]
    assert sorted((table, raw) for table, *_, raw in rejects) == [
        ("patient", f"<Patient>d{item('sex', '1')}</Patient>"),
        ("unknown", "a"), ("unknown", "b"), ("unknown", "c"), ("unknown", "e"),
    ]  # fmt: skip


def test_a_patient_that_never_ends_is_not_waited_for(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naaccr_pieces, "LONGEST", 1 << 17)
    registry = project(NAACCR)
    (registry.extracts / "a.xml").write_text(file("<Patient>" + item("sex", "1") * 10_000))
    with pytest.raises(SourceError, match="has an element Patient that does not end within"):
        land(registry, "registry")


def test_patients_in_a_prefixed_namespace(project: Make, landed: Callable) -> None:
    registry = project(NAACCR)
    text = file(PEOPLE).replace("</", "</n:").replace("<Item", "<n:Item").replace("<Pat", "<n:Pat")
    text = text.replace("<Tumor", "<n:Tumor").replace("<Naaccr", "<n:Naaccr").replace("C3", "C&")
    (registry.extracts / "a.xml").write_text(
        text.replace(" recordType", " xmlns:n='urn:n' recordType")
    )
    _, tumors, rejects = landed(registry, "registry", '"primarySite"', table="tumor")
    assert [site for (site,) in tumors] == ["C1", "C2", "C4", "C5", "C6"]
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (XML.format(namespace="")[:-60], r"a\.xml is not well-formed XML at line \d+"),
        (
            XML.format(namespace="").replace("<Item", "<Item&", 1),
            r"is not well-formed XML at line 4",
        ),
        ("<ODM><Study/></ODM>", r"a\.xml is XML, but not NAACCR XML"),
        ("<html><body/></html>", r"a\.xml is a web page \(HTML\)"),
        (file("<Patient/>", "<!DOCTYPE NaaccrData>"), r"a\.xml has a document type declaration"),
        ("no xml at all", r"a\.xml is not well-formed XML at line 1"),
        ("  ", r"a\.xml is not well-formed XML at line 1"),
        ("", r"a\.xml is empty"),
        ("PK\3\4", r"a\.xml is a compressed file that is damaged"),
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
