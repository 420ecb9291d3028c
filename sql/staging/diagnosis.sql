/* The hospital's coded diagnoses in registry words.
grain: diagnosis_number
materialized: view
*/
with trimmed as (
  select
    cleaned(diagnosis_id) as diagnosis_number,
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number,
    cleaned(code_system) as code_system,
    upper(cleaned(code)) as code,
    local_day(cleaned(diagnosis_date)) as diagnosis_date,
    _source,
    _table,
    _file,
    _row
  from landing.hospital_diagnoses
)
select
  diagnosis_number, -- diagnosis_id
  encounter_number, -- encounter_id
  hospital_number, -- mrn
  case
    when regexp_full_match(code_system, '(?i)(.*/)?icd[- _]?9[- _]?cm') then 'icd9cm'
    when regexp_full_match(code_system, '(?i)(.*/)?icd[- _]?10[- _]?cm') then 'icd10cm'
    else code_system
  end as code_system, -- code_system: ICD9CM or ICD10CM, also as ICD-9-CM or FHIR's address of it
  code, -- code, with its dot
  iso_date(diagnosis_date) as diagnosis_date, -- diagnosis_date
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
