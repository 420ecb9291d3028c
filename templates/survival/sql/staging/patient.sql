/* Patients, in the registry's words.
grain: _file, _row
materialized: view
*/
select
  cleaned(patient_number) as patient_number, -- number of the patient
  iso_date(cleaned(birth_date)) as birth_date, -- YYYY-MM-DD
  case lower(cleaned(sex))
    when 'm' then 'male'
    when 'f' then 'female'
    when 'u' then 'unknown'
    else lower(cleaned(sex))
  end as sex, -- male, female, other or unknown
  iso_date(cleaned(last_contact_date)) as last_contact_date, -- YYYY-MM-DD
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.patients_patients
