/* Results of the laboratory and of the books before it had a system, one below the other.
grain: result_key
materialized: view
*/
with every_source as (
  select
    result_key,
    status,
    hospital_number,
    analyte,
    value,
    comparator,
    unit,
    upper_limit,
    assay,
    laboratory,
    specimen_date,
    specimen_clock,
    _source,
    _table,
    _file,
    _row
  from staging.laboratory_observation
  union all
  select
    result_key,
    status,
    hospital_number,
    analyte,
    value,
    comparator,
    unit,
    upper_limit,
    assay,
    laboratory,
    specimen_date,
    specimen_clock,
    _source,
    _table,
    _file,
    _row
  from staging.laboratory_biomarkers
)
select
  result_key, -- the laboratory's id, or the place in a workbook
  status, -- FHIR status of the result
  hospital_number, -- 7 digits
  analyte, -- the registry's word for what was measured
  value, -- number as text; with a comparator it is a limit
  comparator, -- < or > before a limit
  unit, -- UCUM
  upper_limit, -- of the normal range, in the same unit
  assay, -- method, as the laboratory calls it
  laboratory, -- who measured
  specimen_date, -- YYYY-MM-DD, YYYY-MM or YYYY
  specimen_clock, -- HH:MM; not in the books
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from every_source
