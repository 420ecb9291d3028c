/* Research records that are enrolled for two persons: their charts in the hospital have other family names,
and other days of birth or last digits of the social security number.
grain: record_id
materialized: table
*/
with enrolled as (
  select distinct cleaned(record_id) as record_id, zero_padded(cleaned(mrn), 7) as mrn
  from landing.research_enrollment
),
charts as (
  select
    zero_padded(cleaned(mrn), 7) as mrn,
    upper(cleaned(last_name)) as family_name,
    cleaned(birth_date) as birth_date,
    right(cleaned(ssn_last4), 4) as ssn_last4
  from landing.hospital_patients
)
select distinct e.record_id -- record_id
from enrolled as e
inner join enrolled as f on f.record_id = e.record_id and f.mrn <> e.mrn
inner join charts as c on c.mrn = e.mrn
inner join charts as d on d.mrn = f.mrn
where regexp_matches(e.mrn, '^[0-9]{7}$')
  and regexp_matches(f.mrn, '^[0-9]{7}$')
  and c.family_name <> d.family_name
  and (c.birth_date <> d.birth_date or c.ssn_last4 <> d.ssn_last4)
