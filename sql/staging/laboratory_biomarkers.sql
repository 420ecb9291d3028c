/* Results on paper that were typed into workbooks, in registry words, one row a row of a sheet.
The sheet tells the analyte, and so its unit; a result has no number, so its place is its key. Some
days are dates, some text, month first, perhaps without the century (of two digits those from 69 are
of the last one, as POSIX has it), some the number by which a workbook counts days.
grain: result_key
materialized: view
*/
with trimmed as (
  select
    zero_padded(cleaned(hospital_number), 7) as hospital_number,
    local_day(cleaned(taken_on)) as taken_on,
    cleaned(result) as result,
    cleaned(normal_below) as normal_below,
    cleaned(assay) as assay,
    cleaned(laboratory) as laboratory,
    _source,
    _table,
    _file,
    _row
  from landing.biomarkers_result
)
select
  _file || '-' || cast(_row as varchar) as result_key, -- workbook, sheet and row
  'final' as status, -- what stands in the books is final
  hospital_number, -- Hospital no.
  hospital_number as hospital_number_given, -- the same: nothing else says whose it is
  case
    when _file like '%#Chromogranin A' then 'chromogranin_a'
    when _file like '%#5-HIAA' then 'hiaa_urine'
  end as analyte, -- the sheet's name
  result, -- CgA or 5-HIAA
  cast(null as varchar) as comparator, -- before the number, if there is one
  cast(null as varchar) as absent_reason, -- not in the books
  case
    when _file like '%#Chromogranin A' then 'ng/mL'
    when _file like '%#5-HIAA' then 'mg/(24.h)'
  end as unit, -- the sheet's heading
  normal_below as upper_limit, -- Normal below
  assay, -- Assay
  laboratory, -- Laboratory
  case
    when regexp_full_match(taken_on, '[2-5][0-9]{4}([.][0-9]+)?')
      then cast(date '1899-12-30' + cast(substring(taken_on, 1, 5) as integer) as varchar)
    else us_date(with_century(taken_on, 1969))
  end as specimen_date, -- Taken on
  cast(null as varchar) as specimen_clock, -- not in the books
  cast(null as varchar) as last_updated, -- not in the books
  cast(null as varchar) as version, -- not in the books
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
