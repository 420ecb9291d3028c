/* The laboratory's FHIR Observations in registry words, one row a resource, or a component of it.
Days and times are those of the registry's time zone. A result that came as text stays as it was
written, like one that came as a number; staging.laboratory reads it. The subject is the hospital's
own number, or without one the id that a reference names.
grain: result_key
materialized: view
*/
with trimmed as (
  select
    cleaned(result_id) || coalesce('#' || cleaned(component), '') as result_id,
    lower(cleaned(status)) as status,
    zero_padded(cleaned(mrn), 7) as mrn,
    cleaned(patient) as patient,
    upper(cleaned(code)) as code,
    cleaned(value) as value,
    cleaned(value_text) as value_text,
    cleaned(comparator) as comparator,
    cleaned(absent_reason) as absent_reason,
    cleaned(unit) as unit,
    cleaned(upper_limit) as upper_limit,
    cleaned(method) as method,
    cleaned(laboratory) as laboratory,
    local_time(cleaned(effective)) as effective,
    cleaned(version) as version,
    cleaned(last_updated) as last_updated,
    _source,
    _table,
    _file,
    _row
  from landing.laboratory_observation
)
select
  result_id as result_key, -- Observation.id; of a component with its place
  status, -- status
  case
    when regexp_matches(mrn, '^[0-9]{7}$') then mrn
    when regexp_matches(patient, '^[0-9]{7}$') then patient
    else coalesce(mrn, patient)
  end as hospital_number, -- subject.identifier.value, or subject.reference
  case
    when regexp_matches(mrn, '^[0-9]{7}$') or regexp_matches(patient, '^[0-9]{7}$')
      then coalesce(mrn, patient)
  end as hospital_number_given, -- the same as it stands, where hospital_number is readable
  case code
    when 'CGA' then 'chromogranin_a'
    when 'PST' then 'pancreastatin'
    when '5HT' then 'serotonin'
    when 'NKA' then 'neurokinin_a'
    when 'HIAA-U' then 'hiaa_urine'
    else code
  end as analyte, -- code of the hospital's own list of assays
  case
    when comparator is null or comparator in ('<', '<=', '>=', '>') then coalesce(value, value_text)
    else comparator || ' ' || coalesce(value, value_text)
  end as result, -- value[x]; a sign that cannot be read is left before it: the number is no result
  comparator, -- valueQuantity.comparator
  absent_reason, -- dataAbsentReason
  unit, -- valueQuantity.code, or unit
  upper_limit, -- referenceRange.high.value
  method as assay, -- method.text
  laboratory, -- performer.display
  iso_date(local_day(effective)) as specimen_date, -- effective[x]: its day, month or year
  case
    when regexp_matches(effective, '^[-0-9]{10}T[0-9]{2}:[0-9]{2}')
      then substring(effective, 12, 5)
  end as specimen_clock, -- effective[x], its hour and minute
  strftime(timezone('UTC', try_cast(last_updated as timestamptz)), '%Y-%m-%d %H:%M:%S.%f')
    as last_updated, -- meta.lastUpdated, in UTC
  case when regexp_full_match(version, '[0-9]{1,18}') then version end
    as version, -- meta.versionId, where it counts
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
