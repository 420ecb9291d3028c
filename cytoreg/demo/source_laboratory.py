"""The laboratory: FHIR R4 Observations as a Bulk Data export, one NDJSON file.

In 2008 it changed to another assay for chromogranin A; since 2012 it gives 5-HIAA in µmol, not mg.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import ranges, write_lines

if TYPE_CHECKING:
    import duckdb

SINCE = "1998-01-01"
"""Day from which the laboratory has a system; earlier results are on paper (source_biomarkers)."""
_STEP = 100_000

# From `started` to `person`: optional content of an Observation, mostly missing.
TABLES = f"""
create table extract.laboratory_observation as
with result as (
  select
    a.*, p.mrn, a.analyte = 1 and a.day >= '2012-01-01' as in_mol, a.day >= '2008-01-01' as new,
    row_number() over (order by a.day, a.pid, a.analyte) as number
  from assay as a
  join person as p using (pid)
  where a.day >= '{SINCE}'
)
select
  'LAB-' || lpad(number::varchar, 8, '0') as id,
  'final' as status,
  mrn,
  if(analyte = 0, 'CGA', 'HIAA-U') as code,
  if(analyte = 0, 'Chromogranin A', '5-Hydroxyindoleacetic acid, urine') as display,
  strftime(day::timestamp + to_minutes(420 + (number * 37 % 600)::integer), '%Y-%m-%dT%H:%M:00Z')
    as effective,
  format('{{:.1f}}', value * if(in_mol, 5.23, 1)) as value,
  if(below, '<', null) as comparator,
  case when analyte = 0 then 'ng/mL' when in_mol then 'umol/(24.h)' else 'mg/(24.h)' end as unit,
  case when analyte = 0 then if(new, '93', '36') when in_mol then '31.4' else '6' end as high,
  case when analyte = 1 then 'HPLC' when new then 'ELISA 2' else 'ELISA 1' end as method,
  'Central laboratory' as laboratory,
  null::varchar as started,
  null::varchar as version,
  null::varchar as updated,
  null::varchar as value_text,
  null::varchar as other_range,
  null::varchar as person,
  'laboratory/Observation.ndjson' as _file,
  number as _sort,
  0 as _copy,
  pid as _pid,
  null::varchar as _defect,
  null::varchar as _damage
from result
order by number
"""

_LINE = """
with line as (
  select _sort, _copy, _damage,
    '{"resourceType":"Observation","id":"' || id
    || coalesce('","meta":{"versionId":"' || version || '","lastUpdated":"' || updated || '"}', '"')
    || ',"status":"' || status
    || '","category":[{"coding":[{"system":'
    || '"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}]'
    || ',"code":{"coding":[{"system":"urn:simulated-hospital:assay","code":"' || code
    || '","display":"' || display || '"}]},"subject":{"reference":"Patient/' || mrn
    || '","identifier":{"system":"urn:simulated-hospital:mrn","value":"' || mrn || '"}}'
    || coalesce(
      ',"effectivePeriod":{"start":"' || started || '","end":"' || effective || '"}',
      ',"effectiveDateTime":"' || effective || '"'
    )
    || coalesce(',"valueString":"' || value_text || '"', '')
    || coalesce(',"valueQuantity":{"value":' || value
      || coalesce(',"comparator":"' || comparator || '"', '')
      || ',"unit":"' || unit || '","system":"http://unitsofmeasure.org","code":"' || unit || '"}',
      '')
    || coalesce(
      ',"referenceRange":[' || coalesce(other_range || ',', '')
      || '{"high":{"value":' || high || ',"unit":"' || unit || '"}}]',
      ''
    )
    || ',"performer":['
    || coalesce('{"reference":"Practitioner/1","display":"' || person || '"},', '')
    || '{"reference":"Organization/1","display":"' || laboratory || '"}]'
    || ',"method":{"text":"' || method || '"}}' as whole
  from extract.laboratory_observation
  where _sort >= LOW and _sort < HIGH
)
select if(_damage = 'cut', whole[1:120], whole) from line order by _sort, _copy
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write laboratory/Observation.ndjson, results in the order of their dates."""
    write_lines(
        con,
        (
            _LINE.replace("LOW", str(low)).replace("HIGH", str(high))
            for low, high in ranges(con, "extract.laboratory_observation", _STEP)
        ),
        folder / "laboratory" / "Observation.ndjson",
    )
