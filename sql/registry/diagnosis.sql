/* Coded hospital diagnoses of the registry's patients.
The patient is the one whose hospital number the diagnosis bears, or else that of its encounter.
grain: diagnosis_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
patient_of_encounter as (
  select encounter_number, encounter_id, patient_id from registry.encounter
)
select
  pseudonym('diagnosis', d.diagnosis_number) as diagnosis_id, -- pseudonym of the diagnosis
  coalesce(p.patient_id, e.patient_id) as patient_id, -- pseudonym of the patient
  e.encounter_id, -- pseudonym of the encounter; empty: none that is known
  d.diagnosis_number, -- the hospital's number of the diagnosis
  d.code_system, -- icd9cm or icd10cm
  d.code, -- the code, with its dot
  case
    when d.code is null then null
    when d.code like 'C7A%' then 'neuroendocrine_primary'
    when d.code like 'C7B%' then 'neuroendocrine_secondary'
    when d.code = 'E34.0' or d.code = '259.2' then 'carcinoid_syndrome'
    when d.code like '209.7%' then 'neuroendocrine_secondary'
    when d.code like '209%' then 'neuroendocrine_primary'
    else 'other'
  end as meaning, -- what the code says about the neuroendocrine tumour; empty without a code
  d.diagnosis_date, -- day the diagnosis was coded for; empty where only month or year is known
  d.diagnosis_date_earliest, -- first day that it may be
  d.diagnosis_date_latest, -- last day that it may be
  d._source, -- lineage
  d._table, -- lineage
  d._file, -- lineage
  d._row -- lineage
from accepted.diagnosis as d
left join patient_of_number as p on p.hospital_number = d.hospital_number
left join patient_of_encounter as e on e.encounter_number = d.encounter_number
