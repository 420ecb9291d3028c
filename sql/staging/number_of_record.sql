/* Whose each research record is: the hospital number of its enrolment (the smallest of several), or
where that has none that can be read, the one that the operating-room log has for all of the record's
cases. Where it has several, or none for all of them, nobody knows. A record that is enrolled for two persons
(staging.shared_record) is nobody's; each of its cases is the one's whom the log names.
grain: record_id, case_number
materialized: table
*/
with enrolled as (
  select cleaned(record_id) as record_id, zero_padded(cleaned(mrn), 7) as hospital_number
  from landing.research_enrollment
),
recorded as (
  select
    cleaned(record_id) as record_id,
    cleaned(proc_case_no) as case_number
  from landing.research_procedure
  union
  select
    cleaned(record_id),
    cleaned(comp_case_no)
  from landing.research_complication
),
logged as (
  select distinct
    cleaned(case_number) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number
  from landing.or_log_cases
  where regexp_matches(zero_padded(cleaned(hospital_number), 7), '^[0-9]{7}$')
),
logged_cases as (
  select r.record_id, count(distinct r.case_number) as cases
  from recorded as r
  inner join logged as l on l.case_number = r.case_number
  group by r.record_id
),
told as (
  select record_id, hospital_number, 1 as place from enrolled
  union
  select r.record_id, l.hospital_number, 2
  from recorded as r
  inner join logged as l on l.case_number = r.case_number
  inner join logged_cases as c on c.record_id = r.record_id
  group by r.record_id, l.hospital_number
  having count(*) = max(c.cases)
),
readable as (
  select *, min(place) over (partition by record_id) as best_place
  from told
  where record_id is not null and regexp_matches(hospital_number, '^[0-9]{7}$')
),
own as (
  select record_id, min(hospital_number) as hospital_number
  from readable
  where place = best_place and record_id not in (select record_id from staging.shared_record)
  group by record_id
  having min(place) = 1 or count(*) = 1
),
case_of_one as (
  select distinct r.record_id, r.case_number, e.hospital_number
  from recorded as r
  inner join staging.shared_record as s on s.record_id = r.record_id
  inner join staging.number_of_case as c on c.case_number = r.case_number and c.name = ''
  inner join enrolled as e on e.record_id = r.record_id and e.hospital_number = c.hospital_number
)
select
  record_id, -- record_id
  cast(null as varchar) as case_number, -- the only case of which this holds; empty: of all
  record_id as record_of_person, -- record_id, the number that the project has for the person
  hospital_number -- seven digits
from own
union all
select record_id, case_number, record_id || '/' || hospital_number, hospital_number
from case_of_one
