"""A new source of any kind: what is there becomes a section, models and schemas that balance."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tomlkit
import xlsxwriter
from bare_registry import HEAD

from cytoreg import connect, rules, suites
from cytoreg.connect.persons import numbered
from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing import balance
from cytoreg.landing.kept import attach
from cytoreg.landing.land import land
from cytoreg.models import build
from cytoreg.project.load import Project, load_project, parse
from cytoreg.sources.items import Rows
from cytoreg.sources.kinds import OWN, sampling
from cytoreg.warehouse.connection import open_build

FIRST = """
[sources.first]
kind = "csv"
path = "first.csv"
tables = { first = "first" }
columns = "all"
"""
HEADINGS = ("MRN", "Result Date", "class", "Value (ng/mL)")
RECORDS = (("0000001", "2001-01-01", "x", "5.10"), ("0000002", "2001-01-02", "y", "<15"))
OBSERVATION = {
    "resourceType": "Observation", "id": "1", "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "9811-1"}]},
    "subject": {"reference": "Patient/7"}, "effectiveDateTime": "2001-01-01",
    "valueQuantity": {"value": 5.10, "unit": "ng/mL"},
}  # fmt: skip
NAACCR = """<?xml version="1.0"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-240.xml"
 recordType="I" specificationVersion="1.6" xmlns="http://naaccr.org/naaccrxml">
<Patient><Item naaccrId="patientIdNumber">1</Item><Tumor><Item naaccrId="primarySite">C172</Item>
</Tumor></Patient></NaaccrData>
"""
MESSAGE = "MSH|^~\\&|LAB|||||ORU^R01|1|P|2.5\rPID|1||0000001\rOBX|1|NM|KI67||5|%\r"
DICTIONARY = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels"\n'
    "record_id,enrollment,,text,Record,\nvisit_date,visit,,text,Date,\n"
)


def csv(rows: tuple[tuple[str, ...], ...]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)


def workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((HEADINGS, *RECORDS)):
            sheet.write_row(number, 0, row)


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute('create table "lab results" (MRN text, "Result Date" text)')
        con.execute('insert into "lab results" values (?, ?)', RECORDS[0][:2])
        con.execute("create table visits (mrn text)")
        con.commit()


def parquet(path: Path) -> None:
    pq.write_table(pa.table(dict(zip(HEADINGS, zip(*RECORDS, strict=True), strict=True))), path)


def statistics(path: Path) -> None:
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame({"mrn": ["1", "2"], "value": [5.1, 6.0]})
    write = {".sav": pyreadstat.write_sav, ".xpt": pyreadstat.write_xport}
    write.get(path.suffix, pyreadstat.write_dta)(frame, str(path))


def export(path: Path) -> None:
    path.write_text("record_id,enrollment_complete,visit_date,visit_complete\n1,2,2001-01-01,2\n")
    path.with_name("dictionary.csv").write_text(DICTIONARY)


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode())


DATASET = {
    "datasetJSONVersion": "1.1.0",
    "itemGroupOID": "IG.LB",
    "records": len(RECORDS),
    "name": "LB",
    "columns": [{"itemOID": f"IT.{name}", "name": name} for name in HEADINGS],
    "rows": RECORDS,
}
DOCUMENT = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/><recordTarget><patientRole>'
    '<id root="1.2.4" extension="0000001"/></patientRole></recordTarget></ClinicalDocument>'
)
ODM = (
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><Study OID="S"><MetaDataVersion OID="V">'
    '<ItemGroupDef OID="IG" Name="lab"><ItemRef ItemOID="mrn"/></ItemGroupDef></MetaDataVersion>'
    '</Study><ClinicalData StudyOID="S" MetaDataVersionOID="V"><SubjectData SubjectKey="1">'
    '<FormData FormOID="F"><ItemGroupData ItemGroupOID="IG"><ItemData ItemOID="mrn" Value="7"/>'
    "</ItemGroupData></FormData></SubjectData></ClinicalData></ODM>"
)

PLACES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "cda": ("new.xml", text(DOCUMENT)),
    "csv": ("new.csv", text(csv((HEADINGS, *RECORDS)))),
    "dataset_json": ("new.json", text(json.dumps(DATASET))),
    "excel": ("new.xlsx", workbook),
    "fhir": ("new.ndjson", text(json.dumps(OBSERVATION) + "\n")),
    "fixed_width": ("new.txt", text("abc1\nabc2\n")),
    "hl7": ("new.hl7", text(MESSAGE)),
    "json": ("new.json", text(json.dumps([dict(zip(HEADINGS, RECORDS[0], strict=True))]))),
    "naaccr_flat": ("new.dat", text("I".ljust(16) + "180" + " " * 4029 + "\n")),
    "naaccr_xml": ("new.xml", text(NAACCR)),
    "odm": ("new.xml", text(ODM)),
    "parquet": ("new.parquet", parquet),
    "redcap": ("data.csv", export),
    "sas": ("new.xpt", statistics),
    "spss": ("new.sav", statistics),
    "sql": ("new.db", database),
    "stata": ("new.dta", statistics),
}


@pytest.fixture
def registry(project: Callable[[str], Project]) -> Project:
    """A project with one source, whose staging model and schema are not written yet."""
    made = project(FIRST)
    (made.extracts / "first.csv").write_text("a\n1\n")
    return made


@pytest.mark.parametrize("kind", sorted(OWN))
def test_what_is_there_becomes_a_source_whose_books_balance(kind: str, registry: Project) -> None:
    file, write = PLACES[kind]
    write(registry.extracts / file)
    where = f"sqlite:///{file}" if kind == "sql" else file
    draft = connect.offered(registry, "new", kind, where)
    assert draft.tables
    added = connect.add(registry, "new", draft, {table: f"new_{table}" for table in draft.tables})
    assert added.joined == []
    grown = load_project(registry.root)
    assert list(grown.config.sources) == ["first", "new"]
    landing = land(grown, "new")
    rows = sum(table.rows for table in landing.tables)
    assert rows
    with open_build(registry.root / "build.duckdb") as con:
        attach(con, [landing], "run")
        build.build(
            con, build.load_models(registry.root / "sql"), schemas=("staging",), as_of=date.max
        )
        rules.judge(con, rules.load_schemas(registry.root / "schemas"), as_of=date.max)
        balance.balance(con, [landing])
        books = con.execute("select sum(landed), sum(accepted) from quality.balance").fetchone()
    assert books == (rows, rows)
    judged = suites.judge_tables(
        registry.root / "build.duckdb", registry.root / "expectations", marts=False, keys={}
    )
    assert len(judged) == len(draft.tables)
    empty = {f"accepted_new_{one.table}.not_empty" for one in landing.tables if not one.rows}
    assert {one.rule for one in judged if one.status != "pass"} == empty
    assert land(grown, "new").reused or kind == "sql"


def test_several_values_of_a_cell_stay_apart_in_staging(registry: Project) -> None:
    second = DOCUMENT.replace("</patientRole>", '<id root="1.2.5" extension="8"/></patientRole>')
    (registry.extracts / "new.xml").write_text(second)
    draft = connect.offered(registry, "new", "cda", "new.xml")
    connect.add(registry, "new", draft, {"patient": "person"})
    landing = land(load_project(registry.root), "new")
    with open_build(registry.root / "build.duckdb") as con:
        attach(con, [landing], "run")
        build.build(
            con, build.load_models(registry.root / "sql"), schemas=("staging",), as_of=date.max
        )
        ids = con.execute("select patient_ids from staging.person").fetchall()
    assert ids == [("1.2.4^0000001\n1.2.5^8",)]


@pytest.mark.parametrize("entity", ["form_1", "t_stage", "tnm"])
def test_an_entity_and_its_schema_go_by_one_name(entity: str, registry: Project) -> None:
    PLACES["csv"][1](registry.extracts / "new.csv")
    draft = connect.offered(registry, "new", "csv", "new.csv")
    connect.add(registry, "new", draft, {"new": entity})
    assert list(rules.load_schemas(registry.root / "schemas")) == [entity]


@pytest.mark.parametrize("entity", ["Deaths", "a b", "1x", "x-y", ""])
def test_an_entity_that_sql_would_call_otherwise_is_refused(entity: str, registry: Project) -> None:
    PLACES["csv"][1](registry.extracts / "new.csv")
    draft = connect.offered(registry, "new", "csv", "new.csv")
    with pytest.raises(ConfigError, match="an entity cannot be called"):
        connect.add(registry, "new", draft, {"new": entity})
    assert not (registry.root / "sql").exists()


def test_headings_below_a_title_are_found(registry: Project) -> None:
    with xlsxwriter.Workbook(registry.extracts / "new.xlsx") as book:
        sheet = book.add_worksheet()
        rows = (("Deaths",), ("as of", "2001-01-01"), ("", "MRN", "died"), ("1", "0000001", "x"))
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    draft = connect.offered(registry, "new", "excel", "new.xlsx")
    assert draft.keys["header"] == 3
    workbook(registry.extracts / "new.xlsx")
    assert "header" not in connect.offered(registry, "new", "excel", "new.xlsx").keys


def test_messages_without_observations_offer_no_table_of_them(registry: Project) -> None:
    (registry.extracts / "new.hl7").write_text(MESSAGE.partition("OBX")[0])
    draft = connect.offered(registry, "new", "hl7", "new.hl7")
    assert draft.tables == ["message"]
    assert "each" not in draft.keys


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"resourceType": "Device", "id": "1"}\n', "1 Device: resources of a type that no view"),
        ("mrn,name\n1,Simbo\n", "2 that are not resources"),
    ],
)
def test_resources_that_no_ready_view_reads_are_named(
    content: str, words: str, registry: Project
) -> None:
    (registry.extracts / "new.ndjson").write_text(content)
    with pytest.raises(SourceError, match=words) as refused:
        connect.offered(registry, "new", "fhir", "new.ndjson")
    assert "Simbo" not in str(refused.value)


def test_a_data_dictionary_too_many_or_too_few_is_named(registry: Project) -> None:
    export(registry.extracts / "data.csv")
    (registry.extracts / "older.csv").write_text(DICTIONARY)
    with pytest.raises(SourceError, match=r"several .*: dictionary\.csv, older\.csv"):
        connect.offered(registry, "new", "redcap", "data.csv")
    for name in ("dictionary.csv", "older.csv"):
        (registry.extracts / name).unlink()
    with pytest.raises(SourceError, match=r"no data dictionary lies beside data\.csv"):
        connect.offered(registry, "new", "redcap", "data.csv")


@pytest.mark.parametrize("kind", ["csv", "json", "fixed_width", "fhir", "hl7", "naaccr_xml"])
def test_a_web_page_is_no_source(kind: str, registry: Project) -> None:
    page = "\ufeff <!DOCTYPE html>\n<html><body>Simbo, please log in</body></html>\n"
    (registry.extracts / "new.x").write_text(page)
    with pytest.raises(SourceError, match=r"new\.x is a web page \(HTML\)") as refused:
        draft = connect.offered(registry, "new", kind, "new.x")
        connect.add(registry, "new", draft, {table: table for table in draft.tables})
    assert "Simbo" not in str(refused.value)


def test_other_xml_is_called_what_it_is(registry: Project) -> None:
    (registry.extracts / "new.xml").write_text("<?xml version='1.0'?><Bundle><entry/></Bundle>")
    draft = connect.offered(registry, "new", "naaccr_xml", "new.xml")
    with pytest.raises(SourceError, match=r"new\.xml is XML, but not NAACCR XML"):
        connect.add(registry, "new", draft, {"patient": "patient"})


def test_xml_is_taken_for_naaccr_only_by_its_root(registry: Project) -> None:
    naaccr = "<NaaccrData xmlns='http://naaccr.org/naaccrxml'/>"
    for name, text in {"a": "<Bundle/>", "b": "<NaaccrDictionary/>", "c": naaccr, "d": "x"}.items():
        (registry.extracts / f"{name}.xml").write_text(text)
    for where in ("c.xml", "[bc].xml", "d.xml", "nowhere.xml"):
        assert connect.guess(where, registry.extracts) == "naaccr_xml"
    with pytest.raises(ConfigError, match=r"a\.xml is XML, but .* its root is Bundle") as refused:
        connect.guess("*[ab].xml", registry.extracts)
    assert "ask for FHIR in JSON" in refused.value.remedy


@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_dataset_json_is_known_by_its_content(name: str, registry: Project) -> None:
    path = registry.extracts / name
    other = "json" if name == "a.json" else "fhir"
    last = dict(reversed(DATASET.items()))
    old = {"datasetJSONVersion": "1.0.0", "clinicalData": {}}
    lines = {key: value for key, value in DATASET.items() if key != "rows"}
    for content, kind in (
        (json.dumps(DATASET), "dataset_json"),
        (json.dumps(last, indent=2), "dataset_json"),
        ("\n".join(map(json.dumps, (lines, *RECORDS))), "dataset_json"),
        (json.dumps(old), "dataset_json"),
        (json.dumps(OBSERVATION), other),
        ("[1]", other),
        ("", other),
    ):
        path.write_text(content)
        assert connect.guess(name, registry.extracts) == kind
    path.write_text(json.dumps(DATASET), "utf-16")
    assert connect.guess(name, registry.extracts) == "dataset_json"


def test_names_with_a_dollar_and_a_brace_mean_themselves(registry: Project) -> None:
    table = pa.table({"${HOME}": ["a"], "$${X}": ["b"], "n": ["-"]})
    pq.write_table(table, registry.extracts / "new.parquet")
    draft = connect.offered(registry, "new", "parquet", "new.parquet", missing=["${HOME}"])
    connect.add(registry, "new", draft, {"new": "thing"})
    source = load_project(registry.root).config.sources["new"]
    assert sorted(heading for one in source.columns.values() for heading in one) == sorted(
        table.column_names
    )
    assert source.missing == ["${HOME}"]


def test_every_kind_is_drafted_here() -> None:
    assert OWN.keys() == PLACES.keys()


def test_headings_become_words_that_sql_needs_no_quotes_for(registry: Project) -> None:
    PLACES["csv"][1](registry.extracts / "new.csv")
    connect.add(
        registry, "new", connect.offered(registry, "new", "csv", "new.csv"), {"new": "result"}
    )
    columns = load_project(registry.root).config.sources["new"].columns
    assert columns == {
        "mrn": ["MRN"], "result_date": ["Result Date"], "class": ["class"],
        "value_ng_ml": ["Value (ng/mL)"],
    }  # fmt: skip
    assert "class_: str = field" in (registry.root / "schemas" / "result.py").read_text()


def test_a_model_that_exists_is_left_alone(registry: Project) -> None:
    PLACES["csv"][1](registry.extracts / "new.csv")
    model = registry.root / "sql" / "staging" / "result.sql"
    model.parent.mkdir(parents=True)
    model.write_text("select 1")
    draft = connect.offered(registry, "new", "csv", "new.csv")
    added = connect.add(registry, "new", draft, {"new": "result"})
    assert added.joined == ["sql/staging/result.sql"]
    assert added.files == [
        "sql/staging/result_new.sql", "schemas/result.py", "expectations/accepted_result.yaml",
    ]  # fmt: skip
    assert model.read_text() == "select 1"


def test_only_the_wanted_tables_are_declared(registry: Project) -> None:
    database(registry.extracts / "new.db")
    draft = connect.offered(registry, "new", "sql", "sqlite:///new.db")
    assert draft.tables == ["lab_results", "visits"]
    connect.add(registry, "new", draft, {"lab_results": "result"})
    source = load_project(registry.root).config.sources["new"]
    assert source.columns == {"lab_results": "all"}
    assert source.read_from == {"lab_results": '"lab results"'}


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("a/*.csv.gz", "csv"), ("A.XLSX", "excel"), ("x.ndjson", "fhir"), ("x.sav", "spss"),
        ("postgresql://db/x", "sql"), ("${HOSPITAL_URL:-sqlite:///x.db}", "sql"),
        ("https://host/api/", ""), ("x.docx", ""), ("nowhere.txt", "fixed_width"),
    ],
)  # fmt: skip
def test_a_path_tells_its_kind_or_nothing(where: str, kind: str, tmp_path: Path) -> None:
    assert connect.guess(where, tmp_path) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (MESSAGE, "hl7"), ("I".ljust(16) + "180" + " " * 4029 + "\n", "naaccr_flat"),
        ("a\tb\n1\t2\n", "csv"), ("a;b\n1;2\n", "csv"), ("abc1\nabc2\n", "fixed_width"),
        ("", "fixed_width"),
    ],
)  # fmt: skip
def test_the_first_lines_tell_what_text_is(content: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(content)
    assert connect.guess("*.txt", tmp_path) == kind


@pytest.mark.parametrize(
    ("name", "kind", "where", "words"),
    [
        ("a b", "csv", "new.csv", "cannot be called"),
        ("first", "csv", "new.csv", "has a source first already"),
        ("new", "csvv", "new.csv", "there is no kind csvv"),
        ("new", "sql", "postgresql://me:secret@host/db", "does not belong in cytoreg.toml"),
        ("new", "sql", "postgresql://host/db?user=me&PASSWORD=secret", "does not belong in"),
        ("new", "sql", "postgresql://me:${NO_SUCH_WORD}@host/db", "has no NO_SUCH_WORD"),
        ("new", "sql", "${NO_SUCH_URL}", "the environment has no NO_SUCH_URL"),
    ],
)
def test_what_cannot_be_a_source_is_refused(
    name: str, kind: str, where: str, words: str, registry: Project
) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        connect.offered(registry, name, kind, where)
    assert "secret" not in str(refused.value)


def test_nothing_is_written_when_nothing_can_be_read(registry: Project) -> None:
    before = (registry.root / "cytoreg.toml").read_text()
    with pytest.raises(SourceError, match=r"no file matches nowhere\.csv"):
        draft = connect.offered(registry, "new", "csv", "nowhere.csv")
        connect.add(registry, "new", draft, {"new": "new"})
    assert (registry.root / "cytoreg.toml").read_text() == before
    assert not (registry.root / "sql").exists()


@pytest.mark.parametrize(
    ("said", "table"),
    [
        ("Deaths (2010)", "deaths_2010"),
        ('a "quoted" one', "a_quoted_one"),
        ("dbo.Results", "dbo_results"),
        ("select", "select"),
        ("Deaths", "Deaths"),
        ("2010", "column_2010"),
        ("reject", "reject_table"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_s_table_takes_any_name(kind: str, said: str, table: str, registry: Project) -> None:
    file, write = PLACES[kind]
    write(registry.extracts / file)
    draft = connect.renamed(connect.offered(registry, "new", kind, file), said)
    connect.add(registry, "new", draft, {table: "order"})
    grown = load_project(registry.root)
    landing = land(grown, "new")
    with open_build(registry.root / "build.duckdb") as con:
        attach(con, [landing], "run")
        build.build(
            con, build.load_models(registry.root / "sql"), schemas=("staging",), as_of=date.max
        )
        rules.judge(con, rules.load_schemas(registry.root / "schemas"), as_of=date.max)
        accepted = con.execute('select count(*) from accepted."order"').fetchone()
    assert accepted == (sum(one.rows for one in landing.tables),)


def test_tables_of_a_database_keep_whatever_names_they_have(registry: Project) -> None:
    names = ["order", "Select Me", 'a"b', "x.y", "2023 results", "reject", "Visits", "it's"]
    with closing(sqlite3.connect(registry.extracts / "new.db")) as con:
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            con.execute(f'create table {quoted} (id text, "group" text, "Select ""x" text)')
            con.execute(f"insert into {quoted} values ('1', 'a', 'b')")
        con.commit()
    draft = connect.offered(registry, "new", "sql", "sqlite:///new.db")
    assert sorted(draft.called.values()) == sorted(names)
    connect.add(registry, "new", draft, {table: f"new_{table}".lower() for table in draft.tables})
    landing = land(load_project(registry.root), "new")
    assert [table.rows for table in landing.tables] == [1] * len(names)


COMMENTED = "#Patient\tStage\n#STRING\tSTRING\nPATIENT_ID\tSTAGE\nPEN0\tIV\n#a note\nPEN1\tNA\n"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (COMMENTED, {"comment": "#"}),
        ("##fileformat=VCF\n#CHROM\tPOS\n1\t1000\n1\t2000\n", {"header": 2}),
        ("Deaths of 2010\n\nMRN,died\n1,2010-01-01\n2,2010-01-02\n", {"header": 3}),
        ("#made by LAB\nDeaths of 2010\nMRN,died\n1,x\n", {"comment": "#", "header": 3}),
        (
            "a,b,c,d\na,b,c,days_to_d\nCDE:1,CDE:2,CDE:,CDE:4\n1,x,y,2\n",
            {"header": 2, "comment": "CDE:"},
        ),
        ("a,b,c,d\na,b,c,days_to_d\n1,x,y,2\n", {"header": 2}),
        ("a,b,c,d\na,b,c,2\na,b,c,3\n", {}),
        ("MRN,died\n1,2010-01-01\n", {}),
        ("MRN\n1\n", {}),
        ("MRN,died\n1,2010-01-01,\n2,,\n", {"trailing": True}),
        ("MRN,died\n1,2010-01-01,\n2,,x\n", {}),
    ],
)
def test_the_headings_of_a_file_are_found_below_comments_and_titles(
    text: str, keys: dict[str, object], registry: Project
) -> None:
    (registry.extracts / "new.csv").write_text(text)
    found = connect.offered(registry, "new", "csv", "new.csv").keys
    assert {key: found[key] for key in ("comment", "header", "trailing") if key in found} == keys


def test_comments_and_missing_texts_are_no_data(registry: Project) -> None:
    (registry.extracts / "new.csv").write_text(COMMENTED)
    draft = connect.offered(registry, "new", "csv", "new.csv", missing=["NA", "[Not Available]"])
    added = connect.add(registry, "new", draft, {"new": "sample"})
    (headings,) = added.headings
    assert (headings.line, headings.names) == (3, ["PATIENT_ID", "STAGE"])
    landing = land(load_project(registry.root), "new")
    assert (landing.tables[0].rows, landing.tables[0].rejects) == (2, 0)
    assert landing.unexpected["comments among the records of new.csv"] == 1
    table = pq.read_table(landing.folder / "new.parquet")
    assert table.select(["patient_id", "stage"]).to_pydict() == {
        "patient_id": ["PEN0", "PEN1"],
        "stage": ["IV", ""],
    }


@pytest.mark.parametrize("kind", sorted(OWN))
def test_a_missing_text_is_an_empty_cell_of_every_kind(kind: str, registry: Project) -> None:
    """Whatever text the first cell holds is declared to stand for nothing."""

    def first_cells(missing: list[str]) -> list[str | None]:
        draft = connect.offered(registry, "new", kind, where, missing=missing)
        config = parse(
            HEAD + tomlkit.dumps({"sources": {"new": draft.keys | {"tables": tables}}}),
            registry.root / "cytoreg.toml",
        ).sources["new"]
        return [
            item.rows[column].to_pylist()[0]
            for item in sampling("new", config, registry.extracts)
            if isinstance(item, Rows) and item.table == table and len(item.rows)
            for column in item.rows.column_names
            if column[0] != "_"
        ]

    file, write = PLACES[kind]
    write(registry.extracts / file)
    where = f"sqlite:///{file}" if kind == "sql" else file
    table, *others = connect.offered(registry, "new", kind, where).tables
    tables = {each: f"new_{each}" for each in (table, *others)}
    before = first_cells([])
    text = next(cell for cell in before if cell)
    after = first_cells([f" {text.strip()} "])
    assert {cell for cell, was in zip(after, before, strict=True) if was == text} <= {None, ""}
    assert [cell for cell in after if cell] == [cell for cell in before if cell and cell != text]


def test_an_option_that_a_kind_does_not_have_is_refused(registry: Project) -> None:
    PLACES["parquet"][1](registry.extracts / "new.parquet")
    with pytest.raises(ConfigError, match="--header is not for parquet"):
        connect.offered(registry, "new", "parquet", "new.parquet", header=1)


def test_a_project_without_sources_gets_its_first(tmp_path: Path) -> None:
    (tmp_path / "cytoreg.toml").write_text(HEAD)
    (tmp_path / "extracts").mkdir()
    PLACES["csv"][1](tmp_path / "extracts" / "new.csv")
    empty = load_project(tmp_path)
    assert empty.config.sources == {}
    connect.add(empty, "new", connect.offered(empty, "new", "csv", "new.csv"), {"new": "result"})
    assert list(load_project(tmp_path).config.sources) == ["new"]


def test_a_record_is_not_taken_for_headings_unless_somebody_says_so(registry: Project) -> None:
    (registry.extracts / "new.csv").write_text("PEN0,Simbo,12\nPEN1,Mufasa,13\n")
    draft = connect.offered(registry, "new", "csv", "new.csv")
    with pytest.raises(ConfigError, match="line 1 looks like a record") as refused:
        connect.add(registry, "new", draft, {"new": "result"})
    assert "Simbo" not in str(refused.value)
    assert "Simbo" not in (registry.root / "cytoreg.toml").read_text()
    draft = connect.offered(registry, "new", "csv", "new.csv", header=0)
    added = connect.add(registry, "new", draft, {"new": "result"})
    assert "Simbo" not in added.section
    landing = land(load_project(registry.root), "new")
    assert landing.tables[0].rows == 2


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("Pride,Simbo", "no column of numbers or dates"),
        ('"Sim, Simbo",Nala', "looks like a name of a person"),
        ("Simbo,${HOME}", "a variable of the environment"),
        ("Simbo King,", "no column of numbers or dates"),
        ("KING^SIMBO,first_seen", "looks like a name of a person"),
        ("simbo@Simbo.org,first_seen", "looks like a name of a person"),
    ],
)
def test_words_are_headings_only_where_the_records_show_it(
    first: str, why: str, registry: Project
) -> None:
    (registry.extracts / "new.csv").write_text(f"{first}\nKing,Sarabi\n")
    before = (registry.root / "cytoreg.toml").read_text()
    draft = connect.offered(registry, "new", "csv", "new.csv")
    with pytest.raises(ConfigError) as refused:
        connect.add(registry, "new", draft, {"new": "result"})
    assert why in str(refused.value)
    assert "Simbo" not in str(refused.value)
    assert (registry.root / "cytoreg.toml").read_text() == before


@pytest.mark.parametrize("nothing", ["", "NA", "n/a", "-", "?", "unknown"])
def test_a_cell_without_a_value_tells_no_headings(nothing: str, registry: Project) -> None:
    (registry.extracts / "new.csv").write_text(f"Simbo King,{nothing}\nSarabi King,12\n")
    draft = connect.offered(registry, "new", "csv", "new.csv")
    with pytest.raises(connect.Doubt, match="no column of numbers or dates"):
        connect.add(registry, "new", draft, {"new": "result"})


def test_a_person_may_say_that_words_are_headings(registry: Project) -> None:
    (registry.extracts / "new.csv").write_text("Colour,Town\nred,Springfield\n")
    draft = connect.offered(registry, "new", "csv", "new.csv", header=1)
    added = connect.add(registry, "new", draft, {"new": "result"}, sure=True)
    assert added.headings[0].names == ["Colour", "Town"]


def test_an_entity_is_added_to_linkage_whose_subtables_stand_apart() -> None:
    text = "[linkage]\nentity = 'patient'\n\n[gates]\n\n[linkage.precedence]\ndefault = ['a']\n"
    found = tomllib.loads(numbered(numbered(text, "trial"), "study"))
    assert found["linkage"] == {
        "entity": "patient", "with_number": ["trial", "study"], "precedence": {"default": ["a"]},
    }  # fmt: skip
