/* Hospital encounters of the registry's patients.
Every accepted encounter finds its patient, because rule encounter.patient_exists is critical.
grain: encounter_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
)
select
  pseudonym('encounter', e.encounter_number) as encounter_id, -- pseudonym of the encounter
  p.patient_id, -- pseudonym of the patient
  e.encounter_number, -- the hospital's number of the encounter
  e.hospital_number, -- hospital number of the patient
  e.class, -- inpatient or ambulatory
  cast(e.admission_time as date) as admission_date, -- day of admission or visit
  cast(e.discharge_time as date) as discharge_date, -- day of discharge; empty while in hospital
  date_diff('day', cast(e.admission_time as date), cast(e.discharge_time as date))
    as stay_days, -- nights between admission and discharge
  e.disposition, -- where the patient went
  e._source, -- lineage
  e._table, -- lineage
  e._file, -- lineage
  e._row -- lineage
from accepted.encounter as e
inner join patient_of_number as p on p.hospital_number = e.hospital_number
