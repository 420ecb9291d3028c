/* The operations that each complication may have followed.
A complication belongs to the case that it names, if the case is the patient's; where nobody knows
the patient, if only one patient has the number. One that names none
(or one that nobody knows, or another patient's) belongs to the patient's only operation that it may
have followed: of those in the 90 days up to its onset, or where there is none, of those before it.
Of several, it may have followed each. One that lies before all of the patient's operations may have
followed each, since either its day is wrong or that of an operation. The operation that it names may
also be one that was refused: then it may have followed each of the others, or none.
Dates known in part, or not at all, leave open what each of their days would.
grain: complication_key, procedure_id
materialized: view
*/
with complications as (
  select
    c.complication_key,
    c.case_number,
    c.complication_date_earliest as earliest,
    c.complication_date_latest as latest,
    coalesce(r.patient_id, n.patient_id) as patient_id,
    q.case_number is not null as of_refused_case
  from accepted.complication as c
  left join registry.patient_of_source as r
    on r.source = c._source and r.source_patient_number = c.record_id
  left join registry.patient_number as n on n.hospital_number = c.hospital_number
  left join quarantine.cell as u
    on u.entity = 'complication'
    and u."column" = 'case_number'
    and u.source = c._source
    and u.source_table = c._table
    and u.file = c._file
    and u."row" = c._row
  left join (select distinct case_number from quarantine.procedure) as q
    on q.case_number = u."text"
),
cases as (
  select
    case_number,
    procedure_id,
    patient_id,
    count(*) over (partition by case_number) as patients
  from registry.procedure
),
named as (
  select c.complication_key, o.procedure_id, o.patient_id
  from complications as c
  inner join cases as o on o.case_number = c.case_number
  where c.patient_id = o.patient_id or (c.patient_id is null and o.patients = 1)
),
possible as (
  select
    c.complication_key,
    c.patient_id,
    c.of_refused_case,
    o.procedure_id,
    case
      when coalesce(o.operation_date_earliest > c.latest, false) then 'after'
      when coalesce(date_diff('day', o.operation_date_latest, c.earliest) > 90, false)
        then 'long before'
      else 'before'
    end as place
  from complications as c
  inner join registry.procedure as o on o.patient_id = c.patient_id
  where c.complication_key not in (select complication_key from named)
),
likely as (
  select
    *,
    min(case place when 'before' then 1 when 'long before' then 2 else 3 end)
      over (partition by complication_key) as best
  from possible
),
counted as (
  select *, count(*) over (partition by complication_key) as operations
  from likely
  where best = case place when 'before' then 1 when 'long before' then 2 else 3 end
)
select
  complication_key, -- research record and instance
  procedure_id, -- pseudonym of the operation
  patient_id, -- pseudonym of the patient
  true as certain, -- whether it followed this operation; false: it may have
  true as followed_one -- whether it followed an operation of the patient's, this or another one
from named
union all
select
  complication_key,
  procedure_id,
  patient_id,
  operations = 1 and best < 3 and not of_refused_case,
  best < 3 and not of_refused_case
from counted
