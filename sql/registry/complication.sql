/* Postoperative complications with the operation they followed, every event.
The operation is the one whose case number the record gives. Where that names none, it is the
patient's only operation in the 90 days up to the onset; of several, nobody knows which. A
complication without its operation stays in the table, and so does one without a grade.
grain: complication_id, every row of accepted.complication
materialized: table
*/
with operation_of_case as (
  select case_number, procedure_id, patient_id, operation_date from registry.procedure
),
patient_of_record as (
  select p.source_patient_number as record_id, l.patient_id
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient' and p._source = 'research'
),
patient_of_complication as (
  select c.complication_key, coalesce(r.patient_id, n.patient_id) as patient_id
  from accepted.complication as c
  left join patient_of_record as r on r.record_id = c.record_id
  left join registry.patient_number as n on n.hospital_number = c.hospital_number
),
operations_before as (
  select c.complication_key, min(o.case_number) as case_number
  from accepted.complication as c
  inner join patient_of_complication as r on r.complication_key = c.complication_key
  inner join operation_of_case as o
    on o.patient_id = r.patient_id
    and o.operation_date <= c.complication_date
    and date_diff('day', o.operation_date, c.complication_date) <= 90
  where c.case_number is null
  group by c.complication_key
  having count(*) = 1
)
select
  pseudonym('complication', c.complication_key) as complication_id, -- pseudonym of the event
  o.procedure_id, -- pseudonym of the operation; empty: nobody knows which
  coalesce(o.patient_id, r.patient_id) as patient_id, -- pseudonym of the patient
  c.complication_key, -- research record and instance
  c.complication_date, -- day of onset; empty where only month or year is known
  c.complication_date_earliest, -- first day that it may be
  c.complication_date_latest, -- last day that it may be
  date_diff('day', o.operation_date, c.complication_date)
    as days_after_operation, -- operation to onset, days
  c.type, -- kind of complication
  c.grade, -- Clavien-Dindo grade I to V
  case c.grade
    when 'I' then 1
    when 'II' then 2
    when 'IIIa' then 3
    when 'IIIb' then 4
    when 'IVa' then 5
    when 'IVb' then 6
    when 'V' then 7
  end as grade_rank, -- the grade as a number, 1 to 7
  c.grade in ('I', 'II') as minor, -- grade I or II, else major; empty: the grade is not known
  c._source, -- lineage
  c._table, -- lineage
  c._file, -- lineage
  c._row -- lineage
from accepted.complication as c
left join patient_of_complication as r on r.complication_key = c.complication_key
left join operations_before as b on b.complication_key = c.complication_key
left join operation_of_case as o on o.case_number = coalesce(c.case_number, b.case_number)
