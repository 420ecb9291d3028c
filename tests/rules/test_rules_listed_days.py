"""Codes that come and go, codes that only some rows are asked for, and lists that are shared."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pandera.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_build import AS_OF, stage

from cytoreg.errors import ConfigError
from cytoreg.rules import Entity, compile_schemas, judge, load_schemas
from cytoreg.warehouse.connection import SCHEMAS

SCHEMA = '''
from cytoreg.rules import Entity, PartialDate, field, has, listed


class Tumor(Entity):
    """A tumour."""

    number: str = field("Number.", key=True)
    histology: int = field("Histology.", nullable=True)
    behavior: str = field("Behaviour.", nullable=True)
    diagnosed: PartialDate = field("Day.", nullable=True)

    behavior_held = listed(
        ("histology", "behavior"), "lists/morphology.csv", day="diagnosed", when="histology <> 8000"
    )
'''
NAMES = ["number", "histology", "behavior", "diagnosed"]
LIST = "histology,behavior,valid_from,valid_to\n8152,1,,2020-12-31\n8158,3,2021-01-01,\n8240,3,,\n"
ROWS = {
    "listed, in its time": ("8152", "1", "2020-12-31", False),
    "out of use": ("8152", "1", "2021-01-01", True),
    "not yet": ("8158", "3", "2020-12-31", True),
    "holds always": ("8240", "3", "1980-05-05", False),
    "no such pair": ("8240", "0", "1980-05-05", True),
    "no such pair, at no known day": ("8240", "0", None, True),
    "of no known day": ("8152", "1", None, False),
    "in a year in which it held": ("8152", "1", "2020", False),
    "in a year in which it never held": ("8152", "1", "2021", True),
    "in a month after which it held": ("8158", "3", "2020-12", True),
    "not asked for": ("8000", "7", "2020-01-01", False),
    "nothing to ask": (None, "7", "2020-01-01", False),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "tumor.py").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "lists" / "morphology.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


def judged(models: list[type[Entity]], **rows: list[dict[str, str | None]]):
    con = duckdb.connect(config={"threads": 1})
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    schemas = compile_schemas(models)
    for name, entity in schemas.items():
        stage(con, name, [column.name for column in entity.columns], rows[name])
    judge(con, schemas, as_of=AS_OF)
    return con


def in_database(model: type[Entity], rows: list[tuple[str | None, ...]]) -> set[str]:
    con = judged([model], tumor=[dict(zip(NAMES, row, strict=True)) for row in rows])
    found = con.execute("select key from quality.finding where rule = 'tumor.behavior_held'")
    return {key for (key,) in found.fetchall()}


def in_pandera(model: type[Entity], rows: list[tuple[str | None, ...]]) -> set[str]:
    frame = pd.DataFrame(rows, columns=NAMES, dtype=object)
    try:
        model.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        return {str(frame["number"][index]) for index in error.failure_cases["index"]}
    return set()


def test_a_code_must_hold_on_its_day(folder: Path) -> None:
    model = load_schemas(folder)["tumor"].model
    rows = [(name, *row[:3]) for name, row in ROWS.items()]
    assert in_database(model, rows) == {name for name, row in ROWS.items() if row[3]}


def test_rows_that_are_not_asked_for_do_not_count(folder: Path) -> None:
    model = load_schemas(folder)["tumor"].model
    rows = [dict(zip(NAMES, (name, *row[:3]), strict=True)) for name, row in ROWS.items()]
    con = judged([model], tumor=rows)
    ((count,),) = con.execute(
        "select denominator from quality.check_result where rule = 'tumor.behavior_held'"
    ).fetchall()
    assert count == len(ROWS) - len(("not asked for", "nothing to ask", "of no known day"))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["8152", "8158", "8240", "8000", None]),
            st.sampled_from(["0", "1", "3", None]),
            st.sampled_from(["2020", "2021", "2020-12", "2020-12-31", "2021-01-01", None]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_database_and_pandera_give_the_same_verdict(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("days")
    (folder / "lists").mkdir()
    (folder / "tumor.py").write_text(
        SCHEMA.replace(
            'day="diagnosed"', 'severity="critical", refuses="behavior", day="diagnosed"'
        ),
        encoding="utf-8",
    )
    (folder / "lists" / "morphology.csv").write_text(LIST, encoding="utf-8")
    model = load_schemas(folder)["tumor"].model
    named = [(str(n), *row) for n, row in enumerate(rows)]
    assert in_database(model, named) == in_pandera(model, named)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("8152,1,2020,", "lists/morphology.csv:2: valid_from is not a day"),
        ("8152,1,2021-01-01,2020-01-01", "valid_to is before valid_from"),
        ("8152,1,,\n8152,1,2021-01-01,", "lists/morphology.csv:3: 8152, 1 is there twice"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(folder: Path, line: str, message: str) -> None:
    heading = LIST.splitlines()[0]
    (folder / "lists" / "morphology.csv").write_text(f"{heading}\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_schemas(folder)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('day="behavior"', "tumor.behavior_held: behavior is not a date"),
        ('day="diagnoses"', r"diagnoses is not a column of this entity \(perhaps diagnosed\)"),
        ('day="diagnosed", when="histology"', "histology is integer, not a condition"),
    ],
)
def test_a_day_is_a_date_and_a_when_is_a_condition(folder: Path, said: str, message: str) -> None:
    schema = SCHEMA.replace('day="diagnosed", when="histology <> 8000"', said)
    (folder / "tumor.py").write_text(schema, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_schemas(folder)


def test_entities_share_a_list_though_one_awaits_the_other(folder: Path) -> None:
    schema = SCHEMA.replace("class Tumor", "class Report").replace("A tumour", "A report")
    (folder / "report.py").write_text(schema, encoding="utf-8")
    waiting = SCHEMA + '    reported = has("report", on="number")\n'
    (folder / "tumor.py").write_text(waiting, encoding="utf-8")
    schemas = load_schemas(folder)
    row = {"number": "1", "histology": "8240", "behavior": "0", "diagnosed": "1980"}
    con = judged([schemas["tumor"].model, schemas["report"].model], tumor=[row], report=[row])
    found = con.execute("select rule from quality.finding order by rule").fetchall()
    assert found == [("report.behavior_held",), ("tumor.behavior_held",)]


def test_a_list_with_days_says_so(folder: Path) -> None:
    rules = {rule.id: rule for rule in load_schemas(folder)["tumor"].rules}
    said = rules["tumor.behavior_held"].expression
    assert said.startswith("histology, behavior in lists/morphology.csv on diagnosed (3 rows, ")
    assert said.endswith(" when histology <> 8000")
    assert compile_schemas([load_schemas(folder)["tumor"].model])["tumor"].codes
