"""`cytoreg.judge`: any Pandera model and any table, judged as a night judges, without a project."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import duckdb
import pandas as pd
import pandera.pandas as pan
import pyarrow as pa
import pytest

from cytoreg import judge
from cytoreg.errors import ConfigError, CytoregError
from cytoreg.rules import (
    Entity,
    PartialDate,
    compare,
    determined,
    field,
    has,
    references,
    rule,
    whole_table,
)

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "from-python.md"
AS_OF = date(2016, 12, 31)


class Patient(Entity):
    """A patient."""

    number: str = field("Number.", key=True, unique=True, str_matches="[0-9]+")
    birth_date: PartialDate = field("Day of birth.", nullable=True)

    operated = has("procedure", on="number")


class Procedure(Entity):
    """An operation."""

    case_number: str = field("Number of the case.", key=True, unique=True)
    number: str = field("Patient.", nullable=True)
    day: date = field("Day.", nullable=True)
    minutes: int = field("Duration.", nullable=True, in_range={"min_value": 20, "max_value": 900})

    by_extract = rule("day <= $as_of", "Operated after the extract.")
    patient_exists = references("patient", on="number")
    after_birth = compare("patient", on="number", holds="day >= patient.birth_date")


class Visit(Entity):
    """A visit, whose rules need no other entity."""

    visit: int = field("Number.", key=True, unique=True)
    day: date = field("Day.", nullable=True)
    weight: float = field("Weight.", nullable=True, gt=0, warn="gt")
    seen: datetime = field("Seen.", nullable=True)
    alive: bool = field("Alive.", nullable=True)


class Plain(pan.DataFrameModel):
    """Pandera and no more, with types and checks of its own."""

    code: pd.StringDtype = pan.Field(isin=["a", "b"])
    size: pd.Int64Dtype = pan.Field(ge=0, nullable=True, raise_warning=True)

    class Config:
        unique: ClassVar = ["code", "size"]

    @pan.check("size", element_wise=True, error="The size is odd.")
    def even(cls, size: int) -> bool:
        return size % 2 == 0


SCHEMA = pan.DataFrameSchema(
    {
        "code": pan.Column(str, pan.Check.isin(["a", "b"]), unique=True),
        "size": pan.Column(float, pan.Check.ge(0), nullable=True),
    },
    name="sample",
)


def told(findings: pa.Table) -> list[tuple[str, int]]:
    """(rule, row) of every finding, in its order."""
    return list(zip(findings["rule"].to_pylist(), findings["row"].to_pylist(), strict=True))


VISITS = {
    "visit": [1, 2, 2, 4],
    "day": [date(2016, 1, 1), None, date(2016, 1, 2), date(2016, 1, 3)],
    "weight": [70.5, -1.0, 60.0, None],
    "seen": [datetime(2016, 1, 1, 10), None, None, None],
    "alive": [True, False, None, True],
}
TEXT = {
    "visit": ["1", "2", "2", "four"],
    "day": ["2016-01-01", None, "2016-01-02", "3.1.2016"],
    "weight": ["70.5", "-1", "6e1", None],
    "seen": ["2016-01-01 10:00", None, None, None],
    "alive": ["true", "false", None, "yes"],
}
FOUND = [("visit.weight.gt", 2), ("visit.visit.unique", 3)]
FOUND_IN_TEXT = [*FOUND, ("visit.visit.type", 4), ("visit.day.type", 4), ("visit.alive.type", 4)]


def _frame_of_pandas() -> pd.DataFrame:
    """Days are midnights, whole numbers are fractions, and the index is of no use."""
    frame = pd.DataFrame(VISITS, index=["w", "x", "y", "z"])
    frame["day"] = pd.to_datetime(frame["day"])
    frame["visit"] = frame["visit"].astype(float)
    return frame


@pytest.mark.parametrize(
    "table",
    [
        pa.table(VISITS),
        pa.record_batch(VISITS),
        pa.table(VISITS).to_reader(),
        _frame_of_pandas(),
        pd.DataFrame(VISITS),
        duckdb.from_arrow(pa.table(VISITS)),
    ],
    ids=["arrow", "batch", "reader", "numpy dtypes", "objects", "duckdb"],
)
def test_a_typed_table_is_judged_by_what_it_says(table):
    assert told(judge(Visit, table, as_of=AS_OF)) == FOUND


@pytest.mark.parametrize("table", [pa.table(TEXT), pd.DataFrame(TEXT)], ids=["arrow", "pandas"])
def test_text_is_read_by_the_grammars_of_a_night(table):
    assert told(judge(Visit, table)) == FOUND_IN_TEXT


def test_a_table_of_a_connection_is_judged():
    with duckdb.connect() as con:
        con.execute("create table visits as select * from (values ('1', '2016-02-30')) t(visit, d)")
        table = con.table("visits").select("visit, d as day, 1.5 as weight, null seen, true alive")
        assert told(judge(Visit, table)) == [("visit.day.type", 1)]


def test_what_a_number_or_a_time_says_too_much_is_not_cut_off():
    table = pa.table(
        {**VISITS, "visit": [1.5, 2.0, 3.0, 4.0], "day": [datetime(2016, 1, 1, 9)] * 4}
    )
    types = [found for found in told(judge(Visit, table)) if found[0].endswith(".type")]
    assert types == [("visit.visit.type", 1), *(("visit.day.type", row) for row in (1, 2, 3, 4))]


def test_plain_models_and_schema_objects_are_judged_and_pandera_runs_what_sql_cannot():
    table = pa.table({"code": ["a", "a", "c", "b"], "size": pa.array([2, 2, -1, None], pa.int8())})
    assert told(judge(Plain, table)) == [
        ("plain.unique", 2),
        ("plain.code.isin", 3),
        ("plain.size.ge", 3),
        ("plain.size.even", 3),
    ]
    found = judge(SCHEMA, table)
    assert told(found) == [
        ("sample.code.unique", 2),
        ("sample.code.isin", 3),
        ("sample.size.ge", 3),
    ]
    assert found["code"].to_pylist() == ["a", "c", "c"]


def test_a_finding_names_the_row_the_key_and_the_column_and_no_value_unless_asked():
    table = pa.table({**TEXT, "weight": ["70.5", "-77", "6e1", None]})
    found = judge(Visit, table)
    assert found.column_names == [
        "rule", "severity", "entity", "row", "visit", "column", "reason",
    ]  # fmt: skip
    assert found.slice(0, 1).to_pylist() == [
        {
            "rule": "visit.weight.gt",
            "severity": "warning",
            "entity": "visit",
            "row": 2,
            "visit": "2",
            "column": "weight",
            "reason": "weight is not above 0.",
        }
    ]
    assert "-77" not in str(found.to_pylist())
    asked = judge(Visit, table, values=True)
    assert asked["value"].to_pylist() == ["-77", "2", "four", "3.1.2016", "yes"]
    assert asked.drop_columns(["value"]).equals(found)


def test_the_key_is_as_the_table_has_it_and_a_name_that_is_taken_is_told_apart():
    class Probe(Entity):
        """A record with two parts of a key."""

        row: int = field("Row.", key=True)
        part: str = field("Part.", key=True)
        size: int = field("Size.", nullable=True, ge=0)

    found = judge(Probe, pa.table({"row": [7, 8], "part": ["a", "b"], "size": [1, -1]}))
    assert found.select(["row", "key_row", "part"]).to_pylist() == [
        {"row": 2, "key_row": 8, "part": "b"}
    ]


@pytest.mark.parametrize("rows", [1, 0])
def test_a_table_without_findings_gives_an_empty_table_with_the_same_columns(rows):
    flawed, sound = pa.table(VISITS), pa.table(VISITS).slice(0, rows)
    found = judge(Visit, sound)
    assert found.num_rows == 0
    assert found.schema == judge(Visit, flawed).schema


def test_rules_see_the_day_of_the_extract_and_the_accepted_rows_of_others():
    patients = pa.table(
        {"number": ["7", "8", "x9", "10"], "birth_date": ["1950", None, None, None]}
    )
    procedures = pa.table(
        {
            "case_number": ["a", "b", "c", "d"],
            "number": ["7", "x9", "8", "7"],
            "day": ["1949-01-01", "2016-01-01", "2017-01-01", "2016-01-01"],
            "minutes": ["30", "30", "30", "30"],
        }
    )
    found = judge(Procedure, procedures, as_of=AS_OF, others={Patient: patients})
    assert told(found) == [
        ("procedure.after_birth", 1),
        ("procedure.patient_exists", 2),
        ("procedure.by_extract", 3),
    ]
    assert told(judge(Patient, patients, as_of=AS_OF, others={Procedure: procedures})) == [
        ("patient.operated", 2),
        ("patient.number.str_matches", 3),
        ("patient.operated", 4),
    ]


def test_rows_among_themselves_and_lineage_that_rides_along():
    class Probe(Entity):
        """A code and its word."""

        code: str = field("Code.")
        word: str = field("Word.")

        one_word = determined("word", by="code")

        class Config:
            unique: ClassVar = ["_source", "word"]

    columns = {"code": ["1", "1", "1"], "word": ["a", "a", "b"]}
    assert ("probe.unique", 2) in told(judge(Probe, pa.table(columns)))
    lineage = {"_source": ["x", "y", "y"], "_file": ["f"] * 3, "_row": [3, 1, 2]}
    assert told(judge(Probe, pa.table(columns | lineage))) == [("probe.one_word", 3)]


def test_a_check_of_the_whole_table_sees_all_rows():
    class Probe(pan.DataFrameModel):
        size: int

        @pan.check("size")
        @whole_table
        def not_the_largest(cls, sizes: pd.Series) -> pd.Series:
            return sizes < sizes.max()

    assert told(judge(Probe, pd.DataFrame({"size": [1, 9, 3]}))) == [
        ("probe.size.not_the_largest", 2)
    ]


def _without(column: str) -> dict[str, list[object]]:
    return {name: values for name, values in VISITS.items() if name != column}


@pytest.mark.parametrize(
    ("schema", "table", "said"),
    [
        (Visit, pa.table(_without("weight")), r"visit: the table has no column weight"),
        (
            Visit,
            pa.table({**_without("day"), "dya": VISITS["day"]}),
            r"visit: the schema has no column dya \(perhaps day\)",
        ),
        (Visit, pa.table([[1], [2]], names=["visit", "visit"]), "two columns visit"),
        (Visit, pa.table({**VISITS, "day": [[1]] * 4}), r"visit\.day: no rule reads list"),
        (
            Visit,
            pa.table({**VISITS, "seen": pa.array([0] * 4, pa.timestamp("us", "UTC"))}),
            r"visit\.seen: no rule reads timestamp\[us, tz=UTC\]",
        ),
        (Visit, pa.table({**VISITS, "_row": ["77"] * 4}), r"visit\._row: is not a whole number"),
        (Visit, pd.DataFrame({"visit": [77, "x"]}), r"visit\.visit: its values are not of one"),
        (Visit, "visits.csv", "visit: a str is not a table"),
        (
            Visit,
            duckdb.sql("select cast('77x' as int) as visit"),
            "visit: the table cannot be read",
        ),
        (dict, pa.table(VISITS), "dict is neither a Pandera model"),
        (Entity, pa.table(VISITS), "Entity is neither a Pandera model"),
        (pan.SeriesSchema(int), pa.table(VISITS), "SeriesSchema is neither a Pandera model"),
        (
            pan.DataFrameSchema({"a": pan.Column(int)}, index=pan.Index(int)),
            pa.table({"a": [1]}),
            "an index in a schema",
        ),
        (pan.DataFrameSchema({"a": pan.Column()}), pa.table({"a": [1]}), r"table\.a: has no type"),
        (
            pan.DataFrameSchema({"a": pan.Column(int, required=False)}),
            pa.table({"a": [1]}),
            "optional columns in a schema",
        ),
        (
            Procedure,
            pa.table({"case_number": ["a"]}),
            r"procedure\.patient_exists looks at patient, whose table is not given",
        ),
    ],
)
def test_what_cannot_be_judged_is_one_clear_error_without_a_value(schema, table, said):
    with pytest.raises(CytoregError, match=said) as error:
        judge(schema, table)
    assert "77" not in str(error.value)


def test_a_table_that_an_other_needs_in_turn_is_asked_for_too():
    with pytest.raises(ConfigError, match=r"patient\.operated looks at procedure"):
        judge(Patient, pa.table({"number": ["7"], "birth_date": ["1950"]}))


def test_the_example_of_the_documentation_gives_the_table_below_it():
    text = PAGE.read_text(encoding="utf-8").split("## Check a table without a project")[1]
    code, rest = text.split("```python\n")[1].split("```", 1)
    *lines, last = code.strip().splitlines()
    names: dict[str, object] = {"__name__": __name__}
    example = compile("\n".join([*lines, f"shown = {last}"]), PAGE, "exec", dont_inherit=True)
    exec(example, names)
    drawn = re.findall(r"^\| (\d+) \| (\S+) \| (\S+) \|$", rest, flags=re.MULTILINE)
    assert [tuple(map(str, row.values())) for row in names["shown"]] == drawn
