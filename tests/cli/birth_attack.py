"""An attack on birth dates with nothing but a published file: every date beside every number.

Dates and numbers are joined within rows and across tables, by the pseudonym that they share.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

UNITS = {"days": 1, "weeks": 7, "months": 365.25 / 12, "years": 365.25}


def found(published: Path, build: Path) -> dict[tuple[str, str, str], int]:
    """How many birth dates each pair of a date and a number gives; `itself` where a date is one.

    Left out are pairs that give no more than one in twenty: by chance a date that is read as a
    birthday is one for a person in 365, and there are many pairs.
    """
    with _opened(published, build) as con:
        dates, numbers = _cells(con)
        con.execute(f"create table memory.dates as {dates}")
        con.execute(f"create table memory.numbers as {numbers}")
        rows = []
        for unit, days in UNITS.items():
            rows += con.execute(
                f"""select d.place, n.place, '{unit}', count(distinct patient_id)
                from memory.dates d join memory.births b using (patient_id)
                join memory.numbers n using (patient_id)
                where date_diff('day', b.birth_date, d.value) = round(n.value * {days})
                  and n.value <> 0
                group by all
                having count(distinct patient_id) > (select count(*) / 20 from memory.births)"""
            ).fetchall()
        rows += con.execute(
            """select place, '', 'itself', count(distinct patient_id) from memory.dates
            join memory.births using (patient_id) where value = birth_date group by all
            having count(distinct patient_id) > (select count(*) / 20 from memory.births)"""
        ).fetchall()
    return {(date, number, unit): count for date, number, unit, count in rows}


def narrowest(published: Path, build: Path) -> tuple[int, int]:
    """Patients whose completed years of age are told, and the fewest days left to a birth date."""
    with _opened(published, build) as con:
        told = []
        for table in _tables(con):
            names = {name for name, _ in _columns(con, table)}
            for day in ("start_date", "index_date", "operation_date"):
                if {"patient_id", "age_years", day} <= names:
                    told.append(
                        f"select patient_id, {day} as day, age_years as age from marts.{table}"
                        f" where {day} is not null and age_years is not null"
                    )
        assert told, "no age is told"
        row = con.execute(
            f"""select count(*), min(days) from (
              select patient_id,
                min(day - to_years(age::int))::date
                  - max(day - to_years(age::int + 1))::date as days
              from ({" union all ".join(told)}) group by patient_id)"""
        ).fetchone()
    assert row
    return row


def _opened(published: Path, build: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"attach '{published}' as p (read_only)")
    con.execute(f"attach '{build}' as b (read_only)")
    con.execute(
        "create table memory.births as select patient_id, birth_date_earliest as birth_date"
        " from b.registry.patient where birth_date_earliest = birth_date_latest"
    )
    con.execute(
        "create table memory.owners as"
        " select procedure_id, patient_id from p.marts.procedure_outcome"
    )
    con.execute("use p")
    return con


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "select table_name from duckdb_tables() where database_name = 'p'"
        " and schema_name = 'marts' order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return con.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'p'"
        f" and schema_name = 'marts' and table_name = '{table}'"
    ).fetchall()


def _cells(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """SQL for every date and every number of a patient: (patient_id, place, value)."""
    dates, numbers = [], []
    for table in _tables(con):
        columns = _columns(con, table)
        names = {name for name, _ in columns}
        if "patient_id" in names:
            patient, rows = "t.patient_id", f"marts.{table} t"
        elif "procedure_id" in names:
            patient = "o.patient_id"
            rows = f"marts.{table} t join memory.owners o using (procedure_id)"
        else:
            continue
        for name, kind in columns:
            place = f"'{table}.{name}' as place"
            select = f"select distinct {patient} as patient_id, {place}"
            if kind == "DATE" or kind.startswith("TIMESTAMP"):
                dates.append(f'{select}, t."{name}"::date as value from {rows}')
            elif kind in ("BIGINT", "INTEGER", "DOUBLE"):
                numbers.append(f'{select}, t."{name}"::double as value from {rows}')
    nothing = "select null::varchar as patient_id, '' as place, null::{} as value"
    return (
        " union all ".join(dates or [nothing.format("date")]),
        " union all ".join(numbers or [nothing.format("double")]),
    )
