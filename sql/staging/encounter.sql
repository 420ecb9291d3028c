/* The hospital's encounters in registry words.
A patient who was moved has an encounter for each ward; rules ask when the whole stay ended. Encounters
that are no visits belong to one stay as in sql/registry/encounter.sql, as far as their times are known.
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
numbers_of_encounters as (
  select distinct
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number,
    true as has_row
  from landing.hospital_encounters
),
-- Two patients may have one number: that of whom no encounter is known comes first.
ranked_numbers as (
  select
    d.*,
    coalesce(e.has_row, false) as has_row,
    bool_and(coalesce(e.has_row, false)) over (partition by d.encounter_number) as all_have
  from numbers_of_diagnoses as d
  left join numbers_of_encounters as e
    on e.encounter_number = d.encounter_number and e.hospital_number = d.hospital_number
  where regexp_matches(d.hospital_number, '^[0-9]{7}$')
),
number_of_encounter as (
  select encounter_number, min(hospital_number) as hospital_number
  from ranked_numbers
  where has_row = all_have
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
),
worded as (
  select
    encounter_number,
    case
      when regexp_matches(t.hospital_number, '^[0-9]{7}$') then t.hospital_number
      else coalesce(n.hospital_number, t.hospital_number)
    end as hospital_number,
    case
      when regexp_matches(t.hospital_number, '^[0-9]{7}$') or n.hospital_number is not null
        then t.hospital_number
    end as hospital_number_given,
    case
      when upper(class) in ('IMP', 'INPATIENT', 'ACUTE', 'NONAC', 'I', 'INP', 'IP') then 'inpatient'
      when upper(class) in ('OBSENC', 'OBS', 'OBSERVATION', 'SS') then 'observation'
      when upper(class) in ('EMER', 'EMERGENCY', 'E', 'ED', 'ER') then 'emergency'
      when upper(class) in (
        'AMB', 'AMBULATORY', 'VR', 'HH', 'FLD', 'PRENC', 'O', 'OP', 'OUTPATIENT'
      ) then 'ambulatory'
      else class
    end as class,
    iso_time(local_time(admission_time)) as admission_time,
    iso_time(local_time(discharge_time)) as discharge_time,
    case
      when lower(disposition) in ('expired', 'exp', 'died', 'dead', 'deceased', 'death')
        or disposition in ('20', '40', '41', '42') then 'expired'
      when lower(disposition) in ('alt-home', '01', '1', '06', '6', '81', '86') then 'home'
      when disposition in ('03', '3', '83') then 'snf'
      when disposition in ('62', '90') then 'rehab'
      when disposition = '30' then null
      when lower(disposition) in (
        'oth', 'other-hcf', 'hosp', 'long', 'aadvice', 'psy', 'ama', 'hospice', 'transfer',
        '02', '2', '04', '4', '05', '5', '07', '7', '09', '21', '43', '50', '51', '61', '63', '64', '65',
        '66', '69', '70', '82', '84', '85', '87', '88', '89', '91', '92', '93', '94', '95'
      ) then 'other'
      else lower(disposition)
    end as disposition,
    _source,
    _table,
    _file,
    _row
  from trimmed as t
  left join number_of_encounter as n using (encounter_number)
),
in_bed as (
  select
    _file,
    _row,
    hospital_number,
    try_cast(admission_time as timestamp) as admitted,
    try_cast(discharge_time as timestamp) as discharged,
    max(try_cast(discharge_time as timestamp)) over (
      partition by hospital_number
      order by try_cast(admission_time as timestamp), _file, _row
      rows between unbounded preceding and 1 preceding
    ) as reached_before
  from worded
  where coalesce(class, '') <> 'ambulatory'
    and try_cast(admission_time as timestamp) <= try_cast(discharge_time as timestamp)
),
in_stay as (
  select
    *,
    sum(
      case
        when cast(admitted as date) <= cast(reached_before as date) then 0
        when admitted <= reached_before + interval 6 hours then 0
        else 1
      end
    ) over (
      partition by hospital_number order by admitted, _file, _row
      rows between unbounded preceding and current row
    ) as stay_number
  from in_bed
),
whole_stay as (
  select
    _file,
    _row,
    max(discharged) over (partition by hospital_number, stay_number) as discharged,
    count(*) over (partition by hospital_number, stay_number) as pieces
  from in_stay
)
select
  w.encounter_number, -- encounter_id
  w.hospital_number, -- mrn, or that of the encounter's diagnoses
  w.hospital_number_given, -- mrn as it stands, where hospital_number is readable
  w.class, -- class: of HL7's ActEncounterCode (IMP, AMB, …) or its table 0004 (I, O, E)
  w.admission_time, -- admit_time
  w.discharge_time, -- discharge_time
  cast(s.discharged as varchar)
    as stay_discharge_time, -- the last discharge_time of the encounters of which the stay consists
  w.disposition, -- disposition: words, FHIR's (exp, hosp, …) or NUBC's (UB-04 form locator 17: 20 expired, 30 still a patient)
  w._source, -- lineage
  w._table, -- lineage
  w._file, -- lineage
  w._row -- lineage
from worded as w
left join whole_stay as s on s.pieces > 1 and s._file = w._file and s._row = w._row
