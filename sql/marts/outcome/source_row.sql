/* Lineage: the landed rows behind every operation, patient, report and result of the marts.
Behind a procedure: its case in the operating-room log, what research recorded of it, the hospital
stay around it, every complication that may have followed it, every version of its pathologists' reports. Behind a patient: the
person's rows in every source, tumours, encounters, follow-ups, reports and results. A row's number counts the records of its file from 1.
grain: item, id, source, source_table, file, row
materialized: table
*/
with cases as (
  select procedure_id, patient_id, case_number, finding_key, encounter_id, _source, _table, _file, _row,
    count(*) over (partition by case_number) as patients
  from registry.procedure
),
-- every version of a report: a number of a laboratory and a patient
versions as (
  select a.report_number, a.laboratory, n.patient_id, a._source, a._table, a._file, a._row
  from accepted.pathology as a
  inner join registry.patient_number as n on n.hospital_number = a.hospital_number
),
behind_procedures as (
  select procedure_id as id, _source, _table, _file, _row from cases
  union
  select c.procedure_id, f._source, f._table, f._file, f._row
  from accepted.operative_finding as f
  inner join cases as c on c.case_number = f.case_number
  left join registry.patient_number as n on n.hospital_number = f.hospital_number
  where n.patient_id = c.patient_id or (n.patient_id is null and c.patients = 1)
  union
  select c.procedure_id, f._source, f._table, f._file, f._row
  from accepted.operative_finding as f
  inner join cases as c on c.finding_key = f.finding_key
  union
  select c.procedure_id, e._source, e._table, e._file, e._row
  from registry.encounter as e
  inner join cases as c on c.encounter_id = e.encounter_id
  union
  select f.procedure_id, c._source, c._table, c._file, c._row
  from registry.complication as c
  inner join registry.complication_operation as f on f.complication_key = c.complication_key
  union
  select r.procedure_id, a._source, a._table, a._file, a._row
  from versions as a
  inner join registry.pathology as r
    on r.report_number = a.report_number
    and coalesce(r.laboratory, '') = coalesce(a.laboratory, '')
    and r.patient_id = a.patient_id
  where r.procedure_id is not null
),
operated as (
  select distinct patient_id from cases
),
behind_patients as (
  select l.patient_id as id, l.source as _source, l.source_table as _table, l.file as _file,
    l."row" as _row
  from registry.patient_link as l
  inner join operated as o on o.patient_id = l.patient_id
  union
  select t.patient_id, t._source, t._table, t._file, t._row
  from registry.tumor as t
  inner join operated as o on o.patient_id = t.patient_id
  union
  select e.patient_id, e._source, e._table, e._file, e._row
  from registry.encounter as e
  inner join operated as o on o.patient_id = e.patient_id
  union
  select f.patient_id, f._source, f._table, f._file, f._row
  from registry.follow_up as f
  inner join operated as o on o.patient_id = f.patient_id
  union
  select r.patient_id, a._source, a._table, a._file, a._row
  from versions as a
  inner join registry.pathology as r
    on r.report_number = a.report_number
    and coalesce(r.laboratory, '') = coalesce(a.laboratory, '')
    and r.patient_id = a.patient_id
  inner join operated as o on o.patient_id = r.patient_id
  union
  select l.patient_id, l._source, l._table, l._file, l._row
  from registry.laboratory as l
  inner join operated as o on o.patient_id = l.patient_id
),
behind as (
  select 'procedure' as item, * from behind_procedures
  union all
  select 'patient' as item, * from behind_patients
  union all
  select 'pathology' as item, r.pathology_id, a._source, a._table, a._file, a._row
  from versions as a
  inner join registry.pathology as r
    on r.report_number = a.report_number
    and coalesce(r.laboratory, '') = coalesce(a.laboratory, '')
    and r.patient_id = a.patient_id
  union all
  select 'laboratory' as item, laboratory_id, _source, _table, _file, _row
  from registry.laboratory
)
select
  item, -- procedure, patient, pathology or laboratory
  id, -- procedure_id, patient_id, pathology_id or laboratory_id of the marts
  _source as source, -- source system
  _table as source_table, -- its table
  _file as file, -- its file, or the database's table
  _row as "row" -- the record's number in that file
from behind
