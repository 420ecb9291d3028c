/* Every dated evidence that a patient was alive, from all sources, a specimen for the laboratory too.
A date of death is no evidence of life, nor are a tumour's diagnosis and a specimen for the
pathologist, which an autopsy can make and take, nor an expired patient's discharge, nor a
complication that may be the death. Dates after the extract are plans, and are left out. A date known to
the month or the year shows that the patient was alive on one of its days, and so on the first.
grain: one row per patient, day, evidence and source row
materialized: view
*/
with patient_records as (
  select l.patient_id, p.*
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient'
),
every_evidence as (
  select
    patient_id,
    last_contact_date as contact_date,
    last_contact_date_earliest as contact_date_earliest,
    last_contact_date_latest as contact_date_latest,
    'last contact' as evidence,
    _source,
    _table,
    _file,
    _row
  from patient_records
  where death_date_earliest is null
    or (
      last_contact_date_earliest <= death_date_latest
      and not (
        last_contact_date_earliest = death_date_earliest
        and last_contact_date_latest = death_date_latest
      )
    )
  union all
  select
    patient_id,
    consent_date,
    consent_date_earliest,
    consent_date_latest,
    'consent',
    _source,
    _table,
    _file,
    _row
  from patient_records
  union all
  select
    patient_id,
    admission_date,
    admission_date_earliest,
    admission_date_latest,
    'admission',
    _source,
    _table,
    _file,
    _row
  from registry.encounter
  union all
  select
    patient_id,
    discharge_date,
    discharge_date_earliest,
    discharge_date_latest,
    'discharge',
    _source,
    _table,
    _file,
    _row
  from registry.encounter
  where coalesce(disposition, '') <> 'expired'
  union all
  select
    patient_id,
    operation_date,
    operation_date_earliest,
    operation_date_latest,
    'operation',
    _source,
    _table,
    _file,
    _row
  from registry.procedure
  union all
  select
    patient_id,
    complication_date,
    complication_date_earliest,
    complication_date_latest,
    'complication',
    _source,
    _table,
    _file,
    _row
  from registry.complication
  where coalesce(grade, type) is not null
    and coalesce(grade, '') <> 'V'
    and coalesce(type, '') <> 'death'
  union all
  select
    patient_id,
    follow_up_date,
    follow_up_date_earliest,
    follow_up_date_latest,
    'follow-up',
    _source,
    _table,
    _file,
    _row
  from registry.follow_up
  where status <> 'dead'
  union all
  select
    patient_id,
    specimen_date,
    specimen_date_earliest,
    specimen_date_latest,
    'specimen',
    _source,
    _table,
    _file,
    _row
  from registry.laboratory
  where usable
)
select
  patient_id, -- pseudonym of the patient
  contact_date, -- a day on which the patient was alive; empty where only month or year is known
  contact_date_earliest, -- first day that it may be
  contact_date_latest, -- last day that it may be, the extract's at most
  evidence, -- what shows it
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from (
  select * replace (least(contact_date_latest, cast($as_of as date)) as contact_date_latest)
  from every_evidence
) as dated
where contact_date_earliest <= $as_of
