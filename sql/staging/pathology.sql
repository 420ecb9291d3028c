/* The pathologists' reports in registry words, one row a message: a corrected report comes again.
A Ki-67 below what was counted ("<1") keeps its sign beside the number. T, N and M stay as reported,
with what they rest on before them (pT3: seen by the pathologist; M0: as far as the clinic knows).
grain: message_number
materialized: view
*/
with trimmed as (
  select
    cleaned(message_number) as message_number,
    cleaned(report_number) as report_number,
    cleaned(result_status) as result_status,
    cleaned(reported_time) as reported_time,
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    cleaned(case_number) as case_number,
    cleaned(specimen_date) as specimen_date,
    upper(cleaned(primary_site)) as primary_site,
    cleaned(histology) as histology,
    upper(cleaned(grade)) as grade,
    cleaned(ki67) as ki67,
    cleaned(mitoses) as mitoses,
    cleaned(mitoses_unit) as mitoses_unit,
    lower(cleaned(differentiation)) as differentiation,
    cleaned(t) as t,
    cleaned(n) as n,
    cleaned(m) as m,
    lower(cleaned(metastasis)) as metastasis,
    cleaned(edition) as edition,
    cleaned(nodes_examined) as nodes_examined,
    cleaned(nodes_positive) as nodes_positive,
    cleaned(size_mm) as size_mm,
    _source,
    _table,
    _file,
    _row
  from landing.pathology_report
)
select
  message_number, -- MSH-10
  report_number, -- OBR-3
  case result_status
    when 'P' then 'preliminary'
    when 'F' then 'final'
    when 'C' then 'corrected'
    else result_status
  end as result_status, -- OBR-25: P preliminary, F final, C corrected
  regexp_replace(
    local_time(reported_time),
    '^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2}).*$',
    '\1-\2-\3 \4:\5'
  ) as reported_time, -- OBR-22, YYYYMMDDHHMM rearranged
  hospital_number, -- PID-3
  case_number, -- OBX CASE
  iso_date(local_time(specimen_date)) as specimen_date, -- OBR-7: its day, month or year
  primary_site, -- OBX SITE
  histology, -- OBX HISTOLOGY
  case grade when 'G1' then '1' when 'G2' then '2' when 'G3' then '3' when 'GX' then '9' else grade end
    as grade, -- OBX GRADE: G1 to G3, GX
  case when regexp_matches(ki67, '^[<>] *[0-9]') then cleaned(substring(ki67, 2)) else ki67 end
    as ki67_percent, -- OBX KI67, the number
  case when regexp_matches(ki67, '^[<>] *[0-9]') then substring(ki67, 1, 1) end
    as ki67_comparator, -- OBX KI67, the sign before the number
  mitoses, -- OBX MITOSES
  mitoses_unit, -- OBX MITOSES, OBX-6
  differentiation, -- OBX DIFFERENTIATION
  t, -- OBX T
  n, -- OBX N
  m, -- OBX M
  case metastasis when 'liver and elsewhere' then 'both' else metastasis end
    as metastasis, -- OBX M_WHERE: none, liver, elsewhere, liver and elsewhere
  edition, -- OBX EDITION
  nodes_examined, -- OBX NODES_EXAMINED
  nodes_positive, -- OBX NODES_POSITIVE
  size_mm, -- OBX SIZE
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
