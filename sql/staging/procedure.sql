/* The operating-room log's cases in registry words.
Until 2003 the log wrote dates as MM/DD/YYYY; both shapes end as ISO text.
An ASA class may be Roman, as P1 to P6 a modifier of anaesthesia's codes (CPT), with its description
behind it, and with an E where the operation was an emergency (ASA Physical Status Classification
System, 2020). Of a range nobody knows which class it was: it passes for a rule to find.
grain: case_number, hospital_number
materialized: view
*/
with trimmed as (
  select
    cleaned(case_number) as case_number,
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    cleaned(patient_name) as patient_name,
    coalesce(regexp_replace(upper(cleaned(patient_name)), '[^A-Z]', '', 'g'), '') as name,
    local_day(cleaned(operation_date)) as operation_date,
    clock_time(cleaned(incision_time)) as incision_time,
    clock_time(cleaned(closure_time)) as closure_time,
    recorded_number(regexp_replace(cleaned(duration_minutes), ' *(?i:min(ute)?s?[.]?)$', ''))
      as duration_minutes,
    regexp_extract(
      lower(cleaned(duration_minutes)),
      '^([0-9]{1,2}) *(?:h(?:(?:ou)?rs?)?[.]?|:) *(?:([0-5]?[0-9]) *(?:m(?:in(?:ute)?s?)?[.]?)?)?(?::[0-5][0-9])?$',
      ['hours', 'minutes']
    ) as clocked,
    regexp_replace(
      upper(recorded(cleaned(asa_class))),
      '^(ASA)?[ :-]*(PHYSICAL STATUS|STATUS|PS|P)?[ :-]*(CLASS|SCORE|GRADE)?[ :-]*',
      ''
    ) as asa_class,
    regexp_replace(
      recorded_number(
        regexp_replace(
          lower(cleaned(blood_loss_ml)),
          '^(ebl|est[.]?|estimated( blood loss)?|approx[.]?|approximately|about|circa|ca[.]?|[~:= ]+)+|'
          || ' *\((est(imated)?|approx(imately)?)[.]?\)$', '', 'g'
        )
      ),
      ' *(ml|cc)s?[.]?$', ''
    ) as blood_loss_ml,
    upper(cleaned(procedure_code)) as procedure_code,
    cleaned(room) as room,
    _source,
    _table,
    _file,
    _row
  from landing.or_log_cases
),
classed as (
  select
    *,
    regexp_extract(
      asa_class,
      '^(?:E[ -]?)?(VI|IV|V|I{1,3}|[1-6])(?:[.]0+)?[ /-]*E?(?: *\([^()]*\)| *[-:,; ] *[A-Z]{4,}[A-Z ,.]*)?$',
      1
    ) as asa_code,
    regexp_extract(
      regexp_replace(
        regexp_replace(blood_loss_ml, '^(less|lower) than ', '<'), '^(more|greater) than ', '>'
      ),
      '^(<=|>=|≤|≥|<|>)? *([0-9].*)$', ['sign', 'number']
    ) as lost
  from trimmed
)
select
  t.case_number, -- CASE NO, later Case Number
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
  case
    when clocked.hours <> ''
      then cast(
        60 * try_cast(clocked.hours as integer) + coalesce(try_cast(clocked.minutes as integer), 0)
        as varchar
      )
    when regexp_full_match(duration_minutes, '[0-9]+[.,][0-9]{1,2}')
      then cast(cast(round(try_cast(replace(duration_minutes, ',', '.') as double)) as integer) as varchar)
    else whole_number(duration_minutes)
  end as duration_minutes, -- MINUTES, later Duration (min); hours as 3:20 or 3 h 20
  case asa_code
    when 'I' then '1'
    when 'II' then '2'
    when 'III' then '3'
    when 'IV' then '4'
    when 'V' then '5'
    when 'VI' then '6'
    when '' then case when asa_class not in ('U', '9', '99') then asa_class end
    else coalesce(asa_code, asa_class)
  end as asa_class, -- ASA, later ASA Class; without the E of an emergency; U, 9 and 99 unknown
  case
    when blood_loss_ml in ('nil', 'none', 'zero') then '0'
    when regexp_full_match(blood_loss_ml, '(minimal|minimum|min|scant|trace|negligible|insignificant)[.]?')
      then null
    when regexp_full_match(lost.number, '[0-9]{1,2}([.,][0-9]{1,2})? *(l|lit(er|re)s?)[.]?')
      then cast(
        cast(
          round(
            1000 * try_cast(replace(regexp_extract(lost.number, '^[0-9.,]+'), ',', '.') as double)
          ) as integer
        ) as varchar
      )
    else whole_number(coalesce(nullif(lost.number, ''), blood_loss_ml))
  end as blood_loss_ml, -- EBL, later EBL (mL); litres in mL, words for little are no number
  case lost.sign when '≤' then '<=' when '≥' then '>=' when '' then null else lost.sign end
    as blood_loss_comparator, -- EBL, the sign before the number
  procedure_code, -- PROC, later Procedure Code
  room, -- ROOM, later Room
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from classed as t
left join staging.number_of_case as n on n.case_number = t.case_number and n.name = t.name
