/* The hospital's coded diagnoses in registry words.
grain: diagnosis_number
materialized: view
*/
with numbers_of_encounters as (
  select distinct
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number
  from landing.hospital_encounters
  where cleaned(encounter_id) is not null
),
number_of_encounter as (
  select encounter_number, min(hospital_number) as hospital_number
  from numbers_of_encounters
  where regexp_matches(hospital_number, '^[0-9]{7}$')
  group by encounter_number
  having count(*) = 1
),
trimmed as (
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
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') then t.hospital_number
    else coalesce(n.hospital_number, t.hospital_number)
  end as hospital_number, -- mrn, or that of the encounter
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') or n.hospital_number is not null
      then t.hospital_number
  end as hospital_number_given, -- mrn as it stands, where hospital_number is readable
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
from trimmed as t
left join number_of_encounter as n using (encounter_number)
