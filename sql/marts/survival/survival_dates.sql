/* How well the days are known that survival from the index operation is reckoned from.
Each operated patient once, members of marts.survival_cohort or not.
grain: member, left_out_because, status, start_date_precision, end_date_precision
counts: patients, events, dead_undated
materialized: table
*/
with patients as (
  select
    o.patient_id,
    o.status,
    c.patient_id is not null as member,
    case
      when c.patient_id is not null then null
      when o.index_date is null and o.procedures > 1 then 'not known which operation was first'
      when o.index_date is null then 'no day of operation'
      when o.end_date is null then 'no follow-up'
      else 'follow-up ends before the operation'
    end as left_out_because,
    coalesce(c.event, 0) as event,
    o.status = 'dead' and coalesce(o.death_date_precision, 'unknown') = 'unknown' as dead_undated,
    o.index_date_precision as start_date_precision,
    o.end_date_precision,
    date_diff('day', o.end_date_earliest, o.end_date_latest) as days_open
  from marts.patient_outcome as o
  left join marts.survival_cohort as c on c.patient_id = o.patient_id
)
select
  member, -- whether they are members of the cohort
  left_out_because, -- why they are not; empty for members
  status, -- alive or dead
  start_date_precision, -- how the day of operation is known: day, month, year, years or unknown
  end_date_precision, -- how the end of follow-up is known, the same
  count(*) as patients, -- such patients
  cast(sum(event) as bigint) as events, -- deaths with a date, events of the cohort
  cast(sum(case when dead_undated then 1 else 0 end) as bigint)
    as dead_undated, -- dead, nobody knows when: censored at the last contact
  max(days_open) as most_days_open -- most days between the bounds of an end of follow-up
from patients
group by member, left_out_because, status, start_date_precision, end_date_precision
