"""Lists of codes: what passes, alone and together, and which lists are refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pandera.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import ConfigError
from cytoreg.project.config import Config
from cytoreg.project.load import Project
from cytoreg.rules import (
    Entity,
    begin,
    compile_schemas,
    field,
    finish,
    judge,
    judge_alone,
    judge_beside_others,
    listed,
    load_schemas,
)  # fmt: skip
from cytoreg.rules.code_list import read_listed
from cytoreg.warehouse.connection import SCHEMAS

SCHEMA = '''
from cytoreg.rules import Entity, field, listed


class Tumor(Entity):
    """A tumour."""

    number: str = field("Number.", key=True)
    site: str = field("Site.", nullable=True)
    histology: int = field("Histology.", nullable=True)
    behavior: str = field("Behaviour.", nullable=True)

    site_exists = listed({"site": "code"}, "lists/site.csv", "No such site.")
    behavior_exists = listed(
        ("histology", "behavior"), "lists/morphology.csv", severity="critical", refuses="behavior"
    )
'''
SITES = "code,label\nC17.2,ileum\nC25.9,pancreas\n"
MORPHOLOGIES = "histology,behavior,grade\n8240,1,\n8240,3,\n8246,3,3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "tumor.py").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "lists" / "site.csv").write_text(SITES, encoding="utf-8")
    (tmp_path / "lists" / "morphology.csv").write_text(MORPHOLOGIES, encoding="utf-8")
    return tmp_path


def database() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    return con


def judged(folder: Path, rows: list[tuple[str | None, ...]]) -> list[tuple[object, ...]]:
    """Findings as (key, rule), of rows of site, histology and behaviour."""
    con = database()
    con.execute(
        "create table staging.tumor (number varchar, site varchar, histology varchar,"
        " behavior varchar, _source varchar, _table varchar, _file varchar, _row bigint)"
    )
    con.executemany(
        "insert into staging.tumor values (?, ?, ?, ?, 's', 't', 'f', ?)",
        [(str(n), *row, n) for n, row in enumerate(rows, 1)],
    )
    judge(con, load_schemas(folder), as_of=date(2020, 1, 1))
    return con.execute("select key, rule from quality.finding order by all").fetchall()


def test_a_code_that_is_not_in_the_list_is_found(folder: Path) -> None:
    rows = [("C17.2", None, None), ("C17.9", None, None), (None, None, None)]
    assert judged(folder, rows) == [("2", "tumor.site_exists")]


def test_codes_are_looked_up_together(folder: Path) -> None:
    rows = [("C17.2", "8240", "1"), ("C17.2", "8246", "1"), ("C17.2", "8246", None)]
    assert judged(folder, rows) == [("2", "tumor.behavior_exists")]


def test_parts_that_join_to_the_same_text_are_apart(folder: Path) -> None:
    assert judged(folder, [(None, "824", "03")]) == [("1", "tumor.behavior_exists")]


def test_a_critical_list_refuses_the_cell_that_it_names(folder: Path) -> None:
    con = database()
    con.execute(
        "create table staging.tumor as select '1' as number, null::varchar as site,"
        " '8246' as histology, '0' as behavior, 's' as _source, 't' as _table, 'f' as _file,"
        " 1::bigint as _row"
    )
    judge(con, load_schemas(folder), as_of=date(2020, 1, 1))
    assert con.execute("select histology, behavior from accepted.tumor").fetchall() == [
        (8246, None)
    ]
    counted = con.execute(
        "select violated, denominator from quality.check_result where rule = 'tumor.site_exists'"
    ).fetchall()
    assert counted == [(0, 0)]


def test_two_entities_can_share_a_list_and_be_judged_side_by_side(folder: Path) -> None:
    other = SCHEMA.replace("class Tumor", "class Report")
    (folder / "report.py").write_text(other, encoding="utf-8")
    schemas, con = load_schemas(folder), database()
    for name in schemas:
        con.execute(
            f"create table staging.{name} as select '1' as number, 'C99.9' as site,"
            " null::varchar as histology, null::varchar as behavior, 's' as _source,"
            " 't' as _table, 'f' as _file, 1::bigint as _row"
        )
    day = date(2020, 1, 1)
    begin(con, schemas)
    for entity in schemas.values():
        judge_alone(con, entity, day)
    for entity in schemas.values():
        judge_beside_others(con, entity, day)
    finish(con, schemas, day)
    found = con.execute("select rule from quality.finding order by rule").fetchall()
    assert found == [("report.site_exists",), ("tumor.site_exists",)]


CODE = st.sampled_from(["1", "2", "10", "a b", "é", "'", "x,y", "", None])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CODE, CODE), max_size=8))
def test_the_database_and_pandera_give_the_same_verdict(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "lists").mkdir()
    pairs = 'one,two\n1,2\n2,1\n"\'",é\n"x,y",a b\n'
    (folder / "lists" / "pair.csv").write_text(pairs, encoding="utf-8")
    (folder / "pair.py").write_text(
        "from cytoreg.rules import Entity, field, listed\n"
        "class Pair(Entity):\n    'A pair.'\n"
        "    one: str = field('One.', nullable=True)\n"
        "    two: str = field('Two.', nullable=True)\n"
        "    known = listed(('one', 'two'), 'lists/pair.csv', severity='critical')\n",
        encoding="utf-8",
    )
    schemas = load_schemas(folder)
    frame = pd.DataFrame(rows, columns=["one", "two"], dtype="string")
    known = {("1", "2"), ("2", "1"), ("'", "é"), ("x,y", "a b")}
    expected = [n for n, row in enumerate(rows) if None not in row and row not in known]
    try:
        schemas["pair"].model.validate(frame, lazy=True)
        found = []
    except pandera.errors.SchemaErrors as error:
        found = sorted(error.failure_cases["index"].unique().tolist())
    assert _in_database(schemas, rows) == expected
    assert found == expected


def _in_database(schemas: dict, rows: list[tuple[str | None, str | None]]) -> list[int]:
    con = database()
    con.execute(
        "create table staging.pair (one varchar, two varchar, _source varchar, _table varchar,"
        " _file varchar, _row bigint)"
    )
    for n, row in enumerate(rows):
        con.execute("insert into staging.pair values (?, ?, 's', 't', 'f', ?)", [*row, n])
    judge(con, schemas, as_of=date(2020, 1, 1))
    found = con.execute("select row from quality.finding where rule = 'pair.known' order by row")
    return [row for (row,) in found.fetchall()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column code"),
        (b"kode\nC17.2\n", "no column code \\(perhaps kode\\)"),
        (b"code\n", "no rows"),
        (b"code\nC17.2\nC17.2 \n", "lists/site.csv:3: C17.2 is there twice"),
        (b"code,label\n,ileum\n", "lists/site.csv:2: code is empty"),
        (b"code\n\xff\n", "not UTF-8"),
        (b"code,code\nC17.2,C17.3\n", "two columns are called code"),
        (b'code\n"C17.2\nC17.3\n', "a quotation mark is not closed"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "lists" / "site.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        load_schemas(folder)
    assert "tumor.py:13" in str(error.value)


@pytest.mark.parametrize("file", ["../site.csv", "/etc/passwd", "lists/nothing.csv"])
def test_a_list_elsewhere_or_nowhere_is_refused(folder: Path, file: str) -> None:
    with pytest.raises(ConfigError, match=r"lies beside the schema|cannot be read"):
        read_listed(folder, file, ["code"])


def test_a_byte_order_mark_and_blank_lines_are_no_codes(folder: Path) -> None:
    (folder / "lists" / "site.csv").write_bytes(b"\xef\xbb\xbfcode\r\nC17.2\r\n\r\n")
    assert list(read_listed(folder, "lists/site.csv", ["code"])) == [("C17.2",)]


def test_another_list_is_another_rule(folder: Path) -> None:
    def said() -> str:
        (rule,) = [one for one in load_schemas(folder)["tumor"].rules if "site" in one.id][-1:]
        return rule.expression

    before = said()
    assert before.startswith("site in lists/site.csv (2 rows, ")
    with (folder / "lists" / "site.csv").open("a") as file:
        file.write("C18.1,appendix\n")
    assert said().startswith("site in lists/site.csv (3 rows, ")
    assert said() != before


def test_another_list_makes_another_project(tmp_path: Path) -> None:
    (tmp_path / "schemas" / "lists").mkdir(parents=True)
    (tmp_path / "cytoreg.toml").write_text("", encoding="utf-8")
    project = Project(tmp_path, Config.model_construct(), tmp_path, tmp_path)
    before = project.content_hash()
    (tmp_path / "schemas" / "lists" / "site.csv").write_text(SITES, encoding="utf-8")
    assert project.content_hash() != before


def test_only_text_and_integers_can_be_listed() -> None:
    class Stay(Entity):
        """A stay."""

        day: date = field("Day.", nullable=True)
        known = listed({"day": "code"}, "listed_codes.csv")

    with pytest.raises(ConfigError, match=r"stay.known: day is neither text nor an integer"):
        compile_schemas([Stay])
