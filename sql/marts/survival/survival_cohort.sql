/* Overall survival from the index operation: one row per operated patient, death of any cause.
The living are censored at the last day on which any source saw them alive, and so are those whom a
source calls dead without a date. Who has no follow-up, or ends it before the operation, is no
member. Operations after the first do not restart the clock.
grain: patient_id
materialized: table
*/
select
  o.patient_id, -- pseudonym of the patient
  'operation' as origin, -- what time counts from: the index operation
  o.index_date as start_date, -- day of the index operation
  o.end_date, -- day of death or of last contact
  o.follow_up_days as time_days, -- start to end, days
  case when o.death_date is null then 0 else 1 end as event, -- 1 dead of any cause, 0 censored
  case when o.death_date is null then null else o.cause end
    as event_cause, -- tumour, other or unknown; empty for the censored
  o.sex, -- male, female or unknown
  o.age_years, -- completed years of age at the index operation
  date_diff('day', e.birth_date, o.index_date) as age_days, -- age at the index operation, days
  o.age_band, -- that age in bands
  o.primary_site_final as primary_site, -- final primary site (marts.primary_site)
  o.operation_era, -- decade of the index operation
  coalesce(o.residual, 'unknown') as residual, -- R0, R1, R2 or unknown after the index operation
  coalesce(o.grade, '9') as grade -- tumour grade 1 to 3, 9 unknown
from marts.patient_outcome as o
inner join registry.patient as e on e.patient_id = o.patient_id
where o.follow_up_days >= 0
