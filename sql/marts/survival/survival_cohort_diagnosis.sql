/* Overall survival from diagnosis: the operated patients, who enter at their index operation.
Nobody is operated on who has died before: so the time from diagnosis to operation counts for no
one (delayed entry; else that time would be immortal). Members are those of survival_cohort whose
diagnosis is known and not after the operation, and who were seen after it. Of a diagnosis of which
only the month or the year is known, the middle of the days up to the operation is taken (NAACCR item
1788).
grain: patient_id
private: age_days
materialized: table
*/
with known as (
  select
    c.*,
    o.diagnosis_date_earliest as first_day,
    least(o.diagnosis_date_latest, c.start_date) as last_day
  from marts.survival_cohort as c
  inner join marts.patient_outcome as o on o.patient_id = c.patient_id
  where o.diagnosis_date_earliest <= c.start_date
),
dated as (
  select
    *,
    middle_day(first_day, last_day) as diagnosis_date,
    date_diff('day', middle_day(first_day, last_day), start_date) as days_before
  from known
)
select
  patient_id, -- pseudonym of the patient
  'diagnosis' as origin, -- what time counts from: the first diagnosis
  diagnosis_date as start_date, -- day of diagnosis
  end_date, -- day of death or of last contact
  days_before as entry_days, -- diagnosis to index operation, days: at risk after it
  days_before + time_days as time_days, -- diagnosis to end, days
  event, -- 1 dead of any cause, 0 censored
  event_cause, -- tumour, other or unknown; empty for the censored
  sex, -- male, female or unknown
  age_days - days_before as age_days, -- age at diagnosis, days
  primary_site, -- final primary site
  grade, -- tumour grade 1 to 3, or unknown
  dead_undated, -- dead, nobody knows when: censored at the last contact
  date_precision(first_day, last_day)
    as start_date_precision, -- how the diagnosis is known: day, month, year or years
  end_date_precision -- how the end is known: day, month, year or years
from dated
where time_days > 0
