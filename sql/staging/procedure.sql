/* The operating-room log's cases in registry words.
Until 2003 the log wrote dates as MM/DD/YYYY; both shapes end as ISO text.
grain: case_number
materialized: view
*/
with trimmed as (
  select
    nullif(trim(case_number), '') as case_number,
    nullif(trim(hospital_number), '') as hospital_number,
    nullif(trim(patient_name), '') as patient_name,
    nullif(trim(operation_date), '') as operation_date,
    nullif(trim(incision_time), '') as incision_time,
    nullif(trim(closure_time), '') as closure_time,
    nullif(trim(duration_minutes), '') as duration_minutes,
    nullif(trim(asa_class), '') as asa_class,
    nullif(trim(blood_loss_ml), '') as blood_loss_ml,
    upper(nullif(trim(procedure_code), '')) as procedure_code,
    nullif(trim(room), '') as room,
    _source,
    _table,
    _file,
    _row
  from landing.or_log_cases
)
select
  case_number, -- CASE NO, later Case Number
  hospital_number, -- MRN, later Patient MRN
  patient_name, -- PATIENT, later Patient Name
  regexp_replace(operation_date, '^([0-9]{2})/([0-9]{2})/([0-9]{4})$', '\3-\1-\2')
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
from trimmed
