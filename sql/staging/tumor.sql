/* The tumour registry's tumours in registry words, one row per Tumor element.
SEER's special codes of Ki-67 stay beside it: XXX.4 means below 3 %, XXX.5 3 to 20 %, XXX.6 above
20 %, XXX.7 to XXX.9 nothing measured (NAACCR item 3863, EOD 3.3). Those of the tumour's size (990,
998, 999) are no measurements: the measure is empty.
grain: tumor_key
materialized: view
*/
with trimmed as (
  select
    p.source_patient_number,
    cleaned(t.tumorRecordNumber) as tumor_record_number,
    zero_padded(cleaned(t.medicalRecordNumber), 7) as hospital_number,
    cleaned(t.dateOfDiagnosis) as diagnosis_date,
    upper(cleaned(t.primarySite)) as primary_site,
    regexp_replace(cleaned(t.histologicTypeIcdO3), '^M?-?([0-9]{4}) ?/? ?[0-9]{0,2}$', '\1') as histology,
    cleaned(t.behaviorCodeIcdO3) as behavior,
    cleaned(t.gradePathological) as grade,
    recorded(cleaned(t.ki67)) as ki67,
    whole_number(regexp_replace(cleaned(t.tumorSizeSummary), ' *(?i:mm)$', '')) as size_mm,
    zero_padded(cleaned(t.sequenceNumberHospital), 2) as sequence,
    cleaned(t.diagnosticConfirmation) as confirmation,
    t._source,
    t._table,
    t._file,
    t._row
  from landing.tumor_registry_tumor as t
  left join staging.registered_patient as p on p._file = t._file and p._row = t._parent_row
),
measured_as as (
  select
    *,
    case
      when upper(ki67) = 'XXX.4' then '<3'
      when upper(ki67) = 'XXX.5' then '3-20'
      when upper(ki67) = 'XXX.6' then '>20'
      when regexp_matches(upper(ki67), '^XXX\.[0-9]$') then null
      else measured(ki67)
    end as ki67_measured
  from trimmed
)
select
  source_patient_number || '-' || tumor_record_number
    as tumor_key, -- patientIdNumber and tumorRecordNumber
  source_patient_number, -- patientIdNumber of the tumour's patient
  hospital_number, -- medicalRecordNumber
  iso_date(diagnosis_date) as diagnosis_date, -- dateOfDiagnosis: YYYYMMDD, YYYYMM or YYYY
  regexp_replace(primary_site, '^(C[0-9]{2})([0-9])$', '\1.\2')
    as primary_site, -- primarySite with the dot of ICD-O-3
  histology, -- histologicTypeIcdO3, without behaviour and grade behind it
  behavior, -- behaviorCodeIcdO3
  upper(grade) as grade, -- gradePathological
  case
    when regexp_matches(ki67_measured, '^~?[0-9.]+-[0-9.]+$') then null
    else regexp_replace(ki67_measured, '^(<=|>=|<|>|~)([0-9.]+)$', '\2')
  end as ki67_percent, -- ki67, the number; empty where there is none
  nullif(regexp_extract(ki67_measured, '^(<=|>=|<|>|~)[0-9.]+$', 1), '')
    as ki67_comparator, -- ki67, the sign before the number
  nullif(regexp_extract(ki67_measured, '^~?([0-9.]+)-([0-9.]+)$', 1), '')
    as ki67_low, -- ki67, where a range begins
  nullif(regexp_extract(ki67_measured, '^~?([0-9.]+)-([0-9.]+)$', 2), '')
    as ki67_high, -- ki67, where a range ends
  case when regexp_matches(upper(ki67), '^XXX\.[0-9]$') then upper(ki67) end
    as ki67_code, -- ki67 where it is a special code XXX.n
  case when size_mm in ('990', '998', '999') then null else size_mm end
    as size_mm, -- tumorSizeSummary; empty for 990 focus only, 998 diffuse, 999 unknown
  sequence, -- sequenceNumberHospital
  confirmation, -- diagnosticConfirmation
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from measured_as
