"""Rules mean the same on Spark and on DuckDB: `make test-spark`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_rules_expressions import AS_OF, COLUMNS, ROWS, SQL_TYPES, expressions

from cytoreg import rules, spark
from cytoreg.errors import BuildError, ConfigError
from cytoreg.rules import Entity, EntityRules, compare, compile_schemas, determined, field, rule
from cytoreg.rules.column_types import TYPES, stored_values, to_series
from cytoreg.rules.expression import parse
from cytoreg.rules.operations import to_sql
from cytoreg.spark.letters import changed
from cytoreg.spark.subset import CONSTRUCTS
from cytoreg.spark.translate import to_spark
from cytoreg.spark.writing import literal
from cytoreg.warehouse.connection import SCHEMAS, quote

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[2]
EXAMPLES = [example for one in CONSTRUCTS for example in one.examples]
DIFFERENT = [one for one in CONSTRUCTS if one.naive]
COMPARED = {
    "finding": 'rule, severity, entity, "key", "column", source, source_table, file, "row", reason',
    "cell": 'entity, "key", "column", "text", rule, reason, source, source_table, file, "row"',
    "check_result": 'kind, rule, entity, "column", severity, reason, violated, denominator,'
    " threshold, status",
    "cell_balance": 'source, source_table, entity, "column", present, accepted, refused, with_row',
}


def value_of(session, sql: str) -> object:
    ((value,),) = session.sql(f"select {sql}").collect()
    return int(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_has_one_value(session, example):
    ((expected,),) = duckdb.sql(f"select {example}").fetchall()
    assert value_of(session, to_spark(example)) == expected


@pytest.mark.parametrize("construct", DIFFERENT, ids=lambda one: one.name)
def test_the_wording_of_duckdb_means_another_thing_or_is_not_known(session, construct):
    """If this fails, the engines have become alike, and the table may say so."""
    from pyspark.errors import PySparkException

    ((expected,),) = duckdb.sql(f"select {construct.examples[0]}").fetchall()
    try:
        value = value_of(session, construct.naive)
    except PySparkException:
        return
    assert value != expected


@pytest.mark.parametrize("function", ["lower", "upper"])
def test_every_letter_changes_as_in_duckdb(session, function):
    letters, others = changed(function)
    found = value_of(
        session, f"translate({literal(letters)}, {literal(letters)}, {literal(others)})"
    )
    assert found == others


def in_both(session, folder: Path, conditions: Sequence[str], rows) -> Iterator[list[object]]:
    """What both engines make of SQL on rows of the columns of COLUMNS."""
    kinds = ", ".join(
        f"{part} {SQL_TYPES[kind]}"
        for name, kind in COLUMNS.items()
        for part in TYPES[kind].stored(name)
    )
    path = str(folder / f"rows{len(list(folder.iterdir()))}.parquet")
    with duckdb.connect() as con:
        con.execute(f"create table rows (place int, {kinds})")
        marks = ", ".join("?" for _ in range(len(rows[0]) + 1))
        numbered = [(place, *row) for place, row in enumerate(rows)]
        con.executemany(f"insert into rows values ({marks})", numbered)
        con.execute(f"copy rows to {quote(path)}".replace('"', "'"))
        listed = ", ".join(conditions)
        yield con.execute(f"select {listed} from rows order by place").fetchall()
    session.read.parquet(path).createOrReplaceTempView("rows")
    listed = ", ".join(f"{to_spark(sql)} as c{n}" for n, sql in enumerate(conditions))
    yield [tuple(row) for row in session.sql(f"select {listed} from rows order by place").collect()]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(expressions(bool, 4), min_size=6, max_size=12), ROWS)
def test_an_expression_has_one_value(session, tmp_path_factory, texts, rows):
    known = [text for text in texts if "names_agree" not in text] or ["i = 1"]
    nodes = [parse(text, {"": COLUMNS}, "probe") for text in known]
    columns: dict[str, list[object]] = {}
    for (name, kind), values in zip(COLUMNS.items(), zip(*rows, strict=True), strict=True):
        columns |= stored_values(TYPES[kind], name, to_series(TYPES[kind], values))
    sql = [to_sql(node, lambda _, name: quote(name), AS_OF) for node in nodes]
    folder = tmp_path_factory.getbasetemp() / "expressions"
    folder.mkdir(exist_ok=True)
    on_duckdb, on_spark = in_both(session, folder, sql, list(zip(*columns.values(), strict=True)))
    assert on_spark == on_duckdb


def differences(con, judged: spark.Judgement, schemas: Mapping[str, EntityRules]) -> list[object]:
    """Rows that only one of the engines gives, by table."""

    def only(there: str, here: str) -> list[object]:
        return [
            con.execute(f"({one}) except all ({other})").fetchall()
            for one, other in ((there, here), (here, there))
        ]

    found = []
    for name in schemas:
        for room in ("accepted", "quarantine"):
            described = con.execute(f"describe {room}.{name}").fetchall()
            columns = ", ".join(quote(column) for column, *_ in described)
            files = f"'{judged.folder}/{room}/{name}/*.parquet'"
            found.append(
                only(f"select {columns} from {room}.{name}", f"select {columns} from {files}")
            )
    for table, columns in COMPARED.items():
        room = "quarantine" if table == "cell" else "quality"
        # Lines that no reader could parse never come to Spark.
        unread = "" if table == "cell_balance" else "where rule not like '%.unparsable'"
        files = f"'{judged.folder}/{table}/*/*.parquet'"
        found.append(
            only(
                f"select {columns} from {room}.{table} {unread}",
                f"select {columns} from {files}",
            )
        )
    return [one for one in found if one != [[], []]]


def judge_both(con, session, schemas, folder: Path, as_of: date) -> spark.Judgement:
    rules.judge(con, schemas, as_of=as_of)
    frames = {}
    for name in schemas:
        path = f"{folder}/staged-{name}.parquet"
        con.execute(f"copy staging.{quote(name)} to '{path}'")
        frames[name] = session.read.parquet(path)
    return spark.judge(session, frames, schemas, folder / "warehouse", as_of=as_of)


def test_the_reference_registry_with_all_planted_defects_is_judged_alike(session, tmp_path):
    """But for the one rule that Spark refuses: names_agree."""
    project = tmp_path / "reference"
    for arguments in (
        ("init", str(project), "--template", "reference"),
        ("simulate", str(project / "extracts")),
        ("refresh", "--project", str(project), "--as-of", "2016-12-31"),
    ):
        subprocess.run([sys.executable, "-m", "cytoreg", *arguments], check=True, cwd=ROOT)
    (build,) = project.glob("data/builds/*/build.duckdb")
    schemas = {
        name: replace(
            entity,
            rules=tuple(rule for rule in entity.rules if "names_agree" not in rule.expression),
        )
        for name, entity in rules.load_schemas(project / "schemas").items()
    }
    with duckdb.connect() as con:
        for room in SCHEMAS:
            con.execute(f"create schema {room}")
        con.execute(f"attach '{build}' as night (read_only)")
        for name in schemas:
            con.execute(f"create table staging.{quote(name)} as from night.staging.{quote(name)}")
        judged = judge_both(con, session, schemas, tmp_path, date(2016, 12, 31))
        ((found,),) = con.execute("select count(*) from quality.finding").fetchall()
        assert found > 100
        assert differences(con, judged, schemas) == []


class Visit(Entity):
    """A visit, with a rule of each kind that looks at other rows of its own table."""

    number: str = field("Its number.", key=True, unique=True)
    patient: str = field("Whose.", nullable=True)
    sex: str = field("Sex.", nullable=True, isin=("f", "m"))
    day: date = field("When.", nullable=True)
    cost: float = field("Price.", nullable=True, ge=0)

    sex_is_one = determined("sex", by="patient", refuses="sex")
    days_differ = compare("visit", on="patient", holds="day <> visit.day", refuses="day")
    not_free = rule("cost <> 0 or day < $as_of", "Free.", refuses="cost")


TEXTS = st.sampled_from(["", "a", "f", "m", "2016-01-01", "2016-02-30", "1e3", "-0.0", "0", "$1"])
VISITS = st.lists(st.tuples(*[st.one_of(st.none(), TEXTS)] * 5), max_size=40)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(VISITS)
def test_rows_of_one_table_are_judged_alike(session, tmp_path_factory, visits):
    schemas = compile_schemas([Visit])
    with duckdb.connect() as con:
        for room in SCHEMAS:
            con.execute(f"create schema {room}")
        con.execute(
            "create table staging.visit (number varchar, patient varchar, sex varchar,"
            " day varchar, cost varchar, _source varchar, _table varchar, _file varchar,"
            " _row bigint)"
        )
        for place, visit in enumerate(visits, 1):
            con.execute(
                "insert into staging.visit values (?, ?, ?, ?, ?, 's', 't', ?, ?)",
                [*visit, f"f{place % 12}.csv", place],
            )
        judged = judge_both(con, session, schemas, tmp_path_factory.mktemp("visits"), AS_OF)
        assert differences(con, judged, schemas) == []


@pytest.fixture
def visits(session):
    kinds = "number string, patient string, sex string, day string, cost string"
    lineage = "_source string, _table string, _file string, _row bigint"
    rows = [("1", "p", "f", "2016-01-01", "5", "s", "t", "f", 1)]
    return session.createDataFrame(rows, f"{kinds}, {lineage}")


def test_a_judging_that_did_not_end_does_not_count(session, visits, tmp_path, monkeypatch):
    schemas = compile_schemas([Visit])
    with pytest.raises(ConfigError, match="no whole judging there"):
        spark.latest(session, tmp_path / "warehouse")
    first = spark.judge(session, {"visit": visits}, schemas, tmp_path / "warehouse", as_of=AS_OF)

    def fails(*_: object) -> None:
        session.sql("select raise_error('Jane Doe')").collect()

    monkeypatch.setattr(sys.modules["cytoreg.spark.judge"], "write_findings", fails)
    with pytest.raises(BuildError, match="entity visit: Spark stopped with") as found:
        spark.judge(session, {"visit": visits}, schemas, tmp_path / "warehouse", as_of=AS_OF)
    assert "Jane" not in str(found.value)
    assert spark.latest(session, tmp_path / "warehouse").folder == first.folder
    assert session.sql("show views").collect() == []


def test_a_warehouse_that_cannot_be_written(session, visits, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"Spark cannot write there \("):
        spark.judge(
            session, {"visit": visits}, compile_schemas([Visit]), tmp_path / "file", as_of=AS_OF
        )


def test_frames_that_differ_from_the_schema(session, visits, tmp_path):
    schemas = compile_schemas([Visit])
    for frame, told in (
        (visits.drop("sex"), "has no column sex"),
        (visits.withColumn("more", visits.sex), "the schema visit has no column more"),
        (visits.withColumn("cost", visits.cost.cast("double")), "cost is double, not string"),
        (
            visits.selectExpr("* except (sex)", "sex collate UTF8_LCASE as sex"),
            "sex is string collate UTF8_LCASE, not string",
        ),
    ):
        with pytest.raises(ConfigError, match=told):
            spark.judge(session, {"visit": frame}, schemas, tmp_path, as_of=AS_OF)
    with pytest.raises(ConfigError, match="no schema declares the entity claim"):
        spark.judge(session, {"claim": visits}, schemas, tmp_path, as_of=AS_OF)
    assert list(tmp_path.iterdir()) == []
