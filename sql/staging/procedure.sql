/* The operating-room log's cases in registry words.
Until 2003 the log wrote dates as MM/DD/YYYY; both shapes end as ISO text.
grain: case_number
materialized: view
*/
with trimmed as (
  select
    cleaned(case_number) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    cleaned(patient_name) as patient_name,
    local_day(cleaned(operation_date)) as operation_date,
    cleaned(incision_time) as incision_time,
    cleaned(closure_time) as closure_time,
    cleaned(duration_minutes) as duration_minutes,
    cleaned(asa_class) as asa_class,
    cleaned(blood_loss_ml) as blood_loss_ml,
    upper(cleaned(procedure_code)) as procedure_code,
    cleaned(room) as room,
    _source,
    _table,
    _file,
    _row
  from landing.or_log_cases
)
select
  case_number, -- CASE NO, later Case Number
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') then t.hospital_number
    else coalesce(n.hospital_number, t.hospital_number)
  end as hospital_number, -- MRN, later Patient MRN, or else staging.number_of_case
  case
    when regexp_matches(t.hospital_number, '^[0-9]{7}$') or n.hospital_number is not null
      then t.hospital_number
  end as hospital_number_given, -- the same as it stands, where hospital_number is readable
  patient_name, -- PATIENT, later Patient Name
  us_date(operation_date)
    as operation_date, -- DATE as MM/DD/YYYY, later Surgery Date as YYYY-MM-DD
  incision_time, -- INCISION, later Incision Time
  closure_time, -- CLOSE, later Closure Time
  duration_minutes, -- MINUTES, later Duration (min)
  asa_class, -- ASA, later ASA Class
  blood_loss_ml, -- EBL, later EBL (mL)
  procedure_code, -- PROC, later Procedure Code
  room, -- ROOM, later Room
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join staging.number_of_case as n using (case_number)
