/* Overall survival from the index operation: one row per operated patient, death of any cause.
The living are censored at the last day on which any source saw them alive, and so are those whom a
source calls dead without a date. Who has no follow-up, or ends it before the operation, is no
member. Operations after the first do not restart the clock.
grain: patient_id
materialized: table
*/
select
  patient_id, -- pseudonym of the patient
  'operation' as origin, -- what time counts from: the index operation
  index_date as start_date, -- day of the index operation
  end_date, -- day of death or of last contact
  follow_up_days as time_days, -- start to end, days
  case when death_date is null then 0 else 1 end as event, -- 1 dead of any cause, 0 censored
  case when death_date is null then null else cause end
    as event_cause, -- tumour, other or unknown; empty for the censored
  sex, -- male, female or unknown
  age_years, -- completed years of age at the index operation
  age_band, -- that age in bands
  primary_site_final as primary_site, -- final primary site (marts.primary_site)
  operation_era, -- decade of the index operation
  coalesce(residual, 'unknown') as residual, -- R0, R1, R2 or unknown after the index operation
  coalesce(grade, '9') as grade -- tumour grade 1 to 3, 9 unknown
from marts.patient_outcome
where follow_up_days >= 0
