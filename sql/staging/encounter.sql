/* The hospital's encounters in registry words.
grain: encounter_number
materialized: view
*/
with numbers_of_diagnoses as (
  select distinct
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number
  from landing.hospital_diagnoses
  where cleaned(encounter_id) is not null
),
number_of_encounter as (
  select encounter_number, min(hospital_number) as hospital_number
  from numbers_of_diagnoses
  where regexp_matches(hospital_number, '^[0-9]{7}$')
  group by encounter_number
  having count(*) = 1
),
trimmed as (
  select
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number,
    cleaned(class) as class,
    cleaned(admit_time) as admission_time,
    cleaned(discharge_time) as discharge_time,
    cleaned(disposition) as disposition,
    _source,
    _table,
    _file,
    _row
  from landing.hospital_encounters
)
select
  encounter_number, -- encounter_id
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') then t.hospital_number
    else coalesce(n.hospital_number, t.hospital_number)
  end as hospital_number, -- mrn, or that of the encounter's diagnoses
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') or n.hospital_number is not null
      then t.hospital_number
  end as hospital_number_given, -- mrn as it stands, where hospital_number is readable
  case
    when upper(class) in ('IMP', 'INPATIENT', 'ACUTE', 'NONAC', 'I', 'INP', 'IP') then 'inpatient'
    when upper(class) in ('OBSENC', 'OBS', 'OBSERVATION') then 'observation'
    when upper(class) in ('EMER', 'EMERGENCY', 'E', 'ED', 'ER') then 'emergency'
    when upper(class) in (
      'AMB', 'AMBULATORY', 'SS', 'VR', 'HH', 'FLD', 'PRENC', 'O', 'OP', 'OUTPATIENT'
    ) then 'ambulatory'
    else class
  end as class, -- class: of HL7's ActEncounterCode (IMP, AMB, …) or its table 0004 (I, O, E)
  iso_time(local_time(admission_time)) as admission_time, -- admit_time
  iso_time(local_time(discharge_time)) as discharge_time, -- discharge_time
  case
    when lower(disposition) in ('expired', 'exp', 'died', 'dead', 'deceased', 'death')
      or disposition in ('20', '40', '41', '42') then 'expired'
    when lower(disposition) in ('alt-home', '01', '1', '06', '6') then 'home'
    when disposition in ('03', '3') then 'snf'
    when disposition = '62' then 'rehab'
    when lower(disposition) in (
      'oth', 'other-hcf', 'hosp', 'long', 'aadvice', 'psy', 'ama', 'hospice', 'transfer',
      '02', '2', '04', '4', '05', '5', '07', '7', '21', '43', '50', '51', '61', '63', '64', '65', '66'
    ) then 'other'
    else lower(disposition)
  end as disposition, -- disposition: words, FHIR's (exp, hosp, …) or NUBC's (UB-04, 20 expired)
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join number_of_encounter as n using (encounter_number)
