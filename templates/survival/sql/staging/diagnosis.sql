/* Diagnoses, in the registry's words.
grain: _file, _row
materialized: view
*/
select
  cleaned(diagnosis_number) as diagnosis_number, -- number of the diagnosis
  cleaned(patient_number) as patient_number, -- number of the patient
  iso_date(cleaned(diagnosis_date)) as diagnosis_date, -- YYYY-MM-DD
  upper(cleaned(stage)) as stage, -- I, II, III or IV
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.diagnoses_diagnoses
