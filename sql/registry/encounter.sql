/* Hospital encounters of the registry's patients, and the stay that each is a piece of.
Many systems write an encounter for each ward, for observation, or for a return from another ward.
A bed encounter (inpatient, observation, emergency; of an unknown class, if it lasts over night) that
begins on the day on which an earlier one of the patient ends, within six hours after it (a transfer at
midnight), or before, belongs to the same stay; an ambulatory visit to none. One without a discharge
reaches to its admission here: nobody knows how much further. Times known in part join two only
where all that they may be would; one of unknown admission is a stay of its own. Two patients may have
one number, of two hospitals: their encounters are told apart by the patient.
Every accepted encounter finds its patient, because rule encounter.patient_exists is critical.
grain: encounter_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
dated as (
  select
    e.*,
    p.patient_id,
    case
      when count(*) over (partition by encounter_number) > 1
        then encounter_number || '/' || p.patient_id
      else encounter_number
    end as encounter_key,
    cast(admission_time_earliest as date) as admission_date_earliest,
    cast(admission_time_latest as date) as admission_date_latest,
    cast(discharge_time_earliest as date) as discharge_date_earliest,
    cast(discharge_time_latest as date) as discharge_date_latest,
    case
      when cast(admission_time_earliest as date) = cast(admission_time_latest as date)
        then cast(admission_time_earliest as date)
    end as admission_date,
    case
      when cast(discharge_time_earliest as date) = cast(discharge_time_latest as date)
        then cast(discharge_time_earliest as date)
    end as discharge_date
  from accepted.encounter as e
  inner join patient_of_number as p on p.hospital_number = e.hospital_number
),
bed as (
  select *
  from dated
  where class in ('inpatient', 'observation', 'emergency')
    or (class is null and admission_date_latest < discharge_date_earliest)
),
bed_after_bed as (
  select
    encounter_key,
    patient_id,
    admission_time_earliest,
    admission_time_latest,
    max(coalesce(discharge_time_earliest, admission_time_earliest)) over (
      partition by patient_id
      order by admission_time_earliest, encounter_key
      rows between unbounded preceding and 1 preceding
    ) as reached_before
  from bed
  where admission_time_earliest is not null
),
stay_of_bed as (
  select
    encounter_key,
    patient_id,
    admission_time_earliest,
    sum(
      case
        when cast(admission_time_latest as date) <= cast(reached_before as date) then 0
        when admission_time_latest <= reached_before + interval 6 hours then 0
        else 1
      end
    ) over (
      partition by patient_id
      order by admission_time_earliest, encounter_key
      rows between unbounded preceding and current row
    ) as stay_number
  from bed_after_bed
),
named_stay as (
  select
    encounter_key,
    first_value(encounter_key) over (
      partition by patient_id, stay_number order by admission_time_earliest, encounter_key
    ) as first_encounter_key
  from stay_of_bed
  union all
  select encounter_key, encounter_key
  from bed
  where admission_time_earliest is null and discharge_date_earliest is not null
)
select
  pseudonym('encounter', e.encounter_key) as encounter_id, -- pseudonym of the encounter
  e.patient_id, -- pseudonym of the patient
  e.encounter_number, -- the hospital's number of the encounter
  e.hospital_number, -- hospital number of the patient
  pseudonym('stay', n.first_encounter_key)
    as stay_id, -- pseudonym of the stay that it is a piece of; empty for ambulatory visits
  e.class, -- inpatient, observation, emergency or ambulatory; empty: not known
  e.admission_date, -- day of admission or visit; empty where only month or year is known
  e.admission_date_earliest, -- first day that it may be
  e.admission_date_latest, -- last day that it may be
  e.discharge_date, -- day of discharge, if it is known; empty while in hospital
  e.discharge_date_earliest, -- first day that it may be; empty while in hospital
  e.discharge_date_latest, -- last day that it may be
  date_diff('day', e.admission_date, e.discharge_date)
    as stay_days, -- nights between admission and discharge
  e.disposition, -- where the patient went
  e._source, -- lineage
  e._table, -- lineage
  e._file, -- lineage
  e._row -- lineage
from dated as e
left join named_stay as n on n.encounter_key = e.encounter_key
