/* Persons whose hospital numbers were landed, whether or not their records were accepted.
The numbers of one person count once; a number that nobody was linked to is a person of its own.
grain: person
materialized: view
*/
select distinct
  coalesce(n.patient_id, p.hospital_number) as person -- the patient, else the number itself
from staging.patient as p
left join registry.patient_number as n on n.hospital_number = p.hospital_number
where p._source = 'hospital' and coalesce(n.patient_id, p.hospital_number) is not null
