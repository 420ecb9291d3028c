/* Postoperative complications with the operation they followed, every event.
Every accepted complication finds its operation, because rule complication.procedure_exists is
critical.
grain: complication_id
materialized: table
*/
with operation_of_case as (
  select case_number, procedure_id, patient_id, operation_date from registry.procedure
)
select
  pseudonym('complication', c.complication_key) as complication_id, -- pseudonym of the event
  o.procedure_id, -- pseudonym of the operation
  o.patient_id, -- pseudonym of the patient
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
  c.grade in ('I', 'II') as minor, -- grade I or II; else it is major
  c._source, -- lineage
  c._table, -- lineage
  c._file, -- lineage
  c._row -- lineage
from accepted.complication as c
inner join operation_of_case as o on o.case_number = c.case_number
