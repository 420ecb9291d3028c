/* Postoperative complications with the operation they followed, every event.
The patient is the record's, and only where nobody knows that, the one whose case it names.
registry.complication_operation says which operation it followed; where that is open, the complication
stays in the table without one, and so does one without a grade.
grain: complication_id, every row of accepted.complication
materialized: table
*/
select
  pseudonym('complication', c.complication_key) as complication_id, -- pseudonym of the event
  o.procedure_id, -- pseudonym of the operation; empty: nobody knows which
  coalesce(r.patient_id, n.patient_id, o.patient_id) as patient_id, -- pseudonym of the patient
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
  end as grade_rank, -- the grade as a number, 1 to 7; empty for III and IV, which are a or b
  c.grade in ('I', 'II') as minor, -- grade I or II, else major; empty: the grade is not known
  c._source, -- lineage
  c._table, -- lineage
  c._file, -- lineage
  c._row -- lineage
from accepted.complication as c
left join registry.patient_of_source as r
  on r.source = c._source and r.source_patient_number = c.record_id
left join registry.patient_number as n on n.hospital_number = c.hospital_number
left join registry.complication_operation as f
  on f.complication_key = c.complication_key and f.certain
left join registry.procedure as o on o.procedure_id = f.procedure_id
