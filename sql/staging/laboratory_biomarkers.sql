/* Results on paper that were typed into workbooks, in registry words, one row a row of a sheet.
The sheet tells the analyte, and so its unit; a result has no number, so its place is its key. Some
days are dates, some text (MM/DD/YYYY); some numbers have a decimal comma: one with up to two digits
behind it is read as such, any other is left as it stands.
grain: result_key
materialized: view
*/
with trimmed as (
  select
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    cleaned(taken_on) as taken_on,
    cleaned(result) as result,
    cleaned(normal_below) as normal_below,
    cleaned(assay) as assay,
    cleaned(laboratory) as laboratory,
    _source,
    _table,
    _file,
    _row
  from landing.biomarkers_result
),
sign_apart as (
  select
    *,
    case when regexp_matches(result, '^[<>] *[0-9]') then substring(result, 1, 1) end as comparator,
    case when regexp_matches(result, '^[<>] *[0-9]') then cleaned(substring(result, 2)) else result end
      as value
  from trimmed
)
select
  _file || '-' || cast(_row as varchar) as result_key, -- workbook, sheet and row
  'final' as status, -- what stands in the books is final
  hospital_number, -- Hospital no.
  case
    when _file like '%#Chromogranin A' then 'chromogranin_a'
    when _file like '%#5-HIAA' then 'hiaa_urine'
  end as analyte, -- the sheet's name
  regexp_replace(value, '^([0-9]+),([0-9]{1,2})$', '\1.\2')
    as value, -- CgA or 5-HIAA, the number
  comparator, -- CgA or 5-HIAA, the sign before the number
  case
    when _file like '%#Chromogranin A' then 'ng/mL'
    when _file like '%#5-HIAA' then 'mg/(24.h)'
  end as unit, -- the sheet's heading
  regexp_replace(normal_below, '^([0-9]+),([0-9]{1,2})$', '\1.\2')
    as upper_limit, -- Normal below
  assay, -- Assay
  laboratory, -- Laboratory
  us_date(taken_on) as specimen_date, -- Taken on: a date, or text as MM/DD/YYYY
  cast(null as varchar) as specimen_clock, -- not in the books
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from sign_apart
