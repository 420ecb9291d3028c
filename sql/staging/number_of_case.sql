/* Whose each case of the operating-room log is: the hospital number that the log gives, or where it
gives none that can be read, the research record's that names the case, or else the report's.
Where the next source gives several, nobody knows.
grain: case_number
materialized: view
*/
with logged as (
  select
    cleaned(case_number) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number
  from landing.or_log_cases
),
enrolled as (
  select cleaned(record_id) as record_id, zero_padded(cleaned(mrn), 7) as hospital_number
  from landing.research_enrollment
),
recorded as (
  select cleaned(proc_case_no) as case_number, cleaned(record_id) as record_id
  from landing.research_procedure
),
reported as (
  select
    cleaned(regexp_extract(cleaned(case_number), '[^^]+')) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number
  from landing.pathology_report
),
told as (
  select case_number, hospital_number, 1 as place from logged
  union
  select r.case_number, e.hospital_number, 2
  from recorded as r
  inner join enrolled as e on e.record_id = r.record_id
  union
  select case_number, hospital_number, 3 from reported
),
readable as (
  select *, min(place) over (partition by case_number) as best_place
  from told
  where case_number is not null and regexp_matches(hospital_number, '^[0-9]{7}$')
)
select
  case_number, -- number of the case
  min(hospital_number) as hospital_number -- seven digits
from readable
where place = best_place
group by case_number
having count(*) = 1
