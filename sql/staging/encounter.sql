/* The hospital's encounters in registry words.
grain: encounter_number
materialized: view
*/
with trimmed as (
  select
    cleaned(encounter_id) as encounter_number,
    zero_padded(cleaned(mrn), 7) as hospital_number,
    cleaned(class) as class,
    cleaned(admit_time) as admission_time,
    cleaned(discharge_time) as discharge_time,
    cleaned(disposition) as disposition,
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
  local_time(admission_time) as admission_time, -- admit_time
  local_time(discharge_time) as discharge_time, -- discharge_time
  disposition, -- disposition
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed
