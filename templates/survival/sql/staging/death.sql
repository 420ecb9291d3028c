/* Deaths, in the registry's words.
grain: _file, _row
materialized: view
*/
select
  cleaned(patient_number) as patient_number, -- number of the patient
  iso_date(cleaned(death_date)) as death_date, -- YYYY-MM-DD
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.deaths_deaths
