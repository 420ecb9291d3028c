/* Alive or dead, and until when that is known: one row a patient. Who is dead without a date is
followed up to the last contact.
grain: patient_id
*/
with death as (
  select
    n.patient_id,
    min(d.death_date) as death_date,
    count(*) as deaths
  from accepted.death as d
  inner join registry.patient_number as n on n.patient_number = d.patient_number
  group by n.patient_id
)
select
  p.patient_id, -- pseudonym of the patient
  case when d.deaths is null then 'alive' else 'dead' end as status, -- alive or dead
  d.death_date, -- day of death; empty if alive, or if nobody knows it
  coalesce(d.death_date, p.last_contact_date) as end_date -- day of death or of last contact
from registry.patient as p
left join death as d on d.patient_id = p.patient_id
