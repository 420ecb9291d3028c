/* The first diagnosis of each patient that has a date.
grain: patient_id
*/
select
  n.patient_id, -- pseudonym of the patient
  d.diagnosis_date, -- day of the first diagnosis
  d.stage -- stage I to IV; empty if not known
from accepted.diagnosis as d
inner join registry.patient_number as n on n.patient_number = d.patient_number
where d.diagnosis_date is not null
qualify
  row_number() over (partition by n.patient_id order by d.diagnosis_date, d.diagnosis_number) = 1
