"""The tumour registry: NAACCR XML, version 25, one Patient element with one or more tumours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import ranges, write_lines

if TYPE_CHECKING:
    import duckdb

_STEP = 10_000

PATIENT_ITEMS = (
    *("patientIdNumber", "nameLast", "nameFirst", "nameMiddle", "sex", "dateOfBirth"),
    *("socialSecurityNumber", "race1", "vitalStatus", "dateOfLastContact", "causeOfDeath"),
    "icdRevisionNumber",
)
TUMOR_ITEMS = (
    *("tumorRecordNumber", "sequenceNumberHospital", "medicalRecordNumber", "primarySite"),
    *("histologicTypeIcdO3", "behaviorCodeIcdO3", "dateOfDiagnosis", "diagnosticConfirmation"),
    *("gradePathological", "ki67", "tumorSizeSummary"),
)

# A tumour's `_sort` is its patient's times ten plus its number; ten times a patient's plus nine is
# the tumour of an abstract that was sent again, which belongs to the patient's second element.
TABLES = """
create table extract.tumor_registry_patient as
select
  registry_number::varchar as patientIdNumber,
  family_name as nameLast,
  given_name as nameFirst,
  middle_name as nameMiddle,
  if(female, '2', '1') as sex,
  strftime(birth, '%Y%m%d') as dateOfBirth,
  ssn as socialSecurityNumber,
  race as race1,
  if(dead, '0', '1') as vitalStatus,
  strftime(last, '%Y%m%d') as dateOfLastContact,
  case
    when not dead then '0000'
    when draw6 % 40 = 0 then '7777'
    when year(last) < 1999 then cause_icd9
    else cause_icd10
  end as causeOfDeath,
  case when not dead then '0' when year(last) < 1999 then '9' else '1' end as icdRevisionNumber,
  'tumor_registry/tumor_registry.xml' as _file,
  registry_number - 10000000 as _sort,
  0 as _copy,
  pid as _pid,
  null::varchar as _defect
from person
order by _sort;

create table extract.tumor_registry_tumor as
with tumour as (
  select
    pid, 1 as number, diagnosis, icd_o as site, histology, grade::varchar as grade,
    case when ki67_special > 0 then 'XXX.' || ki67_special
      else (ki67_tenths // 10) || '.' || (ki67_tenths % 10) end as ki67,
    size_mm
  from person
  union all
  select pid, 2, day, site, histology, '9', null, size_mm from other_tumour
)
select
  lpad(t.number::varchar, 2, '0') as tumorRecordNumber,
  if(other.pid is null, '00', lpad(t.number::varchar, 2, '0')) as sequenceNumberHospital,
  p.mrn as medicalRecordNumber,
  t.site as primarySite,
  t.histology::varchar as histologicTypeIcdO3,
  '3' as behaviorCodeIcdO3,
  strftime(t.diagnosis, '%Y%m%d') as dateOfDiagnosis,
  '1' as diagnosticConfirmation,
  t.grade as gradePathological,
  t.ki67,
  lpad(t.size_mm::varchar, 3, '0') as tumorSizeSummary,
  'tumor_registry/tumor_registry.xml' as _file,
  p.registry_number::varchar || '-' || lpad(t.number::varchar, 2, '0') as _record,
  (p.registry_number - 10000000) * 10 + t.number as _sort,
  0 as _copy,
  p.pid as _pid,
  null::varchar as _defect
from tumour as t
join person as p using (pid)
left join other_tumour as other using (pid)
order by _sort
"""


def _elements(items: tuple[str, ...]) -> str:
    """SQL of the Item elements; an item without a value is left out."""
    return " || ".join(
        f"coalesce('<Item naaccrId=\"{item}\">' || replace({item}, '<', '&lt;') || '</Item>\n', '')"
        for item in items
    )


_LINE = f"""
with tumour as (
  select _sort // 10 as patient, if(_sort % 10 = 9, 1, 0) as element, _sort, _copy,
    '<Tumor>\n' || {_elements(TUMOR_ITEMS)} || '</Tumor>\n' as xml
  from extract.tumor_registry_tumor
  where _sort >= {{low}} * 10 and _sort < {{high}} * 10
),
tumours as (
  select patient, element, string_agg(xml, '' order by _sort, _copy) as xml
  from tumour group by all
)
select '<Patient>\n' || {_elements(PATIENT_ITEMS)} || coalesce(t.xml, '') || '</Patient>'
from extract.tumor_registry_patient as p
left join tumours as t on t.patient = p._sort and t.element = p._copy
where p._sort >= {{low}} and p._sort < {{high}}
order by p._sort, p._copy
"""

# Names, social security and hospital numbers are confidential items: record type C holds them.
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml" \
recordType="C" specificationVersion="1.8" xmlns="http://naaccr.org/naaccrxml">
<Item naaccrId="recordType">C</Item>
<Item naaccrId="naaccrRecordVersion">250</Item>
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write tumor_registry/tumor_registry.xml, patients in the order of their numbers."""
    write_lines(
        con,
        (
            _LINE.format(low=low, high=high)
            for low, high in ranges(con, "extract.tumor_registry_patient", _STEP)
        ),
        folder / "tumor_registry" / "tumor_registry.xml",
        head=_HEAD,
        tail="</NaaccrData>\n",
    )
