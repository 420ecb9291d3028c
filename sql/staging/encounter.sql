/* The hospital's encounters in registry words.
grain: encounter_number
materialized: view
*/
with trimmed as (
  select
    nullif(trim(encounter_id), '') as encounter_number,
    nullif(trim(mrn), '') as hospital_number,
    nullif(trim(class), '') as class,
    nullif(trim(admit_time), '') as admission_time,
    nullif(trim(discharge_time), '') as discharge_time,
    nullif(trim(disposition), '') as disposition,
    _source,
    _table,
    _file,
    _row
  from landing.hospital_encounters
)
select
  encounter_number, -- encounter_id
  hospital_number, -- mrn
  case class when 'IMP' then 'inpatient' when 'AMB' then 'ambulatory' else class end
    as class, -- class: IMP inpatient, AMB ambulatory
  admission_time, -- admit_time
  discharge_time, -- discharge_time
  disposition, -- disposition
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
