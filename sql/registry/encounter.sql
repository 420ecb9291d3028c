/* Hospital encounters of the registry's patients, and the stay that each is a piece of.
Many systems write an encounter for each ward, for observation, or for a return from another ward.
A bed encounter (inpatient, observation, emergency; of an unknown class, if it lasts over night) that
begins on the day on which an earlier one of the patient ends, within six hours after it (a transfer at
midnight), or before, belongs to the same stay; an ambulatory visit to none. One without a discharge
reaches to its admission here: nobody knows how much further. Times known in part join two only
where all that they may be would; one of unknown admission is a stay of its own.
Every accepted encounter finds its patient, because rule encounter.patient_exists is critical.
grain: encounter_id
materialized: table
*/
with dated as (
  select
    *,
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
  from accepted.encounter
),
patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
bed as (
  select e.*, p.patient_id
  from dated as e
  inner join patient_of_number as p on p.hospital_number = e.hospital_number
  where e.class in ('inpatient', 'observation', 'emergency')
    or (e.class is null and e.admission_date_latest < e.discharge_date_earliest)
),
bed_after_bed as (
  select
    encounter_number,
    patient_id,
    admission_time_earliest,
    admission_time_latest,
    max(coalesce(discharge_time_earliest, admission_time_earliest)) over (
      partition by patient_id
      order by admission_time_earliest, encounter_number
      rows between unbounded preceding and 1 preceding
    ) as reached_before
  from bed
  where admission_time_earliest is not null
),
stay_of_bed as (
  select
    encounter_number,
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
      order by admission_time_earliest, encounter_number
      rows between unbounded preceding and current row
    ) as stay_number
  from bed_after_bed
),
named_stay as (
  select
    encounter_number,
    first_value(encounter_number) over (
      partition by patient_id, stay_number order by admission_time_earliest, encounter_number
    ) as first_encounter_number
  from stay_of_bed
  union all
  select encounter_number, encounter_number
  from bed
  where admission_time_earliest is null and discharge_date_earliest is not null
)
select
  pseudonym('encounter', e.encounter_number) as encounter_id, -- pseudonym of the encounter
  p.patient_id, -- pseudonym of the patient
  e.encounter_number, -- the hospital's number of the encounter
  e.hospital_number, -- hospital number of the patient
  pseudonym('stay', n.first_encounter_number)
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
inner join patient_of_number as p on p.hospital_number = e.hospital_number
left join named_stay as n on n.encounter_number = e.encounter_number
