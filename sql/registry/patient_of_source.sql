/* The patient that each source's own number of a patient stands for: a research record, a chart, a patient of
the tumour registry. Tumours, follow-ups and complications say by it whose they are.
grain: source, source_patient_number
materialized: view
*/
select
  p._source as source, -- source
  p.source_patient_number, -- its own number of the patient
  min(l.patient_id) as patient_id -- pseudonym of the patient
from accepted.patient as p
inner join registry.patient_link as l
  on l.source = p._source
  and l.source_table = p._table
  and l.file = p._file
  and l."row" = p._row
where l.entity = 'patient'
group by p._source, p.source_patient_number
