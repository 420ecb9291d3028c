/* Hospital encounters of the registry's patients.
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
)
select
  pseudonym('encounter', e.encounter_number) as encounter_id, -- pseudonym of the encounter
  p.patient_id, -- pseudonym of the patient
  e.encounter_number, -- the hospital's number of the encounter
  e.hospital_number, -- hospital number of the patient
  e.class, -- inpatient or ambulatory
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
