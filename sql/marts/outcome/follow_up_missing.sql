/* Whom to ask about: operations after which nobody knows whether the patient lived, though the day is over.
One row per operation whose 30- or 90-day mortality is unknown (marts.procedure_outcome) and whose day
30 or 90, counted from the last day that it may have been, lies before the end of the extracts. A later
one is not missing yet; one without any date is. The published shares treat these patients as unknown,
never as alive.
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
    and coalesce(date_add(o.operation_date_latest, interval 30 day) < $as_of, true) as day_30,
    o.mortality_90_day = 'unknown'
    and coalesce(date_add(o.operation_date_latest, interval 90 day) < $as_of, true) as day_90
  from marts.procedure_outcome as o
)
select
  d.procedure_id, -- pseudonym of the operating-room log's case number
  d.patient_id, -- pseudonym of the patient
  d.operation_date_earliest, -- first day that the operation may have been; empty: no date
  d.operation_date_latest, -- last day that it may have been
  d.day_30, -- whether the state on day 30 is to be found out
  d.day_90, -- whether the state on day 90 is to be found out
  v.last_contact_date_earliest as last_contact_date, -- last day on which the patient is known to be alive
  v.last_contact_source, -- the source of that contact
  case
    when v.last_contact_date_earliest < d.operation_date_latest then 0
    else date_diff('day', d.operation_date_latest, v.last_contact_date_earliest)
  end as days_known_alive, -- days after the operation up to that contact, at least
  case
    when d.operation_date_latest is null then 'the operation has no date'
    when v.status = 'dead' and v.death_date is null
      then 'the day of death is not known well enough'
    when v.status = 'dead' and d.operation_date_earliest = d.operation_date_latest
      then 'the day of another operation is not known well enough'
    when v.status = 'dead'
      or (
        d.operation_date_earliest < d.operation_date_latest
        and date_diff('day', d.operation_date_earliest, v.last_contact_date_earliest)
        >= case when d.day_30 then 30 else 90 end
      )
      then 'the day of the operation is not known well enough'
    when v.last_contact_date_earliest > d.operation_date_earliest then 'not seen long enough'
    else 'not seen since'
  end as why -- why the state is not known
from due as d
left join registry.vital_status as v on v.patient_id = d.patient_id
where d.day_30 or d.day_90
