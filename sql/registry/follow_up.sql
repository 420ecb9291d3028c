/* The research project's follow-up contacts of the registry's patients.
Every accepted contact finds its patient, because rule follow_up.patient_exists is critical.
grain: follow_up_id
materialized: table
*/
with patient_of_contact as (
  select f.follow_up_key, coalesce(r.patient_id, n.patient_id) as patient_id
  from accepted.follow_up as f
  left join registry.patient_of_source as r
    on r.source = f._source and r.source_patient_number = f.record_id
  left join registry.patient_number as n on n.hospital_number = f.hospital_number
)
select
  pseudonym('follow_up', f.follow_up_key) as follow_up_id, -- pseudonym of the contact
  p.patient_id, -- pseudonym of the patient
  f.follow_up_key, -- research record and instance
  f.follow_up_date, -- day of contact, or of death; empty where only month or year is known
  f.follow_up_date_earliest, -- first day that it may be
  f.follow_up_date_latest, -- last day that it may be
  f.status, -- no_disease, with_disease or dead
  f.cause, -- cause of death: tumour, other or unknown
  f._source, -- lineage
  f._table, -- lineage
  f._file, -- lineage
  f._row -- lineage
from accepted.follow_up as f
inner join patient_of_contact as p on p.follow_up_key = f.follow_up_key
where p.patient_id is not null
