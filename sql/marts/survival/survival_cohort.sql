/* Overall survival from the index operation: one row per operated patient, death of any cause.
The living are censored at the last day on which any source saw them alive, and so are those whom a
source calls dead without a date (dead_undated): when they died nobody knows, but that they lived so
long is known. Who has no follow-up, ends it before the operation, or has an operation without a day
is no member. Operations after the first do not restart the clock. marts.survival_dates counts all of
these.
A day of which only the month or the year is known is the middle of the days that are possible;
dates_flag says so as NAACCR item 1786 does.
grain: patient_id
private: age_days
ages: age_years
years: start_date
materialized: table
*/
select
  o.patient_id, -- pseudonym of the patient
  'operation' as origin, -- what time counts from: the index operation
  o.index_date as start_date, -- day of the index operation
  o.end_date, -- day of death or of last contact
  o.follow_up_days as time_days, -- start to end, days
  case when o.death_date_precision <> 'unknown' then 1 else 0 end
    as event, -- 1 dead of any cause, 0 censored
  case when o.death_date_precision <> 'unknown' then o.cause end
    as event_cause, -- tumour, other or unknown; empty for the censored
  o.sex, -- male, female or unknown
  o.age_years, -- completed years of age at the index operation
  date_diff('day', middle_day(e.birth_date_earliest, e.birth_date_latest), o.index_date)
    as age_days, -- age at the index operation, days
  o.age_band, -- that age in bands
  o.primary_site_final as primary_site, -- final primary site (marts.primary_site)
  o.operation_era, -- decade of the index operation
  coalesce(o.residual, 'unknown') as residual, -- R0, R1, R2 or unknown after the index operation
  coalesce(nullif(o.grade, '9'), 'unknown') as grade, -- tumour grade 1 to 3, or unknown
  o.status = 'dead' and coalesce(o.death_date_precision, 'unknown') = 'unknown'
    as dead_undated, -- dead, nobody knows when: censored at the last contact
  date_precision(o.index_date_earliest, o.index_date_latest)
    as start_date_precision, -- how the start is known: day, month, year or years
  o.end_date_precision, -- how the end is known: day, month, year or years
  date_precision(e.birth_date_earliest, e.birth_date_latest)
    as birth_date_precision, -- how the birth is known: day, month, year or unknown
  case
    when o.index_date_earliest = o.index_date_latest and o.end_date_earliest = o.end_date_latest
      then case when o.follow_up_days = 0 then 0 else 1 end
    when o.end_date_earliest <= o.index_date_latest then 2
    else 3
  end as dates_flag -- complete dates and 0 days (0) or more (1); incomplete, perhaps 0 days (2) or more (3)
from marts.patient_outcome as o
inner join registry.patient as e on e.patient_id = o.patient_id
where o.follow_up_days >= 0
