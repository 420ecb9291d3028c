/* Overall survival from diagnosis: one row a patient, death of any cause. The living are censored at
their last contact. Who has no follow-up, or ends it before the diagnosis, is no member.
grain: patient_id
ages: age_years
years: start_date
*/
select
  patient_id, -- pseudonym of the patient
  start_date, -- day of the first diagnosis
  end_date, -- day of death or of last contact
  follow_up_days as time_days, -- from start to end, days
  case when died then 1 else 0 end as event, -- 1 dead, 0 censored
  age_years, -- completed years of age at diagnosis
  age_band, -- that age in bands
  sex, -- male, female, other or unknown
  stage -- stage I to IV, or unknown
from marts.patient_outcome
where follow_up_days >= 0
