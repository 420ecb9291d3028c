"""The pathologists' reports: HL7 v2.5.1 ORU^R01 messages, one batch file per year.

Now and then the Ki-67 is late: the report is sent without it, and again, corrected, with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import LATIN_1_E, write_lines

if TYPE_CHECKING:
    import duckdb

_SINCE = 1998

# Edition by the year of the operation. Before the seventh there was no chapter on these tumours.
# `_version` counts the messages of a report; `_segments` are further results of it; one that is
# `_joined` is a further order in the message before it.
TABLES = f"""
create table extract.pathology_report as
with specimen as (
  select
    s.*, o.pid, o.case_number, o.day, o.number as operation, o.draw,
    row_number() over (partition by year(o.day) order by o.day, o.oid) as number
  from specimen as s
  join operation as o using (oid)
  where year(o.day) >= {_SINCE}
),
version as (
  select *, 'S' || strftime(day, '%y') || '-' || lpad(number::varchar, 6, '0') as report_number,
    draw % 37 = 0 as amended, unnest(if(draw % 37 = 0, [1, 2], [1])) as version
  from specimen
)
select
  s.report_number || if(s.version = 2, 'A', '') as message_number,
  s.report_number,
  if(s.version = 2, 'C', 'F') as result_status,
  p.mrn,
  p.family_name,
  p.given_name,
  strftime(p.birth, '%Y%m%d') as birth_date,
  if(p.female, 'F', 'M') as sex,
  s.case_number,
  strftime(s.day, '%Y%m%d') as specimen_date,
  strftime(
    s.day::timestamp + to_hours((72 + s.draw % 90 + 168 * (s.version - 1))::integer), '%Y%m%d%H%M'
  ) as reported,
  left(p.icd_o, 3) || '.' || right(p.icd_o, 1) as site,
  p.histology::varchar as histology,
  if(p.grade < 9, 'G' || p.grade, null) as grade,
  case
    when p.ki67_special > 0 or (s.amended and s.version = 1) then null
    when p.ki67_tenths < 10 then '<1'
    else (p.ki67_tenths // 10) || '.' || (p.ki67_tenths % 10)
  end as ki67,
  s.mitoses::varchar as mitoses,
  '/2.mm2' as _mitoses_unit,
  if(s.poorly, 'poorly', 'well') as differentiation,
  'pT' || case
    when s.t = 1 and p.size_mm < 999
      and p.size_mm > if(left(p.icd_o, 3) in ('C16', 'C17'), 10, 20) then 2
    else s.t
  end as t,
  case when s.examined = 0 then 'pNX' when s.positive > 0 then 'pN1' else 'pN0' end as n,
  case when s.metastasis > 0 then 'pM1' else 'M0' end as m,
  (['none', 'liver', 'elsewhere', 'liver and elsewhere'])[s.metastasis + 1] as metastasis,
  case when year(s.day) < 2003 then '5' when year(s.day) < 2010 then '6' else '7' end as edition,
  s.examined::varchar as nodes_examined,
  s.positive::varchar as nodes_positive,
  if(p.size_mm = 999, null, p.size_mm::varchar) as size_mm,
  'pathology/reports_' || year(s.day) || '.hl7' as _file,
  year(s.day) as _year,
  s.version as _version,
  null::varchar as _segments,
  false as _joined,
  row_number() over (order by s.day, s.number, s.version) as _sort,
  0 as _copy,
  s.pid as _pid,
  null::varchar as _defect,
  null::varchar as _damage
from version as s
join person as p using (pid)
order by _sort
"""

_RESULTS = (
    ("ST", "CASE", "Case number", "case_number", ""),
    ("CWE", "SITE", "Primary site", "site || '^^ICDO3'", ""),
    ("CWE", "HISTOLOGY", "Histology", "histology || '^^ICDO3'", ""),
    ("ST", "GRADE", "WHO grade", "grade", ""),
    ("ST", "KI67", "Ki-67 index", "ki67", "%"),
    ("NM", "MITOSES", "Mitotic count", "mitoses", "' || _mitoses_unit || '"),
    ("ST", "DIFFERENTIATION", "Differentiation", "differentiation", ""),
    ("ST", "T", "Primary tumour", "t", ""),
    ("ST", "N", "Regional nodes", "n", ""),
    ("ST", "M", "Metastasis", "m", ""),
    ("ST", "M_WHERE", "Site of metastasis", "metastasis", ""),
    ("ST", "EDITION", "AJCC edition", "edition", ""),
    ("NM", "NODES_EXAMINED", "Nodes examined", "nodes_examined", "1"),
    ("NM", "NODES_POSITIVE", "Nodes positive", "nodes_positive", "1"),
    ("NM", "SIZE", "Greatest dimension", "size_mm", "mm"),
)


def _observations() -> str:
    """SQL of the OBX segments; one without a value is left out, as its number shows."""
    return " || ".join(
        f"coalesce('OBX|{number}|{kind}|{code}^{name}^L||' || {value} || '|{unit}|||||F\n', '')"
        for number, (kind, code, name, value, unit) in enumerate(_RESULTS, start=1)
    )


_MESSAGE = rf"""
with message as (
  select _sort, _copy, _damage,
    if(_joined, '', 'MSH|^~\&|SIMPATH|SIMLAB|REGISTRY|SIMHOSP|' || reported || '||ORU^R01^ORU_R01|'
    || message_number || '|P|2.5.1\n'
    || 'PID|1||' || mrn || '^^^SIMHOSP^MR||' || family_name || '^' || given_name
    || if(_damage = 'bytes', '{LATIN_1_E}', '') || '||'
    || birth_date || '|' || sex || '\n')
    || if(_joined, 'OBR|2||', 'OBR|1||') || report_number
    || '|11529-5^Surgical pathology study^LN|||' || specimen_date
    || repeat('|', 15) || reported || '|||' || result_status || '\n'
    || {_observations()}
    || coalesce(_segments || '\n', '')
    || 'OBX|{len(_RESULTS) + 1}|FT|NOTE^Comment^L||Margins \T\ vessels as marked.'
    || '\.br\See also report~Simulated||||||F' as whole
  from extract.pathology_report
  where _year = {{year}}
)
select if(_damage = 'cut', replace(whole, 'MSH|^~\&|', 'MSH|'), whole)
from message order by _sort, _copy
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write pathology/reports_YYYY.hl7, a file for each year with a report."""
    years: list[tuple[int]] = con.execute(
        "select distinct _year from extract.pathology_report order by 1"
    ).fetchall()
    for (year,) in years:
        counted: list[tuple[int]] = con.execute(
            "select count(*) from extract.pathology_report where _year = $year and not _joined",
            {"year": year},
        ).fetchall()
        write_lines(
            con,
            [_MESSAGE.replace("{year}", str(year)).replace("\\n", "\n")],
            folder / "pathology" / f"reports_{year}.hl7",
            head=f"FHS|^~\\&|SIMPATH|SIMLAB|||{year}1231\nBHS|^~\\&|SIMPATH|SIMLAB|||{year}1231\n",
            tail=f"BTS|{counted[0][0]}\nFTS|1\n",
        )
