/* Patients with a dated diagnosis, and what became of them: one row a patient.
grain: patient_id
ages: age_years
years: start_date
*/
with followed as (
  select
    p.patient_id,
    d.diagnosis_date as start_date,
    v.end_date,
    v.death_date is not null as died,
    date_diff('day', d.diagnosis_date, v.end_date) as follow_up_days,
    date_diff('year', p.birth_date, d.diagnosis_date)
      - case when strftime(d.diagnosis_date, '%m%d') < strftime(p.birth_date, '%m%d') then 1 else 0 end
      as age_years,
    coalesce(p.sex, 'unknown') as sex,
    coalesce(d.stage, 'unknown') as stage
  from registry.patient as p
  inner join registry.diagnosis as d on d.patient_id = p.patient_id
  inner join registry.vital_status as v on v.patient_id = p.patient_id
)
select
  patient_id, -- pseudonym of the patient
  start_date, -- day of the first diagnosis
  end_date, -- day of death or of last contact
  follow_up_days, -- from the diagnosis to the end, days
  died, -- whether the end is the day of death
  case
    when died and follow_up_days between 0 and 365 then 'dead'
    when follow_up_days >= 365 then 'alive'
    else 'unknown'
  end as mortality_1_year, -- dead, alive or unknown a year after the diagnosis
  age_years, -- completed years of age at diagnosis
  case
    when age_years is null then 'unknown'
    when age_years < 50 then 'under 50'
    when age_years < 70 then '50 to 69'
    else '70 and over'
  end as age_band, -- that age in bands
  sex, -- male, female, other or unknown
  stage -- stage I to IV, or unknown
from followed
