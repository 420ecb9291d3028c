/* Coded hospital diagnoses of the registry's patients.
The patient is the one whose hospital number the diagnosis bears, or else that of its encounter, if
that is one patient's; an encounter of another patient is not joined. Two patients may have one number,
of two hospitals: their diagnoses are told apart by the hospital number.
A code means the same before and after 1 October 2015, when ICD-10-CM replaced ICD-9-CM: C7A, and
209.0 to 209.2 with 209.30 before it, are primary tumours, C7B.0 and C7B.8 (209.70 to 209.74, 209.79)
secondary ones. Merkel cell carcinoma (C4A, C7B.1; 209.31 to 209.36, 209.75) and benign tumours (D3A;
209.4 to 209.6) are other diagnoses. Where only the category stands, nobody knows which. Sources:
ICD-9-CM 2010, category 209; ICD-10-CM 2026, categories C4A, C7A, C7B, D3A and E34.0 (E34.00 to E34.09
since October 2024).
grain: diagnosis_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
patient_of_encounter as (
  select
    encounter_number,
    encounter_id,
    patient_id,
    count(*) over (partition by encounter_number) as patients
  from registry.encounter
),
encounter_of_one as (
  select encounter_number, encounter_id, patient_id from patient_of_encounter where patients = 1
),
numbered as (
  select
    *,
    case
      when count(*) over (partition by diagnosis_number) > 1
        then diagnosis_number || '/' || hospital_number
      else diagnosis_number
    end as diagnosis_key
  from accepted.diagnosis
)
select
  pseudonym('diagnosis', d.diagnosis_key) as diagnosis_id, -- pseudonym of the diagnosis
  coalesce(p.patient_id, o.patient_id) as patient_id, -- pseudonym of the patient
  coalesce(e.encounter_id, o.encounter_id) as encounter_id, -- pseudonym of the encounter; empty: none that is known
  d.diagnosis_number, -- the hospital's number of the diagnosis
  d.code_system, -- icd9cm or icd10cm
  d.code, -- the code, with its dot
  case
    when d.code is null then null
    when regexp_matches(d.code, '^C7A|^209[.]([0-2]|30)') then 'neuroendocrine_primary'
    when regexp_matches(d.code, '^C7B[.][08]|^209[.]7[0-49]') then 'neuroendocrine_secondary'
    when regexp_matches(d.code, '^E34[.]0|^259[.]2') then 'carcinoid_syndrome'
    when regexp_matches(d.code, '^(C7B|209([.][37])?)[.]?$') then null
    else 'other'
  end as meaning, -- what the code says about the neuroendocrine tumour; empty: no code, or its category alone
  d.diagnosis_date, -- day the diagnosis was coded for; empty where only month or year is known
  d.diagnosis_date_earliest, -- first day that it may be
  d.diagnosis_date_latest, -- last day that it may be
  d._source, -- lineage
  d._table, -- lineage
  d._file, -- lineage
  d._row -- lineage
from numbered as d
left join patient_of_number as p on p.hospital_number = d.hospital_number
left join patient_of_encounter as e
  on e.encounter_number = d.encounter_number and e.patient_id = p.patient_id
left join encounter_of_one as o -- an `or` in one join would compare every pair of rows
  on o.encounter_number = case when p.patient_id is null then d.encounter_number end
