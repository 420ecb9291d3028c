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
    regexp_replace(upper(cleaned(code)), '[.]$', '') as code,
    local_day(cleaned(diagnosis_date)) as diagnosis_date,
    _source,
    _table,
    _file,
    _row
  from landing.hospital_diagnoses
),
-- 2.16.840.1.113883.6.103 and .90 are the identifiers that HL7 gives ICD-9-CM and ICD-10-CM.
system_known as (
  select
    *,
    case
      when regexp_full_match(
        code_system, '(?i)(.*/)?i(cd)?[- _]?0?9([- _]?cm?)?|(urn:oid:)?2[.]16[.]840[.]1[.]113883[.]6[.]103'
      ) then 'icd9cm'
      when regexp_full_match(
        code_system, '(?i)(.*/)?i(cd)?[- _]?10([- _]?cm?)?|(urn:oid:)?2[.]16[.]840[.]1[.]113883[.]6[.]90'
      ) then 'icd10cm'
      else code_system
    end as system
  from trimmed
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
  system as code_system, -- code_system: ICD9CM or ICD10CM, also as I9C or FHIR's address of it
  case
    when system = 'icd9cm' and regexp_full_match(code, 'E[0-9]{4}')
      then regexp_replace(code, '^(E[0-9]{3})', '\1.')
    when system = 'icd9cm' and regexp_full_match(code, '[0-9V][0-9]{3,4}')
      or system = 'icd10cm' and regexp_full_match(code, '[A-Z][0-9][0-9A-Z]{2,5}')
      then regexp_replace(code, '^(...)', '\1.')
    else code
  end as code, -- code with its dot, which claims leave out
  iso_date(diagnosis_date) as diagnosis_date, -- diagnosis_date
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from system_known as t
left join number_of_encounter as n using (encounter_number)
