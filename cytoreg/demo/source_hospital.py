"""The hospital's record: patients, encounters and diagnoses in SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    import duckdb
    from adbc_driver_manager.dbapi import Cursor

_BATCH = 50_000

COLUMNS = {
    "patients": (
        *("mrn", "last_name", "first_name", "middle_name", "birth_date", "sex", "ssn_last4"),
        *("race_code", "deceased", "death_date", "last_seen_date"),
    ),
    "encounters": ("encounter_id", "mrn", "class", "admit_time", "discharge_time", "disposition"),
    "diagnoses": (
        *("diagnosis_id", "encounter_id", "mrn", "code_system", "code", "diagnosis_date"),
    ),
}

# Encounters: the operation's stay; a first consultation; a visit after each operation; a later
# stay for other reasons; the last contact of the living. The `_kind` says which.
TABLES = """
create table extract.hospital_patients as
select
  mrn,
  family_name as last_name,
  given_name as first_name,
  middle_name,
  birth::varchar as birth_date,
  if(female, 'F', 'M') as sex,
  right(ssn, 4) as ssn_last4,
  race as race_code,
  if(dead, 'Y', 'N') as deceased,
  if(dead, last, null)::varchar as death_date,
  last::varchar as last_seen_date,
  'patients' as _file,
  row_number() over (order by mrn) as _sort,
  0 as _copy,
  pid as _pid,
  null::varchar as _defect
from person
order by _sort;

create table stay as
with last_operation as (
  select pid, day + stay::integer as discharged, window_days - stay as room, draw, number
  from operation
  where not dies
),
encounter as (
  select
    o.pid, 'operation' as kind, 'IMP' as class,
    if(o.draw % 3 = 0, o.day::timestamp + interval '5 hours 40 minutes',
      (o.day - 1)::timestamp + to_minutes(780 + o.draw % 240)) as admitted,
    (o.day + o.stay::integer)::timestamp + to_minutes(590 + o.draw % 400) as discharged,
    case
      when o.expired then 'expired'
      when o.draw % 100 < 8 then 'snf'
      when o.draw % 100 < 16 then 'rehab'
      when o.draw % 100 < 19 then 'other'
      else 'home'
    end as disposition
  from operation as o
  union all
  select
    pid, 'consult', 'AMB',
    greatest(diagnosis, start - 3 - (draw2 % 25)::integer)::timestamp
      + to_minutes(480 + draw3 % 420),
    greatest(diagnosis, start - 3 - (draw2 % 25)::integer)::timestamp
      + to_minutes(480 + draw3 % 420 + 20 + draw4 % 60),
    'home'
  from person
  union all
  select
    pid, 'visit', 'AMB',
    (discharged + 14 + (draw % 28)::integer)::timestamp + to_minutes(480 + draw % 420),
    (discharged + 14 + (draw % 28)::integer)::timestamp + to_minutes(510 + draw % 420),
    'home'
  from last_operation
  where room > 45
  union all
  select
    o.pid, 'medical', 'IMP',
    (o.day + 190 + (p.draw3 % greatest(o.window_days - 420, 1))::integer)::timestamp
      + to_minutes(600 + p.draw4 % 600),
    (o.day + 192 + (p.draw3 % greatest(o.window_days - 420, 1) + p.draw5 % 9)::integer)::timestamp
      + to_minutes(600 + p.draw6 % 360),
    'home'
  from operation as o
  join person as p using (pid)
  where o.window_days > 440 and o.number = p.operations and p.draw2 % 4 = 0
  union all
  select
    pid, 'contact', 'AMB', last::timestamp + to_minutes(480 + draw6 % 420),
    last::timestamp + to_minutes(500 + draw6 % 420), 'home'
  from person
  where not dead and last > start + 200 and draw5 % 10 < 7
)
select row_number() over (order by admitted, pid, kind) as number, * from encounter
order by number;

create table extract.hospital_encounters as
select
  'E' || lpad(s.number::varchar, 9, '0') as encounter_id,
  p.mrn,
  s.class,
  strftime(s.admitted, '%Y-%m-%d %H:%M:%S') as admit_time,
  strftime(s.discharged, '%Y-%m-%d %H:%M:%S') as discharge_time,
  s.disposition,
  s.kind as _kind,
  'encounters' as _file,
  s.number as _sort,
  0 as _copy,
  s.pid as _pid,
  null::varchar as _defect
from stay as s
join person as p using (pid)
order by _sort;

create table extract.hospital_diagnoses as
with coded as (
  select
    s.number as encounter, s.pid, s.admitted::date as day, s.discharged >= '2015-10-01' as new,
    1 as rank,
    if(s.kind = 'consult', p.presenting, p.site) as site, null as code9, null as code10
  from stay as s
  join person as p using (pid)
  where s.kind in ('operation', 'consult', 'medical')
  union all
  select
    s.number, s.pid, s.admitted::date, s.discharged >= '2015-10-01', 2, null, '209.72', 'C7B.02'
  from stay as s
  join person as p using (pid)
  where s.kind = 'operation' and p.draw1 % 10 < 7
  union all
  select
    s.number, s.pid, s.admitted::date, s.discharged >= '2015-10-01', 3, null, '259.2', 'E34.0'
  from stay as s
  join person as p using (pid)
  where s.kind in ('operation', 'consult') and (p.flushing or p.diarrhoea or p.wheezing)
),
numbered as (
  select *, row_number() over (order by encounter, rank) as number from coded
)
select
  'D' || lpad(n.number::varchar, 9, '0') as diagnosis_id,
  'E' || lpad(n.encounter::varchar, 9, '0') as encounter_id,
  p.mrn,
  if(n.new, 'ICD10CM', 'ICD9CM') as code_system,
  if(n.new, coalesce(n.code10, s.icd10), coalesce(n.code9, s.icd9)) as code,
  n.day::varchar as diagnosis_date,
  'diagnoses' as _file,
  n.number as _sort,
  0 as _copy,
  n.pid as _pid,
  null::varchar as _defect
from numbered as n
join person as p using (pid)
left join site as s on s.code = n.site
order by _sort
"""


def check(url: str | None) -> None:
    """Raise ConfigError unless `url` is empty, or a PostgreSQL whose tables were simulated.

    A registry's HOSPITAL_URL may be that of the real hospital, whose tables have the same names.
    """
    if url is not None and not url.startswith(("postgresql://", "postgres://", "postgresql+")):
        raise ConfigError(
            "the hospital's URL is of an unknown kind",
            remedy="give postgresql://user:password@host:port/database, or none for SQLite",
        )
    if url is not None:
        with _writing(url) as cursor:
            _check_tables(cursor)


def write(con: duckdb.DuckDBPyConnection, folder: Path, url: str | None) -> None:
    """Write the three tables to hospital/hospital.db, or to the database at `url` instead.

    `url` is postgresql://…; the tables are dropped and made anew in one transaction.
    """
    if url is None:
        _write_sqlite(con, folder / "hospital" / "hospital.db")
    else:
        _write_postgresql(con, url)


def _query(table: str) -> str:
    columns = ", ".join(COLUMNS[table])
    # Readers sort by the first column, so rows are written in that order.
    return f"select {columns} from extract.hospital_{table} order by {COLUMNS[table][0]}, _copy"


def _write_sqlite(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        database.execute("begin")
        for table, columns in COLUMNS.items():
            database.execute(f"create table {table} ({', '.join(f'{c} text' for c in columns)})")
            places = ", ".join("?" * len(columns))
            reader = con.sql(_query(table)).to_arrow_reader(_BATCH)
            for batch in reader:
                rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
                database.executemany(f"insert into {table} values ({places})", rows)
            database.execute(f"create index {table}_by_{columns[0]} on {table} ({columns[0]})")
        database.execute("commit")
    finally:
        database.close()


def _write_postgresql(con: duckdb.DuckDBPyConnection, url: str) -> None:
    with _writing(url) as cursor:
        _check_tables(cursor)
        for table, columns in COLUMNS.items():
            cursor.execute(f"drop table if exists {table}")
            cursor.execute(f"create table {table} ({', '.join(f'{c} text' for c in columns)})")
            reader = con.sql(_query(table)).to_arrow_reader(_BATCH)
            cursor.adbc_ingest(table, reader, mode="append")
            cursor.execute(f"comment on table {table} is '{_mark(cursor, table)}'")


def _check_tables(cursor: Cursor) -> None:
    """Raise ConfigError for a table that simulate did not write, or that was changed since."""
    for table in COLUMNS:
        cursor.execute(
            f"select to_regclass('{table}') is not null, obj_description(to_regclass('{table}'))"
        )
        told: tuple[bool, str | None] = cursor.fetchone() or (False, None)
        there, said = told
        if there and (said is None or said != _mark(cursor, table)):
            raise ConfigError(
                f"the database holds a table {table} that simulate did not write, or that was"
                " changed since",
                remedy="nothing was touched; give an empty database, or unset HOSPITAL_URL to write"
                " an SQLite file",
            )


def _mark(cursor: Cursor, table: str) -> str:
    """The mark of a simulated table: the number of its rows, and a hash of them in any order."""
    cursor.execute(
        "select 'Written by cytoreg simulate: ' || count(*) || ' rows, '"
        f" || coalesce(sum(hashtextextended(t::text, 0)), 0) from {table} as t"
    )
    found: tuple[str] = cursor.fetchone() or ("",)
    return found[0]


@contextmanager
def _writing(url: str) -> Iterator[Cursor]:
    """One transaction; errors are ConfigError without the URL."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise ConfigError(
            "writing to PostgreSQL needs the driver of the extra `postgresql`",
            remedy="pip install 'cytoreg[postgresql]'",
        ) from None
    plain = "postgresql://" + url.split("://", 1)[1]
    try:
        with dbapi.connect(plain) as database:
            with database.cursor() as cursor:
                yield cursor
            database.commit()
    except dbapi.Error:
        # The driver's own message may repeat the URL with its password.
        raise ConfigError(
            "the hospital's PostgreSQL database cannot be written",
            remedy="check --hospital-url: host, port, database, user, password, right to create",
        ) from None
