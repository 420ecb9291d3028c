/* Whose the reports are that give several numbers of the patient (PID-3 repeats): the number that a
patient of another source has, for another house's may stand before ours. Where several have one, or
none has, nobody knows.
grain: _file, _row
materialized: table
*/
with known as (
  select hospital_number from staging.patient_hospital
  union
  select hospital_number from staging.patient_tumor_registry
  union
  select unnest(string_split(other_hospital_numbers, ' ')) from staging.patient_tumor_registry
  union
  select hospital_number from staging.patient_research
),
every_number as (
  select cleaned(hospital_numbers) as numbers, _file, _row
  from landing.pathology_report
),
several as (
  select zero_padded(unnest(string_split(numbers, ' ')), 7) as hospital_number, _file, _row
  from every_number
  where contains(numbers, ' ')
)
select
  min(s.hospital_number) as hospital_number, -- seven digits
  s._file, -- the report's file
  s._row -- its row there
from several as s
inner join known as k on k.hospital_number = s.hospital_number
group by s._file, s._row
having count(distinct s.hospital_number) = 1
