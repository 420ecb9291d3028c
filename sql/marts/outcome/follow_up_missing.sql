/* Whom to ask about: operations after which nobody knows whether the patient lived, though the day is over.
One row per operation whose 30- or 90-day mortality is unknown (marts.procedure_outcome) and whose day
30 or 90, counted from the last day that it may have been, lies before the end of the extracts. A later
one is not missing yet. The published shares treat these patients as unknown, never as alive.
grain: procedure_id
materialized: table
*/
with due as (
  select
    o.procedure_id,
    o.patient_id,
    o.operation_date_earliest,
    o.operation_date_latest,
    o.mortality_30_day = 'unknown'
    and date_add(o.operation_date_latest, interval 30 day) < $as_of as day_30,
    o.mortality_90_day = 'unknown'
    and date_add(o.operation_date_latest, interval 90 day) < $as_of as day_90
  from marts.procedure_outcome as o
)
select
  d.procedure_id, -- pseudonym of the operating-room log's case number
  d.patient_id, -- pseudonym of the patient
  d.operation_date_earliest, -- first day that the operation may have been
  d.operation_date_latest, -- last day that it may have been
  d.day_30, -- whether the state on day 30 is to be found out
  d.day_90, -- whether the state on day 90 is to be found out
  v.last_contact_date_earliest as last_contact_date, -- last day on which the patient is known to be alive
  v.last_contact_source, -- the source of that contact
  greatest(date_diff('day', d.operation_date_latest, v.last_contact_date_earliest), 0)
    as days_known_alive, -- days after the operation up to that contact
  case
    when v.status = 'dead' then 'the day of death is not known well enough'
    when v.last_contact_date_earliest > d.operation_date_latest then 'not seen long enough'
    else 'not seen since'
  end as why -- why the state is not known
from due as d
left join registry.vital_status as v on v.patient_id = d.patient_id
where d.day_30 or d.day_90
