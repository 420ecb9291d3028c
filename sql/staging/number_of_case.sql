/* Whose each case of the operating-room log is: the hospital number that the log gives, or where it
gives none that can be read, the research record's that names the case, or else the report's.
Two patients may have one case number. A line of the log asks under the name that it has: what another
line says of another name is not its own. Where the next source gives several, nobody knows.
grain: case_number, name
materialized: table
*/
with logged as (
  select
    cleaned(case_number) as case_number,
    coalesce(regexp_replace(upper(cleaned(patient_name)), '[^A-Z]', '', 'g'), '') as name,
    zero_padded(cleaned(hospital_number), 7) as hospital_number
  from landing.or_log_cases
),
enrolled as (
  select cleaned(record_id) as record_id, zero_padded(cleaned(mrn), 7) as hospital_number
  from landing.research_enrollment
),
recorded as (
  select
    cleaned(proc_case_no) as case_number,
    cleaned(record_id) as record_id
  from landing.research_procedure
),
reported as (
  select
    cleaned(regexp_extract(cleaned(case_number), '[^^]+')) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number
  from landing.pathology_report
),
told as (
  select case_number, name, hospital_number, 1 as place from logged
  union
  select r.case_number, '', e.hospital_number, 2
  from recorded as r
  inner join enrolled as e on e.record_id = r.record_id
  union
  select case_number, '', hospital_number, 3 from reported
),
readable as (
  select * from told
  where case_number is not null and regexp_matches(hospital_number, '^[0-9]{7}$')
),
asked as (
  select case_number, name from logged where case_number is not null
  union
  select case_number, '' from readable
),
-- One name may go on where the other was cut.
answered as (
  select
    a.case_number,
    a.name,
    r.hospital_number,
    r.place,
    left(r.name, length(a.name)) = a.name or left(a.name, length(r.name)) = r.name as same_name
  from asked as a
  inner join readable as r on r.case_number = a.case_number
),
possible as (
  select
    *,
    min(place) over (partition by case_number, name) as best_place
  from (
    select case_number, name, hospital_number, min(place) as place
    from answered
    group by case_number, name, hospital_number
    having bool_and(same_name)
  ) as own
)
select
  case_number, -- number of the case
  name, -- capitals of the patient's name in the log; none: whoever asks without a name
  min(hospital_number) as hospital_number -- seven digits
from possible
where place = best_place
group by case_number, name
having count(*) = 1
