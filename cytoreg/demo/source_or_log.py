"""The operating-room log: one CSV per year; in 2004 a new system changed headings and dates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import BOM, LATIN_1_E, write_lines

if TYPE_CHECKING:
    import duckdb

_NEW_SYSTEM = 2004
_OLD_HEADINGS = "CASE NO,MRN,PATIENT,DATE,INCISION,CLOSE,MINUTES,ASA,EBL,PROC,ROOM"
_NEW_HEADINGS = (
    "Case Number,Patient MRN,Patient Name,Surgery Date,Incision Time,Closure Time,"
    "Duration (min),ASA Class,EBL (mL),Procedure Code,Room"
)

TABLES = """
create table extract.or_log_cases as
select
  o.case_number,
  p.mrn as hospital_number,
  upper(p.family_name || ', ' || p.given_name) as patient_name,
  o.day as _day,
  null::varchar as _date_text,
  lpad((o.incision // 60)::varchar, 2, '0') || ':' || lpad((o.incision % 60)::varchar, 2, '0')
    as incision_time,
  lpad(((o.incision + o.minutes) % 1440 // 60)::varchar, 2, '0') || ':'
    || lpad(((o.incision + o.minutes) % 60)::varchar, 2, '0') as closure_time,
  o.minutes::varchar as duration_minutes,
  o.asa::varchar as asa_class,
  o.blood_loss::varchar as blood_loss_ml,
  o.procedure_code,
  'OR' || o.room as room,
  o.number as _number,
  'or_log/or_log_' || year(o.day) || '.csv' as _file,
  year(o.day) as _year,
  row_number() over (order by o.day, o.case_number) as _sort,
  0 as _copy,
  o.pid as _pid,
  null::varchar as _defect,
  null::varchar as _damage
from operation as o
join person as p using (pid)
order by _sort
"""

# `_date_text` overrides the date where a defect needs an impossible date.
_LINE = f"""
with line as (
  select
    _damage,
    _sort,
    _copy,
    concat_ws(',',
      case_number, hospital_number,
      '"' || if(_damage = 'bytes', patient_name[1:4] || '{LATIN_1_E}' || patient_name[6:],
        patient_name) || '"',
      coalesce(_date_text,
        if(_year < {_NEW_SYSTEM}, strftime(_day, '%m/%d/%Y'), strftime(_day, '%Y-%m-%d'))),
      incision_time, closure_time, duration_minutes, asa_class, blood_loss_ml, procedure_code, room
    ) as whole
  from extract.or_log_cases
  where _year = {{year}}
)
select if(_damage = 'cut', whole[1:16], whole) from line order by _sort, _copy
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write or_log/or_log_YYYY.csv, a file for each year in which somebody was operated on."""
    years: list[tuple[int]] = con.execute(
        "select distinct _year from extract.or_log_cases order by 1"
    ).fetchall()
    for (year,) in years:
        new = year >= _NEW_SYSTEM
        write_lines(
            con,
            [_LINE.format(year=year)],
            folder / "or_log" / f"or_log_{year}.csv",
            head=(BOM + _NEW_HEADINGS if new else _OLD_HEADINGS) + "\n",
        )
