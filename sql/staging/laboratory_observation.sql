/* The laboratory's FHIR Observations in registry words, one row a resource.
Days and times are those of the registry's time zone.
grain: result_key
materialized: view
*/
with trimmed as (
  select
    cleaned(result_id) as result_id,
    cleaned(status) as status,
    zero_padded(cleaned(mrn), 7) as hospital_number,
    cleaned(code) as code,
    cleaned(value) as value,
    cleaned(comparator) as comparator,
    cleaned(unit) as unit,
    cleaned(upper_limit) as upper_limit,
    cleaned(method) as method,
    cleaned(laboratory) as laboratory,
    local_time(cleaned(effective)) as effective,
    _source,
    _table,
    _file,
    _row
  from landing.laboratory_observation
)
select
  result_id as result_key, -- Observation.id
  status, -- status
  hospital_number, -- subject.identifier.value
  case code
    when 'CGA' then 'chromogranin_a'
    when 'PST' then 'pancreastatin'
    when '5HT' then 'serotonin'
    when 'NKA' then 'neurokinin_a'
    when 'HIAA-U' then 'hiaa_urine'
    else code
  end as analyte, -- code of the hospital's own list of assays
  value, -- valueQuantity.value
  comparator, -- valueQuantity.comparator
  unit, -- valueQuantity.code
  upper_limit, -- referenceRange.high.value
  method as assay, -- method.text
  laboratory, -- performer.display
  iso_date(regexp_replace(effective, '^([0-9]{4}-[0-9]{2}-[0-9]{2})T.*$', '\1'))
    as specimen_date, -- effectiveDateTime: its day, month or year
  case
    when regexp_matches(effective, '^[-0-9]{10}T[0-9]{2}:[0-9]{2}')
      then substring(effective, 12, 5)
  end as specimen_clock, -- effectiveDateTime, its hour and minute
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
