/* Every dated evidence that a patient was alive on that day, from all sources.
A date of death is no evidence of life, nor is a tumour's diagnosis, which an autopsy can make, nor
an expired patient's discharge. Dates after the extract are plans, and are left out.
grain: one row per patient, day, evidence and source row
materialized: view
*/
with last_contact as (
  select
    l.patient_id,
    p.last_contact_date as contact_date,
    'last contact' as evidence,
    p._source,
    p._table,
    p._file,
    p._row
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient'
    and p.last_contact_date is not null
    and (p.death_date is null or p.last_contact_date < p.death_date)
),
consent as (
  select
    l.patient_id,
    p.consent_date as contact_date,
    'consent' as evidence,
    p._source,
    p._table,
    p._file,
    p._row
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient' and p.consent_date is not null
),
admission as (
  select
    patient_id,
    admission_date as contact_date,
    'admission' as evidence,
    _source,
    _table,
    _file,
    _row
  from registry.encounter
),
discharge as (
  select
    patient_id,
    discharge_date as contact_date,
    'discharge' as evidence,
    _source,
    _table,
    _file,
    _row
  from registry.encounter
  where discharge_date is not null and coalesce(disposition, '') <> 'expired'
),
operation as (
  select
    patient_id,
    operation_date as contact_date,
    'operation' as evidence,
    _source,
    _table,
    _file,
    _row
  from registry.procedure
),
complication as (
  select
    patient_id,
    complication_date as contact_date,
    'complication' as evidence,
    _source,
    _table,
    _file,
    _row
  from registry.complication
  where grade <> 'V' and type <> 'death'
),
follow_up as (
  select
    patient_id,
    follow_up_date as contact_date,
    'follow-up' as evidence,
    _source,
    _table,
    _file,
    _row
  from registry.follow_up
  where status <> 'dead'
),
every_evidence as (
  select * from last_contact
  union all
  select * from consent
  union all
  select * from admission
  union all
  select * from discharge
  union all
  select * from operation
  union all
  select * from complication
  union all
  select * from follow_up
)
select
  patient_id, -- pseudonym of the patient
  contact_date, -- a day on which the patient was alive
  evidence, -- what shows it
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from every_evidence
where contact_date <= $as_of
