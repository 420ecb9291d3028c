"""A new source of any kind: what is there becomes a section, models and schemas that balance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from cytoreg import accounts, connect, models, rules
from cytoreg.connect.drafts import DRAFTS
from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing import attach, land
from cytoreg.project import Project, load_project
from cytoreg.sources import KINDS
from cytoreg.warehouse import open_build

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


PLACES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "csv": ("new.csv", text(csv((HEADINGS, *RECORDS)))),
    "excel": ("new.xlsx", workbook),
    "fhir": ("new.ndjson", text(json.dumps(OBSERVATION) + "\n")),
    "fixed_width": ("new.txt", text("abc1\nabc2\n")),
    "hl7": ("new.hl7", text(MESSAGE)),
    "json": ("new.json", text(json.dumps([dict(zip(HEADINGS, RECORDS[0], strict=True))]))),
    "naaccr_flat": ("new.dat", text("I".ljust(16) + "180" + " " * 4029 + "\n")),
    "naaccr_xml": ("new.xml", text(NAACCR)),
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


@pytest.mark.parametrize("kind", sorted(KINDS))
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
        models.build(
            con, models.load_models(registry.root / "sql"), schemas=("staging",), as_of=date.max
        )
        rules.judge(con, rules.load_schemas(registry.root / "schemas"), as_of=date.max)
        accounts.balance(con, [landing])
        books = con.execute("select sum(landed), sum(accepted) from quality.balance").fetchone()
    assert books == (rows, rows)
    assert land(grown, "new").reused or kind == "sql"


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
        ("mrn,name\n1,Simbo\n", "2 that are no resource"),
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
    (registry.extracts / "new.xml").write_text("<?xml version='1.0'?><ODM><Study/></ODM>")
    draft = connect.offered(registry, "new", "naaccr_xml", "new.xml")
    with pytest.raises(SourceError, match=r"new\.xml is XML, but not NAACCR XML"):
        connect.add(registry, "new", draft, {"patient": "patient"})


def test_every_kind_can_be_drafted() -> None:
    assert DRAFTS.keys() == KINDS.keys() == PLACES.keys()


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
    assert added.files == ["sql/staging/result_new.sql", "schemas/result.py"]
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
        ("new", "sql", "postgresql://me:secret@host/db", "does not belong into cytoreg.toml"),
        ("new", "sql", "postgresql://host/db?user=me&PASSWORD=secret", "does not belong into"),
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
