/* The operating-room log's cases in registry words.
Until 2003 the log wrote dates as MM/DD/YYYY; both shapes end as ISO text.
An ASA class may be Roman, and an E behind it says that the operation was an emergency (ASA Physical
Status Classification System, 2020).
grain: case_number
materialized: view
*/
with trimmed as (
  select
    regexp_replace(cleaned(case_number), '[‐‑‒–—―−]', '-', 'g') as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    cleaned(patient_name) as patient_name,
    local_day(cleaned(operation_date)) as operation_date,
    clock_time(cleaned(incision_time)) as incision_time,
    clock_time(cleaned(closure_time)) as closure_time,
    regexp_replace(cleaned(duration_minutes), ' *(?i:min(ute)?s?[.]?)$', '') as duration_minutes,
    upper(regexp_replace(cleaned(asa_class), '^(?i:asa)?[ -]*(?i:class|ps)?[ :]*', '')) as asa_class,
    regexp_replace(cleaned(blood_loss_ml), ' *(?i:ml|cc)[.]?$', '') as blood_loss_ml,
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
  incision_time, -- INCISION, later Incision Time, as HH:MM
  closure_time, -- CLOSE, later Closure Time, as HH:MM
  whole_number(duration_minutes) as duration_minutes, -- MINUTES, later Duration (min)
  case regexp_replace(asa_class, ' *E$', '')
    when 'I' then '1'
    when 'II' then '2'
    when 'III' then '3'
    when 'IV' then '4'
    when 'V' then '5'
    else regexp_replace(whole_number(asa_class), '^([1-6]) *E$', '\1')
  end as asa_class, -- ASA, later ASA Class; without the E of an emergency
  whole_number(blood_loss_ml) as blood_loss_ml, -- EBL, later EBL (mL)
  procedure_code, -- PROC, later Procedure Code
  room, -- ROOM, later Room
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join staging.number_of_case as n using (case_number)
